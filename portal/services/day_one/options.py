"""What whoever brings a list in decides, and what the import answers: counts, doubles, who would be closed, what to mend."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from portal.adapters.people_files import Sheet
from portal.adapters.tables import to_csv
from portal.services.desk.import_report import Report

NEW, LEAVE, SAME = "new", "leave", "same:"
"""The decisions about a double: another person, left out, or the same person as the one with this e-mail address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`takes_over` is the first day on which the gate rules what comes in; `agreement_version` the published version
    that the signed agreements are of ('': older ones, which satisfy no prerequisite); `agencies` names as written, to
    names here; `decide` doubles by their e-mail address in lower case, to NEW, LEAVE or SAME with an address.
    """

    takes_over: date
    agreement_version: str = ""
    skip_bad: bool = False
    accept_closing: bool = False
    agencies: Mapping[str, str] = field(default_factory=dict)
    decide: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Somebody whom a row may mean: by e-mail address, with the name, where, and why it may be the same person."""

    email: str
    name: str
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Double:
    """A row that may be somebody who is known already, or stands in the file under another address; '' undecided."""

    line: int
    email: str
    name: str
    agency: str
    likenesses: tuple[Likeness, ...]
    choice: str
    may_be_new: bool


@dataclass(frozen=True, slots=True)
class Closing:
    """Somebody whose access would be shut as soon as it came in, and for what."""

    line: int
    email: str
    name: str
    agency: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownAgency:
    """A name in the file that no Agency here has, on how many rows, and the names that are nearest to it."""

    written: str
    rows: int
    near: tuple[str, ...]


@dataclass(slots=True)
class DayOneReport(Report):
    """The outcome of one import, and everything that is to be decided before it."""

    doubles: list[Double] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    unknown_agencies: list[UnknownAgency] = field(default_factory=list)
    new_people: list[tuple[str, str, str]] = field(default_factory=list)
    import_id: int = 0

    def lines(self) -> list[str]:
        found = Report.lines(self)
        for each in self.closings:
            found.append(
                f"Would be closed at once: {each.name} ({each.email}) at {each.agency}. {' '.join(each.sentences)}"
            )
        for double in self.doubles:
            who = "; ".join(f"{like.name} ({like.email}, {like.where}): {like.why}" for like in double.likenesses)
            chosen = f"decided: {double.choice}" if double.choice else "not decided"
            found.append(f"May be known already, line {double.line}: {double.name} ({double.email}), {chosen}. {who}")
        for unknown in self.unknown_agencies:
            near = f" Did you mean {' or '.join(unknown.near)}?" if unknown.near else ""
            found.append(f"No Agency is called {unknown.written!r} ({unknown.rows} rows).{near}")
        return found

    def as_json(self) -> dict[str, object]:
        """The stable shape of --json."""
        return {
            "source": self.source,
            "dry_run": self.dry_run,
            "refused": self.refused,
            "counts": dict(self.counts),
            "said": list(self.said),
            "problems": [
                {"severity": p.severity, "line": p.line, "column": p.column, "rule": p.rule, "reason": p.sentence}
                for p in self.problems
            ],
            "doubles": [
                {"line": d.line, "email": d.email, "choice": d.choice, "may_be": [like.email for like in d.likenesses]}
                for d in self.doubles
            ],
            "would_close": [
                {"line": c.line, "email": c.email, "agency": c.agency, "because": list(c.sentences)}
                for c in self.closings
            ],
        }


def to_mend(sheet: Sheet, report: Report) -> str:
    """The rows that were refused, as they were written, with what is wrong before them: to mend and bring in again."""
    reasons: dict[int, list[str]] = {}
    for problem in report.errors:
        if problem.line in sheet.lines:
            where = f"{problem.column}: " if problem.column else ""
            reasons.setdefault(problem.line, []).append(f"{where}{problem.sentence}")
    width = len(sheet.headers)
    rows = [(line, " ".join(reasons[line]), *(sheet.lines[line] + ("",) * width)[:width]) for line in sorted(reasons)]
    return to_csv(("line", "what is wrong", *sheet.headers), rows)
