"""The life of a membership at a glance: stretches of access, and of each prerequisite being met or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal.models import Membership
from portal.services.decisions import member_of
from portal.services.people.access_then import NONE, History
from portal.standing.facts import facts_of
from workflows import gate
from workflows.business_time import end_of_day, local_day
from workflows.policy import Policy
from workflows.questions import known
from workflows.vocabulary import About, Kind

MOST_DAYS = 100
"""How many days the gate is asked about: more changes than that, and the strip begins later."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time without change, from its first to its last day (both included)."""

    status: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the strip."""

    id: str
    title: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Life:
    """The strip from `first` to `last`; `cut` where it began earlier than can be shown."""

    first: date
    last: date
    access: Row
    prerequisites: tuple[Row, ...]
    cut: bool

    def place(self, stretch: Stretch, width: int = 1000) -> tuple[float, float]:
        """Where a stretch lies on a line of that width: its beginning and its length."""
        whole = (self.last - self.first).days + 1
        begin = width * (stretch.first - self.first).days / whole
        return round(begin, 2), round(width * ((stretch.last - stretch.first).days + 1) / whole, 2)


def life(
    session: Session,
    membership: Membership,
    history: History,
    *,
    until: date,
    known_at: datetime,
    now: datetime,
    policy: Policy,
) -> Life:
    """The strip up to a day: access as it was by `now`, each prerequisite as known at `known_at` (both naive UTC).

    The gate is asked on the days of change alone; one statement.
    """
    member = member_of(membership)
    offices = {p.about for p in policy.prerequisites} - set(About)
    rows = [row for row in facts_of(session, member, policy) if known(row, known_at) and _bears(row, member, offices)]
    began = [local_day(membership.created_at, policy.zone), until]
    began += [local_day(spell.since, policy.zone) for spell in history.spells[:1]]
    first = min(began)
    days = [first, *(day for day in gate.days_of_change(policy.prerequisites, rows) if first < day <= until)]
    cut = len(days) > MOST_DAYS
    days = days[-MOST_DAYS:]
    said = [(day, gate.decide(policy, member, rows, day, known_at)) for day in days]
    prerequisites = tuple(
        Row(p.id, p.title, tuple(_joined([(day, str(each.findings[place].status)) for day, each in said], until)))
        for place, p in enumerate(policy.prerequisites)
    )
    access = Row("access", "Access", tuple(_access(history, days[0], until, now, policy.zone)))
    return Life(days[0], until, access, prerequisites, cut)


def _bears(row: gate.Evidence, member: gate.Member, offices: set[str]) -> bool:
    """Colleagues matter by the offices that the pack asks for: the days on which others came and went do not."""
    colleague = row.about == About.MEMBERSHIP and row.subject_id != member.id
    return not colleague or row.kind != Kind.ROLE or row.detail in offices


def _joined(answers: Sequence[tuple[date, str]], until: date) -> Iterator[Stretch]:
    begin, status = answers[0]
    for day, answer in answers[1:]:
        if answer != status:
            yield Stretch(status, begin, day - timedelta(1))
            begin, status = day, answer
    yield Stretch(status, begin, until)


def _access(history: History, first: date, until: date, now: datetime, zone: str) -> Iterator[Stretch]:
    """How access stood at the end of each day; what began and ended within one day shows on the day's own page."""
    days = sorted({first, *(local_day(spell.since, zone) for spell in history.spells)})
    answers = [(day, history.at(min(end_of_day(day, zone), now)).status) for day in days if first <= day <= until]
    yield from _joined(answers or [(first, NONE)], until)
