"""Runs the scan: planted faults first, then the portal. Ends with 0 where nothing was found, 1 where something was, or
where the run could not have found it."""

import argparse
import json
import shutil
import signal
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from tools.security_scan import FOLDER, ROOT, environment, journal, proving, signed_in, sqlmap, wapiti
from tools.security_scan.browser import Browser, Visit, walk
from tools.security_scan.environment import CannotScan
from tools.security_scan.findings import Finding, judged
from tools.security_scan.processes import Program, free_port
from tools.security_scan.report import FEWEST_PAGES, Report

LOADING = 600.0  # seconds that a busy machine may take to make the community
MINUTES, SHORT_MINUTES = 15.0, 4.0


def main(arguments: list[str]) -> int:
    """The exit status of a scan with these arguments; see --help."""
    asked = _parsed(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that every program that was started is ended
    folder = FOLDER / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report = Report(began=f"{datetime.now(UTC):%Y-%m-%d %H:%M}", short=asked.short)
    began = time.monotonic()
    try:
        programs = environment.ready()
        report.versions = _versions(programs)
        with ExitStack() as stack:
            _scan(asked, programs, folder, report, stack)
    except CannotScan as problem:
        report.unsound.append(str(problem))
    report.minutes = (time.monotonic() - began) / 60
    report.write(FOLDER)
    print(report.as_text())
    print(f"Written to {(FOLDER / 'report.txt').relative_to(ROOT)} and report.json beside it.")
    return report.status


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make security", description="Scans the portal with Wapiti and sqlmap.")
    parser.add_argument("--short", action="store_true", help="a sample of some minutes instead of everything")
    parser.add_argument("--minutes", type=float, help="the time for the scan of the portal (15; 4 when short)")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--self-test", action="store_true", help="the planted faults alone, in their smallest form")
    asked = parser.parse_args(arguments)
    asked.minutes = asked.minutes or (SHORT_MINUTES if asked.short else MINUTES)
    return asked


def _versions(programs: Path) -> dict[str, str]:
    found = {}
    for library in programs.parent.glob("lib/python*/site-packages"):
        for each in metadata.distributions(path=[str(library)]):
            if each.name.lower() in ("wapiti3", "sqlmap"):
                found[each.name.lower()] = each.version
    return found


def _scan(asked: argparse.Namespace, programs: Path, folder: Path, report: Report, stack: ExitStack) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tools.security_scan.listener", str(port)]
    stack.enter_context(Program(command, log=folder / "listener.log", cwd=ROOT)).opened(port)
    listener = f"http://127.0.0.1:{port}"
    print("Looking for the planted faults ...", flush=True)
    report.proved, missing = proving.prove(programs, folder, listener, small=asked.self_test)
    report.unsound += missing
    if asked.self_test or missing:
        return
    browser = _portal(asked, folder, report, stack)
    until = time.monotonic() + asked.minutes * 60
    visit = walk(browser, ["/"], passed_over=signed_in.PATTERN)
    report.pages, report.requests, report.passed_over = len(visit.pages), len(visit.asks), dict(signed_in.PASSED_OVER)
    if len(visit.pages) < FEWEST_PAGES:
        report.unsound.append(f"Only {len(visit.pages)} pages were there to scan.")
        return
    visit.trimmed()
    cookies = dict(browser.cookies)
    left = until - time.monotonic()
    found = _wapiti(asked, programs, folder / "wapiti", browser, visit, listener, left * 0.55, report)
    browser.cookies = cookies
    found += _sqlmap(
        asked, programs, folder / "sqlmap", browser, visit, max(until - time.monotonic(), left * 0.4), report
    )
    _look_back(folder, browser, found, report)


def _portal(asked: argparse.Namespace, folder: Path, report: Report, stack: ExitStack) -> Browser:
    """A browser in which the Agency administrator has signed in to a portal that was started for the scan."""
    port, at = free_port(), folder / "portal"
    at.mkdir()
    report.database = "PostgreSQL" if asked.postgresql else "SQLite"
    if asked.postgresql:
        from tests.support import databases

        address = stack.enter_context(databases.postgres_server()).create("scan")
    else:
        address = f"sqlite:///{at / 'portal.db'}"
    print(f"Making a community to scan, on {report.database} ...", flush=True)
    command = [sys.executable, "-m", "tools.security_scan.serving", str(port), str(at), address]
    stack.enter_context(Program(command, log=at / "server.log", cwd=ROOT)).opened(port, LOADING)
    browser = Browser(port)
    report.signed_in_as = f"{signed_in.sign_in(browser)}, {signed_in.ROLE}"
    if not signed_in.is_signed_in(browser):
        raise CannotScan("Signing in for the scan did not work.")
    return browser


def _wapiti(
    asked: argparse.Namespace, programs: Path, folder: Path, browser: Browser, visit: Visit, listener: str,
    seconds: float, report: Report,
) -> list[Finding]:  # fmt: skip
    folder.mkdir()
    report.modules = list(wapiti.QUICK if asked.short else wapiti.QUICK + wapiti.SLOW)
    print(f"Wapiti: {len(visit.pages)} pages, {len(report.modules)} modules, {seconds:.0f} s ...", flush=True)
    scan = wapiti.Scan(
        base=browser.base, starts=visit.pages, cookies=browser.cookies, modules=report.modules, folder=folder,
        listener=listener, excluded=[f"{path}*" for path in signed_in.PASSED_OVER],
        crawl_seconds=int(seconds * 0.2),
        module_seconds=int(max(15, seconds * 0.35)),
    )  # fmt: skip
    with Program(scan.command(programs), log=folder / "output.log", cwd=folder) as run:
        if not run.wait(seconds * 2 + 60):
            report.cut_short.append("Wapiti was ended before it had written its report.")
    said = (folder / "output.log").read_text(encoding="utf-8", errors="replace")
    report.cut_short += [f"Wapiti's module {name}" for name in wapiti.cut_short(said)]
    if not scan.report.exists():
        report.unsound.append("Wapiti wrote no report.")
        return []
    return wapiti.read(json.loads(scan.report.read_text(encoding="utf-8")))


def _sqlmap(
    asked: argparse.Namespace,
    programs: Path,
    folder: Path,
    browser: Browser,
    visit: Visit,
    seconds: float,
    report: Report,
) -> list[Finding]:
    folder.mkdir()
    print(f"sqlmap: {len(visit.asks)} requests, {seconds:.0f} s ...", flush=True)
    scan = sqlmap.Scan(
        base=browser.base, asks=[ask for ask in visit.asks if ask.has_fields], cookies=browser.cookies, folder=folder,
        seconds=int(max(30, seconds)), dbms=report.database, more=["--smart"] if asked.short else ["--technique", "BEUST"],
    )  # fmt: skip
    began = time.monotonic()
    with Program(scan.command(programs), log=folder / "output.log", cwd=folder) as run:
        ended = run.wait(scan.seconds + 60)
    last, of = sqlmap.tried((folder / "output.log").read_text(encoding="utf-8", errors="replace"))
    if not ended or time.monotonic() - began >= scan.seconds:
        report.cut_short.append(f"sqlmap at request {last} of {of}")
    if of == 0:
        report.unsound.append("sqlmap read no request.")
    return sqlmap.read(scan.results.read_text(encoding="utf-8")) if scan.results.exists() else []


def _look_back(folder: Path, browser: Browser, found: list[Finding], report: Report) -> None:
    with (folder / "portal" / "journal.tsv").open(encoding="ascii") as lines:
        noted = journal.read(lines)
    report.sent = dict(noted.requests)
    report.came_to = {scanner: dict(pages) for scanner, pages in noted.pages.items()}
    for scanner, number in noted.signed_out.items():
        if number > noted.requests[scanner] // 100:
            report.unsound.append(f"{number} of {noted.requests[scanner]} requests of {scanner} came signed out.")
    if not signed_in.is_signed_in(browser):
        report.unsound.append("Nobody was signed in any more at the end.")
    report.findings, report.false_alarms = judged([*found, *noted.faults])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
