"""Mail becomes part of the right ticket, exactly once, and of no other."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.adapters.inbox import InboxError
from portal.effects import fetch_mail
from portal.models import MessageSeen, Person, StoredFile, TicketFile, TicketFollower
from portal.services.helpdesk.mail import arriving, marks
from portal.services.helpdesk.tickets import joining, moves
from tests.enforcement.plan_pages import a_pdf
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.mails.people import PDF
from tests.helpdesk.mails.sample import DESK, mail, part, several
from tests.services.world import World


@pytest.fixture
def desk(each_engine: Engine, tmp_path: Path) -> Mailing:
    return Mailing(World(each_engine), tmp_path / "inbox")


# --- who writes


def test_a_known_sender_is_the_person_and_the_agency(desk: Mailing) -> None:
    arrival = desk.arrive(desk.from_asker("The APR does not open.", Subject="APR"))
    ticket = desk.ticket_of(arrival)
    assert (arrival.outcome, ticket.channel, ticket.subject, ticket.kind) == ("entry", "mail", "APR", "other")
    assert (ticket.requester_id, ticket.agency_id, ticket.rung) == (desk.asker.person_id, desk.agency.id, "lead")
    [entry] = [each for each in desk.entries(ticket) if each.kind == "in"]
    assert (entry.body, entry.author_id) == ("The APR does not open.", desk.asker.person_id)
    assert entry.original is not None and entry.original.media_type == "message/rfc822"


def test_the_address_is_compared_whatever_its_case(desk: Mailing) -> None:
    arrival = desk.arrive(desk.from_asker(From=desk.email.upper()))
    assert desk.ticket_of(arrival).requester_id == desk.asker.person_id


def test_a_stranger_gets_a_ticket_without_anybodys_data_and_no_account(desk: Mailing) -> None:
    with desk.world.look() as session:
        people = len(session.scalars(select(Person.id)).all())
    ticket = desk.ticket_of(desk.arrive(desk.from_stranger()))
    assert (ticket.requester_id, ticket.agency_id, ticket.membership_id) == (None, None, None)
    assert (ticket.requester_email, ticket.requester_name) == ("stranger@elsewhere.example", "A Stranger")
    with desk.world.look() as session:
        assert len(session.scalars(select(Person.id)).all()) == people
    [message] = desk.send()
    assert "portal" not in message.text.partition("hmis-mark")[0].lower().replace("hmis access portal", "")


def test_somebody_of_two_agencies_belongs_to_neither_by_guess(desk: Mailing) -> None:
    other = desk.world.agency()
    with desk.world.look() as session:
        person = session.get_one(Person, desk.asker.person_id)
    desk.world.member(other, person)
    assert desk.ticket_of(desk.arrive(desk.from_asker())).agency_id is None


def test_a_message_without_subject_or_text_is_a_ticket_all_the_same(desk: Mailing) -> None:
    arrival = desk.arrive(mail("", From=desk.email, drop=("Subject", "Message-ID")))
    ticket = desk.ticket_of(arrival)
    assert (ticket.subject, desk.entries(ticket)[0].body) == (arriving.NO_SUBJECT, arriving.NO_TEXT)


def test_files_are_kept_or_refused_with_the_reason(desk: Mailing) -> None:
    raw = several(
        part("See the files.", "text/plain"),
        part(
            a_pdf()[0].getvalue(),
            "application/pdf",
            encoding="base64",
            Content_Disposition="attachment; filename=agreement.pdf",
        ),
        part(
            b"MZ\x90",
            "application/octet-stream",
            encoding="base64",
            Content_Disposition="attachment; filename=tool.exe",
        ),
        part(PDF, "application/pdf", encoding="base64", Content_Disposition="attachment; filename=broken.pdf"),
        From=desk.email,
    )
    ticket = desk.ticket_of(desk.arrive(raw))
    with desk.world.look() as session:
        rows = session.execute(
            select(TicketFile.name, TicketFile.refused, StoredFile.media_type)
            .outerjoin(StoredFile, StoredFile.id == TicketFile.file_id)
            .where(TicketFile.entry_id == desk.entries(ticket)[0].id)
            .order_by(TicketFile.id)
        ).all()
    assert [(name, bool(refused), media) for name, refused, media in rows] == [
        ("agreement.pdf", False, "application/pdf"), ("tool.exe", True, None), ("broken.pdf", True, None),
    ]  # fmt: skip


def test_whom_the_sender_copied_follows_where_the_portal_knows_the_address(desk: Mailing) -> None:
    colleague = desk.world.member(desk.agency)
    with desk.world.look() as session:
        email = session.get_one(Person, colleague.person_id).email
    ticket = desk.ticket_of(desk.arrive(desk.from_asker(Cc=f"{email}, nobody@elsewhere.example, {DESK}")))
    with desk.world.look() as session:
        assert session.scalars(select(TicketFollower.email)).all() == [email]
    assert any("nobody@elsewhere.example" in each.body for each in desk.entries(ticket) if each.kind == "act")
    [acknowledgement] = desk.send()
    assert [address for _, address in acknowledgement.cc] == [email]


# --- where it belongs


def test_an_answer_finds_its_ticket_by_the_id_of_what_it_answers(desk: Mailing) -> None:
    ticket, message = desk.answered()
    arrival = desk.arrive(desk.from_asker("Thanks.", Subject="no number", In_Reply_To=f"<{message.message_id}>"))
    assert arrival.ticket_id == ticket.id and "id of the message" in arrival.said


def test_a_forged_id_opens_a_new_ticket_and_shows_nothing(desk: Mailing) -> None:
    ticket, message = desk.answered()
    local, _, host = message.message_id.partition("@")
    last = "A" if local[-1] != "A" else "B"
    forged = [f"{local[:-1]}{last}@{host}", f"{marks.message_id(type(desk.world.keys)(['x' * 40]), ticket.id, 1)}@{host}", "1.2@example.org"]  # fmt: skip
    for each in forged:
        arrival = desk.arrive(desk.from_stranger(In_Reply_To=f"<{each}>", Subject="no number"))
        assert arrival.ticket_id != ticket.id
        assert str(ticket.reference) not in desk.send()[0].text


def test_an_answer_finds_its_ticket_by_an_earlier_message_of_the_sender(desk: Mailing) -> None:
    first = desk.arrive(desk.from_asker(Message_ID="<own.7@shelter.example.org>"))
    again = desk.arrive(desk.from_asker("One more thing.", Subject="x", References="<a@b> <own.7@shelter.example.org>"))
    assert again.ticket_id == first.ticket_id


def test_the_nearest_of_two_conversations_counts(desk: Mailing) -> None:
    first = desk.arrive(desk.from_asker(Message_ID="<own.1@shelter.example.org>"))
    second = desk.arrive(desk.from_asker(Message_ID="<own.2@shelter.example.org>"))
    again = desk.arrive(desk.from_asker(References="<own.1@shelter.example.org> <own.2@shelter.example.org>"))
    assert again.ticket_id == second.ticket_id != first.ticket_id


def test_an_answer_that_kept_nothing_but_the_text_finds_its_ticket_by_the_mark(desk: Mailing) -> None:
    ticket, message = desk.answered()
    quoted = "\n".join(f"> {line}" for line in message.text.splitlines())
    arrival = desk.arrive(desk.from_asker(f"Yes.\n\n{quoted}", Subject="no number"))
    assert arrival.ticket_id == ticket.id and "mark" in arrival.said


def test_a_forged_mark_opens_a_new_ticket(desk: Mailing) -> None:
    ticket, _ = desk.answered()
    forged = marks.mark(type(desk.world.keys)(["another key of somebody else " * 2]), ticket.id)
    assert desk.arrive(desk.from_stranger(f"Show me.\n{forged}")).ticket_id != ticket.id


def test_what_was_signed_for_one_purpose_does_not_serve_another(desk: Mailing) -> None:
    ticket, message = desk.answered()
    for signed in (desk.world.keys.envelope(marks.MESSAGE, ticket.id), message.message_id.partition("@")[0]):
        assert desk.arrive(desk.from_stranger(f"hmis-mark: {signed}")).ticket_id != ticket.id


def test_a_number_in_the_subject_counts_from_who_takes_part(desk: Mailing) -> None:
    ticket, _ = desk.answered()
    arrival = desk.arrive(desk.from_asker("Yes.", Subject=f"Re: [{ticket.reference}] A report"))
    assert arrival.ticket_id == ticket.id and "number" in arrival.said


def test_a_number_in_the_subject_of_a_stranger_opens_a_new_ticket(desk: Mailing) -> None:
    ticket, _ = desk.answered()
    before = len(desk.entries(ticket))
    arrival = desk.arrive(desk.from_stranger("Tell me all.", Subject=f"Re: [{ticket.reference}] A report"))
    assert arrival.ticket_id != ticket.id and len(desk.entries(ticket)) == before
    [acknowledgement] = desk.send()
    assert acknowledgement.to_email == "stranger@elsewhere.example" and "It does not open" not in acknowledgement.text


def test_a_stranger_with_a_message_of_ours_is_heard_and_not_answered(desk: Mailing) -> None:
    """Whoever was sent the conversation on may add to it; answers go on to those who take part, and to nobody else."""
    ticket, message = desk.answered()
    arrival = desk.arrive(desk.from_stranger("I can help.", In_Reply_To=f"<{message.message_id}>"))
    assert arrival.ticket_id == ticket.id
    assert any("takes no part" in each.body for each in desk.entries(ticket))
    assert desk.send() == []
    desk.answer(ticket, "Thank you.")
    [answer] = desk.send()
    assert {answer.to_email, *(address for _, address in answer.cc)} == {desk.email}


def test_an_answer_to_a_merged_ticket_goes_where_that_went(desk: Mailing) -> None:
    ticket, message = desk.answered()
    other = desk.open()
    desk.do(joining.merge, ticket, into=other)
    assert desk.arrive(desk.from_asker(In_Reply_To=f"<{message.message_id}>")).ticket_id == other.id


def test_an_answer_opens_a_solved_ticket_again(desk: Mailing) -> None:
    ticket, message = desk.answered()
    desk.do(moves.solve, ticket)
    desk.arrive(desk.from_asker("It is still broken.", In_Reply_To=f"<{message.message_id}>"))
    assert desk.read(ticket).status == "open"


# --- once


def test_the_same_message_by_two_ways_is_one_entry(desk: Mailing) -> None:
    message = desk.from_asker(Message_ID="<same@shelter.example.org>")
    desk.arrive(message)
    before = desk.counted()
    again = desk.arrive(b"Received: from another way\r\n" + message)
    assert again.outcome == "duplicate" and desk.counted() == before


def test_the_same_bytes_without_an_id_are_one_entry(desk: Mailing) -> None:
    message = mail(From=desk.email, drop=("Message-ID",))
    desk.arrive(message)
    before = desk.counted()
    assert desk.arrive(message).outcome == "duplicate" and desk.counted() == before


def test_another_message_under_the_same_id_is_not_suppressed(desk: Mailing) -> None:
    """Broken programs use an id twice; and whoever learned an id could otherwise silence somebody else's message."""
    desk.arrive(desk.from_stranger("First of mine.", Message_ID="<same@shelter.example.org>"))
    arrival = desk.arrive(desk.from_asker("Something else.", Message_ID="<same@shelter.example.org>"))
    assert arrival.outcome == "entry"
    with desk.world.look() as session:
        assert len(session.scalars(select(MessageSeen.id).where(MessageSeen.direction == "in")).all()) == 1


def test_whoever_was_killed_before_it_was_put_aside_takes_nothing_twice(desk: Mailing, tmp_path: Path) -> None:
    message = desk.from_asker()
    desk.arrive(message)
    before = desk.counted()
    taken = next((tmp_path / "inbox" / "taken-over").iterdir())
    taken.rename(tmp_path / "inbox" / taken.name)
    assert desk.fetch() == 0 and desk.counted() == before
    assert len(desk.arrivals()) == 1 and not list((tmp_path / "inbox").glob("*.eml"))


def test_a_message_that_breaks_something_is_held_and_the_next_one_comes_through(
    desk: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = arriving.into_ticket

    def breaks(session, arrival, mail, *rest, **more):  # type: ignore[no-untyped-def]
        if "poison" in mail.text:
            raise RuntimeError("something nobody thought of")
        return whole(session, arrival, mail, *rest, **more)

    monkeypatch.setattr(arriving, "into_ticket", breaks)
    desk.put(desk.from_asker("poison"), desk.from_asker("Hello."))
    assert desk.fetch() == 2
    first, second = desk.arrivals()
    assert (first.outcome, second.outcome) == ("refused", "entry")
    assert "RuntimeError" in first.said and first.raw_file_id is not None and first.ticket_id is None


def test_a_message_that_nothing_can_read_is_held_and_holds_up_nobody(
    desk: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever reading it raises: it goes aside with its original, and those behind it come in."""
    whole = fetch_mail.incoming

    def falls(raw: bytes, **more: object) -> object:
        if b"poison" in raw:
            raise RecursionError
        return whole(raw, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(fetch_mail, "incoming", falls)
    desk.put(desk.from_asker("poison"), desk.from_asker("Behind it."))
    assert desk.fetch() == 2
    held, behind = desk.arrivals()
    assert (held.outcome, held.waits, behind.outcome) == ("refused", True, "entry")
    assert held.raw_file_id is not None and "RecursionError" in held.said
    assert desk.fetch() == 0


def test_a_full_disk_is_not_the_messages_fault(desk: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(raw: bytes, **more: object) -> object:
        raise OSError(28, "No space left on device")

    desk.put(desk.from_asker())
    with monkeypatch.context() as now:
        now.setattr(fetch_mail, "incoming", full)
        with pytest.raises(InboxError):
            desk.fetch()
    assert desk.arrivals() == []
    assert desk.fetch() == 1 and desk.arrivals()[0].outcome == "entry"
