"""The report of a scan, as JSON and as text, and the verdict that the exit status says."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.security_scan.findings import FalseAlarm, Finding

FEWEST_PAGES = 20
"""A scan that came to fewer pages than this has not seen the portal."""


@dataclass
class Report:
    """Everything that a run tells. `unsound` are reasons why the run proves nothing, whatever it found."""

    began: str = ""
    minutes: float = 0
    short: bool = False
    database: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    signed_in_as: str = ""
    proved: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    pages: int = 0
    requests: int = 0
    came_to: dict[str, dict[str, int]] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    cut_short: list[str] = field(default_factory=list)
    passed_over: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    false_alarms: list[tuple[Finding, FalseAlarm]] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.unsound:
            return "The run proves nothing."
        if self.findings:
            return f"{len(self.findings)} finding{'s' if len(self.findings) > 1 else ''}."
        if not self.database:
            return "The planted faults were found; the portal was not scanned."
        return "Nothing was found."

    @property
    def status(self) -> int:
        """The exit status: 0 where nothing was found by a run that could have found something."""
        return 0 if not self.unsound and not self.findings else 1

    def write(self, folder: Path) -> None:
        """Writes report.json and report.txt."""
        (folder / "report.json").write_text(json.dumps(self.as_dict(), indent=2) + "\n", encoding="utf-8")
        (folder / "report.txt").write_text(self.as_text(), encoding="utf-8")

    def as_dict(self) -> dict[str, object]:
        plain = {name: value for name, value in vars(self).items() if name not in ("findings", "false_alarms")}
        return plain | {
            "verdict": self.verdict,
            "findings": [finding.as_dict() for finding in self.findings],
            "false_alarms": [finding.as_dict() | {"why": alarm.why} for finding, alarm in self.false_alarms],
        }

    def as_text(self) -> str:
        scanners = ", ".join(f"{name} {version}" for name, version in sorted(self.versions.items()))
        sent = ", ".join(f"{count:,} requests by {name}" for name, count in sorted(self.sent.items()))
        came = ", ".join(f"{len(pages)} by {name}" for name, pages in sorted(self.came_to.items()))
        lines = [
            f"Security scan of {self.began} UTC{' (short)' if self.short else ''}: {self.verdict}",
            f"{scanners}; {self.minutes:.0f} minutes; {self.database or 'no database'}.",
            f"Planted faults found: {'; '.join(self.proved) or 'none'}.",
            f"Signed in as {self.signed_in_as or 'nobody'}: {self.pages} pages, {self.requests} requests with fields.",
            f"Sent: {sent or 'nothing'}. Routes and methods come to: {came or 'none'}.",
        ]
        lines += _part("The run proves nothing because", self.unsound)
        lines += _part("Findings", [finding.in_words() for finding in self.findings])
        lines += _part("False alarms", [f"{f.in_words()} Why it is none: {a.why}" for f, a in self.false_alarms])
        lines += _part("Cut short by the time", self.cut_short)
        lines += _part("Not scanned", [f"{path}: {why}" for path, why in self.passed_over.items()])
        return "\n".join(lines) + "\n"


def _part(title: str, items: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *(f"  - {item}" for item in items)] if items else []
