"""Who sees what is missing: mine first, others by name, the list equal to the gate; reminders; the first page."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from portal.models import Agency, Job, Membership
from portal.refusals import Refused
from portal.services import decisions
from portal.services.home import home
from portal.services.people import nudges, queueing, standing_view
from tests.services.asking import admin_of, ask, device_of, director_of
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import LEAD, About, Kind, Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def member_of(world: World, membership_id: int) -> Membership:
    with world.look() as session:
        return session.get_one(Membership, membership_id)


def test_everybody_sees_the_same_findings_each_the_own_first(world: World) -> None:
    agency = world.agency()
    asked = ask(world, agency, device=device_of(world, agency))
    membership = member_of(world, asked.membership_id)
    world.withdraw(Kind.POSTED, About.AGENCY, agency.id, "sign")
    seen = {}
    for called, actor in {
        "person": world.actor(membership),
        "admin": admin_of(world, agency),
        "director": director_of(world, agency),
        "desk": world.desk,
    }.items():
        with world.look() as session:
            seen[called] = standing_view.view(
                session,
                membership=session.get_one(Membership, membership.id),
                actor=actor,
                now=world.now,
                policy=world.policy,
            )
    unmet = {
        called: {f.id for f in view.mine} | {f.id for held in view.others for f in held.findings}
        for called, view in seen.items()
    }
    assert len({frozenset(each) for each in unmet.values()}) == 1 and unmet["person"]
    assert {f.id for f in seen["person"].mine} >= {"user-agreement", "privacy-notice-acknowledged", "security-training"}
    assert {f.id for f in seen["admin"].mine} == {"privacy-notice-posted", "device"}
    assert {f.id for f in seen["director"].mine} == {"device"}
    assert {f.id for f in seen["desk"].mine} == {"courses-passed"}
    others = {held.holder: held.names for held in seen["desk"].others}
    assert others["person"] == "Jamie Sample" and others["agency_admin"]
    assert all(held.names == "" for held in seen["person"].others if held.holder in {"help_desk", "lead"})


def test_a_view_needs_permission(world: World) -> None:
    agency, other = world.agency(), world.agency()
    membership = world.member(agency)
    for actor in (admin_of(world, other), world.actor(world.member(agency))):
        with pytest.raises(Refused) as refused, world.look() as session:
            standing_view.view(
                session,
                membership=session.get_one(Membership, membership.id),
                actor=actor,
                now=world.now,
                policy=world.policy,
            )
        assert refused.value.reason == Reason.NOT_ALLOWED


def test_the_list_says_what_the_gate_says_and_who_is_next(world: World) -> None:
    """Every line's figures and holders are those of the full decision, for people in many states."""
    agency = world.agency()
    members = [world.ready(agency) for _ in range(3)] + [
        world.member(agency, None, role) for role in (Role.END_USER, Role.SECURITY_OFFICER)
    ]
    world.record(Kind.COURSE_ASSIGNED, About.MEMBERSHIP, members[3].id, detail="hmis-basics")
    world.record(Kind.BACKGROUND_CHECK, About.PERSON, members[4].person_id, detail="ordered")
    world.withdraw(Kind.HOUSING_INVENTORY, About.AGENCY, agency.id)
    world.record(Kind.HOUSING_INVENTORY_SENT, About.AGENCY, agency.id, version="1")
    world.withdraw(Kind.PARTICIPATION_AGREEMENT, About.AGENCY, agency.id)
    world.record(Kind.PARTICIPATION_AGREEMENT_SIGNED, About.AGENCY, agency.id, version="0")
    with world.look() as session:
        rows = list(session.scalars(select(Membership).where(Membership.agency_id.in_((agency.id, LEAD)))))
        assert {row.agency_id for row in rows} == {agency.id, LEAD}
        lines = standing_view.lines(session, rows, now_on=world.today, policy=world.policy)
        for membership in rows:
            said = decisions.ask(session, membership, now=world.now, policy=world.policy)
            line = lines[membership.id]
            assert dict(line.steps) == {f.id: f.waiting_on for f in said.unmet}, membership.id
            assert line.done == sum(f.status in {"met", "waived"} for f in said.findings)
            assert line.permitted == said.permitted


def test_lines_cost_the_same_for_any_number(world: World) -> None:
    agency = world.agency()
    members = [world.member(agency) for _ in range(12)]

    def cost(some: list[Membership]) -> int:
        with world.look() as session, statements(world.engine) as said:
            standing_view.lines(session, some, now_on=world.today, policy=world.policy)
        return len(said)

    assert cost(members[:2]) == cost(members) <= 6


def test_a_reminder_reaches_whoever_is_next_once_a_day(world: World) -> None:
    agency = world.agency()
    asked = ask(world, agency)
    admin, director = admin_of(world, agency), director_of(world, agency)

    def remind(actor: object) -> list[int]:
        with world.change() as session:
            told = nudges.nudge(
                session,
                membership=session.get_one(Membership, asked.membership_id),
                actor=actor,
                now=world.now,
                policy=world.policy,  # type: ignore[arg-type]
            )
            return [person.id for person in told]

    membership = member_of(world, asked.membership_id)
    assert remind(admin) == [membership.person_id]
    with pytest.raises(Refused) as again:
        remind(director)
    assert again.value.reason == Reason.ALREADY_DONE
    world.now += timedelta(days=1)
    assert remind(director) == [membership.person_id]
    assert world.count(Job, Job.key.like("nudge:%")) == 2


def test_a_reminder_skips_whoever_sends_it_and_goes_on_to_the_next(world: World) -> None:
    """The admin alone holds what is missing: the admin has nobody to remind, the desk reminds the admin."""
    agency = world.agency()
    membership = world.ready(agency)
    world.withdraw(Kind.POSTED, About.AGENCY, agency.id, "sign")
    with pytest.raises(Refused, match="nobody to remind"), world.change() as session:
        nudges.nudge(
            session,
            membership=session.get_one(Membership, membership.id),
            actor=admin_of(world, agency),
            now=world.now,
            policy=world.policy,
        )
    with world.change() as session:
        told = nudges.nudge(
            session,
            membership=session.get_one(Membership, membership.id),
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    assert [person.id for person in told] == [admin_of(world, agency).person_id]


def test_the_queue_for_a_license_is_by_readiness(world: World) -> None:
    agency = world.agency(licences_=0)
    early = ask(world, agency)
    ready = world.ready(agency)
    with world.look() as session:
        order = queueing.in_order(session, agency.id, on=world.today, policy=world.policy)
        assert [each.membership_id for each in order] == [ready.id, early.membership_id]
        assert queueing.place(session, order[1], on=world.today, policy=world.policy) == 2


def waiting(world: World, actor: object) -> home.Home:
    with world.look() as session:
        return home.waiting(session, actor=actor, now=world.now, policy=world.policy)  # type: ignore[arg-type]


def test_home_has_each_roles_own_tasks(world: World) -> None:
    agency = world.agency("Sample Harbor")
    device_of(world, agency)
    asked = ask(world, agency)
    person = world.actor(member_of(world, asked.membership_id))
    assert [task.kind for task in waiting(world, person).mine] == ["sign"]
    world.record(Kind.COURSE_ASSIGNED, About.MEMBERSHIP, asked.membership_id, detail="security")
    assert {task.kind for task in waiting(world, person).mine} == {"sign", "course"}
    admin = waiting(world, admin_of(world, agency))
    assert {task.kind for task in admin.mine} == {"device", "person"}
    assert any(task.title == "Jamie Sample" and "Jamie" in task.who for task in admin.others)
    world.withdraw(Kind.POSTED, About.AGENCY, agency.id, "sign")
    assert any(
        task.kind == "agency" and "posted" in task.title for task in waiting(world, admin_of(world, agency)).mine
    )


def test_home_of_the_desk_counts_its_queues(world: World) -> None:
    agency = world.agency(licences_=1)
    asked = ask(world, agency)
    ask(world, agency, email="robin@example.org")
    world.record(Kind.USER_AGREEMENT, About.MEMBERSHIP, asked.membership_id)
    ready = world.ready(world.agency())
    world.drain()
    world.now += timedelta(days=5)
    assert world.status(ready) == "live"
    tasks = {task.kind: task for task in waiting(world, world.desk).mine}
    assert tasks["desk:enrolments"].title == "1 person to enroll in courses"
    assert tasks["desk:licences"].title == "1 person waits for a license"
    assert tasks["orders"].status == "overdue" and "1 overdue" in tasks["orders"].hint


def test_home_of_the_lead_says_which_documents_have_no_version_in_force(world: World) -> None:
    """A fresh portal lets nobody in until they are published, so somebody must be told."""
    assert not [task for task in waiting(world, world.admin).mine if task.kind == "desk:in_force"]
    world.withdraw(Kind.PUBLISHED, About.LEAD, 0, "housing_inventory")
    told = [task.title for task in waiting(world, world.admin).mine if task.kind == "desk:in_force"]
    assert told == ["Publish the documents in force: 1 of 4 have no version yet"]
    assert not [task for task in waiting(world, world.desk).mine if task.kind == "desk:in_force"]


def test_home_of_the_lead_asks_the_second_person_only(world: World) -> None:
    with world.look() as session:
        lead = session.get_one(Agency, 0)
    ask(world, lead, world.admin, access_level="system_admin_1", project_ids=())
    second = world.staff(Role.LEAD_ADMIN)
    assert not [task for task in waiting(world, world.admin).mine if task.kind == "person"]
    assert [task.title for task in waiting(world, second).mine if task.kind == "person"] == [
        "Approve a request as the second person"
    ]


def test_home_costs_the_same_for_two_people_and_for_twenty(world: World) -> None:
    agency = world.agency(licences_=30)
    admin = admin_of(world, agency)

    def cost() -> int:
        with world.look() as session, statements(world.engine) as said:
            home.waiting(session, actor=admin, now=world.now, policy=world.policy)
        return len(said)

    for number in range(2):
        ask(world, agency, email=f"a{number}@example.org")
    few = cost()
    for number in range(2, 20):
        ask(world, agency, email=f"a{number}@example.org")
    assert cost() == few
