"""Tickets on screen, for the staff: the list, an answer, two windows, drafts, ready answers, merging, splitting, redacting."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.models import (
    AuditEntry,
    CannedReply,
    Credential,
    Evidence,
    Incident,
    Job,
    Outage,
    Person,
    SavedView,
    Ticket,
    TicketDraft,
)
from portal.services.helpdesk.tickets import following
from tests.helpdesk.ticketing import SAID, Ticketing
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import Effect, Role


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Ticketing:
    return Ticketing(stored(World(engine), tmp_path))


@pytest.fixture
def staff(desk: Ticketing) -> ClientRequest:
    return browser_of(desk.world, desk.world.desk)


def test_the_list_shows_what_is_due_first_and_jumps_to_a_number(desk: Ticketing, staff: ClientRequest) -> None:
    first = desk.open(subject="Cannot print")
    desk.open(subject="Quarterly report", priority="urgent")
    page = staff.get("/tickets")
    assert page.text.index("Quarterly report") < page.text.index("Cannot print")
    assert "Open 2" in page.text and "Nobody has them 2" in page.text
    jumped = staff.get(f"/tickets?q=hd-{first.id}", expect=302)
    assert jumped.location.endswith(f"/tickets/{first.id}")
    found = staff.get("/tickets?q=quarterly+report")
    assert "Quarterly report" in found.text and "Cannot print" not in found.text
    assert "Nothing that fits" in staff.get("/tickets?q=zebra").text


def test_an_answer_is_sent_from_the_page(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    page = staff.get(f"/tickets/{ticket.id}")
    assert SAID in page.text and "First answer due" in page.text
    done = staff.follow(staff.submit(page, having="text", text="Choose the project first.", step="send", after="wait"))
    assert "The answer goes to" in done.text and "On its way" in done.text and "Waits for who asked" in done.text
    assert "The clock stands since" in done.text
    with desk.world.look() as session:
        assert len(session.scalars(select(Job).where(Job.effect == Effect.TICKET_MAIL)).all()) == 1


def test_a_second_window_is_told_of_the_answer_and_loses_nothing(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    other = browser_of(desk.world, desk.world.admin)
    page = other.get(f"/tickets/{ticket.id}")
    assert "has this ticket open" not in staff.get(f"/tickets/{ticket.id}").text  # looking writes nothing
    press(other, page, f"/tickets/{ticket.id}/here", 200, writing="")
    mine = staff.get(f"/tickets/{ticket.id}")
    assert "has this ticket open" in mine.text
    staff.submit(mine, having="text", text="Choose the project first.", step="send", expect=302)
    told = other.submit(page, having="text", text="Have you chosen a project?", step="send", expect=400)
    assert "Somebody wrote in this ticket while you did" in told.text
    assert "Choose the project first." in told.text and "Have you chosen a project?" in told.text
    assert answers(desk, ticket) == ["Choose the project first."]
    other.submit(told, having="text", step="send", expect=302)
    assert answers(desk, ticket) == ["Choose the project first.", "Have you chosen a project?"]


def test_what_was_not_read_is_neither_solved_nor_left_waiting(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    old = staff.get(f"/tickets/{ticket.id}")
    desk.receive(ticket, "And now nothing opens at all.")
    for to in ("solve", "wait"):
        seen = old.document.xpath(f"//form[.//input[@value='{to}']]//input[@name='last_seen']/@value")[0]
        told = staff.follow(press(staff, old, f"/tickets/{ticket.id}/move", to=to, last_seen=seen))
        assert "Somebody wrote in this ticket since you opened it" in told.text
        assert "And now nothing opens at all." in told.text and desk.read(ticket).status == "new"
    read = staff.get(f"/tickets/{ticket.id}")
    seen = read.document.xpath("//form[.//input[@value='solve']]//input[@name='last_seen']/@value")[0]
    done = staff.follow(press(staff, read, f"/tickets/{ticket.id}/move", to="solve", last_seen=seen))
    assert "Solved." in done.text and desk.read(ticket).status == "solved"


def press(client: ClientRequest, page: Page, path: str, expect: int = 302, **values: str) -> Page:
    """Posts what a button or a script of the page would, with the page's token."""
    token = page.document.xpath("//input[@name='csrf_token']/@value")[0]
    return client.post(path, {"csrf_token": token} | values, expect)


def answers(desk: Ticketing, ticket: Ticket) -> list[str]:
    return [entry.body for entry in desk.entries(ticket) if entry.kind == "out"]


def test_what_looks_like_a_client_is_asked_about_once(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    page = staff.get(f"/tickets/{ticket.id}")
    assert "I have looked: no client" not in page.text
    asked = staff.submit(page, having="text", text="Client Robin Sample, born on 04/05/1990", step="send", expect=400)
    assert "This looks as if a client stood in it" in asked.text and "Robin Sample" in asked.text
    assert answers(desk, ticket) == []
    staff.submit(asked, having="text", step="send", anyway="y", expect=302)
    assert len(answers(desk, ticket)) == 1


def test_a_draft_is_kept_for_its_writer_alone(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    page = staff.get(f"/tickets/{ticket.id}")
    staff.submit(page, having="text", text="Half an ans", step="draft", expect=302)
    assert "Half an ans" in staff.get(f"/tickets/{ticket.id}").text
    assert "Half an ans" not in browser_of(desk.world, desk.world.admin).get(f"/tickets/{ticket.id}").text
    sent = staff.submit(staff.get(f"/tickets/{ticket.id}"), having="text", step="send", expect=302)
    assert sent.location.endswith(f"/tickets/{ticket.id}")
    with desk.world.look() as session:
        assert session.scalars(select(TicketDraft)).all() == []


def test_the_script_keeps_the_draft_and_hears_who_else_writes(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    page = staff.get(f"/tickets/{ticket.id}")
    other = browser_of(desk.world, desk.world.admin)
    press(other, other.get(f"/tickets/{ticket.id}"), f"/tickets/{ticket.id}/here", 200, writing="1")
    said = press(staff, page, f"/tickets/{ticket.id}/here", 200, writing="")
    assert said.response.get_json() == {
        "last_entry": desk.read(ticket).last_entry_id,
        "others": [f"{desk.world.admin.name} is writing an answer."],
    }
    press(staff, page, f"/tickets/{ticket.id}/draft", 204, text="By the script")
    assert "By the script" in staff.get(f"/tickets/{ticket.id}").text


def test_a_note_is_the_staffs_alone_and_mails_nobody(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    done = staff.follow(
        staff.submit(staff.get(f"/tickets/{ticket.id}"), having="text", text="Called twice.", step="note")
    )
    assert "Internal note" in done.text and "Called twice." in done.text
    assert desk.entries(ticket, notes=False)[-1].kind == "in"
    with desk.world.look() as session:
        assert session.scalars(select(Job).where(Job.effect == Effect.TICKET_MAIL)).all() == []


def test_a_ready_answer_is_filled_and_put_below_the_text(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    wrong = staff.submit(staff.get("/tickets/ready/new"), title="Welcome", body="Hello {nam}", expect=400)
    assert "{nam} is no field" in wrong.text
    staff.submit(wrong, body="Hello {name} of {agency}, about {number}.", expect=302)
    page = staff.get(f"/tickets/{ticket.id}")
    with desk.world.look() as session:
        row = session.scalars(select(CannedReply)).one()
    put = staff.submit(page, having="text", text="First words.", ready=str(row.id), step="insert", expect=200)
    with desk.world.look() as session:
        name = session.get_one(Person, ticket.requester_id).first_name
    assert f"First words.\n\nHello {name} of {desk.agency.name}, about HD-{ticket.id}." in value_of(put, "text")
    assert answers(desk, ticket) == []
    press(staff, staff.get("/tickets/ready"), f"/tickets/ready/{row.id}/retire")
    assert "No ready answer yet" in staff.get("/tickets/ready").text


def value_of(page: Page, name: str) -> str:
    [area] = page.document.xpath(f"//textarea[@name='{name}']")
    return (area.text or "").replace("\r\n", "\n")


def test_two_tickets_are_merged_after_it_was_said_what_happens(desk: Ticketing, staff: ClientRequest) -> None:
    first, second = desk.open(subject="Printer"), desk.unknown(subject="Printing")
    page = staff.get(f"/tickets/{second.id}/merge")
    assert "There is no such other ticket" in staff.submit(page, into="HD-999", expect=400).text
    checking = staff.submit(page, into=f"HD-{first.id}", expect=200)
    assert "A Stranger and whoever follows" in checking.text and "different people" in checking.text
    assert desk.read(second).status == "new"
    done = staff.follow(staff.submit(checking, step="do"))
    assert done.path.endswith(f"/tickets/{first.id}") and "stranger@example.org" in done.text
    assert f"From HD-{second.id}" in done.text
    there = staff.get(f"/tickets/{second.id}", expect=302)
    assert there.location.endswith(f"/tickets/{first.id}")
    assert "was merged into HD-" in staff.get(f"/tickets/{second.id}?stay=1").text
    again = press(staff, done, f"/tickets/{second.id}/move", to="solve")
    assert f"merged into HD-{first.id}" in staff.get(f"/tickets/{first.id}").text and again.location


def test_a_message_is_split_off(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    desk.receive(ticket, "And how do I add a program?")
    page = staff.get(f"/tickets/{ticket.id}/split")
    assert "Choose at least one message" in staff.submit(page, subject="Programs", expect=400).text
    chosen = str(desk.entries(ticket)[-1].id)
    done = staff.follow(staff.submit(page, subject="Adding a program", entries=chosen))
    assert "Adding a program" in done.heading and "And how do I add a program?" in done.text
    assert f"Split from HD-{ticket.id}" in done.text and SAID not in done.text


def test_a_clients_data_is_redacted_for_good(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open(text="Client Robin Sample was born on 04/05/1990. Where do I enter that?")
    page = staff.get(f"/tickets/{ticket.id}")
    assert "This may hold a client's data" in page.text
    [entry] = desk.entries(ticket)
    form = staff.get(f"/tickets/{ticket.id}/redact?entry={entry.id}")
    assert "Robin" not in form.text and "gone for good" in form.text
    wrong = staff.submit(form, text="Client Robin Sample", expect=400)
    assert "Take that out too" in wrong.text
    done = staff.follow(staff.submit(form, text="Client [removed]. Where do I enter that?"))
    assert "Robin" not in done.text and "Redacted" in done.text
    assert "Robin" not in staff.get("/tickets").text
    desk.open(subject="Another", text="Client Robin Sample asked.")
    other = next(row for row in all_tickets(desk) if row.subject == "Another")
    [said] = desk.entries(other)
    press(staff, staff.get(f"/tickets/{other.id}"), f"/tickets/{other.id}/looked-at", entry=str(said.id))
    assert "This may hold" not in staff.get(f"/tickets/{other.id}").text


def all_tickets(desk: Ticketing) -> list[Ticket]:
    with desk.world.look() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.id)))


def test_several_tickets_at_once_are_named_before_it_is_done(desk: Ticketing, staff: ClientRequest) -> None:
    tickets = [desk.open(subject=f"Question {number}") for number in range(3)]
    address = "/tickets/bulk?" + "&".join(f"t={each.id}" for each in tickets)
    page = staff.get(f"{address}&act=solve")
    assert "Solve them: 3 tickets" in page.heading and "3 of these 3 are open" in page.text
    done = staff.follow(staff.submit(page))
    assert "Done for 3 tickets" in done.text
    assert [row.status for row in all_tickets(desk)] == ["solved"] * 3
    tagged = staff.get(f"{address}&act=tag")
    assert "is none" in staff.submit(tagged, value="<b>", expect=400).text
    staff.submit(tagged, value="Printer")
    assert "Question 1" in staff.get("/tickets?show=all&tag=printer").text
    assert "Choose at least one ticket first" in staff.follow(staff.get("/tickets/bulk?act=solve", expect=302)).text
    assert staff.get("/tickets/bulk?act=solve&t=999", expect=404).text


def test_assigning_to_somebody_who_is_not_of_the_staff_is_refused(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    page = staff.get(f"/tickets/{ticket.id}")
    told = staff.follow(staff.submit(page, having="assignee", assignee=str(desk.asker.person_id)))
    assert "Choose one of the HMIS Lead" in told.text and desk.read(ticket).assignee_id is None
    staff.submit(page, having="assignee", assignee=str(desk.world.desk.person_id), priority="high", tags="Report, ART")
    row = desk.read(ticket)
    assert (row.assignee_id, row.priority, row.status) == (desk.world.desk.person_id, "high", "open")
    assert "art, report" in staff.get("/tickets?show=mine").text


def test_a_filter_is_kept_as_a_view_of_ones_own_or_of_the_desk(desk: Ticketing, staff: ClientRequest) -> None:
    desk.open()
    page = staff.get("/tickets?show=unassigned&priority=normal&after=3~4")
    kept = staff.follow(staff.submit(page, having="shared", name="To hand out"))
    assert "kept as 'To hand out'" in kept.text
    with desk.world.look() as session:
        view = session.scalars(select(SavedView)).one()
    assert view.query == "priority=normal&show=unassigned"
    other = browser_of(desk.world, desk.world.admin)
    assert "To hand out" not in other.get("/tickets").text
    press(other, other.get("/tickets"), f"/tickets/views/{view.id}/remove", 404)
    assert "To hand out" in staff.get("/tickets").text
    press(staff, staff.get("/tickets"), f"/tickets/views/{view.id}/remove")
    assert "is removed. No ticket was changed" in staff.get("/tickets").text
    assert "To hand out" not in staff.get("/tickets").text


def test_the_list_is_taken_away_without_formulas_and_on_record(desk: Ticketing, staff: ClientRequest) -> None:
    desk.open(subject="=1+1 does not add up")
    there = staff.get("/tickets?show=all&format=csv", expect=302)
    text = staff.get(there.location).response.get_data(as_text=True)
    assert "'=1+1 does not add up" in text and ",=1+1" not in text
    with desk.world.look() as session:
        assert session.scalar(select(AuditEntry.act).where(AuditEntry.act == "tickets.export"))
    trainer = browser_of(desk.world, desk.world.staff(Role.TRAINER))
    trainer.get("/tickets/export", expect=403)


@pytest.mark.parametrize("role", [Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN, Role.SECURITY_OFFICER, Role.END_USER])
def test_nobody_of_an_agency_comes_to_the_staffs_pages(desk: Ticketing, role: Role) -> None:
    ticket = desk.open(rung="agency_admin")
    member = desk.world.member(desk.agency, None, role)
    browser = browser_of(desk.world, desk.actor(member))
    for path in (
        "/tickets",
        f"/tickets/{ticket.id}",
        f"/tickets/{ticket.id}/merge",
        "/tickets/ready",
        "/tickets/new",
        "/tickets/export",
    ):
        browser.get(path, expect=403)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.BOARD_MEMBER])
def test_onlookers_and_the_auditor_see_no_ticket(desk: Ticketing, role: Role) -> None:
    ticket = desk.open()
    browser_of(desk.world, desk.world.staff(role)).get(f"/tickets/{ticket.id}", expect=403)


@pytest.mark.parametrize("role", [Role.HELP_DESK, Role.LEAD_ADMIN, Role.LEAD_SECURITY, Role.TRAINER])
def test_the_leads_staff_answer(desk: Ticketing, role: Role) -> None:
    ticket = desk.open()
    browser = browser_of(desk.world, desk.world.staff(role))
    browser.submit(browser.get(f"/tickets/{ticket.id}"), having="text", text="Here is how.", step="send", expect=302)
    assert answers(desk, ticket) == ["Here is how."]
    browser.get(f"/tickets/{ticket.id}/redact", expect=403 if role == Role.TRAINER else 200)


def test_of_an_unknown_sender_nothing_is_shown_and_nothing_begins(desk: Ticketing, staff: ClientRequest) -> None:
    with desk.world.look() as session:
        name = session.get_one(Person, desk.asker.person_id).last_name
    ticket = desk.unknown(text=f"I write for {name}: please reset the password.")
    page = staff.get(f"/tickets/{ticket.id}")
    assert "does not know this sender" in page.text and "Earlier tickets" not in page.text
    assert "Unlock the account" not in page.text and "Report the departure" not in page.text
    assert "Say first whom" in staff.get(f"/tickets/{ticket.id}/start/unlock", expect=400).text
    told = press(staff, page, f"/tickets/{ticket.id}/start/why")
    assert "Say first whom" in staff.follow(told).text
    refused = staff.submit(staff.get(f"/tickets/{ticket.id}/about"), email=desk_email(desk), expect=400)
    assert "Nobody knows who sent this" in refused.text


def desk_email(desk: Ticketing) -> str:
    with desk.world.look() as session:
        return session.get_one(Person, desk.asker.person_id).email


def test_a_locked_account_is_unlocked_from_the_ticket_and_the_draft_says_so(
    desk: Ticketing, staff: ClientRequest
) -> None:
    ticket = desk.open(kind="lock_out")
    with desk.world.change() as session:
        session.add(
            Credential(
                person_id=desk.asker.person_id,
                password_hash="x",
                changed_at=desk.world.now,
                locked_since=desk.world.now,
            )
        )
    page = staff.get(f"/tickets/{ticket.id}")
    assert "Do it from here" in page.text and "Unlock the account" in page.text
    form = staff.get(f"/tickets/{ticket.id}/start/unlock")
    assert "can sign in again" in form.text
    done = staff.follow(staff.submit(form, reason="Called, and known by voice."))
    assert "The account is unlocked" in done.text
    assert "Your account is unlocked" in value_of(done, "text")
    with desk.world.look() as session:
        assert session.get_one(Credential, desk.asker.person_id).locked_since is None
    twice = staff.submit(form, reason="Called, and known by voice.", expect=409)
    assert "is not locked" in twice.text


def test_what_is_missing_goes_into_the_draft(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open(kind="why_not_yet", membership_id=desk.asker.id)
    done = staff.follow(press(staff, staff.get(f"/tickets/{ticket.id}"), f"/tickets/{ticket.id}/start/why"))
    draft = value_of(done, "text")
    assert f"Your access at {desk.agency.name} still lacks:" in draft and "- " in draft
    assert answers(desk, ticket) == []


def test_a_departure_that_another_reports_is_about_whom_it_was_said(desk: Ticketing, staff: ClientRequest) -> None:
    leaver = desk.world.member(desk.agency, None, Role.END_USER)
    ticket = desk.open(kind="departure")
    with desk.world.look() as session:
        person = session.get_one(Person, leaver.person_id)
        email, name = person.email, person.name
    staff.submit(staff.get(f"/tickets/{ticket.id}/about"), email=email)
    form = staff.get(f"/tickets/{ticket.id}/start/departure")
    assert name in form.text
    done = staff.follow(staff.submit(form, reason="Left for another job."))
    assert f"The departure of {name} is recorded" in value_of(done, "text")
    with desk.world.look() as session:
        assert session.scalars(
            select(Evidence).where(Evidence.kind == "departure", Evidence.subject_id == leaver.id)
        ).one()
        assert not session.scalars(
            select(Evidence).where(Evidence.kind == "departure", Evidence.subject_id == desk.asker.id)
        ).all()


def test_an_incident_report_is_made_of_the_tickets_text(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open(kind="incident", subject="Shared password", text="Client Robin Sample saw the screen.")
    form = staff.get(f"/tickets/{ticket.id}/start/incident")
    assert "Shared password" in value_of(form, "said") and "Robin" not in value_of(form, "said")
    done = staff.follow(staff.submit(form))
    assert "The incident report I-" in done.text and "Thank you for telling us" in value_of(done, "text")
    with desk.world.look() as session:
        assert session.scalars(select(Incident)).one().reporter_id == desk.world.desk.person_id


def test_an_outage_is_linked_from_the_ticket(desk: Ticketing, staff: ClientRequest) -> None:
    now, by = desk.world.now, desk.world.desk.person_id
    with desk.world.change() as session:
        session.add(
            Outage(
                kind="unplanned", title="Reports do not open", systems=[], starts_at=now, announced_by=by, announced_at=now, touched_at=now
            )
        )  # fmt: skip
    ticket = desk.open()
    page = staff.get(f"/tickets/{ticket.id}")
    done = staff.follow(staff.submit(page, having="outage_id", outage_id="1"))
    assert "Linked to the outage 'Reports do not open'" in done.text
    assert desk.read(ticket).outage_id == 1
    assert "Report stays empty" in staff.get("/tickets?outage=1").text


@pytest.mark.parametrize(
    "path", ["/tickets", "/tickets?show=all", "/tickets?q=report+stays", "/tickets?show=mine&sort=-touched"]
)
def test_a_long_list_costs_no_more_statements(desk: Ticketing, staff: ClientRequest, engine: Engine, path: str) -> None:
    for number in range(5):
        desk.open(subject=f"Report {number}", text="It stays empty.")
    staff.get(path)
    with statements(engine) as few:
        staff.get(path)
    for number in range(12):
        there = desk.world.agency(f"Sample Place {number}")
        one = desk.world.member(there, None, Role.END_USER)
        with desk.world.look() as session:
            whose = session.get_one(Person, one.person_id)
        made = desk.open(subject=f"Report {number}", text="It stays empty.", requester=whose, agency_id=there.id)
        desk.do(following.set_tags, made, tags=[f"tag {number}"])
    for number in range(30):
        desk.open(subject=f"Report {number}", text="It stays empty.")
    with statements(engine) as many:
        staff.get(path)
    assert len(many) == len(few)


def test_a_long_conversation_costs_no_more_statements(desk: Ticketing, staff: ClientRequest, engine: Engine) -> None:
    ticket, _other = desk.open(), desk.open()
    for _ in range(2):
        desk.receive(ticket)
    staff.get(f"/tickets/{ticket.id}")
    with statements(engine) as few:
        staff.get(f"/tickets/{ticket.id}")
    for _ in range(40):
        desk.receive(ticket)
        desk.open()
    with statements(engine) as many:
        staff.get(f"/tickets/{ticket.id}")
    assert len(many) == len(few)


def test_pages_of_the_list_go_on_where_the_last_one_ended(desk: Ticketing, staff: ClientRequest) -> None:
    for number in range(60):
        desk.open(subject=f"Report number {number}")
    for address in ("/tickets?sort=due", "/tickets?show=all", "/tickets?q=report", "/tickets?sort=-touched"):
        seen: list[str] = []
        page = staff.get(address)
        while True:
            seen += page.document.xpath("//a[@data-row]/@href")
            [*onward] = page.document.xpath("//a[@rel='next']/@href")
            if not onward:
                break
            page = staff.get(onward[0])
        assert len(seen) == len(set(seen)) == 60, address


def test_the_first_page_says_what_waits(desk: Ticketing, staff: ClientRequest) -> None:
    desk.open()
    desk.open()
    assert "2 tickets that nobody has" in staff.get("/").text
    page = staff.get(f"/tickets/{all_tickets(desk)[0].id}")
    press(staff, page, f"/tickets/{all_tickets(desk)[0].id}/move", to="take")
    home = staff.get("/")
    assert "1 ticket waits for you" in home.text and "1 ticket that nobody has" in home.text
    desk.world.now = desk.world.now.replace(month=12, day=14)
    again = browser_of(desk.world, desk.world.desk)
    assert "tickets are overdue" in again.get("/").text


def test_a_ticket_is_opened_for_somebody_who_called(desk: Ticketing, staff: ClientRequest) -> None:
    form = staff.get("/tickets/new")
    wrong = staff.submit(form, email=desk_email(desk), kind="other", subject="", text="Cannot print", expect=400)
    assert "Say in a few words" in wrong.text and "Cannot print" in wrong.text
    done = staff.follow(
        staff.submit(form, email=desk_email(desk).upper(), kind="other", subject="Printing", text="Cannot print")
    )
    row = all_tickets(desk)[0]
    assert (row.channel, row.requester_id, row.agency_id) == ("staff", desk.asker.person_id, desk.agency.id)
    assert desk.agency.name in done.text


def test_the_look_that_a_page_takes_by_itself_keeps_nobody_signed_in(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    page = staff.get(f"/tickets/{ticket.id}")
    idle = timedelta(minutes=desk.world.policy.sign_in.idle_minutes)
    for _ in range(3):
        desk.world.now += idle / 3
        press(staff, page, f"/tickets/{ticket.id}/here", 200, writing="1")
    desk.world.now += timedelta(minutes=1)
    assert "/sign-in" in staff.get(f"/tickets/{ticket.id}", expect=302).location


def test_somebody_else_gets_every_answer_too_until_removed(desk: Ticketing, staff: ClientRequest) -> None:
    ticket = desk.open()
    page = staff.get(f"/tickets/{ticket.id}")
    done = staff.follow(staff.submit(page, having="email", email="director@example.org"))
    assert "director@example.org gets every answer from now on" in done.text
    told = staff.follow(staff.submit(page, having="email", email="no address"))
    assert "Enter an e-mail address like" in told.text
    gone = staff.follow(staff.submit(done, having="follower"))
    assert "gets no more answers" in gone.text and "Nobody else." in gone.text


@pytest.mark.parametrize("odd", ["²", "99999999999999999999", "2147483648", "-1", "x", "1.0"])
def test_a_number_that_no_row_can_have_is_said_and_breaks_nothing(
    desk: Ticketing, staff: ClientRequest, odd: str
) -> None:
    ticket = desk.open()
    page = staff.get(f"/tickets/{ticket.id}")
    token = page.document.xpath("//input[@name='csrf_token']/@value")[0]
    for where, field in (
        ("sort", "assignee"),
        ("outage", "outage_id"),
        ("unfollow", "follower"),
        ("looked-at", "entry"),
    ):
        answer = staff.client.post(f"/tickets/{ticket.id}/{where}", data={"csrf_token": token, field: odd})
        assert answer.status_code in (302, 400, 404), (where, answer.status_code)
    sent = {"csrf_token": token, "text": "An answer.", "last_seen": odd, "ready": odd, "step": "insert"}
    assert staff.client.post(f"/tickets/{ticket.id}", data=sent).status_code in (200, 400)
    assert (
        staff.client.post(
            "/tickets/bulk", data={"csrf_token": token, "t": odd, "act": "outage", "value": odd}
        ).status_code
        < 500
    )
    assert staff.client.get(f"/tickets?q={odd}").status_code == 200
    assert staff.client.get(f"/help?q={odd}").status_code == 200
