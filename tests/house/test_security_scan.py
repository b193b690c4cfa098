"""The tool behind `make security`: it reads the scanners' reports right, and fails where it could have found nothing."""

import json
import re
import sys
import time
from pathlib import Path

import pytest

from portal.config import ROOT
from tools.security_scan import findings, journal, proving, signed_in, sqlmap, wapiti
from tools.security_scan.browser import Ask, Visit, offered
from tools.security_scan.findings import Finding
from tools.security_scan.processes import Program, free_port
from tools.security_scan.report import Report

BASE = "http://127.0.0.1:8000"
WAPITI = {
    "vulnerabilities": {
        "SQL Injection": [
            {"method": "POST", "path": "/look-up", "info": "SQL  Injection\nvia who", "parameter": "who", "module": "sql"}
        ],
        "Open Redirect": [],
        "Secure Flag cookie": [
            {"method": "GET", "path": "/", "info": "Secure flag is not set in the cookie : session", "parameter": "", "module": "cookieflags"}
        ],
    },
    "anomalies": {"Internal Server Error": [{"method": "GET", "path": "/x", "info": "500", "parameter": None, "module": "file"}]},
    "additionals": {"Fingerprint": [{"method": "GET", "path": "/", "info": "Flask", "parameter": "", "module": "wapp"}]},
}  # fmt: skip
PAGE = """<html><body><a href="/people/7?x=1#top">a</a><a href="https://elsewhere.example.org/">b</a>
<a href="/static/portal.css">c</a><form method="post" action="/people/7/ends"><input type="hidden" name="csrf_token" value="t">
<input name="day" type="date"><select name="level"><option value="">Choose</option><option value="2">Two</option></select>
<textarea name="why"></textarea><button name="step" value="check">Go on</button></form>
<form><input name="q"></form></body></html>"""


def test_the_report_of_wapiti_is_read_whole() -> None:
    found = wapiti.read(WAPITI)
    assert Finding("wapiti", "SQL Injection", "POST", "/look-up", "who", "SQL Injection via who") in found
    assert Finding("wapiti", "Internal Server Error", "GET", "/x", "", "500") in found
    assert len(found) == 3, "what it merely noticed is no finding"
    assert wapiti.cut_short("x\nMax attack time was reached for module xss, stopping.\n") == ["xss"]


def test_the_table_of_sqlmap_is_read() -> None:
    table = "Target URL,Place,Parameter,Technique(s),Note(s)\nhttp://127.0.0.1:1/search?q=a,GET,q,BET,\nhttp://127.0.0.1:1/x,,,,no parameter\n"
    assert sqlmap.read(table) == [Finding("sqlmap", "SQL injection", "GET", "/search", "q", "Technique: BET.")]
    assert sqlmap.tried("[1/3] URL:\nGET x\n[2/3] URL:\nGET y\n") == (2, 3) and sqlmap.tried("") == (0, 0)


def test_requests_reach_sqlmap_as_a_proxy_would_have_logged_them() -> None:
    log = sqlmap.as_log(
        BASE, [Ask("GET", "/a?b=1"), Ask("POST", "/c", (("d", "e f"), ("csrf_token", "t")))], {"session": "s"}
    )
    assert log.count(sqlmap.BAR) == 6
    assert "GET /a?b=1 HTTP/1.1\nHost: 127.0.0.1:8000\nCookie: session=s\n" in log
    assert "\n\nd=e+f&csrf_token=t\n" in log


def test_a_page_offers_its_links_and_its_forms_filled_in() -> None:
    links, forms = offered(BASE, "/people", PAGE)
    assert [link for link in links if link] == ["/people/7?x=1"], "nothing elsewhere, and nothing of the look"
    post, get = forms
    assert (post.method, post.path) == ("POST", "/people/7/ends")
    assert dict(post.fields) == {"csrf_token": "t", "day": "2026-11-23", "level": "2", "why": "Sample", "step": "check"}
    assert (get.method, get.path) == ("GET", "/people?q=Sample")
    assert post.kind == Ask("POST", "/people/9/ends", post.fields).kind != get.kind
    assert post.has_fields and not Ask("POST", "/x", (("csrf_token", "t"),)).has_fields


def test_what_another_request_tries_too_is_left_out() -> None:
    longest, single, other = "/people?q=a&sort=name&agency=1", "/people?sort=name", "/people/3/then?day=1"
    visit = Visit(
        ["/people", single, longest, other],
        [Ask("GET", single), Ask("GET", longest), Ask("POST", "/people"), Ask("GET", other)],
    )
    visit.trimmed()
    assert visit.pages == ["/people", longest, other] and visit.more == {single}
    assert [ask.path for ask in visit.asks] == [longest, "/people", other]


def test_false_alarms_are_few_narrow_and_give_a_reason() -> None:
    real, none = findings.judged(wapiti.read(WAPITI) * 2)
    assert {finding.what for finding in real} == {"SQL Injection", "Internal Server Error"} and len(real) == 2
    assert [finding.what for finding, _ in none] == ["Secure Flag cookie"]
    other = Finding("wapiti", "Secure Flag cookie", "GET", "/", "", "Secure flag is not set in the cookie : another")
    elsewhere = Finding(
        "wapiti", "SQL Injection", "POST", "/people/new", "phone", "SQL Injection via injection in the parameter phone"
    )
    assert findings.judged([other, elsewhere])[0] == [other, elsewhere]
    assert len(findings.FALSE_ALARMS) <= 5 and all(len(alarm.why) > 40 for alarm in findings.FALSE_ALARMS)


def test_the_journal_counts_the_scanners_alone_and_names_faults_once() -> None:
    lines = [
        f"{wapiti.AGENT}\tGET\tpeople.index\t200\t/people?\n",
        f"{wapiti.AGENT}\tPOST\tpeople.new\t500\t/people/new?x=1\n",
        f"{wapiti.AGENT}\tPOST\tpeople.new\t500\t/people/new?x=2\n",
        f"{sqlmap.AGENT}\tGET\thome.index\tsigned-out\t/?\n",
        "the scan's own visitor\tGET\thome.index\t500\t/?\n",
    ]
    noted = journal.read(lines)
    assert noted.requests == {"wapiti": 3, "sqlmap": 1} and noted.signed_out == {"sqlmap": 1}
    assert [(f.what, f.path) for f in noted.faults] == [("answered 500", "/people/new")]


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({}, 0, "Nothing was found"),
        ({"database": ""}, 0, "the portal was not scanned"),
        ({"findings": [Finding("sqlmap", "SQL injection", "GET", "/x", "q")]}, 1, "1 finding."),
        ({"unsound": ["sqlmap read no request."]}, 1, "proves nothing"),
    ],
)
def test_a_run_is_green_only_where_it_could_have_found_something(
    change: dict[str, list[object]], status: int, says: str, tmp_path: Path
) -> None:
    report = Report(began="2026-11-23 15:00", **{"database": "SQLite"} | change)  # type: ignore[arg-type]
    report.write(tmp_path)
    assert report.status == status and says in (tmp_path / "report.txt").read_text()
    assert says in json.loads((tmp_path / "report.json").read_text())["verdict"]


def test_what_would_end_the_session_is_passed_over_with_a_reason() -> None:
    for path in ("/sign-out", "/demo/sign-in", "/account/sessions/3/end", "/sign-in?next=/"):
        assert signed_in.PATTERN.match(path)
    for path in ("/", "/people", "/account/email", "/desk/demo", "/agency/1/then"):
        assert not signed_in.PATTERN.match(path)
    assert all(len(why) > 10 for why in signed_in.PASSED_OVER.values())


BEATS = """
import subprocess, sys, time
beat = "import sys, time\\nwhile True: print('beat', flush=True); time.sleep(0.02)"
subprocess.Popen([sys.executable, "-c", beat])
time.sleep(60)
"""


def test_a_program_of_the_scan_ends_with_it_and_with_what_it_started(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Program([sys.executable, "-c", BEATS], log=log, cwd=tmp_path):
        while "beat" not in log.read_text():
            time.sleep(0.05)
    said = log.read_text()
    time.sleep(0.5)
    assert log.read_text() == said, "what the program started beats on"


def test_the_scanners_come_from_a_lock_that_hashes_everything() -> None:
    text = (ROOT / "requirements-security.lock").read_text(encoding="utf-8")
    entries = re.findall(r"(?m)^(\S.*(?:\n .*)*)", re.sub(r"(?m)^ *#.*\n", "", text))
    assert {"sqlmap", "wapiti3"} <= {entry.partition("==")[0] for entry in entries}
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_planted_application_is_closed_without_its_cookie(tmp_path: Path) -> None:
    from tools.security_scan.planted import build

    app = build("a cookie", tmp_path)
    stranger, known = app.test_client(), app.test_client()
    known.set_cookie("session", "a cookie")
    assert stranger.get("/search?q=ann").status_code == 302 and "ann" in known.get("/search?q=ann").text
    assert known.post("/look-up", data={"who": "ann"}).status_code == 400
    assert "eve" in known.get("/search?q=' OR 1=1 --").text, "the fault is there to be found"


@pytest.mark.proof
def test_both_scanners_find_the_planted_faults(tmp_path: Path) -> None:
    """What `make security` begins with, in its smallest form: a scanner that finds nothing here proves nothing there."""
    from tools.security_scan import environment

    port = free_port()
    with Program(
        [sys.executable, "-m", "tools.security_scan.listener", str(port)], log=tmp_path / "log", cwd=ROOT
    ) as listener:
        listener.opened(port)
        found, missing = proving.prove(environment.ready(), tmp_path, f"http://127.0.0.1:{port}", small=True)
    assert missing == [] and len(found) == len(proving.WANTED)
