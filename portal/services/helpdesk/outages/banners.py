"""What stands above every page: outages that are on or near, but for those that whoever looks has put away."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Outage, OutageAcknowledged
from portal.refusals import bad_input
from portal.services.helpdesk.outages.entering import next_evenings
from portal.services.helpdesk.outages.shown import OVER, Shown, evenings, shown
from workflows.actions import Action
from workflows.policy import Policy
from workflows.recurrence import Occurrence


@dataclass(frozen=True, slots=True)
class Banner:
    """One of them; `revision` is up to what it is put away."""

    shown: Shown
    revision: int


def of(session: Session, *, person_id: int | None, now: datetime, policy: Policy) -> list[Banner]:
    """The banners for whoever looks, what is on first; one statement, whatever there is.

    One that was put away comes back when something more is said in public.
    """
    near = _near(policy, now)
    days = [each.on for each in near]
    one = select(literal(1).label("one")).subquery()
    rest = _put_away(person_id, OutageAcknowledged.occurrence_on.in_(days))
    query = (
        select(Outage, OutageAcknowledged, one.c.one)
        .select_from(one)
        .outerjoin(Outage, _live(policy, now, days))
        .outerjoin(OutageAcknowledged, or_(_put_away(person_id, OutageAcknowledged.outage_id == Outage.id), rest))
    )
    rows = session.execute(query).all()
    away: dict[Any, int] = {}
    outages: dict[int, Outage] = {}
    for outage, read, _ in rows:
        if outage is not None:
            outages[outage.id] = outage
        if read is not None:
            away[read.occurrence_on or read.outage_id] = read.revision
    found = [Banner(shown(each, now), each.revision) for each in outages.values() if each.status not in OVER]
    found = [each for each in found if each.revision > away.get(each.shown.id, -1)]
    plain = evenings(policy, now=now, apart_from={each.occurrence_on for each in outages.values()}, days=8)
    found += [Banner(each, 0) for each in plain if each.on in days and each.on not in away]
    return sorted(found, key=lambda each: (each.shown.phase != "on", each.shown.starts_at))


def put_away(session: Session, outage_id: int, *, actor: Actor, now: datetime) -> None:
    """Keeps that somebody has read the banner of an outage as it stands; BAD_INPUT where there is no such outage."""
    permissions.check(session, actor, Action.OUTAGE_PUT_AWAY)
    outage = session.get(Outage, outage_id)
    if outage is None:
        raise bad_input("This notice is about nothing that is on or near any more.")
    row = session.scalars(
        select(OutageAcknowledged).where(
            OutageAcknowledged.person_id == actor.person_id, OutageAcknowledged.outage_id == outage_id
        )
    ).one_or_none()
    if row is None:
        session.add(_read(actor, now, outage_id=outage_id, revision=outage.revision))
    else:
        row.revision, row.at = outage.revision, now


def put_evening_away(session: Session, on: date, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Keeps that somebody has read of one evening's maintenance; BAD_INPUT for a day of which no banner is shown."""
    permissions.check(session, actor, Action.OUTAGE_PUT_AWAY)
    if on not in [each.on for each in _near(policy, now)]:
        raise bad_input("This notice is about nothing that is on or near any more.")
    known = select(OutageAcknowledged.id).where(
        OutageAcknowledged.person_id == actor.person_id, OutageAcknowledged.occurrence_on == on
    )
    if session.scalar(known) is None:
        session.add(_read(actor, now, occurrence_on=on, revision=0))


def _read(actor: Actor, now: datetime, **what: Any) -> OutageAcknowledged:
    return OutageAcknowledged(person_id=actor.person_id, at=now, **what)


def _near(policy: Policy, now: datetime) -> list[Occurrence]:
    """The evenings of weekly maintenance that are on, or near enough for a banner."""
    return [each for each in next_evenings(policy, now=now, days=8) if each.starts_at <= now + policy.outages.banner]


def _live(policy: Policy, now: datetime, days: list[date]) -> ColumnElement[bool]:
    """What is on or near; and whatever was said of the near evenings, so that none of those is shown as usual."""
    alive = and_(Outage.status.not_in(OVER), Outage.starts_at <= now + policy.outages.banner)
    recent = and_(Outage.occurrence_on.in_(days), Outage.starts_at > now - timedelta(days=7))
    return or_(alive, recent)


def _put_away(person_id: int | None, what: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(OutageAcknowledged.person_id == person_id, what) if person_id is not None else literal(False)
