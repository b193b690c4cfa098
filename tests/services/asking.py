"""Helpers of the tests about requests: whose admin, whose director, and a request as an Agency Admin would send it."""

from typing import Any

from sqlalchemy import select

from portal.actors import Actor
from portal.models import AccessRequest, Agency, Device, Evidence, Membership, Project
from portal.services.agencies import officers
from portal.services.people import requests
from portal.services.people.particulars import PersonFields
from portal.services.people.requests import Work
from tests.services.world import NEVER, World
from workflows.vocabulary import About, Kind, Role


def admin_of(world: World, agency: Agency) -> Actor:
    with world.look() as session:
        rows = session.scalars(
            select(Membership).where(Membership.agency_id == agency.id).order_by(Membership.id)
        ).all()
    return world.actor(rows[0])


def director_of(world: World, agency: Agency) -> Actor:
    return world.actor(world.member(agency, None, Role.EXECUTIVE_DIRECTOR))


def at(world: World, actor: Actor, agency_id: int) -> Membership:
    """The actor's own membership at an Agency."""
    with world.look() as session:
        query = select(Membership).where(Membership.person_id == actor.person_id, Membership.agency_id == agency_id)
        return session.scalars(query).one()


def names_himself(world: World, agency: Agency, director: Actor) -> officers.Named:
    """The director becomes Agency Administrator and security officer too, and by that asks for access."""
    mine = at(world, director, agency.id)
    with world.change() as session:
        return officers.name_officers(
            session, agency=session.get_one(Agency, agency.id), admin=session.get_one(Membership, mine.id), same=True, actor=director,
            now=world.now, policy=world.policy,
        )  # fmt: skip


def projects_of(world: World, agency: Agency) -> list[int]:
    with world.look() as session:
        return list(session.scalars(select(Project.id).where(Project.agency_id == agency.id).order_by(Project.id)))


def device_of(world: World, agency: Agency) -> Device:
    with world.change() as session:
        device = Device(agency_id=agency.id, label=f"Front desk {next(world.numbers)}", entered_at=world.now)
        session.add(device)
    return device


def work(world: World, agency: Agency, **more: Any) -> Work:
    values: dict[str, Any] = {
        "purpose": "Enters intakes at the night shelter.",
        "access_level": "case_manager_1",
        "start_on": world.today,
        "project_ids": projects_of(world, agency),
        "supervisor": "Robin Example",
    }
    return Work(**values | more)


def ask(
    world: World, agency: Agency, actor: Actor | None = None, email: str = "jamie@example.org", **more: Any
) -> AccessRequest:
    """A request for Jamie Sample unless `person` or `membership` says otherwise; `work` fields by their names."""
    fields = {key: more.pop(key) for key in list(more) if key in Work.__dataclass_fields__}
    if "membership" not in more:
        more.setdefault("person", PersonFields(first_name="Jamie", last_name="Sample", email=email))
    with world.change() as session:
        for key in ("membership", "replaces"):
            if more.get(key) is not None:
                more[key] = session.get_one(Membership, more[key].id)
        return requests.submit(
            session,
            agency=session.get_one(Agency, agency.id),
            work=work(world, agency, **fields),
            actor=actor or admin_of(world, agency),
            now=world.now,
            policy=world.policy,
            **more,
        )


def in_force(world: World, membership_id: int, kind: Kind) -> list[tuple[str, int]]:
    """(detail, value) of what holds today about a membership."""
    with world.look() as session:
        rows = session.execute(
            select(Evidence.detail, Evidence.value).where(
                Evidence.about == About.MEMBERSHIP,
                Evidence.subject_id == membership_id,
                Evidence.kind == kind,
                Evidence.withdrawn_at == NEVER,
                Evidence.valid_from <= world.today,
                Evidence.valid_until >= world.today,
            )
        ).all()
    return sorted((row.detail, row.value) for row in rows)
