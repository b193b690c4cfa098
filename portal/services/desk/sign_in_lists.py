"""The desk's list of locked accounts and lost second factors, and whether somebody is trying to get in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Credential, FactorReset, FactorVouch, Membership, Person
from portal.services.account import lockout
from portal.services.paging import Order, Page, like
from workflows.actions import Action
from workflows.policy import Policy

ORDER = Order(((Credential.locked_since, datetime.fromisoformat), (Credential.person_id, int)), down=True)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What looks like an attack: accounts locked within the last day, and whether failures reached the limit over all."""

    locked: int
    everywhere: bool

    @property
    def rings(self) -> bool:
        return self.everywhere or self.locked >= lockout.SEVERAL


def alarm(session: Session, *, now: datetime, policy: Policy) -> Alarm:
    """Two statements, whatever there is."""
    return Alarm(
        lockout.locked_lately(session, now=now, within=lockout.SEEN_FOR),
        lockout.failing_everywhere(session, now=now, policy=policy),
    )


def locked_page(session: Session, actor: Actor, *, search: str = "", after: str = "", limit: int = 50) -> Page:
    """Locked accounts, the latest first: credential, person, the membership by which one finds them, and its Agency."""
    permissions.check(session, actor, Action.LOCKED_SEE)
    other = aliased(Membership)
    first = select(func.min(other.id)).where(other.person_id == Person.id).correlate(Person).scalar_subquery()
    columns: tuple[Any, ...] = (Credential, Person, Membership, Agency)
    query: Select[Any] = (
        select(*columns)
        .join(Person, Person.id == Credential.person_id)
        .join(Membership, Membership.id == first, isouter=True)
        .join(Agency, Agency.id == Membership.agency_id, isouter=True)
        .where(Credential.locked_since.is_not(None))
    )
    if search.strip():
        pattern = like(search.strip())
        query = query.where(
            or_(*(func.lower(c).like(pattern, escape="/") for c in (Person.last_name, Person.first_name, Person.email)))
        )
    return ORDER.page(
        session, query, after, lambda row: (row.Credential.locked_since, row.Credential.person_id), limit=limit
    )


def lost_factors(session: Session, actor: Actor, *, now: datetime) -> list[tuple[FactorReset, Person, str, int]]:
    """Lost second factors that wait for a second voice: what, whose, who has vouched, and the person's membership."""
    permissions.check(session, actor, Action.LOCKED_SEE)
    voucher = aliased(Person)
    rows = session.execute(
        select(
            FactorReset,
            Person,
            voucher,
            select(func.min(Membership.id))
            .where(Membership.person_id == Person.id)
            .correlate(Person)
            .scalar_subquery(),
        )
        .join(Person, Person.id == FactorReset.person_id)
        .join(FactorVouch, FactorVouch.reset_id == FactorReset.id)
        .join(voucher, voucher.id == FactorVouch.voucher_id)
        .where(FactorReset.closed_at.is_(None), FactorReset.expires_at > now)
        .order_by(FactorReset.expires_at, FactorReset.id)
        .limit(50)
    )
    return [(reset, person, by.name, membership_id or 0) for reset, person, by, membership_id in rows]
