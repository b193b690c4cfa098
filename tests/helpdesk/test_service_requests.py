"""Service requests (H4): asked for, worked on in order, logged for good, and a list whose monthly review can be proved."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from portal.models import Agency, ServiceRequest, ServiceReview
from portal.services.helpdesk.requests import request_lists, service_requests
from tests.helpdesk.front_world import a_request, refused
from tests.services.asking import admin_of
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import Reason, Role

NOVEMBER = date(2026, 11, 1)


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def do(world: World, row: ServiceRequest, verb: str, **more: object) -> None:
    act = getattr(service_requests, verb)
    values = {"actor": world.desk, "now": world.now} | more
    if "policy" in act.__annotations__:
        values["policy"] = world.policy
    with world.change() as session:
        act(session, session.get_one(ServiceRequest, row.id), **values)


def accept(world: World, row: ServiceRequest, days: int = 30) -> None:
    do(
        world,
        row,
        "accept",
        due=world.today + timedelta(days),
        deliverable="A button.",
        reason="The vendor looks at it.",
    )


def read(world: World, row: ServiceRequest) -> ServiceRequest:
    with world.look() as session:
        return session.get_one(ServiceRequest, row.id)


def said(world: World, row: ServiceRequest) -> list[str]:
    with world.look() as session:
        return [each.said for each in request_lists.activities(session, row)]


def listed(world: World, month: date = NOVEMBER) -> list[dict[str, object]]:
    with world.look() as session:
        return request_lists.of_month(session, world.admin, month=month, policy=world.policy)


def review(world: World, month: date = NOVEMBER, seen: str | None = None, **more: object) -> ServiceReview:
    values = {"notes": "The vendor is slow; asked again.", "actor": world.admin} | more
    with world.change() as session:
        rows = request_lists.of_month(session, world.admin, month=month, policy=world.policy)
        return request_lists.review(
            session, month=month, seen=seen or request_lists.fingerprint(rows), now=world.now, policy=world.policy, **values
        )  # fmt: skip


def test_a_request_goes_its_way_and_every_step_stands_in_the_log(world: World) -> None:
    row = a_request(world)
    accept(world, row)
    do(world, row, "begin", reason="The vendor's second team.")
    do(world, row, "deliver", deliverable="A button on the intake page.", reason="Try it in the training site.")
    do(world, row, "send_back", due=world.today + timedelta(10), reason="It is not on the exit page.")
    do(world, row, "deliver", deliverable="Buttons on both pages.", reason="Try it again.")
    do(world, row, "resolve", resolution="Both pages have it since version 5.")
    now = read(world, row)
    assert (now.status, now.deliverable, now.ended_at) == ("resolved", "Buttons on both pages.", world.now)
    assert now.number == f"SR-2026-{row.id:04d}"
    log = said(world, row)
    assert len(log) == 7 and log[-1] == "Asked." and log[0] == "It was resolved. Both pages have it since version 5."
    do(world, row, "send_back", due=world.today + timedelta(10), reason="It is gone again.")
    assert (read(world, row).status, read(world, row).resolution, read(world, row).ended_at) == (
        "in_progress",
        "",
        None,
    )


def test_what_is_declined_says_why_and_can_be_accepted_later(world: World) -> None:
    row = a_request(world)
    assert refused(do, world, row, "decline", resolution=" ") == (Reason.BAD_INPUT, "resolution")
    do(world, row, "decline", resolution="The vendor does not do it.")
    assert read(world, row).resolution == "The vendor does not do it."
    assert refused(do, world, row, "begin", reason="We begin anyway.")[0] == Reason.ILLEGAL_MOVE
    accept(world, row)
    assert (read(world, row).status, read(world, row).resolution) == ("accepted", "")


@pytest.mark.parametrize(
    ("verb", "values", "field"),
    [
        ("accept", {"due": date(2026, 11, 22), "deliverable": "A button.", "reason": "Soon."}, "due"),
        ("accept", {"due": date(2036, 11, 22), "deliverable": "A button.", "reason": "Soon."}, "due"),
        ("accept", {"due": date(2026, 12, 1), "deliverable": "", "reason": "Soon."}, "deliverable"),
        ("accept", {"due": date(2026, 12, 1), "deliverable": "A button.", "reason": ""}, "reason"),
        ("log", {"said": ""}, "said"), ("log", {"said": "x" * 2001}, "said"),
        ("change", {"priority": "now", "sent_to": "vendor", "due": None, "reference": "", "reason": "Why not."}, "priority"),
        ("change", {"priority": "normal", "sent_to": "vendor", "due": None, "reference": "", "reason": "Why not."}, "reason"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_by_field(world: World, verb: str, values: dict[str, object], field: str) -> None:
    row = a_request(world)
    assert refused(do, world, row, verb, **values) == (Reason.BAD_INPUT, field)
    assert read(world, row).status == "asked" and said(world, row) == ["Asked."]


def test_what_changes_is_said_with_what_it_was(world: World) -> None:
    row = a_request(world)
    accept(world, row)
    due = world.today + timedelta(60)
    do(
        world,
        row,
        "change",
        priority="high",
        sent_to="vendor",
        due=due,
        reference="V-77",
        reason="Two more Agencies need it.",
    )
    assert said(world, row)[0].startswith(
        "Priority: normal → high; Due: December 23, 2026 → January 22, 2027; Vendor's number: none → V-77."
    )
    assert refused(do, world, row, "change", priority="high", sent_to="vendor", due=None, reference="V-77", reason="No day.") == (Reason.BAD_INPUT, "due")  # fmt: skip


def test_an_agency_asks_for_itself_and_sees_its_own(world: World) -> None:
    one, other = world.agency(), world.agency()
    admin = admin_of(world, one)
    mine, theirs = a_request(world, agency_id=one.id, actor=admin), a_request(world, agency_id=other.id)
    assert refused(a_request, world, agency_id=other.id, actor=admin)[0] == Reason.NOT_ALLOWED
    user = world.actor(world.member(one))
    assert refused(a_request, world, agency_id=one.id, actor=user)[0] == Reason.NOT_ALLOWED
    with world.look() as session:
        seen = {actor.name: [row.id for (row,) in request_lists.page(session, actor, on=world.today).rows] for actor in (admin, user, world.desk)}  # fmt: skip
    assert seen == {admin.name: [mine.id], user.name: [], world.desk.name: [mine.id, theirs.id]}
    do(world, mine, "log", actor=admin, said="It happens on Mondays.")
    assert refused(do, world, theirs, "log", actor=admin, said="Ours too.")[0] == Reason.NOT_ALLOWED
    for verb, values in (("decline", {"resolution": "No need."}), ("begin", {"reason": "Now."})):
        assert refused(do, world, mine, verb, actor=admin, **values)[0] in (Reason.NOT_ALLOWED, Reason.ILLEGAL_MOVE)
    assert read(world, mine).status == "asked"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE service_activity SET said = 'x'", "DELETE FROM service_activity", "UPDATE service_review SET notes = 'x'",
        "DELETE FROM service_review", "UPDATE service_request SET status = 'resolved'", "UPDATE service_request SET resolution = 'x', status = 'resolved'",
        "UPDATE service_request SET ended_at = asked_at", "UPDATE service_request SET status = 'accepted', due = NULL",
        "UPDATE service_request SET status = 'delivered', deliverable = ''",
    ],
)  # fmt: skip
def test_the_database_refuses_what_the_services_never_write(world: World, statement: str) -> None:
    a_request(world)
    review(world)
    with pytest.raises(DBAPIError), world.change() as session:
        session.execute(text(statement))


# --- the month's review


def test_a_months_list_holds_what_was_open_at_some_time_of_it(world: World) -> None:
    early = a_request(world, "Ended in October", agency_id=0)
    world.now -= timedelta(40)
    with world.change() as session:
        session.execute(
            text("UPDATE service_request SET asked_at = :at WHERE id = :id"), {"at": world.now, "id": early.id}
        )
    do(world, early, "decline", resolution="No need any more.")
    world.now += timedelta(40)
    living, ended = a_request(world, "Living"), a_request(world, "Ended in November")
    do(world, ended, "decline", resolution="No need any more.")
    world.now += timedelta(10)
    a_request(world, "December")
    assert [row["title"] for row in listed(world)] == ["Living", "Ended in November"]
    assert [row["title"] for row in listed(world, date(2026, 12, 1))] == ["Living", "December"]
    assert [row["title"] for row in listed(world, date(2026, 10, 1))] == ["Ended in October"]
    assert listed(world)[1]["last_activity"] == "It was declined. No need any more." and living.id


def test_a_review_keeps_the_list_as_it_was_seen(world: World) -> None:
    row = a_request(world)
    made = review(world)
    do(world, row, "decline", resolution="No need any more.")
    with world.look() as session:
        kept = session.get_one(ServiceReview, made.id)
        assert (
            kept.reviewed_by == world.admin.person_id
            and kept.rows[0]["status"] == "asked"
            and request_lists.holds(kept)
        )
        kept.rows = [kept.rows[0] | {"status": "resolved"}]
        assert not request_lists.holds(kept)
    assert refused(review, world)[0] == Reason.ALREADY_DONE


def test_what_changed_since_it_was_shown_is_looked_at_once_more(world: World) -> None:
    row = a_request(world)
    with world.look() as session:
        seen = request_lists.fingerprint(
            request_lists.of_month(session, world.admin, month=NOVEMBER, policy=world.policy)
        )
    do(world, row, "log", said="Somebody called.")
    assert refused(review, world, seen=seen)[0] == Reason.CONFLICT
    assert refused(review, world, notes="")[0] == Reason.BAD_INPUT
    assert refused(review, world, month=date(2026, 12, 1))[0] == Reason.ILLEGAL_MOVE
    assert refused(review, world, actor=world.desk)[0] == Reason.NOT_ALLOWED
    assert review(world).listed == 1


def test_the_month_before_is_due_until_somebody_reviewed_it(world: World) -> None:
    def due(on: date) -> tuple[date, date] | None:
        with world.look() as session:
            return request_lists.month_due(session, on=on, policy=world.policy)

    assert due(date(2026, 12, 2)) is None  # nothing was ever asked for
    a_request(world)
    assert due(date(2026, 11, 30)) is None
    assert due(date(2026, 12, 2)) == (NOVEMBER, date(2026, 12, 10))
    review(world)
    assert due(date(2026, 12, 31)) is None
    assert due(date(2027, 1, 1)) == (date(2026, 12, 1), date(2027, 1, 10))


# --- lists


def test_the_list_costs_the_same_for_five_and_for_sixty(world: World) -> None:
    agencies = [world.agency() for _ in range(3)]

    def cost() -> int:
        with statements(world.engine) as said_, world.look() as session:
            page = request_lists.page(session, world.desk, on=world.today)
            assert all(row.agency.name and row.asker.name for (row,) in page.rows)
        return len(said_)

    for number in range(5):
        a_request(world, f"Request {number}", agency_id=agencies[number % 3].id)
    few = cost()
    for number in range(5, 60):
        a_request(world, f"Request {number}", agency_id=agencies[number % 3].id)
    assert cost() == few
    with world.look() as session:
        first = request_lists.page(session, world.desk, on=world.today)
        rest = request_lists.page(session, world.desk, on=world.today, after=first.next)
    ids = [row.id for (row,) in [*first.rows, *rest.rows]]
    assert len(ids) == 60 and ids == sorted(ids)


def test_lists_are_filtered_and_counted_alike(world: World) -> None:
    agency = world.agency("Sample Harbor House")
    asked, late = a_request(world, "A map"), a_request(world, "A bell 100%", agency_id=agency.id, sent_to="lead")
    accept(world, late, days=2)
    on = world.today + timedelta(3)

    def found(**more: object) -> list[int]:
        with world.look() as session:
            return [row.id for (row,) in request_lists.page(session, world.desk, on=on, **more).rows]

    assert found() == [late.id, asked.id]  # what is due first
    assert (
        found(show="overdue") == [late.id] and found(show="asked") == [asked.id] and found(show="working") == [late.id]
    )
    assert found(sent_to="lead") == [late.id] and found(agency_id=agency.id) == [late.id]
    assert (
        found(search="harbor") == [late.id]
        and found(search=asked.number) == [asked.id]
        and found(search="100%") == [late.id]
    )
    assert found(show="resolved") == [] and found(show="all") == [late.id, asked.id]
    with world.look() as session:
        assert request_lists.counted(session, world.desk, on=on) == request_lists.Counts(1, 1, 1, 0, 0)
        assert request_lists.is_late(session.get_one(ServiceRequest, late.id), on)


def test_a_request_names_an_agency_that_exists(world: World) -> None:
    with world.look() as session:
        assert session.get_one(Agency, a_request(world).agency_id).id == 0
    assert refused(a_request, world, sent_to="nobody") == (Reason.BAD_INPUT, "sent_to")
    assert refused(a_request, world, priority="now") == (Reason.BAD_INPUT, "priority")
    assert refused(a_request, world, "") == (Reason.BAD_INPUT, "title")
    officer = world.staff(Role.LEAD_SECURITY)
    assert a_request(world, actor=officer).asked_by == officer.person_id
