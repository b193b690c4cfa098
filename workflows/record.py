"""What is on record, as known at a moment and as it holds on a day; and the days on which that can change."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from workflows.explain import day_after
from workflows.questions import FOR_GOOD, Evidence, Prerequisite, holds, known
from workflows.vocabulary import Kind

Subject = tuple[str, int]


class Record:
    """The evidence that was known at a moment (naive UTC) and held on a day, by subject and kind."""

    def __init__(self, rows: Iterable[Evidence], on: date, known_at: datetime) -> None:
        self._held: dict[tuple[str, int, str], list[Evidence]] = defaultdict(list)
        self.subjects: set[Subject] = set()
        self.published: list[Evidence] = []
        for e in rows:
            if known(e, known_at):
                if e.kind == Kind.PUBLISHED:
                    self.published.append(e)
                if holds(e, on):
                    self._held[e.about, e.subject_id, e.kind].append(e)
                    self.subjects.add((e.about, e.subject_id))

    def of(self, subject: Subject, kind: str) -> Sequence[Evidence]:
        return self._held.get((*subject, kind), ())


def days_of_change(prerequisites: Iterable[Prerequisite], evidence: Sequence[Evidence]) -> list[date]:
    """The only days on which an answer can differ from the day before, in order."""
    stanzas = list(prerequisites)
    starts = {e.valid_from for e in evidence}
    last = {e.valid_until for e in evidence} | {p.max_age.after(day) for p in stanzas if p.max_age for day in starts}
    binding = {p.grace.after(day) for p in stanzas if p.version for day in starts}
    return sorted(starts | binding | {day_after(day) for day in last if day < FOR_GOOD})
