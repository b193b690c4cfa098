"""Mail servers by TLS with certificates that hold or do not, and mailboxes that take tokens instead of passwords."""

import logging
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.adapters.inbox import ImapInbox, InboxError
from portal.adapters.mail import MailError, SmtpMailer, make_mailer
from portal.adapters.mail.smtp import LOOPBACK
from portal.adapters.tokens import TokenError, Tokens
from portal.adapters.trust import trusting
from portal.config import Settings, SettingsError
from portal.wiring import make_context
from tests.adapters.test_mail import message
from tests.support.certificates import Authority
from tests.support.dovecot import PASSWORD, USER, Dovecot, dovecot
from tests.support.peers import free_port
from tests.support.post import post_office
from tests.support.token_server import TokenServer, token_server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def provider() -> Iterator[TokenServer]:
    with token_server() as running:
        yield running


@pytest.fixture
def tokens(provider: TokenServer) -> TokenServer:
    """The provider as it was in the beginning."""
    provider.good.clear()
    provider.asked.clear()
    provider.lasts, provider.says, provider.more = 3600, None, {}
    return provider


@pytest.fixture(scope="module")
def imap(authority: Authority, provider: TokenServer) -> Iterator[Dovecot]:
    with dovecot(certificate=authority.server("imap"), tokens=provider) as running:
        yield running


def inbox(server: Dovecot, **more: Any) -> ImapInbox:
    values = {"host": "127.0.0.1", "port": server.tls_port, "user": USER, "password": PASSWORD} | more
    return ImapInbox(**values)


def opened(box: ImapInbox) -> str:
    """'' where it opens, else the sentence."""
    try:
        with box.open() as there:
            there.uids()
    except InboxError as no:
        return str(no)
    return ""


# --- certificates


def test_a_mailbox_by_tls_is_believed_with_the_authority_that_is_named(imap: Dovecot, authority: Authority) -> None:
    assert opened(inbox(imap, authority=authority.file)) == ""


def test_a_certificate_of_nobody_known_is_refused_and_says_what_to_set(imap: Dovecot) -> None:
    assert "signed by nobody whom this machine knows" in (said := opened(inbox(imap))) and "PORTAL_MAIL_CA" in said


def test_a_certificate_of_another_name_is_refused_before_the_password(imap: Dovecot, authority: Authority) -> None:
    said = opened(inbox(imap, host="localhost", authority=authority.file))
    assert "is not for localhost" in said and "nothing was sent" in said and PASSWORD not in said


def test_a_certificate_that_has_run_out_is_said(authority: Authority) -> None:
    with dovecot(certificate=authority.server("old", since=30)) as old:
        assert "has run out" in opened(inbox(old, authority=authority.file))


def test_smtp_by_tls_and_by_starttls_is_believed_with_the_authority(authority: Authority) -> None:
    good = authority.server("smtp").context()
    for tls, starttls in ((good, None), (None, good)):
        with post_office(tls=tls, starttls=starttls) as post:
            post.passwords[USER] = PASSWORD
            made = SmtpMailer(post.host, post.port, tls is not None, USER, PASSWORD, authority=authority.file)
            if (
                tls is None
            ):  # aiosmtpd offers to let somebody in by TLS from the start only where it does not know of it
                made.send(message())
                assert post.let_in == [f"{USER} by password"]
            else:
                SmtpMailer(post.host, post.port, True, authority=authority.file).send(message())
            assert len(post.taken) == 1


@pytest.mark.parametrize(
    ("called", "more", "said"),
    [
        ("stranger", {"by_itself": True}, "signed by nobody whom this machine knows"), ("gone", {"since": 30}, "has run out"),
        ("later", {"since": -30}, "not valid yet"),
    ],
)  # fmt: skip
def test_smtp_with_a_certificate_that_does_not_hold_is_refused_and_tried_again(
    authority: Authority, called: str, more: dict[str, Any], said: str
) -> None:
    with post_office(starttls=authority.server(called, **more).context()) as post:
        with pytest.raises(MailError, match=said) as no:
            SmtpMailer(post.host, post.port, False, USER, PASSWORD, authority=authority.file).send(message())
        assert not no.value.final and post.taken == [] and post.let_in == []


def test_nobody_signs_in_to_another_machine_without_tls(tmp_path: Path) -> None:
    """Whoever stands in between could leave the offer of STARTTLS out, and read the password."""
    with post_office(host="127.0.0.2") as post:
        post.passwords[USER] = PASSWORD
        assert post.host not in LOOPBACK
        with pytest.raises(MailError, match="offers no TLS") as no:
            make_mailer(f"smtp://{USER}:{PASSWORD}@{post.host}:{post.port}").send(message())
        assert post.let_in == [] and PASSWORD not in str(no.value)
        make_mailer(post.url).send(message())  # without a name and password it is a relay's business
        assert len(post.taken) == 1


def test_a_file_that_holds_no_certificate_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(SettingsError, match="is no file"):
        Settings(secret_keys=("x" * 40,), mail_ca=file).checked()
    file.write_text("no certificate")
    for make in (lambda: trusting(file), lambda: make_context(Settings(database_url="sqlite://", secret_keys=("x" * 40,), mail_ca=file))):  # fmt: skip
        with pytest.raises(ValueError, match="cannot be read as certificates"):
            make()


# --- tokens


def by_token(provider: TokenServer, **more: Any) -> Tokens:
    return Tokens(provider.url, **({"client_id": "portal", "client_secret": "the-secret"} | more))


def test_a_mailbox_is_signed_in_to_by_token_which_serves_until_it_runs_out(
    imap: Dovecot, authority: Authority, tokens: TokenServer
) -> None:
    now = [1000.0]
    made = by_token(tokens, scope="https://mail.example/.default", clock=lambda: now[0])
    box = inbox(imap, password="", tokens=made, authority=authority.file)
    assert opened(box) == opened(box) == ""
    assert tokens.asked == [
        {"grant_type": "client_credentials", "client_id": "portal", "client_secret": "the-secret", "scope": "https://mail.example/.default"}
    ]  # fmt: skip
    now[0] += 3600 - 61
    assert opened(box) == "" and len(tokens.asked) == 1
    now[0] += 2
    assert opened(box) == "" and len(tokens.asked) == 2


def test_a_token_that_was_taken_back_is_replaced_once_and_then_said(
    imap: Dovecot, authority: Authority, tokens: TokenServer
) -> None:
    box = inbox(imap, password="", tokens=by_token(tokens), authority=authority.file)
    assert opened(box) == ""
    tokens.good.clear()
    assert opened(box) == "" and len(tokens.asked) == 2
    stranger = inbox(imap, user="somebody", password="", tokens=by_token(tokens), authority=authority.file)
    said = opened(stranger)
    assert "does not let somebody in by token" in said and "token-" not in said


def test_smtp_is_signed_in_to_by_token(authority: Authority, tokens: TokenServer) -> None:
    with post_office(starttls=authority.server("token").context()) as post:
        made = by_token(tokens)
        post.tokens = tokens.good
        url = f"smtp://{USER}@{post.host}:{post.port}"
        mailer = make_mailer(url, tokens=made, authority=authority.file)
        mailer.send(message())
        assert post.let_in == [f"{USER} by token"] and len(post.taken) == 1
        tokens.good.clear()
        mailer.send(message())
        assert len(post.taken) == 2 and len(tokens.asked) == 2
        post.tokens = set()
        with pytest.raises(MailError, match="does not let desk in by token") as no:
            mailer.send(message())
        assert not no.value.final and "token-" not in str(no.value)
        with pytest.raises(smtplib.SMTPAuthenticationError):  # and the password is not tried
            raise no.value.__cause__ or no.value


def test_a_refresh_token_is_used_where_there_is_one_and_a_new_one_is_said(
    tokens: TokenServer, caplog: pytest.LogCaptureFixture
) -> None:
    made = by_token(tokens, refresh_token="r-1")
    assert next(made.tries()) == "token-1"
    assert tokens.asked[0]["grant_type"] == "refresh_token" and tokens.asked[0]["refresh_token"] == "r-1"
    tokens.more = {"refresh_token": "r-2"}
    with caplog.at_level(logging.WARNING):
        assert list(made.tries()) == ["token-1", "token-2"]
    assert "hands out a new refresh token" in caplog.text and "r-2" not in caplog.text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((400, b'{"error": "invalid_grant", "error_description": "r-1 is gone"}'), "PORTAL_MAIL_REFRESH_TOKEN"),
        ((401, b'{"error": "invalid_client"}'), "PORTAL_MAIL_CLIENT_SECRET"),
        ((400, b'{"error": "invalid_scope"}'), "PORTAL_MAIL_SCOPE"),
        ((500, b"<html>"), "said 500"), ((302, b""), "said 302"), ((200, b"[]"), "gives no token"), ((200, b"{"), "gives no token"),
        ((200, b'{"access_token": "x\\r\\nA1 LOGOUT"}'), "gives no token"), ((200, b'{"access_token": 7}'), "gives no token"),
        ((200, b'{"access_token": "x", "token_type": "mac"}'), "gives no token"), ((200, b'{"access_token": "%s"}' % (b"x" * 70_000)), "gives no token"),
        ((400, b'{"error": {"a": 1}}'), "said 400"), ((400, b'{"error": "two\\nlines"}'), "said 400)"),
    ],
)  # fmt: skip
def test_a_provider_that_gives_no_token_is_said_with_what_to_do_and_no_secret(
    tokens: TokenServer, answer: tuple[int, bytes], said: str
) -> None:
    tokens.says = answer
    with pytest.raises(TokenError) as no:
        list(by_token(tokens, refresh_token="r-1").tries())
    assert said in str(no.value)
    assert not any(each in str(no.value) for each in ("r-1", "the-secret", "\n", "LOGOUT"))


def test_a_provider_that_does_not_answer_holds_mail_up_and_loses_nothing(imap: Dovecot) -> None:
    gone = Tokens(f"http://127.0.0.1:{free_port()}/token", client_id="portal", client_secret="the-secret")
    assert "does not answer" in opened(inbox(imap, port=imap.port, tls=False, password="", tokens=gone))
    with post_office() as post, pytest.raises(MailError, match="does not answer") as no:
        make_mailer(f"smtp://{USER}@{post.host}:{post.port}", tokens=gone).send(message())
    assert not no.value.final
    assert "the-secret" not in repr(gone)


def test_a_name_that_cannot_be_said_with_a_token_is_refused_in_words(tokens: TokenServer) -> None:
    with post_office() as post, pytest.raises(MailError, match="plain letters"):
        make_mailer(f"smtp://d%C3%A9sk%01x@{post.host}:{post.port}", tokens=by_token(tokens)).send(message())


@pytest.mark.parametrize("lasts", [None, "soon", -5, 0, 10**12, "3599"])
def test_how_long_a_token_lasts_may_be_said_wrongly(tokens: TokenServer, lasts: object) -> None:
    tokens.lasts = lasts
    made = by_token(tokens, clock=lambda: 0.0)
    next(made.tries())
    assert next(made.tries()) == "token-1"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mail_token_url": "http://login.example.org/token"}, "no https"), ({"mail_token_url": "login"}, "no https"),
        ({"mail_client_id": ""}, "needs PORTAL_MAIL_CLIENT_ID"), ({"mail_client_secret": ""}, "needs PORTAL_MAIL_CLIENT_ID"),
        ({"mail_token_url": ""}, "PORTAL_MAIL_TOKEN_URL is not set"),
    ],
)  # fmt: skip
def test_settings_that_lack_something_stop_the_start(changes: dict[str, str], said: str) -> None:
    good = {
        "MAIL_TOKEN_URL": "https://login.example.org/token", "MAIL_CLIENT_ID": "portal", "MAIL_CLIENT_SECRET": "the-secret",
        "SECRET_KEY": "x" * 40, "INBOX_URL": "imaps://desk%40example.org@mail.example.org", "INBOX_AUTHSERV": " mx.a.example, mx.b.example ",
    }  # fmt: skip
    read: Callable[..., Settings] = lambda **more: Settings.from_environment({f"PORTAL_{name}": value for name, value in good.items()}, **more)  # noqa: E731  # fmt: skip
    found = read()
    assert found.inbox_servers == ("mx.a.example", "mx.b.example") and "the-secret" not in repr(found)
    with pytest.raises(SettingsError, match=said) as no:
        read(**changes)
    assert "the-secret" not in str(no.value)
