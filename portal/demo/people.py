"""One person for each role, found in the database as it stands, and signing in as one of them by one click."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from portal.actors import Actor
from portal.db import reading
from portal.models import (
    AccessRequest,
    Agency,
    Document,
    Evidence,
    Grant,
    Handover,
    Membership,
    Person,
    TrainingResult,
    WebSession,
)
from portal.refusals import Refused
from portal.secrets import hash_of
from portal.services.account import sign_in
from portal.wiring import Context
from workflows.business_time import local_day
from workflows.vocabulary import LEAD, About, Kind, Reason, Role

JUST_BELOW = 7999


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody whom a visitor may be: role and name, where, and what to try as this person."""

    role: str
    person_id: int
    name: str
    email: str
    agency: str
    to_try: str


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the list: how to find its person, as (person, agency) rows, the best first."""

    role: str
    to_try: str
    find: Callable[[date, datetime], Select[Person, str]]


def one_of_each(context: Context) -> list[tuple[str, str, str]]:
    """(role, name, agency) of each person listed: what the start prints."""
    now = context.clock()
    with reading(context.sessions) as session:
        return [
            (one.role, one.name, one.agency) for one in listed(session, on=local_day(now, context.policy.zone), now=now)
        ]


def listed(session: Session, *, on: date, now: datetime) -> list[Listed]:
    """Everybody whom a visitor may be, each once; a part that nobody plays at the moment is left out."""
    return list(_cast(session, on, now))


def sign_in_as(session: Session, *, person_id: int, actor: Actor, on: date, now: datetime) -> str:
    """A session's token for a listed person, the second factor counted as passed. NOT_FOUND for anybody else.

    Only the demonstration's own page calls it, and that page exists in the demonstration only.
    """
    chosen = next((one for one in listed(session, on=on, now=now) if one.person_id == person_id), None)
    if chosen is None:
        raise Refused(Reason.NOT_FOUND, "Nobody of the list has this number. Go back to the list and choose again.")
    token = sign_in.start_session(
        session, person=session.get_one(Person, chosen.person_id), via="password", actor=actor, now=now
    )
    session.flush()
    session.execute(update(WebSession).where(WebSession.token_hash == hash_of(token)).values(second_factor_at=now))
    return token


def _cast(session: Session, on: date, now: datetime) -> Iterator[Listed]:
    seen: set[int] = set()
    for part in PARTS:
        for person, agency in session.execute(part.find(on, now).limit(20)):
            if person.id not in seen:
                seen.add(person.id)
                yield Listed(part.role, person.id, person.name, person.email, agency, part.to_try)
                break


def _members() -> Select[Person, str]:
    return (
        select(Person, Agency.name)
        .join(Membership, Membership.person_id == Person.id)
        .join(Agency, Agency.id == Membership.agency_id)
    )


def _holds(role: Role, on: date):
    return exists(
        select(1)
        .where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.subject_id == Membership.id,
            Evidence.kind == Kind.ROLE,
            Evidence.detail == role.value,
            *Evidence.in_force(on),
        )
        .correlate(Membership)
    )


def _size():
    """How many people an Agency has: the largest one has something of everything."""
    colleague = aliased(Membership)
    return select(func.count(colleague.id)).where(colleague.agency_id == Agency.id).correlate(Agency).scalar_subquery()


def _of_lead(role: Role) -> Callable[[date, datetime], Select[Person, str]]:
    return lambda on, _now: _members().where(Membership.agency_id == LEAD, _holds(role, on)).order_by(Person.id)


def _at_agency(role: Role, *but: Role) -> Callable[[date, datetime], Select[Person, str]]:
    def find(on: date, _now: datetime) -> Select[Person, str]:
        query = _members().where(
            Agency.status == "participating", _holds(role, on), *(~_holds(other, on) for other in but)
        )
        return query.order_by(_size().desc(), Membership.id)

    return find


def _all_in_one(on: date, _now: datetime) -> Select[Person, str]:
    offices = (Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN, Role.SECURITY_OFFICER)
    return (
        _members()
        .where(Agency.status == "participating", *(_holds(role, on) for role in offices))
        .order_by(Membership.id)
    )


def _with_password(_on: date, now: datetime) -> Select[Person, str]:
    waiting = exists(
        select(1).where(Handover.person_id == Person.id, Handover.sealed.is_not(None), Handover.expires_at > now)
    )
    live = exists(select(1).where(Grant.membership_id == Membership.id, Grant.status == "live"))
    return _members().where(waiting, live).order_by(Person.id)


def _on_the_way(_on: date, _now: datetime) -> Select[Person, str]:
    open_ = exists(select(1).where(AccessRequest.membership_id == Membership.id, AccessRequest.status == "open"))
    almost = exists(
        select(1).where(
            TrainingResult.person_id == Person.id,
            TrainingResult.score == JUST_BELOW,
            TrainingResult.status == "recorded",
        )
    )
    return _members().where(open_, Membership.agency_id != LEAD).order_by(almost.desc(), Membership.id.desc())


def _to_sign(kind: str, status: str = "prepared") -> Callable[[date, datetime], Select[Person, str]]:
    def find(on: date, _now: datetime) -> Select[Person, str]:
        mine = (
            (Document.membership_id == Membership.id)
            if kind == "user_agreement"
            else (Document.agency_id == Agency.id) & _holds(Role.EXECUTIVE_DIRECTOR, on)
        )
        waits = exists(
            select(1).where(Document.kind == kind, Document.status == status, mine).correlate(Membership, Agency)
        )
        return _members().where(waits, Agency.id != LEAD).order_by(Membership.id)

    return find


PARTS: Sequence[Part] = (
    Part(
        "Lead administrator",
        "Countersign an agreement, order an Agency's configuration, look at the record",
        _of_lead(Role.LEAD_ADMIN),
    ),
    Part(
        "Second Lead administrator",
        "Approve what the other administrator asked for: nobody does that alone",
        _of_lead(Role.LEAD_ADMIN),
    ),
    Part(
        "Help desk",
        "Verify documents, carry out a work order and confirm it, match a quiz result",
        _of_lead(Role.HELP_DESK),
    ),
    Part(
        "Lead security officer",
        "Sign a security review off, draft a sanction, hear an appeal",
        _of_lead(Role.LEAD_SECURITY),
    ),
    Part("Trainer", "Enroll whoever has signed, import quiz results, confirm a certificate", _of_lead(Role.TRAINER)),
    Part(
        "Board member of the Continuum",
        "Comment on a plan, see the records on file, the data releases and the organization chart",
        _of_lead(Role.BOARD_MEMBER),
    ),
    Part("Data committee member", "Comment on a plan that is out for feedback", _of_lead(Role.COMMITTEE_MEMBER)),
    Part(
        "Security compliance auditor",
        "Read reviews, incidents, sanctions and plans, verify that a corrective action is done",
        _of_lead(Role.AUDITOR),
    ),
    Part(
        "Executive director, just invited",
        "Read the participation agreement and sign it by link and code",
        _to_sign("participation_agreement"),
    ),
    Part(
        "Executive director",
        "See the Agency's tasks, name another officer, authorize a device",
        _at_agency(Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN),
    ),
    Part(
        "Agency administrator",
        "Ask for access for somebody, see why another one waits, deactivate a third",
        _at_agency(Role.AGENCY_ADMIN),
    ),
    Part(
        "Security officer",
        "Go on with the security checklist, hand items to a colleague",
        _at_agency(Role.SECURITY_OFFICER, Role.AGENCY_ADMIN),
    ),
    Part("Three offices in one person", "A small Agency: director, administrator and security officer", _all_in_one),
    Part("End user with access", "Open the temporary password, once", _with_password),
    Part("End user on the way", "'Why not yet?' with a quiz at 79.99 percent", _on_the_way),
    Part("End user, agreement to sign", "Sign the user agreement clause by clause", _to_sign("user_agreement")),
)
