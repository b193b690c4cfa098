"""What the served portal noted of every request: where the scanners came to, and what went wrong there."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tools.security_scan import sqlmap, wapiti
from tools.security_scan.findings import Finding

SCANNERS = {wapiti.AGENT: "wapiti", sqlmap.AGENT: "sqlmap"}
SIGNED_OUT = "signed-out"


@dataclass
class Journal:
    """The scanners' requests: counted by scanner and page, with the faults among them and how many came signed out."""

    requests: Counter[str] = field(default_factory=Counter)
    pages: dict[str, Counter[str]] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)
    signed_out: Counter[str] = field(default_factory=Counter)


def read(lines: Iterable[str]) -> Journal:
    """Lines of agent, method, endpoint, status and address, parted by tabs; other agents than the scanners are left out."""
    journal, known = Journal(), set[tuple[str, str]]()
    for line in lines:
        agent, method, page, status, where = line.rstrip("\n").split("\t", 4)
        scanner = SCANNERS.get(agent)
        if scanner is None:
            continue
        journal.requests[scanner] += 1
        journal.pages.setdefault(scanner, Counter())[f"{method} {page}"] += 1
        if status == SIGNED_OUT:
            journal.signed_out[scanner] += 1
        elif status.startswith("5") and (page, method) not in known:
            known.add((page, method))
            journal.faults.append(
                Finding(
                    "portal", f"answered {status}", method, where.partition("?")[0], "", f"Sent by {scanner}: {where}"
                )
            )
    return journal
