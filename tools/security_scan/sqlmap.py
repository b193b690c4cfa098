"""sqlmap: how requests are handed to it, how it is called, and what its table of results says in our form."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tools.security_scan.browser import UNTOUCHED, Ask
from tools.security_scan.findings import Finding

AGENT = "security-scan-sqlmap"
BAR = "=" * 54
TRIED = re.compile(r"^\[(\d+)/(\d+)\] URL:", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One run of sqlmap over requests to a site of this machine."""

    base: str
    asks: Sequence[Ask]
    cookies: Mapping[str, str]
    folder: Path
    seconds: int
    dbms: str = ""
    more: Sequence[str] = ()

    @property
    def results(self) -> Path:
        return self.folder / "results.csv"

    def command(self, programs: Path) -> list[str]:
        """The command line; the requests lie in `folder` as a proxy's log."""
        log = self.folder / "requests.log"
        log.write_text(as_log(self.base, self.asks, self.cookies), encoding="utf-8", newline="")
        command = [str(programs / "sqlmap"), "-l", str(log), "--batch", "--disable-coloring", "--flush-session"]
        command += ["-A", AGENT, "--output-dir", str(self.folder / "out"), "--results-file", str(self.results)]
        command += ["--param-exclude", "^(" + "|".join(sorted(UNTOUCHED)) + ")$", "--time-limit", str(self.seconds)]
        command += ["--ignore-proxy", "--timeout", "20", "--retries", "1", "--disable-hashing", "--skip-waf"]
        command += ["--ignore-code", "*", "--answers", "skip further=N,keep testing=Y,exploit=N,follow=N"]
        if self.dbms:
            command += ["--dbms", self.dbms]
        return [*command, *self.more]


def as_log(base: str, asks: Iterable[Ask], cookies: Mapping[str, str]) -> str:
    """Requests in the form of a proxy's log, which sqlmap reads many requests from."""
    host = base.removeprefix("http://")
    jar = "; ".join(f"{name}={value}" for name, value in cookies.items())
    parts = []
    for ask in asks:
        lines = [f"{ask.method} {ask.path} HTTP/1.1", f"Host: {host}", f"Cookie: {jar}", f"Referer: {base}/"]
        if ask.method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", "", urlencode(ask.fields)]
        else:
            lines.append("")
        head = f"{BAR}\n12:00:00 AM  http://{host}  [127.0.0.1]\n{BAR}\n"
        parts.append(head + "\n".join(lines) + f"\n{BAR}\n")
    return "\n".join(parts)


def read(table: str) -> list[Finding]:
    """The rows of sqlmap's table of results: one for each field that it could inject into."""
    found = []
    for row in csv.DictReader(io.StringIO(table)):
        path = re.sub(r"^https?://[^/]+", "", row["Target URL"]).partition("?")[0]
        if row["Parameter"]:
            words = f"Technique: {row['Technique(s)']}. {row.get('Note(s)') or ''}".strip()
            found.append(Finding("sqlmap", "SQL injection", row["Place"], path, row["Parameter"], words))
    return found


def tried(log: str) -> tuple[int, int]:
    """The number of the request that sqlmap came to last, and of how many, by its own log; (0, 0) where it read none.

    It passes over requests whose fields it has tested already at the same address.
    """
    numbers = TRIED.findall(log)
    return (int(numbers[-1][0]), int(numbers[-1][1])) if numbers else (0, 0)
