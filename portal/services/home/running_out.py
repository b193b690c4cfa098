"""'Runs out soon' for whoever looks: one's own, one's people's and one's Agency's, with what to do and by when."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from portal.models import Agency, Grant, Lapse, Membership, Person
from portal.services import lapses
from portal.services.people.standing_view import TITLES
from workflows.policy import Policy
from workflows.questions import OnLapse
from workflows.vocabulary import LEAD, About, Kind, Role

MOST = 100
PAPERS = frozenset({Kind.USER_AGREEMENT, Kind.AGENCY_ADMIN_AGREEMENT, Kind.PRIVACY_PLEDGE})
"""What one's own page lets one sign."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that runs out: of whom, what, the last day on which it holds, whose turn it is and what follows."""

    agency_id: int
    agency: str
    membership_id: int | None
    person: str
    own: bool
    title: str
    evidence: str
    do: str
    holder: str
    last_day: date
    lapsed: bool
    consequence: str

    @property
    def who(self) -> str:
        """Who has to act, in words: 'you', a name, or the office."""
        if self.holder == "person":
            return "you" if self.own else self.person
        return TITLES.get(self.holder, "")


def for_person(
    session: Session, *, person_id: int | None, roles: frozenset[tuple[int, str]], on: date, policy: Policy
) -> list[Item]:
    """What this person is told of, the nearest day first and at most MOST; one statement.

    Everybody: one's own, and what ends access for all at one's Agency. The Agency Administrator: all of the Agency's.
    The director and the security officer: what the Agency itself has to do.
    """
    if person_id is None:
        return []
    rows = session.execute(
        _read()
        .where(_concerns(person_id, roles), _still_there())
        .order_by(Lapse.due, Lapse.agency_id, Lapse.prerequisite, Lapse.id)
        .limit(MOST)
    )
    return [_item(lapse, agency, person, person_id, on, policy) for lapse, agency, person in rows]


def _read() -> Select[Any, Any, Any]:
    query = select(Lapse, Agency.name, Person).join(Agency, Agency.id == Lapse.agency_id)
    return query.outerjoin(Person, Person.id == Lapse.person_id).where(Lapse.settled_at.is_(None))


def _concerns(person_id: int, roles: frozenset[tuple[int, str]]) -> ColumnElement[bool]:
    def at(*held: Role) -> set[int]:
        return {agency for agency, role in roles if role in held} - {LEAD}

    managed, directed = at(Role.AGENCY_ADMIN), at(Role.EXECUTIVE_DIRECTOR, Role.SECURITY_OFFICER)
    mine = select(Membership.agency_id).where(Membership.person_id == person_id)
    of_agency = Lapse.about == About.AGENCY
    return or_(
        Lapse.person_id == person_id,
        Lapse.agency_id.in_(managed) if managed else false(),
        and_(of_agency, Lapse.agency_id.in_(directed)) if directed else false(),
        and_(of_agency, Lapse.on_lapse == OnLapse.SUSPEND, Lapse.agency_id.in_(mine)),
    )


def _still_there() -> ColumnElement[bool]:
    """Whoever has left or was suspended since this morning has other worries."""
    live = exists().where(Grant.membership_id == Lapse.subject_id, Grant.status == "live")
    return or_(Lapse.about != About.MEMBERSHIP, live)


def _item(lapse: Lapse, agency: str, person: Person | None, me: int, on: date, policy: Policy) -> Item:
    holder, do = lapses.do_next(policy, lapse.prerequisite)
    stanza = next((p for p in policy.prerequisites if p.id == lapse.prerequisite), None)
    return Item(
        agency_id=lapse.agency_id,
        agency=agency,
        membership_id=lapse.subject_id if lapse.about == About.MEMBERSHIP else None,
        person=person.name if person else "",
        own=person is not None and person.id == me,
        title=lapses.title(policy, lapse.prerequisite),
        evidence=str(stanza.evidence) if stanza else "",
        do=do or lapses.title(policy, lapse.prerequisite),
        holder=holder,
        last_day=lapse.due - timedelta(1),
        lapsed=lapse.due <= on,
        consequence=lapses.consequence(lapse.on_lapse),
    )
