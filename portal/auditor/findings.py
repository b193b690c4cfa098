"""What the auditor hands back: problems by check, counts, and whether all is well."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that must not be: which check found it, on which row, in a sentence."""

    check: str
    thing: str
    thing_id: int
    said: str


@dataclass(frozen=True, slots=True)
class CoreAccount:
    """One account as the core HMIS shows it."""

    user_id: str
    external_id: str
    active: bool


@dataclass(slots=True)
class Report:
    """The outcome of one audit. `inherited` are grants that no prerequisite was ever asked for: listed, not judged."""

    counts: dict[str, int] = field(default_factory=dict)
    inherited: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {
            "clean": self.clean,
            "seconds": round(self.seconds, 3),
            "counts": self.counts,
            "inherited": self.inherited,
            "problems": [asdict(problem) for problem in sorted(self.problems)],
        }
