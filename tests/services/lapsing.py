"""Helpers of the tests about what happens after issuing: many people let in, and evidence that merely ends."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.effects.registry import HANDLERS
from portal.models import Agency, Job, Membership, StoppedCase, SweepStop
from portal.services import daily, evidence
from portal.worker import drain
from tests.services.world import World
from workflows.vocabulary import About, Effect, Kind

MORNING = timedelta(hours=13)
"""Eight o'clock in Maine in winter, from midnight UTC."""


def crowd(world: World, number: int, agency: Agency | None = None, *, name: str = "") -> list[Membership]:
    """So many people of one Agency with confirmed access since four days ago: what ends today was right then."""
    later, world.now = world.now, world.now - timedelta(days=4)
    agency = agency or world.agency(name, licences_=number)
    members = [world.ready(agency) for _ in range(number)]
    for member in members:
        world.let_in(member)
    world.now = later
    return members


def end(world: World, member: Membership, kind: Kind, *, last_day: date, detail: str | None = None) -> None:
    """Evidence about somebody that was right, holds until a day and no longer; nothing is drained."""
    of_person = kind in (Kind.TRAINING, Kind.BACKGROUND_CHECK)
    about, subject = (About.PERSON, member.person_id) if of_person else (About.MEMBERSHIP, member.id)
    with world.change() as session:
        for row in evidence.in_force(session, about, subject, kind, on=last_day, detail=detail):
            evidence.end(session, row, actor=world.desk, now=world.now, last_day=last_day, reason="It ran out.")


def untrained(world: World, *members: Membership, last_day: date | None = None) -> None:
    for member in members:
        end(world, member, Kind.TRAINING, last_day=last_day or world.today - timedelta(1), detail="security")


def day(world: World, moment: datetime | None = None) -> None:
    """A day begins, as see_to_duties() lets it: the sweep, the look ahead, and all that is due."""
    world.now = moment or world.now
    with world.change() as session:
        daily.sweep(session, now=world.now, policy=world.policy)
        daily.look_ahead(session, now=world.now, policy=world.policy)
    world.drain()


def morning_of(on: date) -> datetime:
    return datetime.combine(on, datetime.min.time()) + MORNING


def statuses(world: World, *members: Membership) -> list[str]:
    return [world.status(member) for member in members]


def stop_of(world: World) -> SweepStop | None:
    with world.look() as session:
        return session.scalars(select(SweepStop).order_by(SweepStop.id.desc()).limit(1)).first()


def waiting(world: World) -> set[int]:
    """The memberships that stand on the brake's list."""
    with world.look() as session:
        return set(session.scalars(select(StoppedCase.membership_id).where(StoppedCase.settled_at.is_(None))))


def mails(world: World, named: str) -> list[int]:
    """To whom mails of that name were ordered, in order."""
    with world.look() as session:
        jobs = session.scalars(select(Job).where(Job.effect == Effect.MAIL.value).order_by(Job.id))
        return [job.payload.get("person_id", 0) for job in jobs if job.payload["mail"] == named]


def drain_all(world: World) -> None:
    """Everything that is due, mail too."""
    drain(world.context, handlers=HANDLERS)
