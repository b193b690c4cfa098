"""Random lives of a membership, lived through the services, and after every act what the tables really say."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from portal.models import AccessRequest, Account, Device, Evidence, Grant, Membership
from portal.refusals import Refused
from portal.services.people import departures, inheriting, requests
from tests.services.asking import ask
from tests.services.world import World
from workflows.vocabulary import About, Kind

LEVELS = ("case_manager_1", "case_manager_2", "read_only")


@dataclass(frozen=True)
class Real:
    """What the tables say of a membership at one moment."""

    status: str
    level: str = ""
    user_id: str = ""
    confirmed: bool = False
    core: str = ""


@dataclass
class Life:
    """One membership and all that was seen of it."""

    world: World
    member: Membership
    seen: list[tuple[datetime, Real]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def look(self, act: str) -> None:
        self.done.append(act)
        self.seen.append((self.world.now, real(self.world, self.member)))


def real(world: World, member: Membership) -> Real:
    """The state of access by the rows as they are now, with no look at the record."""
    with world.look() as session:
        grants = session.scalars(select(Grant).where(Grant.membership_id == member.id).order_by(Grant.id)).all()
        waits = session.scalars(
            select(AccessRequest.id).where(AccessRequest.membership_id == member.id, AccessRequest.status == "open")
        ).first()
        if not grants:
            return Real("asked" if waits else "none")
        last = grants[-1]
        account = session.get_one(Account, last.account_id)
        status = last.status if last.status != "ended" else "asked" if waits else "ended"
        return Real(status, last.access_level, account.user_id, last.confirmed_at is not None, account.status)


def lived(world: World, seed: int, acts: int = 14) -> Life:
    """A life of so many acts, each some hours or days after the one before; what the services refuse was no act."""
    random = Random(seed)
    agency = world.agency()
    life = Life(world, world.ready(agency, request=False))
    with world.look() as session:
        agency = session.get_one(type(agency), agency.id)
    life.look("begin")
    if seed % 3 == 2:  # every third one had access before there was a portal
        inherit(life)
    can = [request, work, confirm, cancel, confirm, sanction, lift, lapse, mend, leave, come_back, change]
    for number in range(acts):
        world.now += timedelta(hours=random.randint(1, 90), minutes=random.randint(0, 59))
        act: Any = can[number] if number < 3 else random.choice(can)
        try:
            act(life, agency, random)
        except Refused:
            continue
        life.look(act.__name__)
    return life


def inherit(life: Life) -> None:
    world = life.world
    world.now += timedelta(hours=1)
    with world.change() as session:
        inheriting.inherit(
            session, membership=session.get_one(Membership, life.member.id), user_id=f"old{life.member.id}",
            takes_over=world.today + timedelta(20), actor=world.admin, now=world.now, policy=world.policy,
        )  # fmt: skip
    life.look("inherit")


def request(life: Life, agency: Any, random: Random) -> None:
    ask(
        life.world,
        agency,
        membership=life.member,
        act="modify" if life.world.grant_of(life.member) else "add",
        access_level=random.choice(LEVELS),
        device=_device(life),
    )


def work(life: Life, agency: Any, random: Random) -> None:
    life.world.drain()


def confirm(life: Life, agency: Any, random: Random) -> None:
    if any(status == "open" for _, status in life.world.orders(life.member)):
        life.world.confirm(life.member)


def sanction(life: Life, agency: Any, random: Random) -> None:
    life.world.record(Kind.SANCTION, About.MEMBERSHIP, life.member.id, detail="suspension", valid_from=life.world.today)
    life.world.drain()


def lift(life: Life, agency: Any, random: Random) -> None:
    life.world.withdraw(Kind.SANCTION, About.MEMBERSHIP, life.member.id)
    life.world.drain()


def lapse(life: Life, agency: Any, random: Random) -> None:
    life.world.withdraw(Kind.TRAINING, About.PERSON, life.member.person_id, "security")
    life.world.drain()


def mend(life: Life, agency: Any, random: Random) -> None:
    life.world.record(
        Kind.TRAINING, About.PERSON, life.member.person_id, detail="security", value=9100, valid_from=life.world.today
    )
    life.world.drain()


def leave(life: Life, agency: Any, random: Random) -> None:
    last_day = life.world.today + timedelta(random.randint(1, 3)) if random.random() < 0.3 else None
    with life.world.change() as session:
        departures.deactivate(
            session,
            membership=session.get_one(Membership, life.member.id),
            reason=f"Left {agency.name}.",
            last_day=last_day,
            actor=life.world.desk,
            now=life.world.now,
            policy=life.world.policy,
        )


def come_back(life: Life, agency: Any, random: Random) -> None:
    request(life, agency, random)
    for kind, detail in ((Kind.COURSE_ASSIGNED, "security"), (Kind.COURSE_ASSIGNED, "hmis-basics")):
        life.world.record(kind, About.MEMBERSHIP, life.member.id, detail=detail, valid_from=life.world.today)
    life.world.drain()


def change(life: Life, agency: Any, random: Random) -> None:
    request(life, agency, random)
    life.world.drain()


def _device(life: Life) -> Device:
    """A device of the Agency that is authorized: the one this life began with."""
    with life.world.look() as session:
        query = select(Evidence.value).where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.subject_id == life.member.id,
            Evidence.kind == Kind.DEVICE_IN_USE,
        )
        return session.get_one(Device, session.scalars(query.order_by(Evidence.id)).first())


def cancel(life: Life, agency: Any, random: Random) -> None:
    with life.world.change() as session:
        waiting = session.scalars(
            select(AccessRequest).where(AccessRequest.membership_id == life.member.id, AccessRequest.status == "open")
        ).first()
        if waiting is not None:
            requests.cancel(
                session, request=waiting, reason="A mistake.", actor=life.world.desk, now=life.world.now, policy=life.world.policy
            )  # fmt: skip
