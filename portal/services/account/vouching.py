"""A lost second factor: two people who recognise its owner vouch within the same hour, and it is taken away."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from portal import audit, jobs, permissions
from portal.actors import Actor, roles_of
from portal.models import Credential, FactorReset, FactorVouch, Person
from portal.refusals import Refused, a_reason
from portal.services.account import second_factor, sessions
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Effect, Reason, Role

HOUR = timedelta(hours=1)
TWO = 2
_STAFF = frozenset({Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY})


@dataclass(frozen=True, slots=True)
class Open:
    """What is under way for a person: who has vouched, until when the second may."""

    vouches: tuple[FactorVouch, ...]
    expires_at: datetime


def open_for(session: Session, *, person_id: int, now: datetime) -> Open | None:
    """The request that still waits for its second voice; None where there is none, or its hour is over."""
    row = _open(session, person_id, now)
    return Open(tuple(row.vouches), row.expires_at) if row else None


def why_not_vouch(session: Session, *, person: Person, actor: Actor, on: date, now: datetime) -> str:
    """Why the actor may not vouch for this person now, in a sentence; '' where they may."""
    if not permissions.allows(session, actor, Action.FACTOR_VOUCH, person):
        return "You cannot vouch for this person: nobody vouches for themselves, nor for people of another Agency."
    if not second_factor.is_set_up(session, person.id):
        return f"{person.name} has no second factor that could be lost."
    if (
        any(agency == LEAD for agency, _ in roles_of(session, person.id, on))
        and Role.LEAD_ADMIN not in actor.lead_roles
    ):
        return "For the Lead's own people, two other Lead administrators vouch."
    row = _open(session, person.id, now)
    if row is None:
        return ""
    if any(vouch.voucher_id == actor.person_id for vouch in row.vouches):
        return "You have vouched already. The second person has to be somebody else."
    if not _of_the_lead(actor) and not any(vouch.of_the_lead for vouch in row.vouches):
        return "One of the two has to be of the Lead. Ask the help desk to vouch next."
    return ""


def vouch(session: Session, *, person: Person, recognised: str, actor: Actor, now: datetime, policy: Policy) -> bool:
    """One person's word; True where it was the second within the hour, and the factor is gone.

    `recognised` says by what ('called back on the number on file, knows her voice'). One of the two is of the Lead; for
    the Lead's own people both are its administrators. SAME_PERSON or NOT_ALLOWED for anybody else, ALREADY_DONE the
    second time.
    """
    permissions.check(session, actor, Action.FACTOR_VOUCH, person)
    how = a_reason(
        recognised, "Say in 10 to 500 characters how you recognized the person, for example by what call.", field="recognised",
        least=10, most=500,
    )  # fmt: skip
    session.get(
        Credential, person.id, with_for_update=True
    )  # two voices in the same moment are the first and the second
    if why := why_not_vouch(session, person=person, actor=actor, on=local_day(now, policy.zone), now=now):
        raise Refused(Reason.SAME_PERSON if "somebody else" in why else Reason.NOT_ALLOWED, why)
    row = _open(session, person.id, now) or _begin(session, person, now)
    session.add(
        FactorVouch(
            reset_id=row.id, person_id=person.id, voucher_id=actor.person_id, of_the_lead=_of_the_lead(actor), recognised=how, at=now
        )
    )  # fmt: skip
    session.flush()
    session.refresh(row, ["vouches"])
    audit.record(
        session, actor=actor, now=now, act="factor.vouch", thing=person,
        said=f"{actor.name} vouched for {person.name}, whose second factor is lost. Recognized: {how}",
    )  # fmt: skip
    if len(row.vouches) < TWO:
        _mail(session, "factor_vouched", person, now)
        return False
    row.closed_at, row.done = now, True
    take_away(session, person=person, actor=actor, now=now, said="after two people vouched")
    return True


def reset_by_operator(session: Session, *, person: Person, actor: Actor, now: datetime) -> None:
    """The way back from the server for a Lead that has nobody left to vouch: on record as the command line's."""
    permissions.check(session, actor, Action.FACTOR_RESET, person)
    if not second_factor.is_set_up(session, person.id):
        raise Refused(Reason.ALREADY_DONE, f"{person.name} has no second factor.")
    take_away(session, person=person, actor=actor, now=now, said="on the server")


def take_away(session: Session, *, person: Person, actor: Actor, now: datetime, said: str) -> None:
    """Clears factor and recovery codes, signs the person out everywhere, and mails how to set up a new one."""
    second_factor.clear(session, person_id=person.id)
    sessions.end_sessions(session, person_id=person.id, now=now)
    audit.record(
        session, actor=actor, now=now, act="factor.reset", thing=person,
        said=f"The second factor of {person.name} was taken away {said}; the next sign-in sets up a new one.",
    )  # fmt: skip
    _mail(session, "factor_reset", person, now)


def _begin(session: Session, person: Person, now: datetime) -> FactorReset:
    for old in session.scalars(
        select(FactorReset).where(FactorReset.person_id == person.id, FactorReset.closed_at.is_(None))
    ):
        old.closed_at = old.expires_at
    session.flush()
    row = FactorReset(person_id=person.id, asked_at=now, expires_at=now + HOUR, done=False)
    session.add(row)
    session.flush()
    return row


def _open(session: Session, person_id: int, now: datetime) -> FactorReset | None:
    return session.scalars(
        select(FactorReset)
        .options(selectinload(FactorReset.vouches).joinedload(FactorVouch.voucher))
        .where(FactorReset.person_id == person_id, FactorReset.closed_at.is_(None), FactorReset.expires_at > now)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _of_the_lead(actor: Actor) -> bool:
    return bool(actor.lead_roles & _STAFF)


def _mail(session: Session, mail: str, person: Person, now: datetime) -> None:
    jobs.enqueue(
        session, Effect.MAIL, key=f"{mail}:{person.id}:{now}", now=now, payload={"mail": mail, "person_id": person.id}
    )
