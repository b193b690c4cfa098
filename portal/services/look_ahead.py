"""Looks ahead: what everybody with access has in order today and will not have on a day to come, and on which day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.models import Evidence, Grant, Lapse, Membership
from portal.standing.sweep import Standing, stand
from workflows.business_time import local_day
from workflows.findings import Status
from workflows.gate import Needs
from workflows.periods import NO_TIME
from workflows.policy import Policy
from workflows.questions import OnLapse, Prerequisite
from workflows.vocabulary import About, Kind

_WITH_ACCESS: Select[int] = select(Grant.membership_id).where(Grant.status == "live")
_MANY = 5000
Pair = tuple[int, str]
Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Coming:
    """One prerequisite of an Agency or a membership that holds no longer from `due` on; past days are lapses that came."""

    about: About
    subject_id: int
    agency_id: int
    person_id: int | None
    prerequisite: str
    on_lapse: str
    due: date

    @property
    def key(self) -> Key:
        return self.about.value, self.subject_id, self.prerequisite


def find(session: Session, *, now: datetime, policy: Policy) -> list[Coming]:
    """Everything that is in order today and, as far as is known, runs out within its time of warning; and what has.

    The gate is asked about all who have access on the days of warning, then about those found until the day is known:
    the number of statements depends on the days, not on the people. Nothing is written.
    """
    today = local_day(now, policy.zone)
    asked = {p.id: p for p in policy.prerequisites if p.needs is Needs.HELD}
    days = _days(policy, today)
    first = _first_unmet(session, policy, asked, today, days)
    lapsed, fine, excused = _today(session, policy, asked, today, first)
    exact = _narrowed(session, policy, asked, today, {pair: first[pair] for pair in fine})
    due = {pair: today + timedelta(day) for pair, day in exact.items() if day <= _reach(asked[pair[1]], policy, today)}
    due |= _taken_over(session, policy, asked, today, excused)
    return _as_coming(session, asked, due, lapsed, today)


def _reach(p: Prerequisite, policy: Policy, today: date) -> int:
    """How many days ahead a prerequisite is warned about: its own `warn`, or the pack's furthest day."""
    return (p.warn.after(today) - today).days if p.warn != NO_TIME else policy.warnings.days[0]


def _days(policy: Policy, today: date) -> list[int]:
    furthest = max((_reach(p, policy, today) for p in policy.prerequisites), default=0)
    return sorted({*(day for day in policy.warnings.days if day < furthest), furthest} - {0})


def _unmet(standing: Standing, asked: Mapping[str, Prerequisite], against: Iterable[str]) -> list[str]:
    """What is lacking, of those who will still be there: nobody is warned about a course who has left by then."""
    unmet = standing.unmet
    return [] if set(against) & set(unmet) else [each for each in unmet if each in asked]


def _against(policy: Policy) -> frozenset[str]:
    return frozenset(p.id for p in policy.prerequisites if p.needs is Needs.ABSENT)


def _first_unmet(
    session: Session, policy: Policy, asked: Mapping[str, Prerequisite], today: date, days: list[int]
) -> dict[Pair, tuple[int, int]]:
    """Of each that is unmet on one of the days: the day before it that was asked about, and the first unmet one."""
    found: dict[Pair, tuple[int, int]] = {}
    against = _against(policy)
    for before, day in zip([0, *days], days, strict=False):
        for standing in stand(session, policy, today + timedelta(day), memberships=_WITH_ACCESS):
            for each in _unmet(standing, asked, against):
                found.setdefault((standing.membership_id, each), (before, day))
    return found


def _today(
    session: Session, policy: Policy, asked: Mapping[str, Prerequisite], today: date, first: Mapping[Pair, object]
) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """The pairs that have lapsed already, of the ones found ahead those in order today, and what inheriting excuses."""
    by_member: dict[int, list[str]] = defaultdict(list)
    for membership_id, each in first:
        by_member[membership_id].append(each)
    lapsed: list[Pair] = []
    fine: list[Pair] = []
    excused: list[Pair] = []
    against = _against(policy)
    for standing in stand(session, policy, today, memberships=_WITH_ACCESS):
        member = standing.membership_id
        (excused if standing.inherited else lapsed).extend((member, each) for each in _unmet(standing, asked, against))
        in_order = (Status.MET, Status.WAIVED)
        fine += [(member, each) for each in by_member.get(member, ()) if standing.statuses[each] in in_order]
    return lapsed, fine, excused


def _taken_over(
    session: Session, policy: Policy, asked: Mapping[str, Prerequisite], today: date, excused: Iterable[Pair]
) -> dict[Pair, date]:
    """What shuts access that is older than the portal on the day the gate takes it over, within its time of warning."""
    last = select(Evidence.subject_id, func.max(Evidence.valid_until)).where(
        Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.INHERITED, *Evidence.in_force(today),
        Evidence.valid_until < date.max, Evidence.subject_id.in_(_WITH_ACCESS),
    )  # fmt: skip
    rows = session.execute(last.group_by(Evidence.subject_id))
    days = {member: until + timedelta(1) for member, until in rows}
    return {
        (member, each): days[member]
        for member, each in excused
        if member in days
        and asked[each].on_lapse is OnLapse.SUSPEND
        and (days[member] - today).days <= _reach(asked[each], policy, today)
    }


def _narrowed(
    session: Session,
    policy: Policy,
    asked: Mapping[str, Prerequisite],
    today: date,
    between: Mapping[Pair, tuple[int, int]],
) -> dict[Pair, int]:
    """The exact first day without it, in days from today: the span is halved, for all who share it in one statement."""
    exact: dict[Pair, int] = {}
    groups: dict[tuple[int, int], list[Pair]] = defaultdict(list)
    for pair, span in between.items():
        groups[span].append(pair)
    while groups:
        (low, high), pairs = groups.popitem()
        if high - low <= 1:
            exact |= dict.fromkeys(pairs, high)
            continue
        middle = (low + high) // 2
        unmet = _unmet_on(session, policy, asked, today + timedelta(middle), pairs)
        for pair in pairs:
            groups[(low, middle) if pair in unmet else (middle, high)].append(pair)
    return exact


def _unmet_on(
    session: Session, policy: Policy, asked: Mapping[str, Prerequisite], day: date, pairs: Iterable[Pair]
) -> set[Pair]:
    found: set[Pair] = set()
    for some in _in_parts(sorted({member for member, _ in pairs})):
        for standing in stand(session, policy, day, memberships=some):
            found |= {(standing.membership_id, each) for each in standing.unmet if each in asked}
    return found


def _in_parts(ids: list[int]) -> Iterator[list[int]]:
    return (ids[first : first + _MANY] for first in range(0, len(ids), _MANY))


def _as_coming(
    session: Session,
    asked: Mapping[str, Prerequisite],
    due: Mapping[Pair, date],
    lapsed: Iterable[Pair],
    today: date,
) -> list[Coming]:
    """Once for an Agency what concerns all of its people; a lapse that came keeps the day it was foreseen for."""
    rows = session.execute(
        select(Membership.id, Membership.agency_id, Membership.person_id).where(Membership.id.in_(_WITH_ACCESS))
    )
    members = {row.id: row for row in rows}
    known = select(Lapse.about, Lapse.subject_id, Lapse.prerequisite, Lapse.due).where(Lapse.settled_at.is_(None))
    days: dict[Key, date] = {(about, subject, each): day for about, subject, each, day in session.execute(known)}
    found: dict[Key, Coming] = {}
    for (member_id, each), day in [*due.items(), *((pair, today) for pair in lapsed)]:
        member, p = members.get(member_id), asked[each]
        if member is None:
            continue
        of_agency = p.about == About.AGENCY or p.about not in set(About)
        about, subject = (About.AGENCY, member.agency_id) if of_agency else (About.MEMBERSHIP, member_id)
        came = min(days.get((about.value, subject, each), today), today) if day <= today else day
        person_id = None if of_agency else member.person_id
        one = Coming(about, subject, member.agency_id, person_id, each, p.on_lapse.value, came)
        if one.key not in found or came < found[one.key].due:
            found[one.key] = one
    return _once(asked, found.values())


def _once(asked: Mapping[str, Prerequisite], found: Iterable[Coming]) -> list[Coming]:
    """Of several that lack the same evidence from the same day on, the one with the gravest consequence."""
    grave = list(OnLapse)
    first: dict[tuple[str, int, str, date], Coming] = {}
    for each in sorted(found, key=lambda one: (grave.index(OnLapse(one.on_lapse)), one.prerequisite)):
        first.setdefault((each.about.value, each.subject_id, asked[each.prerequisite].evidence, each.due), each)
    return list(first.values())
