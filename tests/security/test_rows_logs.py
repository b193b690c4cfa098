"""Row 20: nothing that a stranger sends begins a header or a line of the log, and neither log nor fault tells a secret."""

import io
import json
import logging
import re
import subprocess
import sys

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from portal import logs
from portal.config import ROOT
from portal.secrets import Keys
from tests.support.town import Browser, csrf

EVIL = "x\r\n2026-11-23 admin signed in\u2028\u0085\x1b[2J\x00 end"


def line_of(message: str, *args: object, fault: Exception | None = None) -> str:
    info = (type(fault), fault, fault.__traceback__) if fault else None
    record = logging.LogRecord("portal.web", logging.ERROR, __file__, 1, message, args, info)
    return logs.OneLine().format(record)


def test_row_20_a_line_of_the_log_is_one_line_of_plain_letters() -> None:
    said = line_of("%s failed", EVIL)
    assert len(said.splitlines()) == 1 and said.isascii() and said.isprintable()
    assert json.loads(said)["said"] == f"{EVIL} failed"


def test_row_20_a_traceback_stays_in_its_line() -> None:
    try:
        raise ValueError(EVIL)
    except ValueError as fault:
        said = line_of("a request failed", fault=fault)
    assert len(said.splitlines()) == 1 and "Traceback" in json.loads(said)["fault"]


def test_row_20_links_tokens_and_cookies_are_left_out_of_the_log(app: Flask) -> None:
    envelope = Keys(["k" * 40]).envelope("signing", [1, "a token of a link that is alive"])
    cookie = app.session_interface.get_signing_serializer(app).dumps({"_user_id": "x"})  # type: ignore[union-attr]
    said = line_of("GET /s/%s with %s and Bearer %s", envelope, cookie, "abc.DEF-123456")
    for secret in (envelope, envelope.rsplit(".", 1)[1], cookie, cookie.rsplit(".", 1)[1], "DEF-123456"):
        assert secret not in said
    assert said.count("(left out)") == 3


def test_row_20_times_and_versions_are_not_taken_for_secrets() -> None:
    plain = (
        "mail code.1 failed at try 3: portal/services/people/grants.py:120 2026-11-23T15:00:00.123456Z host.example.org"
    )
    assert json.loads(line_of(plain))["said"] == plain


def test_row_20_a_fault_of_the_database_does_not_tell_what_the_statement_carried(each_engine: Engine) -> None:
    with each_engine.connect() as connection, pytest.raises(DBAPIError) as fault:
        connection.execute(text("SELECT nothing FROM nowhere WHERE x = :secret"), {"secret": "argon2-hash-of-somebody"})
    assert "argon2-hash-of-somebody" not in str(fault.value)


def test_row_20_what_is_served_logs_in_this_form() -> None:
    """A process that serves: its own log and that of the libraries go through it."""
    code = (
        "import logging, os\n"
        "os.environ.update(PORTAL_SECRET_KEY='k' * 40, PORTAL_DATABASE_URL='sqlite://')\n"
        "import wsgi\n"
        "logging.getLogger('waitress').warning('one\\ntwo')\n"
        "logging.getLogger('portal.web').error('three')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(each["logger"], each["said"]) for each in said][-2:] == [("waitress", "one\ntwo"), ("portal.web", "three")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", each["at"]) for each in said)


def test_row_20_commands_that_serve_configure_the_log() -> None:
    served = (ROOT / "portal" / "cli" / "serving.py").read_text(encoding="utf-8")
    assert served.count("logs.configure()") == 3


def test_row_20_a_failing_request_logs_nothing_that_was_sent(
    app: Flask, town, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that changes a password fails in the middle: the log has the fault and not the password."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.OneLine())
    client = browser(town.harbor.members["admin"])
    token = csrf(client)

    def broken(**_given: object) -> None:
        raise RuntimeError("a fault of a test")

    app.view_functions["account.sign_in"] = broken
    logging.getLogger("portal.web").addHandler(handler)
    try:
        data = {"csrf_token": token, "email": "jamie@example.org", "password": "correct horse battery 77"}
        answer = client.post("/sign-in?next=/me%0d%0aX-Evil:1", data=data, headers={"User-Agent": "evil agent"})
    finally:
        logging.getLogger("portal.web").removeHandler(handler)
    assert answer.status_code == 500 and "X-Evil" not in answer.headers
    said = written.getvalue()
    assert "a fault of a test" in said
    for secret in ("correct horse", "jamie@", token, "evil agent"):
        assert secret not in said


@pytest.mark.parametrize("path", ["/sign-in?next=/me%0d%0aSet-Cookie:%20a=b", "/welcome%0d%0aX-Evil:%201"])
def test_row_20_a_line_break_in_an_address_ends_no_header(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)
    assert "X-Evil" not in answer.headers and not answer.headers.get("Set-Cookie", "").startswith("a=b")


def test_who_opened_what_stands_in_the_log_and_nothing_of_what_was_searched(
    app: Flask, town, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "portal.access"):
        desk = browser(town.harbor.members["admin"])
        desk.get("/people?q=Secret+Name")
        desk.get("/agency/999999")
        app.test_client().get("/welcome")
    said = [record.getMessage() for record in caplog.records if record.name == "portal.access"]
    assert any(
        re.fullmatch(r"person \d+ \(password\) from \S+: GET people\.index answered 200", each) for each in said
    ), said
    assert any("GET agency.show agency_id=999999 answered 404" in each for each in said), said
    assert not any("Secret" in each or "welcome" in each for each in said)
