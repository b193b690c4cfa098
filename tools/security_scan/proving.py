"""Shows that both scanners find faults that were planted for them: what cannot find proves nothing by finding nothing."""

import json
import re
import secrets
import sys
from pathlib import Path

from tools.security_scan import ROOT, sqlmap, wapiti
from tools.security_scan.browser import Ask, Browser, walk
from tools.security_scan.findings import Finding
from tools.security_scan.processes import Program, free_port

WANTED = (
    ("wapiti", "SQL Injection", "GET", "/search", "q"),
    ("wapiti", "SQL Injection", "POST", "/look-up", "who"),
    ("wapiti", "Reflected Cross Site Scripting", "GET", "/hello", "name"),
    ("wapiti", "Open Redirect", "GET", "/go", "to"),
    ("sqlmap", "SQL injection", "GET", "/search", "q"),
    ("sqlmap", "SQL injection", "POST", "/look-up", "who"),
)
"""What has to be found: scanner, what, method, path, field."""
WANTED_IN_FULL = (
    ("wapiti", "Stored Cross Site Scripting", "POST", "/guestbook", "text"),
    ("wapiti", "Server Side Request Forgery", "GET", "/fetch", "url"),
    ("wapiti", "Path Traversal", "GET", "/read", "file"),
    ("wapiti", "Cross Site Request Forgery", "POST", "/wish", ""),
    ("wapiti", "Content Security Policy Configuration", "GET", "/", ""),
)
SMALL = ("sql", "xss", "redirect")
FULL = ("sql", "xss", "permanentxss", "redirect", "csrf", "csp", "ssrf", "file")
NEVER = re.compile(r"(?!)")


def prove(programs: Path, folder: Path, listener: str, *, small: bool = False) -> tuple[list[str], list[str]]:
    """What was found of what is planted, and what was not, in words. Takes about a minute. CannotScan."""
    port, cookie = free_port(), secrets.token_hex(16)
    for part in ("planted", "planted/app", "planted/wapiti", "planted/sqlmap"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tools.security_scan.planted", str(port), cookie, str(folder / "planted" / "app")]
    with Program(command, log=folder / "planted" / "server.log", cwd=ROOT) as server:
        server.opened(port)
        if "Sign in." not in Browser(port).get("/sign-in").text or Browser(port).get("/search?q=ann").status != 302:
            return [], ["The planted application let somebody in without its cookie."]
        browser = Browser(port, cookies={"session": cookie})
        visit = walk(browser, ["/"], passed_over=NEVER)
        found = _wapiti(programs, folder / "planted" / "wapiti", browser, visit.pages, listener, small)
        found += _sqlmap(programs, folder / "planted" / "sqlmap", browser, visit.asks)
    seen = {(each.scanner, each.what, each.method, each.path, each.field) for each in found}
    wanted = WANTED if small else WANTED + WANTED_IN_FULL
    return (
        [_words(each) for each in wanted if each in seen],
        [f"{_words(each)} was planted and not found" for each in wanted if each not in seen]
        + [f"{each.in_words()} was found where the token is checked" for each in found if _wrongly(each)],
    )


def _wrongly(finding: Finding) -> bool:
    return finding.what == "Cross Site Request Forgery" and finding.path != "/wish"


def _words(fault: tuple[str, str, str, str, str]) -> str:
    scanner, what, method, path, field = fault
    return f"{what} at {method} {path}{f' in {field}' if field else ''} by {scanner}"


def _wapiti(
    programs: Path, folder: Path, browser: Browser, pages: list[str], listener: str, small: bool
) -> list[Finding]:
    scan = wapiti.Scan(
        base=browser.base, starts=pages, cookies=browser.cookies, modules=SMALL if small else FULL, folder=folder,
        listener=listener, crawl_seconds=30, module_seconds=60,
    )  # fmt: skip
    with Program(scan.command(programs), log=folder / "output.log", cwd=folder) as run:
        run.wait(300)
    return wapiti.read(json.loads(scan.report.read_text(encoding="utf-8"))) if scan.report.exists() else []


def _sqlmap(programs: Path, folder: Path, browser: Browser, asks: list[Ask]) -> list[Finding]:
    chosen = [ask for ask in asks if ask.path.startswith(("/search", "/look-up"))]
    scan = sqlmap.Scan(
        base=browser.base, asks=chosen, cookies=browser.cookies, folder=folder, seconds=180, dbms="SQLite",
        more=["--technique", "BEU"],
    )  # fmt: skip
    with Program(scan.command(programs), log=folder / "output.log", cwd=folder) as run:
        run.wait(200)
    return sqlmap.read(scan.results.read_text(encoding="utf-8")) if scan.results.exists() else []
