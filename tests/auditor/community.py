"""A small community that was let in through the services, for the auditor to look at: one of each, everything in order."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, text

from portal.auditor import CoreAccount, Report, look
from portal.models import Agency, Membership
from portal.services import evidence
from portal.services.people import licences
from tests.services.world import World
from workflows.vocabulary import LEAD, About, Kind, Role


@dataclass
class Community:
    """`plain` and `admin` have access at one Agency, `laptop` at another, `lead` at the Lead; `ended` left, `waits` has no seat."""

    world: World
    agency: Agency
    plain: Membership
    admin: Membership
    laptop: Membership
    lead: Membership
    ended: Membership
    waits: Membership

    @property
    def today(self) -> date:
        return self.world.today

    def audit(self, connection: Connection, core: list[CoreAccount] | None = None, **asked: Any) -> Report:
        policy = self.world.policy
        values = {"now": self.world.now, "grace": self.world.now - self.world.now, **asked}
        return look(connection, in_force=(policy.version, policy.text), core_accounts=core, **values)


def build(engine: Engine) -> Community:
    """Let in, confirmed, and with nothing left to do."""
    world = World(engine)
    agency, small = world.agency(licences_=3), world.agency(licences_=1)
    members = {
        "plain": world.ready(agency),
        "admin": world.ready(agency, level="agency_admin"),
        "ended": world.ready(agency),
        "laptop": world.ready(small),
        "lead": _of_the_lead(world),
    }
    device = world.record(Kind.DEVICE_IN_USE, About.MEMBERSHIP, members["laptop"].id, value=_device(world, small)).value
    for kind, detail in (
        (Kind.TRAIT, "laptop"), (Kind.TRAIT, "home_office"), (Kind.LAPTOP_STATEMENT, ""),
        (Kind.HOME_OFFICE, "authorisation"), (Kind.HOME_OFFICE, "policy"), (Kind.DEVICE_AUTHORISED, ""),
    ):  # fmt: skip
        world.record(kind, About.DEVICE, device, detail=detail)
    world.drain()
    for member in members.values():
        world.confirm(member)
    _leaves(world, members["ended"])
    world.drain()
    world.confirm(members["ended"])
    waits = world.ready(small)
    world.drain()
    return Community(world, agency, waits=waits, **members)


def _device(world: World, agency: Agency) -> int:
    from portal.models import Device

    with world.change() as session:
        device = Device(agency_id=agency.id, label="Laptop 1", entered_at=world.now)
        session.add(device)
        session.flush()
        return device.id


def _of_the_lead(world: World) -> Membership:
    with world.change() as session:
        lead = session.get_one(Agency, LEAD)
        licences.grant_licences(session, lead, count=1, actor=world.admin, now=world.now, policy=world.policy)
    member = world.ready(lead)
    with world.change() as session:
        evidence.record(
            session, actor=world.staff(Role.LEAD_ADMIN), now=world.now, kind=Kind.LEAD_APPROVAL, about=About.MEMBERSHIP,
            subject_id=member.id, valid_from=world.today,
        )  # fmt: skip
    return member


def _leaves(world: World, member: Membership) -> None:
    from portal.services.people import departures

    with world.change() as session:
        departures.deactivate(
            session, membership=session.get_one(Membership, member.id), reason="Went to another job.", actor=world.admin,
            now=world.now, policy=world.policy,
        )  # fmt: skip


def silence(connection: Connection) -> None:
    """Foreign keys, checks and triggers off for this transaction, which is rolled back: faults that the database refuses."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    connection.execute(text("PRAGMA ignore_check_constraints = ON"))
    triggers = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
    for trigger in triggers:
        connection.execute(text(f'DROP TRIGGER "{trigger}"'))


def without_keys(connection: Connection, table: str) -> None:
    """The same rows in a table without unique indexes and without checks."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_kept"))
    else:
        connection.execute(text("PRAGMA legacy_alter_table = ON"))
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_kept"))
    connection.execute(text(f"CREATE TABLE {table} AS SELECT * FROM {table}_kept"))
