"""Changes of programs: announced ahead or late, set up task by task, answered to whoever announced them; and requests from tickets."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal.models import Job, ProgramChange, Project, ServiceRequest, Ticket, TicketDraft
from portal.services.helpdesk.requests import from_tickets, program_changes, request_lists, service_requests
from portal.services.helpdesk.tickets import closures, joining, workflows
from portal.services.home import duties
from portal.worker import drain
from tests.helpdesk.front_world import a_request
from tests.helpdesk.ticketing import Ticketing, refused
from tests.services.asking import admin_of
from tests.services.world import World
from workflows.vocabulary import Effect, Reason, Role


@pytest.fixture
def desk(engine: Engine) -> Ticketing:
    return Ticketing(World(engine))


def announce(desk: Ticketing, **more: Any) -> ServiceRequest:
    world = desk.world
    values: dict[str, Any] = {
        "agency_id": desk.agency.id, "kind": "closes", "program": "Night shelter", "becomes": "", "effective_on": date(2026, 12, 15),
        "details": "", "actor": admin_of(world, desk.agency),
    } | more  # fmt: skip
    with world.change() as session:
        if isinstance(values.get("ticket"), Ticket):
            values["ticket"] = session.get_one(Ticket, values["ticket"].id)
        return program_changes.announce(session, now=world.now, policy=world.policy, **values)


def done(desk: Ticketing, row: ServiceRequest, *numbers: int, **more: Any) -> bool:
    world = desk.world
    with world.change() as session:
        values = {"actor": world.desk} | more
        found = session.get_one(ServiceRequest, row.id)
        return program_changes.done(session, found, numbers=numbers, now=world.now, policy=world.policy, **values)


def end(desk: Ticketing, row: ServiceRequest, *, move: str = "resolve", answer: bool = True, **more: Any) -> None:
    world = desk.world
    values = {"resolution": "It is closed in the HMIS since today.", "actor": world.desk} | more
    with world.change() as session:
        found = session.get_one(ServiceRequest, row.id)
        from_tickets.end(session, found, move=move, answer=answer, now=world.now, policy=world.policy, **values)


def read(desk: Ticketing, row: ServiceRequest) -> tuple[ServiceRequest, ProgramChange]:
    with desk.world.look() as session:
        found = session.get_one(ServiceRequest, row.id)
        return found, found.change


def mailed(desk: Ticketing, name: str = "service_ended") -> list[int]:
    with desk.world.look() as session:
        rows = session.scalars(select(Job).where(Job.effect == Effect.MAIL))
        return [row.payload["person_id"] for row in rows if row.payload["mail"] == name]


@pytest.mark.parametrize(
    ("holds_from", "days", "late"),
    [
        (date(2026, 12, 2), 5, False),  # without Thanksgiving and the day after it
        (date(2026, 12, 1), 4, True),
        (date(2026, 11, 29), 2, True),  # a Sunday
        (date(2026, 11, 23), 0, True),
        (date(2026, 10, 1), 0, True),  # told afterwards: kept, and late
    ],
)
def test_notice_is_counted_in_business_days_and_late_notice_is_kept_not_refused(
    desk: Ticketing, holds_from: date, days: int, late: bool
) -> None:
    row, change = read(desk, announce(desk, effective_on=holds_from))
    assert (change.notice_days, change.wanted_days, change.late) == (days, 5, late)
    assert (row.priority == "high", row.sent_to, row.due) == (late, "lead", max(holds_from, desk.world.today))
    with desk.world.look() as session:
        said = request_lists.activities(session, row)[0].said
    assert ("Late notice: the manual asks for 5." in said) == late


def test_a_day_on_which_the_desk_is_closed_is_no_day_of_notice(desk: Ticketing) -> None:
    with desk.world.change() as session:
        closures.add(
            session, day=date(2026, 12, 1), name="Snow", actor=desk.world.desk, now=desk.world.now, policy=desk.world.policy
        )  # fmt: skip
    assert read(desk, announce(desk, effective_on=date(2026, 12, 2)))[1].notice_days == 4


def test_the_first_task_accepts_it_and_the_last_delivers_it(desk: Ticketing) -> None:
    row = announce(desk)
    assert refused(service, desk, row, "resolve", resolution="Already?")[0] == Reason.ILLEGAL_MOVE
    assert not done(desk, row, 1, 2)
    assert read(desk, row)[0].status == "in_progress"
    assert refused(service, desk, row, "deliver", deliverable="All.", reason="See there.")[0] == Reason.CONFLICT
    assert refused(done, desk, row, 2, 3) == (Reason.ALREADY_DONE, "tasks")  # two windows
    assert refused(done, desk, row) == (Reason.BAD_INPUT, "tasks")
    assert refused(done, desk, row, 99) == (Reason.BAD_INPUT, "tasks")
    assert done(desk, row, 3, 4, 5)
    now = read(desk, row)[0]
    assert now.status == "delivered" and now.deliverable.count("\n") == 4
    with desk.world.look() as session:
        assert [each.doer.name for each in program_changes.tasks(session, now)] == [desk.world.desk.name] * 5


def service(desk: Ticketing, row: ServiceRequest, verb: str, **more: Any) -> None:
    with desk.world.change() as session:
        found = session.get_one(ServiceRequest, row.id)
        getattr(service_requests, verb)(session, found, actor=desk.world.desk, now=desk.world.now, **more)


def test_whoever_announced_it_gets_one_mail_when_it_is_done(desk: Ticketing) -> None:
    admin = admin_of(desk.world, desk.agency)
    row = announce(desk, actor=admin)
    done(desk, row, 1, 2, 3, 4, 5)
    end(desk, row)
    assert mailed(desk) == [admin.person_id]
    drain(desk.world.context)
    [message] = [each for each in desk.world.context.mailer.sent if row.number in each.subject]
    assert "It is closed in the HMIS since today." in message.text and f"/service-requests/{row.id}" in message.text


def test_nobody_is_mailed_what_they_did_themselves_or_what_goes_on_again(desk: Ticketing) -> None:
    own = announce(desk, actor=desk.world.desk)
    end(desk, own, move="decline")
    assert mailed(desk) == []
    row = announce(desk)
    end(desk, row, move="decline", resolution="Nothing is to be done.")
    with desk.world.change() as session:
        found = session.get_one(ServiceRequest, row.id)
        service_requests.accept(
            session, found, due=desk.world.today, deliverable="It is done after all.", reason="A mistake.", actor=desk.world.desk,
            now=desk.world.now, policy=desk.world.policy,
        )  # fmt: skip
    drain(desk.world.context)
    assert [each for each in desk.world.context.mailer.sent if row.number in each.subject] == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "explodes"}, "kind"), ({"agency_id": 0}, "agency"), ({"agency_id": 4711}, "agency"), ({"program": " "}, "program"),
        ({"program": "x" * 201}, "program"), ({"kind": "renamed"}, "becomes"), ({"kind": "renamed", "becomes": "x" * 301}, "becomes"),
        ({"effective_on": date(2029, 1, 1)}, "effective_on"), ({"effective_on": date(2020, 1, 1)}, "effective_on"),
        ({"kind": "opens", "becomes": "A shelter", "program": "DAY CENTER"}, "program"),
    ],
)  # fmt: skip
def test_what_is_missing_or_impossible_is_said_by_field(desk: Ticketing, values: dict[str, Any], field: str) -> None:
    with desk.world.change() as session:
        session.add(Project(agency_id=desk.agency.id, name="Day center", cells={}))
    actor = desk.world.desk
    assert refused(announce, desk, actor=actor, **values) == (Reason.BAD_INPUT, field)
    with desk.world.look() as session:
        assert session.scalars(select(ServiceRequest)).all() == []


def test_an_agency_announces_its_own_alone_and_sets_nothing_up(desk: Ticketing) -> None:
    other = desk.world.agency("Sample Elsewhere")
    with desk.world.change() as session:
        session.add(Project(agency_id=other.id, name="Night shelter", cells={}))
    admin, user = admin_of(desk.world, desk.agency), desk.actor(desk.asker)
    for kind in ("closes", "opens"):  # what exists there is not told either
        assert refused(announce, desk, actor=admin, agency_id=other.id, kind=kind, becomes="A shelter")[0] == Reason.NOT_ALLOWED  # fmt: skip
    assert refused(announce, desk, actor=user)[0] == Reason.NOT_ALLOWED
    row = announce(desk, actor=admin)
    assert refused(done, desk, row, 1, actor=admin)[0] == Reason.NOT_ALLOWED
    with desk.world.look() as session:
        rows = [each.id for (each,) in request_lists.page(session, admin, on=desk.world.today, show="programs").rows]
    assert rows == [row.id]


def test_the_project_on_record_is_found_by_its_name_in_any_form(desk: Ticketing) -> None:
    with desk.world.change() as session:
        project = Project(agency_id=desk.agency.id, name="Night shelter", cells={})
        session.add(project)
    for program in ("night SHELTER", f"{desk.agency.name}: Night shelter"):
        assert read(desk, announce(desk, program=program))[1].project_id == project.id
    assert read(desk, announce(desk, program="Day shelter"))[1].project_id is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE program_change SET notice_days = 9", "DELETE FROM program_change",
        "UPDATE program_task SET done_at = '2026-11-23 15:00:00'", "INSERT INTO program_task (request_id, number, what) VALUES (1, 1, 'x')",
    ],
)  # fmt: skip
def test_the_database_keeps_what_was_announced(each_engine: Engine, statement: str) -> None:
    desk = Ticketing(World(each_engine))
    announce(desk, actor=desk.world.desk)
    with pytest.raises(DBAPIError), desk.world.change() as session:
        session.execute(text(statement))


# --- from tickets


def begun(desk: Ticketing, ticket: Ticket, **more: Any) -> ServiceRequest:
    """A service request made of a ticket, as its page does it."""
    world = desk.world
    with world.change() as session:
        found = session.get_one(Ticket, ticket.id)
        row = service_requests.ask(
            session, title=found.subject, description=workflows.text_of_first(session, found), sent_to="vendor",
            agency_id=found.agency_id or 0, ticket=found, actor=world.desk, now=world.now, **more,
        )  # fmt: skip
        from_tickets.begun(session, row, found, actor=world.desk, now=world.now)
        return row


def test_a_request_is_asked_for_whoever_sent_the_ticket_and_both_say_so(desk: Ticketing) -> None:
    ticket = desk.open(kind="feature")
    row = begun(desk, ticket)
    assert (row.asked_by, row.agency_id, row.ticket_id) == (desk.asker.person_id, desk.agency.id, ticket.id)
    assert desk.entries(ticket)[-1].body == f"Made the service request {row.number} of it."
    with desk.world.look() as session:
        assert row.number in session.scalars(select(TicketDraft.body)).one()
        found = session.get_one(Ticket, ticket.id)
        assert [each.id for each in from_tickets.of_ticket(session, found)] == [row.id]
    stranger = begun(desk, desk.unknown(kind="feature"))
    assert (stranger.asked_by, stranger.agency_id) == (desk.world.desk.person_id, 0)


def test_its_end_is_one_answer_that_solves_the_ticket_and_no_mail_besides(desk: Ticketing) -> None:
    ticket = desk.open(kind="feature")
    row = begun(desk, ticket)
    end(desk, row, move="decline", resolution="The vendor does not do it.")
    last = [each for each in desk.entries(ticket) if each.kind == "out"][-1]
    assert "The vendor does not do it." in last.body and desk.read(ticket).status == "solved"
    assert mailed(desk) == [] and mailed(desk, "ticket_solved") == []


def test_without_an_answer_whoever_asked_gets_the_mail(desk: Ticketing) -> None:
    ticket = desk.open(kind="feature")
    row = begun(desk, ticket)
    end(desk, row, move="decline", answer=False)
    assert mailed(desk) == [desk.asker.person_id] and desk.read(ticket).status == "new"
    drain(desk.world.context)
    [message] = [each for each in desk.world.context.mailer.sent if row.number in each.subject]
    assert f"/help/{ticket.id}" in message.text and "/service-requests/" not in message.text


def test_the_end_arrives_in_the_ticket_into_which_the_first_was_merged(desk: Ticketing) -> None:
    first, second = desk.open(kind="feature"), desk.open()
    row = begun(desk, first)
    desk.do(joining.merge, first, into=second)
    end(desk, row, move="decline")
    assert [each.ticket_id for each in desk.entries(second) if each.kind == "out"] == [second.id]
    with desk.world.look() as session:
        found = session.get_one(Ticket, second.id)
        assert [each.id for each in from_tickets.of_ticket(session, found)] == [row.id]


def test_what_looks_like_a_client_ends_nothing(desk: Ticketing) -> None:
    row = begun(desk, desk.open(kind="feature"))
    said = "Client Robin Sample, born on 04/05/1990, has it now."
    assert refused(end, desk, row, move="decline", resolution=said) == (Reason.BAD_INPUT, "resolution")
    assert read(desk, row)[0].status == "asked"
    end(desk, row, move="decline", resolution=said, anyway=True)
    assert read(desk, row)[0].status == "declined"


def test_a_trainer_answers_tickets_and_makes_no_service_request(desk: Ticketing) -> None:
    trainer = desk.world.staff(Role.TRAINER)
    offers = {}
    for actor in (trainer, desk.world.desk):
        with desk.world.look() as session:
            ticket = session.get_one(Ticket, desk.open(kind="program_change").id)
            offers[actor.name] = [
                each.start.id for each in workflows.offered(session, ticket, actor=actor, policy=desk.world.policy)
            ]
    assert "service_request" not in offers[trainer.name] and "program_change" not in offers[trainer.name]
    assert offers[desk.world.desk.name][0] == "program_change"


def test_the_months_review_is_in_the_day_s_digest_of_the_administrators(desk: Ticketing) -> None:
    world = desk.world
    a_request(world)
    world.now += timedelta(15)  # December
    with world.change() as session:
        duties.tell(session, now=world.now, policy=world.policy)
    assert mailed(desk, "runs_out") == [world.admin.person_id]
    with world.change() as session:
        duties.tell(session, now=world.now, policy=world.policy)
    assert len(mailed(desk, "runs_out")) == 1
    with world.look() as session:
        for actor, said in ((world.admin, ["Review the service requests of November 2026"]), (world.desk, [])):
            found = duties.for_person(
                session, person_id=actor.person_id, roles=actor.roles, on=world.today, policy=world.policy
            )
            assert [each.title for each in found] == said
