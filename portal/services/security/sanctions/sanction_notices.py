"""Letters about a sanction: who gets one, which were handed to the mail, and which were delivered on paper."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Membership, Person, Sanction, SanctionNotice
from portal.refusals import Refused, a_reason, bad_input
from portal.services import holders
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.enforcement_pack import Told
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Effect, Reason, Role

BOARD = "The Continuum of Care Board"
_OFFICES = {Told.EXECUTIVE_DIRECTOR: Role.EXECUTIVE_DIRECTOR, Told.AGENCY_ADMIN: Role.AGENCY_ADMIN}


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who gets a letter, and as what; without a person it goes to an office by mail or on paper."""

    role: Told
    name: str
    person: Person | None = None


def addressees(session: Session, row: Sanction, *, on: date, policy: Policy) -> list[Addressee]:
    """Those whom the pack has told of this measure, each once; an office that nobody holds is written to on paper."""
    found: dict[object, Addressee] = {}
    for role in policy.enforcement.told.get(row.measure, ()):
        for each in _of(session, row, role, on):
            found.setdefault(each.person.id if each.person else (each.role, each.name), each)
    return list(found.values())


def make(session: Session, row: Sanction, what: str, *, now: datetime, policy: Policy) -> None:
    """Writes down who gets this letter, and has the worker draw it and hand it over."""
    for each in addressees(session, row, on=local_day(now, policy.zone), policy=policy):
        session.add(
            SanctionNotice(
                sanction_id=row.id, what=what, role=each.role.value, name=each.name[:200],
                person_id=each.person.id if each.person else None, channel="mail" if each.person else "paper",
                email=each.person.email if each.person else "", made_at=now,
            )
        )  # fmt: skip
    session.flush()
    jobs.enqueue(
        session, Effect.EXECUTED_COPY, key=f"sanction:{row.id}:{what}", now=now, policy_version=policy.version,
        payload={"sanction_id": row.id, "what": what},
    )  # fmt: skip


def tell_hearers(session: Session, row: Sanction, *, now: datetime, policy: Policy) -> None:
    """A message to those of the Lead who may hear the appeal."""
    roles = (Role.LEAD_ADMIN, Role.LEAD_SECURITY, Role.AUDITOR)
    people = set(holders.of_the_lead(session, *roles, on=local_day(now, policy.zone)))
    for person_id in sorted(
        people - {row.drafted_by, row.decided_by, row.investigated_by, row.appealed_by, row.person_id}
    ):
        payload = {
            "mail": "sanction_appealed",
            "person_id": person_id,
            "sanction_id": row.id,
            "agency_id": row.agency_id,
        }
        jobs.enqueue(session, Effect.MAIL, key=f"sanction_appealed:{row.id}:{person_id}", now=now, payload=payload)


def handed_over(session: Session, notice_id: int, *, now: datetime) -> None:
    """The mail server took it; said once."""
    notice = session.get_one(SanctionNotice, notice_id, with_for_update=True)
    notice.sent_at = notice.sent_at or now


def delivered(
    session: Session, notice: SanctionNotice, *, on: date, how: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Records a letter that was handed over on paper: the day, and how. ALREADY_DONE where that is on record."""
    permissions.check(session, actor, Action.SANCTION_FOLLOW, notice.sanction)
    session.refresh(notice, with_for_update=True)
    if notice.delivered_on is not None:
        raise Refused(Reason.ALREADY_DONE, f"It is on record as delivered on {us_date(notice.delivered_on)}.")
    made, today = local_day(notice.made_at, policy.zone), local_day(now, policy.zone)
    if not made <= on <= today:
        raise bad_input(f"The day lies between {us_date(made)} and {us_date(today)}.", "delivered_on")
    said = a_reason(how, "Say how: by hand, by post, by courier.", field="how", most=200)
    notice.delivered_on, notice.delivered_how, notice.delivered_recorded_by = on, said, actor.person_id
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="sanction.delivered", thing=notice.sanction, after={"notice": notice.id},
        said=f"The letter to {notice.name} was delivered on {us_date(on)}: {said}.",
    )  # fmt: skip


def _of(session: Session, row: Sanction, role: Told, on: date) -> Iterator[Addressee]:
    if role is Told.PERSON:
        if row.person_id is not None:
            person = session.get_one(Person, row.person_id)
            yield Addressee(role, person.name, person)
        return
    if role is Told.BOARD:
        yield Addressee(role, BOARD)
        return
    if role is Told.AUDITOR:
        ids, office = holders.of_the_lead(session, Role.AUDITOR, on=on), "The Security Compliance Auditor"
    elif row.agency_id == LEAD:
        return
    else:
        held = holders.held(on, _OFFICES[role]).with_only_columns(Membership.person_id)
        ids = sorted(set(session.scalars(held.where(Membership.agency_id == row.agency_id))))
        office = f"The executive director of {row.agency.name}" if role is Told.EXECUTIVE_DIRECTOR else ""
    people = session.scalars(select(Person).where(Person.id.in_(ids)).order_by(Person.id)).all() if ids else []
    for person in people:
        yield Addressee(role, person.name, person)
    if not people and office:
        yield Addressee(role, office)
