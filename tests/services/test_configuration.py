"""Setting an Agency up in the core HMIS: only when its whole package is verified; done with the provider ids."""

from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from portal.models import Agency, Evidence, Project, WorkOrder
from portal.refusals import Refused
from portal.services import evidence
from portal.services.desk import configuration
from portal.services.people.provisioning import project_label
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def agency(world: World) -> Agency:
    """Everything but the configuration; its Agency Admin has signed the user agreement."""
    agency = world.agency("Sample Harbor House")
    world.withdraw(Kind.CONFIGURED, About.AGENCY, agency.id)
    world.record(Kind.USER_AGREEMENT, About.MEMBERSHIP, admin_of(world))
    return agency


def admin_of(world: World) -> int:
    with world.look() as session:
        return session.scalars(select(Evidence.subject_id).where(Evidence.kind == Kind.AGENCY_ADMIN_AGREEMENT)).one()


def order(world: World, agency: Agency, actor: Any = None) -> WorkOrder:
    with world.change() as session:
        return configuration.order_configuration(
            session,
            agency=session.get_one(Agency, agency.id),
            actor=actor or world.desk,
            now=world.now,
            policy=world.policy,
        )


def confirm(
    world: World, made: WorkOrder, provider: str = "4711", projects: dict[int, str] | None = None, actor: Any = None
) -> None:
    with world.change() as session:
        row = session.get_one(WorkOrder, made.id)
        ids = (
            projects
            if projects is not None
            else {p.id: f"47{p.id}" for p in configuration.ordered_projects(session, row)}
        )
        configuration.confirm_configuration(
            session,
            order=row,
            actor=actor or world.desk,
            now=world.now,
            policy=world.policy,
            provider_id=provider,
            project_provider_ids=ids,
        )


def test_an_agency_is_configured_and_only_then_its_people_are_let_in(world: World, agency: Agency) -> None:
    member = world.ready(agency)
    world.drain()
    assert world.status(member) == "none"
    made = order(world, agency)
    shown = [(row["label"], row["value"]) for row in made.fields]
    assert shown == [
        ("Agency", "Sample Harbor House"),
        ("Project", "Sample Harbor House: Night beds"),
        ("Provider ids", ""),
    ]
    with world.look() as session:
        assert evidence.in_force(session, About.AGENCY, agency.id, Kind.CONFIGURATION_ORDERED, on=world.today)
    world.drain()
    assert world.status(member) == "none"
    confirm(world, made)
    world.drain()
    assert world.status(member) == "live"
    with world.look() as session:
        row = session.get_one(Agency, agency.id)
        assert (row.status, row.provider_id) == ("participating", "4711")
        assert session.scalars(select(Project.provider_id)).all() == ["471"]
    assert {r["name"]: r["value"] for r in world.open_order(member).fields}[
        "default_provider"
    ] == "Sample Harbor House (4711)"


PIECES = [
    (Kind.PARTICIPATION_AGREEMENT, "Participation Agreement"),
    (Kind.INFORMATION_FORM, "Information Form"),
    (Kind.HOUSING_INVENTORY, "Housing Inventory"),
    (Kind.RECEIPT, "Receipt of the manual"),
    (Kind.AGENCY_ADMIN_AGREEMENT, "Agency Administrator Agreement"),
    (Kind.USER_AGREEMENT, "User agreement of the first"),
]


@pytest.mark.parametrize(("kind", "says"), PIECES)
def test_nothing_is_ordered_while_one_piece_of_the_package_is_missing(
    world: World, agency: Agency, kind: Kind, says: str
) -> None:
    whose = (
        (About.MEMBERSHIP, admin_of(world))
        if kind in {Kind.AGENCY_ADMIN_AGREEMENT, Kind.USER_AGREEMENT}
        else (About.AGENCY, agency.id)
    )
    world.withdraw(kind, *whose, "manual" if kind == Kind.RECEIPT else None)
    with pytest.raises(Refused, match=says) as refused:
        order(world, agency)
    assert refused.value.reason == Reason.GATE_CLOSED and refused.value.sentence.count(";") == 0
    assert world.count(WorkOrder) == 0


def test_the_refusal_lists_everything_that_is_missing(world: World) -> None:
    with world.change() as session:
        bare = Agency(name="Sample Bare", name_key="sample bare", mandated_by=[], cells={}, entered_at=world.now)
        session.add(bare)
    with pytest.raises(Refused) as refused:
        order(world, bare)
    assert all(says in refused.value.sentence for _, says in PIECES)


def test_what_was_signed_and_not_verified_is_said_to_be_so(world: World, agency: Agency) -> None:
    world.withdraw(Kind.INFORMATION_FORM, About.AGENCY, agency.id)
    with world.change() as session:
        evidence.record(
            session,
            actor=world.desk,
            now=world.now,
            kind=Kind.INFORMATION_FORM,
            about=About.AGENCY,
            subject_id=agency.id,
            valid_from=world.today,
            rests_on="document",
            rests_on_id=77,
        )
    with pytest.raises(Refused, match=r"Information Form \(there, and not yet verified\)"):
        order(world, agency)


def test_one_order_at_a_time_and_none_afterwards(world: World, agency: Agency) -> None:
    made = order(world, agency)
    with pytest.raises(Refused, match="on order already"):
        order(world, agency)
    confirm(world, made)
    with pytest.raises(Refused, match="confirmed before"):
        confirm(world, made)
    with pytest.raises(Refused, match="set up in the core HMIS already"):
        order(world, agency)


def test_an_agency_without_projects_is_told_to_enter_them(world: World, agency: Agency) -> None:
    with world.change() as session:
        session.execute(update(Project).values(agency_id=0))
    with pytest.raises(Refused, match="no project on record"):
        order(world, agency)


@pytest.mark.parametrize(
    ("provider", "project", "says", "field"),
    [
        ("", "1", "Enter the provider id that the core HMIS gave Sample Harbor House", "provider_id"),
        ("12", "", "gave Night beds", "project_1"),
        ("12 3", "1", "is no provider id", "provider_id"),
        ("12", "12", "stands here twice", "provider_id"),
        ("=1+1", "1", "is no provider id", "provider_id"),
        ("9" * 33, "1", "is no provider id", "provider_id"),
        ("900", "1", "belongs to Sample Other", "provider_id"),
    ],
)
def test_provider_ids_are_complete_well_formed_and_unique(
    world: World, agency: Agency, provider: str, project: str, says: str, field: str
) -> None:
    with world.change() as session:
        session.add(
            Agency(
                name="Sample Other",
                name_key="sample other",
                provider_id="900",
                mandated_by=[],
                cells={},
                entered_at=world.now,
            )
        )
        key = session.scalars(select(Project.id)).one()
    made = order(world, agency)
    with pytest.raises(Refused) as refused:
        confirm(world, made, provider, {key: project})
    assert says in refused.value.sentence and refused.value.field == field.replace("_1", f"_{key}")
    with world.look() as session:
        assert session.get_one(Agency, agency.id).status == "joining"


def test_an_agency_does_not_configure_itself(world: World, agency: Agency) -> None:
    own = world.actor(world.member(agency, None, Role.AGENCY_ADMIN))
    with pytest.raises(Refused) as refused:
        order(world, agency, own)
    assert refused.value.reason == Reason.NOT_ALLOWED
    made = order(world, agency)
    with pytest.raises(Refused) as refused:
        confirm(world, made, actor=own)
    assert refused.value.reason == Reason.NOT_ALLOWED


def test_the_naming_convention_is_proposed_once() -> None:
    assert project_label("Sample House", "Beds") == "Sample House: Beds"
    assert project_label("Sample House", "Sample House: Beds") == "Sample House: Beds"
    assert project_label("Sample House", "sample house: Beds", "12") == "sample house: Beds (12)"
