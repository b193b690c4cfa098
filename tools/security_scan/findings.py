"""What the scanners say in one form, and the few alarms known to be false, each by name and with its reason."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a scanner says is wrong: `what` in its own words, where, in which field."""

    scanner: str
    what: str
    method: str
    path: str
    field: str
    said: str = ""

    def in_words(self) -> str:
        at = f" in {self.field}" if self.field else ""
        return f"{self.scanner}: {self.what} at {self.method} {self.path}{at}. {self.said}".strip()

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """Findings that are none: all whose scanner, title, field, path and words match. `why` says how we know."""

    scanner: str
    what: str
    said: str
    why: str
    path: str = r""
    field: str = ""

    def covers(self, finding: Finding) -> bool:
        return (
            finding.scanner == self.scanner
            and finding.what == self.what
            and finding.field == self.field
            and re.search(self.path, finding.path) is not None
            and re.search(self.said, finding.said) is not None
        )


FALSE_ALARMS: tuple[FalseAlarm, ...] = (
    FalseAlarm(
        "wapiti",
        "Secure Flag cookie",
        r"^Secure flag is not set in the cookie ?: session$",
        "The scan speaks plain HTTP on 127.0.0.1. Over HTTPS the cookie is __Host-session and Secure, which "
        "tests/web/test_account.py::test_over_https_the_cookie_is_locked_to_the_host proves.",
    ),
    FalseAlarm(
        "wapiti",
        "SQL Injection",
        r"^SQL Injection via injection in the parameter phone$",
        "A telephone number has 30 characters at most. Wapiti compares a true condition of exactly 30 with an untrue one, "
        "which has 31 where its random number has three digits, and is refused as too long. Of one length both are answered "
        "alike: tests/security/test_false_alarms.py::test_a_true_and_an_untrue_condition_are_answered_alike. sqlmap tries the field too.",
        path=r"^/agency/\d+/change$",
        field="phone",
    ),
)


def judged(findings: Iterable[Finding]) -> tuple[list[Finding], list[tuple[Finding, FalseAlarm]]]:
    """The findings that count, each once, and those that are known to be none."""
    real: list[Finding] = []
    none: list[tuple[Finding, FalseAlarm]] = []
    for finding in dict.fromkeys(findings):
        alarm = next((each for each in FALSE_ALARMS if each.covers(finding)), None)
        if alarm is None:
            real.append(finding)
        else:
            none.append((finding, alarm))
    return real, none
