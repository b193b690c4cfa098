"""Wapiti: which of its modules run, how it is called, and what its report says in our form."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.security_scan.browser import TOKEN
from tools.security_scan.findings import Finding

AGENT = "security-scan-wapiti"
# Not run: what looks for products, directories or readers of XML that are not here (CMS, devices, Log4Shell, LDAP, XXE, ...),
# what asks the network, guesses passwords or file names, or reads TLS, which ends before the portal; and what waits for a
# slow database, since sqlmap does.
QUICK = (
    "sql", "xss", "permanentxss", "redirect", "crlf", "csrf", "csp", "http_headers", "cookieflags", "methods", "ssrf",
)  # fmt: skip
SLOW = ("file", "exec", "upload")


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One run of Wapiti against a site of this machine."""

    base: str
    starts: Sequence[str]
    cookies: Mapping[str, str]
    modules: Sequence[str]
    folder: Path
    listener: str
    excluded: Sequence[str] = ()
    depth: int = 1
    crawl_seconds: int = 120
    module_seconds: int = 120

    @property
    def report(self) -> Path:
        return self.folder / "wapiti.json"

    def command(self, programs: Path) -> list[str]:
        """The command line; the cookies and the state of the scan lie in `folder`."""
        jar = self.folder / "cookies.json"
        jar.write_text(json.dumps(_jar(self.cookies)))
        command = [str(programs / "wapiti"), "-u", f"{self.base}/", "-c", str(jar), "-A", AGENT, "--no-bugreport"]
        command += ["-m", ",".join(self.modules), "-d", str(self.depth), "--scope", "folder", "--flush-session"]
        command += ["--max-scan-time", str(self.crawl_seconds), "--max-attack-time", str(self.module_seconds)]
        command += ["--store-session", str(self.folder / "state"), "--store-config", str(self.folder / "config")]
        command += ["--endpoint", f"{self.listener}/", "--skip", TOKEN, "--tasks", "4", "-t", "20", "-S", "normal"]
        command += ["-f", "json", "-o", str(self.report), "--log", str(self.folder / "wapiti.log"), "-v", "1"]
        for path in self.starts:
            command += ["-s", self.base + path]
        for path in self.excluded:
            command += ["-x", self.base + path]
        return command


def read(report: Mapping[str, Any]) -> list[Finding]:
    """The vulnerabilities and anomalies of a report of Wapiti's; what it merely noticed about the server is none."""
    found = []
    for part in ("vulnerabilities", "anomalies"):
        for what, items in report.get(part, {}).items():
            for item in items:
                words = " ".join(str(item.get("info", "")).split())
                found.append(
                    Finding(
                        "wapiti", what, item.get("method", ""), item.get("path", ""), item.get("parameter") or "", words
                    )
                )
    return found


def modules_that_found(report: Mapping[str, Any]) -> set[str]:
    """Which modules have something in the report."""
    return {
        item.get("module", "")
        for part in ("vulnerabilities", "anomalies")
        for items in report.get(part, {}).values()
        for item in items
    }


def cut_short(log: str) -> list[str]:
    """The modules whose time ran out, by Wapiti's own output."""
    return re.findall(r"Max attack time was reached for module (\w+)", log)


def _jar(cookies: Mapping[str, str]) -> dict[str, Any]:
    # Wapiti's own form: domain, path, name.
    values = {
        name: {"version": 0, "expires": None, "secure": False, "value": value, "port": None}
        for name, value in cookies.items()
    }
    return {"127.0.0.1": {"/": values}}
