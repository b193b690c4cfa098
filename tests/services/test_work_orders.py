"""Work orders and the temporary password: what is to be typed, who confirms it, what is refused and forgotten."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from portal.models import AuditEntry, Handover, Job, WorkOrder
from portal.refusals import Refused
from portal.services import evidence
from portal.services.desk import work_orders
from portal.services.people import handover
from tests.services.world import World
from workflows.policy import load
from workflows.vocabulary import About, Effect, Kind, Reason, Role

PASSWORD = "Harbor42Lights"


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def small(engine: Engine) -> World:
    return World(engine)


def refusal(world: World, member: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        world.confirm(member, **more)
    assert world.open_order(member).status == "open", "a refusal changes nothing"
    assert world.count(Handover) == 0
    return refused.value


def test_an_order_lists_the_fields_of_the_pack_in_its_order(small: World) -> None:
    agency = small.agency("Sample Harbor House")
    member = small.ready(agency, small.person("Jamie", "Smith", phone="207-555-0100"))
    with small.look() as session:
        (project,) = session.get_one(type(agency), agency.id).projects
    small.record(Kind.PROJECT, About.MEMBERSHIP, member.id, detail=str(project.id))
    small.drain()
    fields = small.open_order(member).fields
    assert tuple(row["name"] for row in fields) == small.policy.work_orders.fields["ensure"]
    shown = {row["label"]: row["value"] for row in fields}
    assert shown["User ID"] == "jsmith" and shown["First name"] == "Jamie" and shown["Telephone"] == "207-555-0100"
    assert shown["Access level"] == "Case Manager I" and shown["Projects"] == "Sample Harbor House: Night beds"
    assert shown["Default provider"] == "Sample Harbor House (P1)" and shown["Active"] == "Yes"
    assert shown["Temporary password"] == ""


def test_another_lead_orders_the_fields_as_its_own_core_hmis_shows_them(engine: Engine) -> None:
    text = load().text.replace('["user_id", "last_name", "active"]', '["active", "user_id"]')
    world = World(engine, policy=load(text, "another"))
    member = world.ready(world.agency(), world.person("Jamie", "Smith"))
    world.let_in(member)
    world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)
    world.drain()
    assert [(row["label"], row["value"]) for row in world.open_order(member).fields] == [
        ("Active", "No"),
        ("User ID", "jsmith"),
    ]


def test_an_order_is_due_after_the_packs_business_hours(small: World) -> None:
    member = small.ready(small.agency())
    small.drain()
    assert small.open_order(member).due_at == small.now + timedelta(
        days=1
    )  # eight business hours from ten in the morning


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type the User ID back"),
        ("jsmiht", "You typed jsmiht, and this order is for jsmith."),
        ("j smith", "j smith"),
    ],
)
def test_a_user_id_typed_back_wrongly_is_refused_with_what_to_do(world: World, typed: str, says: str) -> None:
    member = world.ready(world.agency(), world.person("Jamie", "Smith"))
    world.drain()
    refused = refusal(world, member, typed=typed)
    assert refused.reason == Reason.BAD_INPUT and refused.field == "typed_user_id" and says in refused.sentence


def test_capitals_do_not_matter_when_typing_back(world: World) -> None:
    member = world.ready(world.agency(), world.person("Jamie", "Smith"))
    world.drain()
    world.confirm(member, typed="  JSmith ")
    assert world.account_of(member).status == "active"


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("", "Paste the temporary password"),
        ("Ab12345", "8 to 50 characters; this has 7"),
        ("A" * 49 + "12", "this has 51"),
        ("Harborlight1", "at least 2 digits"),
        ("Harbor 42 Lights", "a space"),
    ],
)
def test_a_new_account_needs_a_password_as_the_core_hmis_makes_them(small: World, password: str, says: str) -> None:
    member = small.ready(small.agency())
    small.drain()
    refused = refusal(small, member, temporary_password=password)
    assert refused.field == "temporary_password" and says in refused.sentence


def test_a_user_id_that_the_core_hmis_had_already(world: World) -> None:
    agency = world.agency()
    other = world.ready(agency, world.person("Jo", "Dune"))
    world.drain()
    world.confirm(other)
    member = world.ready(agency, world.person("Jamie", "Smith"))
    world.drain()
    assert "jsmith9" in refusal_of(world, member, typed="jsmith", really_made="jsmith9").sentence
    assert "belongs to somebody else" in refusal_of(world, member, typed="jdune", really_made="jdune").sentence
    assert "2 to 50 letters" in refusal_of(world, member, typed="j smith", really_made="j smith").sentence
    world.confirm(member, typed="jsmith9", really_made="JSmith9")
    assert world.account_of(member).user_id == "jsmith9"
    with world.look() as session:
        order = session.scalars(select(WorkOrder).where(WorkOrder.typed_back == "jsmith9")).one()
        assert (
            "made as jsmith9"
            in session.scalars(
                select(AuditEntry.said).where(AuditEntry.act == "work order.confirm", AuditEntry.thing_id == order.id)
            ).one()
        )


def refusal_of(world: World, member: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        world.confirm(member, **more)
    return refused.value


def test_an_existing_account_is_not_made_under_another_name(small: World) -> None:
    member = small.ready(small.agency())
    small.let_in(member)
    small.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=small.today)
    small.drain()
    assert "exists already" in refusal_of(small, member, typed="other9", really_made="other9").sentence
    small.confirm(member)  # a suspension needs no password
    assert small.account_of(member).status == "suspended"


def _confirm(world: World, order: WorkOrder, actor: Any, typed: str, policy: Any = None) -> None:
    with world.change() as session:
        work_orders.confirm(
            session,
            order=session.get_one(WorkOrder, order.id),
            actor=actor,
            now=world.now,
            policy=policy or world.policy,
            keys=world.keys,
            typed_user_id=typed,
            temporary_password=PASSWORD,
        )


def test_an_order_overtaken_by_a_later_one_is_refused(world: World) -> None:
    member = world.ready(world.agency())
    world.drain()
    first, user_id = world.open_order(member), world.account_of(member).user_id
    world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)
    world.drain()
    with pytest.raises(Refused, match="overtaken by a later order") as refused:
        _confirm(world, first, world.desk, user_id)
    assert refused.value.reason == Reason.CONFLICT and world.account_of(member).status == "suspending"


def test_an_order_is_stale_from_the_moment_the_account_changes_not_when_the_worker_comes(world: World) -> None:
    member = world.ready(world.agency())
    world.drain()
    first, user_id = world.open_order(member), world.account_of(member).user_id
    with world.change() as session:
        account = session.get_one(type(world.account_of(member)), first.account_id)
        work_orders.accounts.order(session, account, now=world.now, policy_version=world.policy.version)
    with pytest.raises(Refused, match="overtaken"):
        _confirm(world, first, world.desk, user_id)


def test_an_order_is_confirmed_once_and_the_second_is_told_by_whom(world: World) -> None:
    member = world.ready(world.agency())
    world.drain()
    order, user_id = world.open_order(member), world.account_of(member).user_id
    world.confirm(member)
    with pytest.raises(Refused, match=f"confirmed before by {world.desk.name}") as refused:
        _confirm(world, order, world.admin, user_id)
    assert refused.value.reason == Reason.ALREADY_DONE and world.count(Handover) == 1


def test_the_gate_is_asked_again_after_the_core_hmis_confirmed(world: World) -> None:
    """What lapsed while the help desk was typing closes at once."""
    member = world.ready(world.agency())
    world.drain()
    with world.change() as session:
        session.execute(delete(Job).where(Job.effect == "reconsider"))
    order = world.open_order(member)
    with world.change() as session:
        evidence.record(
            session,
            actor=world.desk,
            now=world.now,
            kind=Kind.SANCTION,
            about=About.PERSON,
            subject_id=member.person_id,
            detail="suspension",
            valid_from=world.today,
        )
        session.execute(delete(Job).where(Job.effect == "reconsider"))
    _confirm(world, order, world.desk, world.account_of(member).user_id)
    world.drain()
    assert world.status(member) == "suspended" and world.account_of(member).status == "suspending"


# --- who may


def by_agency_admin(policy: Any) -> Any:
    return dataclasses.replace(policy, work_orders=dataclasses.replace(policy.work_orders, confirmed_by="agency_admin"))


def test_the_pack_says_who_confirms(small: World) -> None:
    agency, elsewhere = small.agency(), small.agency()
    own = small.actor(small.member(agency, None, Role.AGENCY_ADMIN))
    foreign = small.actor(small.member(elsewhere, None, Role.AGENCY_ADMIN))
    member = small.ready(agency)
    small.drain()
    order, user_id = small.open_order(member), small.account_of(member).user_id
    for actor, policy in (
        (own, small.policy),
        (foreign, small.policy),
        (foreign, by_agency_admin(small.policy)),
        (small.staff(Role.TRAINER), small.policy),
    ):
        with pytest.raises(Refused) as refused:
            _confirm(small, order, actor, user_id, policy)
        assert refused.value.reason == Reason.NOT_ALLOWED
    _confirm(small, order, own, user_id, by_agency_admin(small.policy))
    assert small.account_of(member).status == "active"


def test_nobody_carries_out_the_order_about_the_own_account(small: World) -> None:
    agency = small.agency()
    member = small.ready(agency)
    small.drain()
    small.record(Kind.ROLE, About.MEMBERSHIP, member.id, detail=Role.AGENCY_ADMIN)
    with pytest.raises(Refused) as refused:
        _confirm(
            small,
            small.open_order(member),
            small.actor(member),
            small.account_of(member).user_id,
            by_agency_admin(small.policy),
        )
    assert refused.value.reason == Reason.SAME_PERSON and "somebody else" in refused.value.sentence


def test_everybody_sees_the_orders_of_the_own_agencies_only(small: World) -> None:
    agency, elsewhere = small.agency(), small.agency()
    own = small.actor(small.member(agency, None, Role.AGENCY_ADMIN))
    small.ready(agency)
    small.ready(elsewhere)
    small.drain()
    with small.look() as session:
        assert len(work_orders.list_orders(session, actor=small.desk, now=small.now)) == 2
        assert [row.agency for row in work_orders.list_orders(session, actor=own, now=small.now)] == [agency.name]
        assert (
            work_orders.count(session, actor=own) == 1
            and work_orders.count(session, actor=small.staff(Role.TRAINER)) == 0
        )


# --- the clock


def test_overdue_orders_are_marked_and_the_desk_is_told_once(world: World) -> None:
    members = [world.ready(world.agency()) for _ in range(3)]
    world.drain()
    world.confirm(members[2])

    def alarm() -> list[int]:
        with world.change() as session:
            return work_orders.alarm_overdue(session, now=world.now, policy=world.policy)

    opened = world.now
    assert alarm() == []
    world.now = opened + timedelta(days=1, minutes=1)
    with world.look() as session:
        assert {row.overdue for row in work_orders.list_orders(session, actor=world.desk, now=world.now)} == {True}
    assert alarm() == []  # overdue, and the alarm comes after sixteen business hours
    world.now = opened + timedelta(days=2, minutes=1)
    told = alarm()
    assert told == [world.open_order(m).id for m in members[:2]]
    assert alarm() == []
    with world.look() as session:
        payload = session.scalars(
            select(Job.payload).where(Job.effect == Effect.MAIL.value, Job.key.like("order_overdue:%"))
        ).one()
    assert payload == {"mail": "order_overdue", "order_ids": told}


# --- the temporary password


def test_a_password_is_sealed_shown_once_and_forgotten(world: World) -> None:
    member = world.ready(world.agency())
    world.let_in(member)
    herself = world.actor(member)
    with world.look() as session:
        row = session.scalars(select(Handover)).one()
        assert PASSWORD.encode() not in (row.sealed or b"") and row.expires_at == world.now + timedelta(hours=72)
        assert handover.waiting(session, person_id=member.person_id, now=world.now)
    for actor in (world.desk, world.admin):
        with pytest.raises(Refused) as refused, world.change() as session:
            handover.reveal(
                session,
                person=session.get_one(handover.Person, member.person_id),
                actor=actor,
                now=world.now,
                keys=world.keys,
            )
        assert refused.value.reason == Reason.NOT_ALLOWED

    def reveal() -> str:
        with world.change() as session:
            return handover.reveal(
                session,
                person=session.get_one(handover.Person, member.person_id),
                actor=herself,
                now=world.now,
                keys=world.keys,
            )

    assert reveal() == PASSWORD
    with pytest.raises(Refused, match=r"shown before.*help desk can set a new one") as refused:
        reveal()
    assert refused.value.reason == Reason.ALREADY_DONE
    with world.look() as session:
        assert session.scalars(select(Handover)).one().sealed is None
        said = " ".join(f"{e.said} {e.before} {e.after}" for e in session.scalars(select(AuditEntry)))
        jobs = " ".join(str(payload) for payload in session.scalars(select(Job.payload)))
    assert "once" in said and PASSWORD not in said and PASSWORD not in jobs


def test_a_password_nobody_opened_is_forgotten_after_72_hours(world: World) -> None:
    member = world.ready(world.agency())
    world.let_in(member)
    herself = world.actor(member)
    world.now += timedelta(hours=72)
    with pytest.raises(Refused, match="not opened in time"), world.change() as session:
        handover.reveal(
            session,
            person=session.get_one(handover.Person, member.person_id),
            actor=herself,
            now=world.now,
            keys=world.keys,
        )
    with world.change() as session:
        assert handover.drop_expired(session, now=world.now) == 1
        assert handover.drop_expired(session, now=world.now) == 0
    with world.look() as session:
        row = session.scalars(select(Handover)).one()
        assert row.sealed is None and row.dropped_at == world.now and row.revealed_at is None


def test_a_newer_password_replaces_the_older(small: World) -> None:
    member = small.ready(small.agency())
    small.let_in(member)
    with small.change() as session:
        account = session.get_one(type(small.account_of(member)), small.account_of(member).id)
        handover.keep(
            session,
            account=account,
            password="Second77Lights",
            actor=small.desk,
            now=small.now,
            policy=small.policy,
            keys=small.keys,
        )
    with small.look() as session:
        assert [row.sealed is None for row in session.scalars(select(Handover).order_by(Handover.id))] == [True, False]
    with small.change() as session:
        assert (
            handover.reveal(
                session,
                person=session.get_one(handover.Person, member.person_id),
                actor=small.actor(member),
                now=small.now,
                keys=small.keys,
            )
            == "Second77Lights"
        )


def test_nothing_waits_for_whoever_has_no_account(small: World) -> None:
    member = small.member(small.agency())
    with pytest.raises(Refused, match="No temporary password is waiting") as refused, small.change() as session:
        handover.reveal(
            session,
            person=session.get_one(handover.Person, member.person_id),
            actor=small.actor(member),
            now=small.now,
            keys=small.keys,
        )
    assert refused.value.reason == Reason.NOT_FOUND


def test_what_the_portal_knows_of_the_core_hmis_can_be_listed(small: World) -> None:
    member = small.ready(small.agency(), small.person("Jamie", "Smith"))
    small.let_in(member)
    with small.change() as session:
        work_orders.accounts.learn(session, "oldtimer", now=small.now, source="roster", name="Old Timer")
    assert [(row.user_id, row.active) for row in small.context.core_hmis.list()] == [
        ("jsmith", True),
        ("oldtimer", True),
    ]
