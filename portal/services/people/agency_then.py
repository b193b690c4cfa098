"""A whole Agency on a day: who had access, at which level, as whom, and what the gate says of that day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Membership, Person
from portal.services.people import access_then
from portal.services.people.access_then import History, Spell
from portal.services.people.packs_then import PackThen, pack_at
from portal.services.people.time_machine import Question, check
from portal.standing.sweep import Standing, stand
from workflows.actions import Action
from workflows.business_time import end_of_day, start_of_day
from workflows.policy import Policy


@dataclass(frozen=True, slots=True)
class Row:
    """One membership on the day: `spell` is how access stood at the end of what was looked at, `changed` that it moved."""

    membership_id: int
    person: Person
    spell: Spell
    changed: bool
    user_id: str
    access_level: str
    inherited: bool
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class AgencyThen:
    """Everybody who belonged to an Agency by the moment that was looked at, by last name."""

    question: Question
    known_at: datetime
    moment: datetime
    pack: PackThen
    rows: Sequence[Row]


def ask(
    session: Session, *, agency: Agency, question: Question, actor: Actor, now: datetime, policy: Policy
) -> AgencyThen:
    """Everybody of an Agency on a day, in twelve statements whatever their number; `policy` is today's pack.

    Refuses what time_machine.ask refuses; NOT_ALLOWED for whoever may not certify for this Agency.
    """
    permissions.check(session, actor, Action.STANDING_CERTIFY, agency)
    check(question, now)
    known_at = question.known_at(now, policy.zone)
    moment = min(end_of_day(question.day, policy.zone), known_at)
    begin = min(start_of_day(question.day, policy.zone), moment)
    pack = pack_at(session, at=moment, policy=policy)
    there = (
        select(Membership.id, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.agency_id == agency.id, Membership.created_at <= moment)
        .order_by(Person.last_name, Person.first_name, Membership.id)
    )
    members = session.execute(there).all()
    histories = access_then.histories(session, select(Membership.id).where(Membership.agency_id == agency.id))
    ids = [membership_id for membership_id, _ in members]
    standings = stand(session, pack.policy, question.day, known_at, memberships=ids) if ids else ()
    standing = {each.membership_id: each for each in standings}
    rows = [
        _row(id_, person, histories.get(id_, History()), standing.get(id_), begin, moment) for id_, person in members
    ]
    return AgencyThen(question, known_at, moment, pack, rows)


def _row(
    membership_id: int, person: Person, history: History, standing: Standing | None, begin: datetime, moment: datetime
) -> Row:
    spells, details = history.between(begin, moment), history.details(moment)
    return Row(
        membership_id=membership_id,
        person=person,
        spell=spells[-1],
        changed=len(spells) > 1,
        user_id=details.user_id if details else "",
        access_level=details.access_level if details else "",
        inherited=bool(details and details.inherited),
        standing=standing,
    )
