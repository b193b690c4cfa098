"""What will happen when a sanction is decided, by name: whose access closes, who is signed out, what stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.models import (
    AccessRequest,
    Account,
    Agency,
    Device,
    Evidence,
    Grant,
    Membership,
    Person,
    Sanction,
    WebSession,
)
from portal.services.account.sessions import LONGEST
from portal.services.security.sanctions.sanctions import SIGNS_OUT
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.questions import Needs, OnLapse
from workflows.vocabulary import About, Kind


@dataclass(frozen=True, slots=True)
class Access:
    """Access that somebody has, or had until it was suspended: who, where, as whom in the core HMIS."""

    membership_id: int
    person_id: int
    person: str
    agency: str
    user_id: str


@dataclass(slots=True)
class Happens:
    """By name what a sanction does. `closing` loses access within one pass of the worker; `closed` has lost it before.

    `waiting` are open requests that will not be let in; `signed_out` is (name, browsers); seats stay with whom they are.
    """

    shuts: bool = False
    closing: list[Access] = field(default_factory=list)
    closed: list[Access] = field(default_factory=list)
    elsewhere: list[Access] = field(default_factory=list)
    waiting: list[tuple[int, str, str]] = field(default_factory=list)
    signed_out: list[tuple[str, int]] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)

    @property
    def seats(self) -> int:
        """Licenses that stay with the people whose access closes or is closed."""
        return len(self.closing) + len(self.closed)


def shuts(policy: Policy, about: str, measure: str) -> bool:
    """Whether the pack's prerequisites close access that exists for a measure about such a subject."""
    kind = Kind.RETRAINING if measure == "training" else Kind.SANCTION
    return any(
        p.needs is Needs.ABSENT
        and p.evidence == kind
        and p.about == about
        and p.on_lapse is OnLapse.SUSPEND
        and (kind is Kind.RETRAINING or not p.detail or measure in p.detail)
        for p in policy.prerequisites
    )


def what_happens(session: Session, row: Sanction, *, now: datetime, policy: Policy) -> Happens:
    """What deciding this sanction does to whom; the same number of statements for any number of people."""
    found = Happens(shuts=shuts(policy, row.about, row.measure))
    if found.shuts:
        mine = _concerned(row)
        for access, status in _access(session, mine):
            (found.closing if status == "live" else found.closed).append(access)
        found.waiting = _waiting(session, mine)
        found.devices = _devices(session, mine, now, policy)
    if row.person_id is not None and row.about == About.MEMBERSHIP and found.shuts:
        others = (Membership.person_id == row.person_id, Membership.id != row.membership_id)
        found.elsewhere = [access for access, status in _access(session, others) if status == "live"]
    if row.person_id is not None and row.measure in SIGNS_OUT:
        found.signed_out = _signed_out(session, row.person_id, now, policy)
    return found


def _concerned(row: Sanction) -> tuple[ColumnElement[bool], ...]:
    if row.about == About.AGENCY:
        return (Membership.agency_id == row.agency_id,)
    if row.about == About.PERSON:
        return (Membership.person_id == row.person_id,)
    return (Membership.id == row.membership_id,)


def _access(session: Session, which: Sequence[ColumnElement[bool]]) -> list[tuple[Access, str]]:
    rows = session.execute(
        select(Membership.id, Person, Agency.name, Account.user_id, Grant.status)
        .join(Grant, Grant.membership_id == Membership.id)
        .join(Account, Account.id == Grant.account_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Grant.status != "ended", *which)
        .order_by(Person.last_key, Person.first_key, Membership.id)
    )
    return [
        (Access(member, person.id, person.name, agency, user_id), status)
        for member, person, agency, user_id, status in rows
    ]


def _waiting(session: Session, which: Sequence[ColumnElement[bool]]) -> list[tuple[int, str, str]]:
    with_access = select(Grant.membership_id).where(Grant.status != "ended")
    rows = session.execute(
        select(Membership.id, Person, Agency.name)
        .join(AccessRequest, AccessRequest.membership_id == Membership.id)
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(AccessRequest.status == "open", Membership.id.not_in(with_access), *which)
        .order_by(AccessRequest.requested_at, Membership.id)
    )
    return [(member, person.name, agency) for member, person, agency in rows]


def _devices(session: Session, which: Sequence[ColumnElement[bool]], now: datetime, policy: Policy) -> list[str]:
    used = (
        select(Evidence.value)
        .join(Membership, Membership.id == Evidence.subject_id)
        .where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.kind == Kind.DEVICE_IN_USE,
            *Evidence.in_force(local_day(now, policy.zone)),
            *which,
        )
    )
    return list(session.scalars(select(Device.label).where(Device.id.in_(used)).order_by(Device.label, Device.id)))


def _signed_out(session: Session, person_id: int, now: datetime, policy: Policy) -> list[tuple[str, int]]:
    idle = timedelta(minutes=policy.sign_in.idle_minutes)
    browsers = session.scalars(
        select(WebSession.id).where(
            WebSession.person_id == person_id,
            WebSession.ended_at.is_(None),
            WebSession.seen_at >= now - idle,
            WebSession.started_at >= now - LONGEST,
        )
    ).all()
    return [(session.get_one(Person, person_id).name, len(browsers))] if browsers else []
