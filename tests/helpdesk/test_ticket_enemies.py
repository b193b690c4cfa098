"""Tickets tried as an enemy would, and by two people at once: merging, splitting, redacting, many at a time, the way on."""

import pytest
from sqlalchemy import Engine, select

from portal.actors import PORTAL
from portal.models import Person, Ticket, TicketDraft, TicketEntry, TicketWord
from portal.services.helpdesk.tickets import bulk, joining, listing, moves, rating, redaction, writing
from portal.services.helpdesk.tickets.listing import Wanted
from tests.helpdesk.ticketing import Ticketing, refused
from tests.services.asking import admin_of
from tests.services.world import World
from tests.web.browsing import browser_of
from workflows.vocabulary import Reason, Role

NAMED = "Client Robin Sample is here."


@pytest.fixture
def desk(engine: Engine) -> Ticketing:
    return Ticketing(World(engine))


def found(desk: Ticketing, words: str) -> list[int]:
    world = desk.world
    with world.look() as session:
        page = listing.page(session, world.desk, wanted=Wanted(words=words), now=world.now, policy=world.policy)
        return [row.id for (row,) in page.rows]


def texts(desk: Ticketing) -> str:
    """Everything that any entry, draft, subject or search word still says."""
    with desk.world.look() as session:
        rows = (TicketEntry.body, TicketEntry.html, TicketDraft.body, Ticket.subject, TicketWord.word)
        return " ".join(text for column in rows for text in session.scalars(select(column))).casefold()


# --- merging


def test_a_merged_ticket_is_found_by_its_words_where_it_is_read(desk: Ticketing) -> None:
    first, second = desk.open(text="The zeppelin stays empty."), desk.open(text="Another thing.")
    desk.do(joining.merge, first, into=second)
    assert found(desk, "zeppelin") == [second.id] == found(desk, "zeppelin another")


@pytest.mark.parametrize("ended", ["solved", "closed"])
def test_an_open_question_merged_into_an_ended_one_is_not_lost(desk: Ticketing, ended: str) -> None:
    old, new = desk.open(), desk.open(subject="It is empty again")
    desk.solve(old)
    if ended == "closed":
        with desk.world.change() as session:
            moves.close(session, session.get_one(Ticket, old.id), actor=PORTAL, now=desk.world.now)
    desk.do(joining.merge, new, into=old)
    row = desk.read(old)
    assert row.status == "open" and row.clock_stopped_at is None and row.solve_due is not None


def test_a_solved_one_merged_into_a_solved_one_opens_nothing(desk: Ticketing) -> None:
    old, new = desk.open(), desk.open()
    desk.solve(old)
    desk.solve(new)
    desk.do(joining.merge, new, into=old)
    assert desk.read(old).status == "solved"


def test_what_is_merged_into_an_agency_admins_ticket_stays_with_the_lead_unless_they_had_both(desk: Ticketing) -> None:
    admin = desk.actor(desk.world.member(desk.agency, None, Role.AGENCY_ADMIN))
    theirs, also = desk.open(rung="agency_admin"), desk.open(rung="agency_admin")
    desk.do(joining.merge, also, into=theirs)
    assert desk.read(theirs).rung == "agency_admin"
    desk.do(joining.merge, desk.open(text="For the Team alone."), into=theirs)
    assert desk.read(theirs).rung == "lead"
    assert refused(desk.answer, theirs, actor=admin)[0] == Reason.NOT_ALLOWED


def test_no_ring_of_merges_and_no_second_window(desk: Ticketing) -> None:
    first, second = desk.open(), desk.open()
    desk.do(joining.merge, first, into=second)
    assert refused(desk.do, joining.merge, second, into=first) == (Reason.CONFLICT, "into")
    assert refused(desk.do, joining.merge, first, into=second) == (Reason.CONFLICT, "into")
    assert [desk.read(each).merged_into_id for each in (first, second)] == [second.id, None]


# --- redacting


def test_what_is_redacted_in_a_merged_ticket_is_gone_wherever_it_is_read(desk: Ticketing) -> None:
    first, second = desk.open(text=NAMED), desk.open()
    desk.do(joining.merge, first, into=second)
    desk.do(writing.save_draft, second, text="About Robin Sample: see below.")
    [entry] = [each for each in desk.entries(first) if each.kind == "in"]
    assert desk.read(second).to_redact
    desk.do(redaction.redact, second, entry=entry, text="[removed] is here.")
    assert "robin" not in texts(desk)
    assert not desk.read(second).to_redact and not desk.read(first).to_redact
    assert found(desk, "robin") == [] and found(desk, "removed") == [second.id]


def test_what_was_looked_at_in_a_merged_ticket_waits_nowhere_any_more(desk: Ticketing) -> None:
    first, second = desk.open(text=NAMED), desk.open()
    desk.do(joining.merge, first, into=second)
    [entry] = [each for each in desk.entries(first) if each.kind == "in"]
    desk.do(redaction.cleared, second, entry=entry)
    assert not desk.read(second).to_redact and not desk.read(first).to_redact


@pytest.mark.parametrize("which", [0, 1, 2])
def test_copies_of_copies_are_redacted_with_their_first(desk: Ticketing, which: int) -> None:
    chain = [desk.open(text=NAMED)]
    for subject in ("The second", "The third"):
        last = chain[-1]
        [entry] = [each for each in desk.entries(last) if each.kind == "in"]
        chain.append(desk.do(joining.split, last, entries=[entry.id], subject=subject))
    [entry] = [each for each in desk.entries(chain[which]) if each.kind == "in"]
    desk.do(redaction.redact, chain[which], entry=entry, text="[removed] is here.")
    assert "robin" not in texts(desk)


def test_the_word_with_which_a_question_was_passed_on_can_be_redacted(desk: Ticketing) -> None:
    ticket = desk.open(rung="agency_admin")
    desk.do(moves.pass_on, ticket, to="lead", words="Robin Sample stands twice.")
    staff = browser_of(desk.world, desk.world.desk)
    page = staff.get(f"/tickets/{ticket.id}")
    [act] = [each for each in desk.entries(ticket) if each.kind == "act"]
    assert page.document.xpath(f"//li[@id='entry-{act.id}']//a[contains(@href, 'redact')]")
    form = staff.get(f"/tickets/{ticket.id}/redact?entry={act.id}")
    staff.submit(form, text="Passed on to the HMIS Lead. A client stands twice.", expect=302)
    assert "robin" not in texts(desk)


def test_a_rating_names_no_client(desk: Ticketing) -> None:
    ticket = desk.open()
    desk.solve(ticket)
    said = "Client Robin Sample, born on 04/05/1990, is still there twice."
    assert refused(desk.do, rating.rate, ticket, rating="bad", said=said, actor=rating.BY_LINK) == (Reason.BAD_INPUT, "said")  # fmt: skip
    desk.do(rating.rate, ticket, rating="bad", said="It came back.", actor=rating.BY_LINK)
    assert desk.read(ticket).rating == "bad"


# --- splitting


def test_the_first_message_is_split_off_and_stays(desk: Ticketing) -> None:
    ticket = desk.open()
    [entry] = [each for each in desk.entries(ticket) if each.kind == "in"]
    made = desk.do(joining.split, ticket, entries=[entry.id, entry.id], subject="The other thing")
    assert [each.body for each in desk.entries(made, notes=False)] == [entry.body] == [each.body for each in desk.entries(ticket, notes=False)]  # fmt: skip
    other = desk.open()
    for entries in ([], [entry.id], [desk.entries(made)[-1].id], [999_999]):
        assert refused(desk.do, joining.split, other, entries=entries, subject="Stolen") == (Reason.BAD_INPUT, "entries")  # fmt: skip


# --- many at once


def test_nobody_of_an_agency_does_anything_to_many(desk: Ticketing) -> None:
    own, other = desk.open(rung="agency_admin"), desk.unknown()
    admin = browser_of(desk.world, admin_of(desk.world, desk.agency))
    token = admin.get("/help").document.xpath("//input[@name='csrf_token']/@value")[0]
    for ids in ([own.id], [own.id, other.id], [999_999_999]):
        fields = {"csrf_token": token, "act": "solve", "value": "", "t": [str(each) for each in ids]}
        admin.post("/tickets/bulk", fields, 403)
    admin.get(f"/tickets/bulk?t={own.id}&act=solve", 403)
    assert [desk.read(each).status for each in (own, other)] == ["new", "new"]


def test_one_number_that_is_no_ticket_stops_all(desk: Ticketing) -> None:
    ticket, world = desk.open(), desk.world

    def solve(*ids: int) -> int:
        with world.change() as session:
            rows = bulk.chosen(session, ids, actor=world.desk)
            return bulk.carry_out(
                session, rows, act="solve", value="", actor=world.desk, now=world.now, policy=world.policy
            )

    assert refused(solve, ticket.id, 999_999)[0] == Reason.NOT_FOUND
    assert refused(solve) == (Reason.BAD_INPUT, "t")
    assert desk.read(ticket).status == "new"
    assert solve(ticket.id, ticket.id) == 1 and solve(ticket.id) == 0


def test_a_ring_of_many_is_merged_once(desk: Ticketing) -> None:
    tickets, world = [desk.open() for _ in range(3)], desk.world

    def merge(value: str) -> int:
        with world.change() as session:
            rows = bulk.chosen(session, [each.id for each in tickets], actor=world.desk)
            return bulk.carry_out(session, rows, act="merge", value=value, actor=world.desk, now=world.now, policy=world.policy)  # fmt: skip

    assert refused(merge, "999999") == (Reason.BAD_INPUT, "value")
    assert merge(str(tickets[1].id)) == 2
    assert refused(merge, str(tickets[0].id))[0] == Reason.CONFLICT  # the same list from another window
    assert [desk.read(each).merged_into_id for each in tickets] == [tickets[1].id, None, tickets[1].id]


# --- the way on


def test_the_next_ticket_goes_once_around_and_never_back_and_forth(desk: Ticketing) -> None:
    world = desk.world
    tickets = [desk.open(priority=priority) for priority in ("low", "urgent", "normal", "high")]
    mine = tickets[2]
    with world.change() as session:
        row = session.get_one(Ticket, mine.id)
        moves.assign(session, row, to=session.get_one(Person, world.desk.person_id), actor=world.desk, now=world.now, policy=world.policy)  # fmt: skip

    def following(ticket_id: int) -> int | None:
        with world.look() as session:
            row = session.get_one(Ticket, ticket_id)
            return listing.next_after(session, world.desk, row, now=world.now, policy=world.policy)

    low, urgent, _, high = (each.id for each in tickets)
    went = [mine.id]
    for _ in range(4):
        went.append(following(went[-1]) or 0)
    assert went == [mine.id, urgent, high, low, mine.id]
    for each in tickets:
        if each.id != mine.id:
            desk.solve(each)
    assert following(mine.id) is None and following(low) == mine.id


def test_a_look_at_a_ticket_writes_nothing(desk: Ticketing) -> None:
    ticket = desk.open()
    staff = browser_of(desk.world, desk.world.desk)
    staff.get(f"/tickets/{ticket.id}")
    with desk.world.look() as session:
        other = writing.others(session, session.get_one(Ticket, ticket.id), actor=desk.world.admin, now=desk.world.now)
        assert other == []
