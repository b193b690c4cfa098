"""Enrolment comes after signing, proposes what the work calls for, and is acknowledged by mail."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, select

from portal.models import Evidence, Job, Membership
from portal.refusals import Refused
from portal.services.desk import desk_lists, enrolment_lists
from portal.services.people import enrolment
from tests.services.world import World
from workflows.vocabulary import About, Kind, Reason, Role

SIGNED = (Kind.USER_AGREEMENT, Kind.PRIVACY_PLEDGE)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def asked_for(world: World, *signed: Kind, level: str = "case_manager_1", agency=None) -> Membership:
    """Somebody for whom access was requested and who has signed these."""
    membership = world.member(agency or world.agency(licences_=0))
    world.request(membership, level=level)
    world.record(Kind.ACCESS_LEVEL, About.MEMBERSHIP, membership.id, detail=level)
    for kind in signed:
        world.record(kind, About.MEMBERSHIP, membership.id)
    return membership


def enrol(world: World, membership: Membership, *courses: str, actor=None) -> list[str]:
    with world.change() as session:
        membership = session.get_one(Membership, membership.id)
        rows = enrolment.enrol(
            session,
            membership=membership,
            courses=courses,
            actor=actor or world.desk,
            now=world.now,
            policy=world.policy,
        )
        return [row.detail for row in rows]


@pytest.mark.parametrize("signed", [(), SIGNED[:1], SIGNED[1:]], ids=["nothing", "agreement alone", "pledge alone"])
def test_nobody_is_enrolled_before_everything_is_signed(world: World, signed: tuple[Kind, ...]) -> None:
    membership = asked_for(world, *signed)
    with pytest.raises(Refused) as no:
        enrol(world, membership, "hmis-basics")
    assert no.value.reason is Reason.GATE_CLOSED
    missing = {
        Kind.USER_AGREEMENT: "user agreement in force is not signed",
        Kind.PRIVACY_PLEDGE: "privacy notice is not acknowledged",
    }
    assert all((words in no.value.sentence) == (kind not in signed) for kind, words in missing.items())
    assert world.count(Evidence, Evidence.kind == Kind.COURSE_ASSIGNED) == 0


def test_an_agreement_whose_grace_is_over_does_not_count(world: World) -> None:
    membership = asked_for(world, *SIGNED)
    world.record(
        Kind.PUBLISHED,
        About.LEAD,
        0,
        detail=Kind.USER_AGREEMENT,
        version="2",
        valid_from=world.today.replace(month=1, day=2),
    )
    with pytest.raises(Refused) as no:
        enrol(world, membership, "hmis-basics")
    assert no.value.reason is Reason.GATE_CLOSED


def test_enrolling_assigns_the_courses_and_says_so_once(world: World) -> None:
    membership = asked_for(world, *SIGNED)
    assert enrol(world, membership, "security", "hmis-basics") == ["hmis-basics", "security"]
    with world.look() as session:
        mails = [
            job.payload
            for job in session.scalars(select(Job).where(Job.effect == "mail"))
            if job.payload["mail"] == "enrolled"
        ]
    assert [mail["person_id"] for mail in mails] == [membership.person_id]
    assert enrol(world, membership, "security", "agency-admin") == ["agency-admin"]
    with pytest.raises(Refused) as no:
        enrol(world, membership, "security")
    assert no.value.reason is Reason.ALREADY_DONE


@pytest.mark.parametrize("courses", [(), ("pottery",)])
def test_no_course_and_an_unknown_one_are_refused(world: World, courses: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as no:
        enrol(world, asked_for(world, *SIGNED), *courses)
    assert (no.value.reason, no.value.field) == (Reason.BAD_INPUT, "courses")


def test_whoever_left_is_not_enrolled(world: World) -> None:
    membership = asked_for(world, *SIGNED)
    world.record(Kind.DEPARTURE, About.MEMBERSHIP, membership.id)
    with pytest.raises(Refused) as no:
        enrol(world, membership, "security")
    assert no.value.reason is Reason.CONFLICT


def test_only_those_who_teach_enrol(world: World) -> None:
    membership = asked_for(world, *SIGNED)
    admin = world.actor(world.member(world.agency(licences_=0), None, Role.AGENCY_ADMIN))
    with pytest.raises(Refused) as no:
        enrol(world, membership, "security", actor=admin)
    assert no.value.reason is Reason.NOT_ALLOWED
    assert enrol(world, membership, "security", actor=world.staff(Role.TRAINER)) == ["security"]


@pytest.mark.parametrize(
    ("level", "proposed"),
    [("case_manager_1", ["hmis-basics", "security"]), ("agency_admin", ["hmis-basics", "security", "agency-admin"])],
)
def test_courses_are_proposed_by_role_and_access_level(world: World, level: str, proposed: list[str]) -> None:
    membership = asked_for(world, *SIGNED, level=level)
    with world.look() as session:
        found = enrolment.propose(
            session, session.get_one(Membership, membership.id), on=world.today, policy=world.policy
        )
    assert [course.id for course in found] == proposed


def test_the_list_holds_who_signed_and_lacks_a_course(world: World) -> None:
    asked_for(world)
    enrolled = asked_for(world, *SIGNED)
    enrol(world, enrolled, "hmis-basics", "security")
    half = asked_for(world, *SIGNED)
    enrol(world, half, "security")
    with world.look() as session:
        found = enrolment_lists.requests_page(session, on=world.today, policy=world.policy).rows
        queue = enrolment_lists.queue(session, on=world.today, policy=world.policy)
    assert [(one.membership.id, [course.id for course in one.proposed]) for one in found] == [
        (half.id, ["hmis-basics"])
    ]
    assert (queue.count, queue.oldest) == (1, found[0].since)


def test_a_course_assigned_by_mistake_is_taken_back(world: World) -> None:
    membership = asked_for(world, *SIGNED)
    enrol(world, membership, "security", "agency-admin")
    with world.change() as session:
        enrolment.unassign(
            session,
            membership=session.get_one(Membership, membership.id),
            course="agency-admin",
            reason="Not an administrator.",
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
        assert enrolment.assigned(session, membership.id, on=world.today) == {"security"}


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_the_list_costs_the_same_for_two_and_for_twenty(world: World, engine: Engine) -> None:
    agency = world.agency(licences_=0)
    counts = []
    for people in (2, 18):
        for _ in range(people):
            asked_for(world, *SIGNED, agency=agency)
        with world.look() as session, statements(engine) as seen:
            found = enrolment_lists.requests_page(session, on=world.today, policy=world.policy).rows
            assert all(one.membership.person.name and one.membership.agency.name for one in found)
            counts.append((len(found), len(seen)))
    assert [found for found, _ in counts] == [2, 20]
    assert counts[0][1] == counts[1][1]


def test_pages_of_the_list_show_everybody_once_in_the_order_of_the_requests(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = world.agency(licences_=0)
    people = [asked_for(world, *SIGNED, agency=agency).id for _ in range(5)]
    enrolled = asked_for(world, *SIGNED, agency=agency)
    enrol(world, enrolled, "hmis-basics", "security")
    monkeypatch.setattr(desk_lists, "PAGE", 2)
    seen: list[int] = []
    after, pages = "", 0
    with world.look() as session:
        while pages == 0 or after:
            page = enrolment_lists.requests_page(session, on=world.today, policy=world.policy, after=after)
            seen += [row.membership.id for row in page.rows]
            after, pages = page.next, pages + 1
    assert (seen, pages) == (people, 3)


def test_whoever_has_access_and_lacks_a_course_since_is_found_a_part_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = world.agency(licences_=5)
    people = [world.ready(agency) for _ in range(5)]
    for membership in people:
        world.let_in(membership)
    lacking = [people[0].id, people[4].id]
    for membership in lacking:
        world.record(Kind.ACCESS_LEVEL, About.MEMBERSHIP, membership, detail="agency_admin")
    monkeypatch.setattr(enrolment_lists, "LOOKED_AT", 2)
    sizes, seen, after = [], [], ""
    with world.look() as session:
        while not sizes or after:
            page = enrolment_lists.access_page(session, on=world.today, policy=world.policy, after=after)
            sizes.append(len(page.rows))
            seen += [(row.membership.id, [course.id for course in row.proposed]) for row in page.rows]
            after = page.next
        assert enrolment_lists.requests_page(session, on=world.today, policy=world.policy).rows == []
    assert seen == [(membership, ["agency-admin"]) for membership in lacking]
    assert sizes == [1, 0, 1]


def test_a_full_page_of_those_with_access_goes_on_after_the_last_one_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = world.agency(licences_=3)
    people = [world.ready(agency) for _ in range(3)]
    for membership in people:
        world.let_in(membership)
        world.record(Kind.ACCESS_LEVEL, About.MEMBERSHIP, membership.id, detail="agency_admin")
    monkeypatch.setattr(desk_lists, "PAGE", 2)
    with world.look() as session:
        first = enrolment_lists.access_page(session, on=world.today, policy=world.policy)
        rest = enrolment_lists.access_page(session, on=world.today, policy=world.policy, after=first.next)
    assert [row.membership.id for row in (*first.rows, *rest.rows)] == [membership.id for membership in people]
    assert rest.next == ""
