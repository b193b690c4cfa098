"""Where the SCIM adapter may call: never inwards unless allowed by name, no redirects, certificates checked, time-outs."""

import ipaddress
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.adapters.core_hmis import address
from portal.adapters.core_hmis.address import leads_inwards, make_client
from portal.adapters.core_hmis.port import CoreHMISError
from portal.adapters.core_hmis.scim_wire import Wire
from portal.config import Settings, SettingsError
from tests.support.scripted import Answer, scim, scripted

EMPTY = scim(200, schemas=["urn:ietf:params:scim:api:messages:2.0:ListResponse"], totalResults=0, Resources=[])
HOST = "hmis.example.org"


@contextmanager
def wired(base: str, **more: Any) -> Iterator[Wire]:
    wire = Wire(make_client(base, "a-token", **more))
    try:
        yield wire
    finally:
        wire.close()


def nothing(_method: str, _path: str) -> Answer:
    return EMPTY


@pytest.mark.parametrize(
    "inward",
    [
        "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1",
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_that_leads_inwards_is_seen(inward: str) -> None:
    assert leads_inwards(inward)


@pytest.mark.parametrize("public", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_let_through(public: str) -> None:
    assert not leads_inwards(public)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"]])
def test_a_name_that_leads_inwards_is_not_called(found: list[str]) -> None:
    with scripted(nothing) as server:
        base = f"http://{HOST}:{server.port}/v2"
        with (
            wired(base, allowed=(), look_up=lambda _host, _port: found) as wire,
            pytest.raises(CoreHMISError, match=f"PORTAL_CORE_HMIS_PRIVATE={HOST}"),
        ):
            wire.everybody()
        assert server.hosts == []


def test_loopback_is_refused_by_number_too() -> None:
    with (
        scripted(nothing) as server,
        wired(f"http://127.0.0.1:{server.port}/v2", allowed=("localhost",)) as wire,
        pytest.raises(CoreHMISError, match="its own network"),
    ):
        wire.everybody()


def test_a_name_that_is_allowed_is_called_at_the_address_that_was_looked_up() -> None:
    looked_up: list[str] = []

    def look_up(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["8.8.8.8"]  # a second look would leave this machine

    with scripted(nothing) as server:
        base = f"http://{HOST}:{server.port}/v2"
        with wired(base, allowed=(HOST.upper(),), look_up=look_up) as wire:
            assert wire.everybody() == []
        assert server.hosts == [f"{HOST}:{server.port}"] and looked_up == [HOST]


def test_the_next_address_is_tried_where_the_first_does_not_listen() -> None:
    with scripted(nothing) as server:
        base = f"http://{HOST}:{server.port}/v2"
        with wired(base, allowed=(HOST,), look_up=lambda _host, _port: ["127.0.0.7", "127.0.0.1"]) as wire:
            assert wire.everybody() == []
        assert len(server.hosts) == 1


def test_a_name_that_cannot_be_looked_up_is_said() -> None:
    def look_up(_host: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    with (
        wired(f"https://{HOST}/v2", allowed=(), look_up=look_up) as wire,
        pytest.raises(CoreHMISError, match=f"{HOST} could not be looked up"),
    ):
        wire.everybody()


def test_redirects_are_not_followed() -> None:
    with scripted(nothing) as inner:
        away: Answer = (307, {"Location": f"http://127.0.0.1:{inner.port}/v2/Users"}, b"")
        with (
            scripted(lambda _m, _p: away) as server,
            wired(f"http://127.0.0.1:{server.port}/v2", allowed=("127.0.0.1",)) as wire,
            pytest.raises(CoreHMISError, match="307"),
        ):
            wire.everybody()
        assert inner.hosts == []


def test_an_answer_that_does_not_come_is_waited_for_a_few_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert address.CONNECT + address.READ + address.WRITE + address.POOL < 60
    monkeypatch.setattr(address, "READ", 0.2)

    def slow(_method: str, _path: str) -> Answer:
        time.sleep(1)
        return EMPTY

    with (
        scripted(slow) as server,
        wired(f"http://127.0.0.1:{server.port}/v2", allowed=("127.0.0.1",)) as wire,
        pytest.raises(CoreHMISError, match="ReadTimeout"),
    ):
        wire.everybody()


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with scripted(nothing, tls=_own_certificate(tmp_path)) as server:
        with (
            wired(f"https://127.0.0.1:{server.port}/v2", allowed=("127.0.0.1",)) as wire,
            pytest.raises(CoreHMISError, match=r"certificate verify failed|self-signed"),
        ):
            wire.everybody()
        assert server.hosts == []


def test_the_certificate_is_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    tls = _own_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "own.pem"))
    with scripted(nothing, tls=tls) as server:
        for name, right in ((HOST, True), ("other.example.org", False)):
            base = f"https://{name}:{server.port}/v2"
            with wired(base, allowed=(name,), look_up=lambda _h, _p: ["127.0.0.1"], verify=trusting) as wire:
                if right:
                    assert wire.everybody() == []
                else:
                    with pytest.raises(CoreHMISError, match="certificate"):
                        wire.everybody()
        assert server.hosts == [f"{HOST}:{server.port}"]


def _own_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    begins = datetime(2026, 1, 1)
    names = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begins).not_valid_after(begins + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "own.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


# --- answers that are none


LISTED = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]}
STRANGER = {"id": "1", "userName": "stranger", "externalId": "another's"}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((502, {"Content-Type": "text/html"}, b"<h1>Bad gateway</h1>"), "502"),
        ((200, {"Content-Type": "text/html"}, b"<h1>Welcome</h1>"), "did not answer as SCIM asks"),
        ((200, {"Content-Type": "application/json"}, b"[1, 2"), "did not answer as SCIM asks"),
        ((200, {"Content-Type": "application/json"}, b"[]"), "no SCIM"),
        ((200, {"Content-Type": "application/json"}, b""), "no SCIM"),
        (scim(200, **LISTED, totalResults="many", Resources=[]), "no list of accounts"),
        (scim(200, **LISTED, totalResults=1, Resources=[{"id": "1"}]), "no id or no user name"),
        (scim(200, **LISTED, totalResults=1, Resources=[STRANGER]), "does not filter accounts"),
        (scim(403, schemas=["urn:ietf:params:scim:api:messages:2.0:Error"], status="403", detail="Not you"), "403: Not you"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_an_error_with_a_sentence(answer: Answer, says: str) -> None:
    with (
        scripted(lambda _m, _p: answer) as server,
        wired(f"http://127.0.0.1:{server.port}/v2", allowed=("127.0.0.1",)) as wire,
        pytest.raises(CoreHMISError, match=says),
    ):
        wire.by_external_id("ours")


def test_a_list_that_is_not_whole_is_no_list() -> None:
    """A server that pages and does not say so would make everybody after its first page look missing."""
    page = scim(200, **LISTED, totalResults=3, Resources=[STRANGER])
    with (
        scripted(lambda _m, _p: page) as server,
        wired(f"http://127.0.0.1:{server.port}/v2", allowed=("127.0.0.1",)) as wire,
        pytest.raises(CoreHMISError, match="has 3 accounts and listed 1"),
    ):
        wire.everybody()


# --- the settings


def told(core_hmis: str, **more: Any) -> Settings:
    return Settings(secret_keys=("for tests alone, nothing is signed with it",), core_hmis=core_hmis, **more).checked()


@pytest.mark.parametrize(
    ("core_hmis", "token", "says"),
    [
        ("scim+https://hmis.example.org/v2", "", "PORTAL_SCIM_TOKEN is not set"),
        ("scim+http://hmis.example.org/v2", "t", "on this machine only"),
        ("https://hmis.example.org/v2", "t", "is not known"),
        ("scim+https://", "t", "is not known"),
        ("scim+ftp://hmis.example.org", "t", "is not known"),
        ("scim+https://me:secret@hmis.example.org/v2", "t", "and no more"),
        ("scim+https://hmis.example.org/v2?token=1", "t", "and no more"),
        ("by hand", "", "is not known"),
    ],
)
def test_a_setting_that_makes_no_sense_stops_the_start(core_hmis: str, token: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as stopped:
        told(core_hmis, scim_token=token)
    assert "secret" not in str(stopped.value).replace("PORTAL_SECRET", "")


def test_the_settings_come_from_the_environment_and_hide_the_token() -> None:
    env = {
        "PORTAL_SECRET_KEY": "for tests alone and nothing is signed with it",
        "PORTAL_CORE_HMIS": "scim+https://hmis.example.org/v2",
        "PORTAL_SCIM_TOKEN": "not-to-be-shown",
        "PORTAL_CORE_HMIS_PRIVATE": "HMIS.example.org, other.example.org",
    }
    settings = Settings.from_environment(env)
    assert settings.core_hmis_private == ("hmis.example.org", "other.example.org")
    assert settings.scim_token == "not-to-be-shown" and "not-to-be-shown" not in repr(settings)
    assert told("scim+http://127.0.0.1:8080/v2", scim_token="t").core_hmis_private == ()


def test_the_context_has_the_adapter_that_the_settings_name(tmp_path: Path, sqlite_template: Any) -> None:
    from portal.adapters.core_hmis.scim import ScimHMIS
    from portal.wiring import make_context
    from workflows.policy import MAINE, text_of

    pack = tmp_path / "pack.toml"
    text = text_of(MAINE)
    url = sqlite_template.copy(tmp_path)
    context = make_context(told("scim+https://hmis.example.org/v2", scim_token="t", database_url=url))
    assert isinstance(context.core_hmis, ScimHMIS)
    context.core_hmis.close()
    context.engine.dispose()
    begins, ends = text.index("[core_hmis.scim]"), text.index("[notice]")
    pack.write_text(text[:begins] + text[ends:], encoding="utf-8")
    with pytest.raises(SettingsError, match=r"Add \[core_hmis.scim\] to the pack"):
        make_context(told("scim+https://hmis.example.org/v2", scim_token="t", database_url=url, policy=pack))


def test_the_base_is_kept_and_what_is_asked_is_quoted() -> None:
    asked: list[str] = []

    def note(_method: str, path: str) -> Answer:
        asked.append(path)
        return EMPTY

    with scripted(note) as server, wired(f"http://127.0.0.1:{server.port}/base/v2", allowed=("127.0.0.1",)) as wire:
        assert wire.by_external_id('a"b') == []
    assert asked == ["/base/v2/Users?filter=externalId+eq+%22a%5C%22b%22"]
