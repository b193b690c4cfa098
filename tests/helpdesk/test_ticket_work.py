"""Tickets, the harder ways: the Agency Administrator's step, followers, files that are redacted, agreements, answers lost on the way."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal.adapters.storage import FileLost, Storage
from portal.models import (
    Document,
    Job,
    MessageSeen,
    Person,
    StoredFile,
    Ticket,
    TicketEntry,
    TicketFile,
    TicketFollower,
)
from portal.services import paperwork
from portal.services.helpdesk.tickets import (
    beside,
    bulk,
    conversation,
    entries,
    following,
    joining,
    listing,
    moves,
    redaction,
    words,
    writing,
)
from portal.services.helpdesk.tickets.entries import Attached
from portal.services.helpdesk.tickets.listing import Wanted
from portal.services.paperwork import Scan
from portal.services.security.kept_files import keep
from tests.helpdesk.ticketing import SAID, Ticketing, refused
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of
from tests.web.desk_world import stored
from tests.web.test_desk_work import a_pdf
from workflows.vocabulary import Effect, Reason, Role


@pytest.fixture
def desk(each_engine: Engine) -> Ticketing:
    return Ticketing(World(each_engine))


def attached(desk: Ticketing, content: bytes, name: str = "list.pdf") -> Attached:
    sha256 = Storage(desk.world.context.settings.storage).put(content)
    with desk.world.change() as session:
        scan = Scan(sha256, "application/pdf", len(content), 1, name)
        row = keep(session, scan, actor=desk.world.desk, now=desk.world.now)
    return Attached(name=name, file=row)


def test_the_agency_admin_answers_while_it_stands_there_and_no_longer(desk: Ticketing) -> None:
    admin = desk.actor(desk.world.member(desk.agency, None, Role.AGENCY_ADMIN))
    ticket = desk.open(rung="agency_admin")
    desk.answer(ticket, actor=admin)
    assert desk.entries(ticket)[-1].author_name == admin.name
    assert refused(desk.do, conversation.note, ticket, text="A note", actor=admin)[0] == Reason.NOT_ALLOWED
    assert refused(desk.do, moves.set_priority, ticket, priority="low", actor=admin)[0] == Reason.NOT_ALLOWED
    desk.do(moves.pass_on, ticket, to="lead", actor=admin)
    assert refused(desk.answer, ticket, actor=admin)[0] == Reason.NOT_ALLOWED


def test_nobody_answers_a_ticket_about_themselves_for_the_agency(desk: Ticketing) -> None:
    member = desk.world.member(desk.agency, None, Role.AGENCY_ADMIN)
    ticket = desk.open(rung="agency_admin", membership_id=member.id)
    assert refused(desk.answer, ticket, actor=desk.actor(member))[0] == Reason.NOT_ALLOWED
    with desk.world.look() as session:
        assert listing.numbered(session, desk.actor(member), ticket.reference) is None


def test_who_follows_sees_the_conversation_and_adds_to_it(desk: Ticketing) -> None:
    other = desk.world.member(desk.world.agency("Sample Elsewhere"), None, Role.END_USER)
    ticket, actor = desk.open(), desk.actor(other)
    assert refused(desk.receive, ticket, actor=actor)[0] == Reason.NOT_ALLOWED
    with desk.world.look() as session:
        email = session.get_one(Person, other.person_id).email
    row = desk.do(following.follow, ticket, email=email.upper())
    assert (row.person_id, row.email) == (other.person_id, email)
    assert desk.do(following.follow, ticket, email=email) is None
    assert desk.do(following.follow, ticket, email=desk.read(ticket).requester_email) is None
    assert desk.receive(ticket, actor=actor).author_id == other.person_id
    assert refused(desk.do, following.follow, ticket, email="nobody at all") == (Reason.BAD_INPUT, "email")


def test_a_file_that_is_redacted_leaves_the_storage_but_for_others_of_the_same_content(desk: Ticketing) -> None:
    world, storage = desk.world, Storage(desk.world.context.settings.storage)
    alone = attached(desk, f"a client's list {world.now} {id(desk)}".encode())
    shared = attached(desk, f"a form {world.now} {id(desk)}".encode())
    ticket = desk.open(text="Client Robin Sample is on the list.", files=[alone, shared])
    assert shared.file and alone.file
    with world.change() as session:
        session.add(
            StoredFile(
                sha256=shared.file.sha256, document_id=_document(desk, session), media_type="application/pdf", size=1, name="again.pdf",
                stored_at=world.now,
            )
        )  # fmt: skip
    [entry] = desk.entries(ticket)
    made = desk.do(joining.split, ticket, entries=[entry.id], subject="The same once more")
    desk.do(redaction.redact, ticket, entry=entry, text="[removed] is on the list.")
    world.drain()
    with pytest.raises(FileLost):
        storage.get(alone.file.sha256)
    assert storage.get(shared.file.sha256)
    for each in (ticket, made):
        [left] = [one for one in desk.entries(each) if one.kind == "in"]
        assert left.body == "[removed] is on the list."
        assert [(file.file_id, file.name) for file in left.files] == [(None, "file"), (None, "file")]
    with world.look() as session:
        assert session.get(StoredFile, alone.file.id) is None


def _document(desk: Ticketing, session) -> int:
    member = session.get_one(type(desk.asker), desk.asker.id)
    agency = session.get_one(type(desk.agency), desk.agency.id)
    made = paperwork.prepare(
        session, kind="user_agreement", agency=agency, membership=member, actor=desk.world.desk, now=desk.world.now
    )
    session.flush()
    return made.id


def test_what_still_looks_like_a_clients_is_not_taken_for_redacted(desk: Ticketing) -> None:
    ticket = desk.open(text="Client Robin Sample is here.")
    [entry] = desk.entries(ticket)
    assert refused(desk.do, redaction.redact, ticket, entry=entry, text="Client Robin Sample") == (
        Reason.BAD_INPUT,
        "text",
    )
    assert desk.entries(ticket)[0].body == "Client Robin Sample is here."
    stranger = desk.open(subject="Another")
    assert refused(desk.do, redaction.redact, stranger, entry=entry, text="[removed]")[0] == Reason.NOT_FOUND
    trainer = desk.world.staff(Role.TRAINER)
    assert (
        refused(desk.do, redaction.redact, ticket, entry=entry, text="[removed]", actor=trainer)[0]
        == Reason.NOT_ALLOWED
    )


def test_the_database_takes_no_redaction_back(desk: Ticketing) -> None:
    ticket = desk.open(text="Client Robin Sample is here.")
    desk.do(redaction.redact, ticket, entry=desk.entries(ticket)[0], text="[removed] is here.")
    with pytest.raises(DBAPIError), desk.world.change() as session:
        session.execute(text("UPDATE ticket_entry SET redacted_at = NULL, redacted_by = NULL"))


def test_an_answer_that_may_not_have_arrived_is_sent_again_only_by_a_person(desk: Ticketing) -> None:
    ticket = desk.open()
    entry = desk.answer(ticket)
    assert refused(again, desk, entry)[0] == Reason.ALREADY_DONE
    with desk.world.change() as session:
        session.get_one(TicketEntry, entry.id).delivery = "uncertain"
        session.execute(text("DELETE FROM job"))
    with desk.world.look() as session:
        page = listing.page(
            session, desk.world.desk, wanted=Wanted(show="undelivered"), now=desk.world.now, policy=desk.world.policy
        )
        assert [row.id for (row,) in page.rows] == [ticket.id]
    again(desk, entry)
    assert desk.entries(ticket)[-1].delivery == "queued"
    with desk.world.look() as session:
        assert [job.payload for job in session.scalars(select(Job).where(Job.effect == Effect.TICKET_MAIL))] == [
            {"entry_id": entry.id}
        ]


def again(desk: Ticketing, entry: TicketEntry) -> None:
    with desk.world.change() as session:
        conversation.send_again(
            session, session.get_one(TicketEntry, entry.id), actor=desk.world.desk, now=desk.world.now
        )


def test_a_message_id_counts_once(desk: Ticketing) -> None:
    ticket = desk.open(message_id="<one@example.org>")
    with desk.world.change() as session:
        row = session.get_one(Ticket, ticket.id)
        assert not entries.seen(session, " <one@example.org> ", direction="in", now=desk.world.now, ticket=row)
        assert entries.seen(session, "<two@example.org>", direction="in", now=desk.world.now, ticket=row)
        assert len(session.scalars(select(MessageSeen)).all()) == 2


def test_merged_tickets_stay_one_chain_without_links_between(desk: Ticketing) -> None:
    first, second, third = desk.open(), desk.open(), desk.open()
    desk.do(joining.merge, second, into=first)
    assert refused(desk.do, joining.merge, third, into=second) == (Reason.CONFLICT, "into")
    assert refused(desk.do, joining.merge, first, into=first) == (Reason.BAD_INPUT, "into")
    desk.do(joining.merge, first, into=third)
    assert [desk.read(each).merged_into_id for each in (first, second, third)] == [third.id, third.id, None]
    assert [entry.ticket_id for entry in desk.entries(third, notes=False)] == [first.id, second.id, third.id]
    assert refused(desk.answer, second)[0] == Reason.CONFLICT
    with desk.world.look() as session:
        assert session.scalars(select(TicketFollower)).all() == []


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Sign-in doesn’t work", ["sign-in", "sign", "in", "doesn’t", "doesn", "work"]),
        ("Äpfel ÄPFEL", ["apfel"]),
        ("x", []),
        ("HD-12 jamie@example.org", ["hd-12", "hd", "12", "jamie", "example", "org"]),
        ("w" * 41, []),
    ],
)
def test_words_are_folded_and_told_apart(said: str, found: list[str]) -> None:
    assert words.words_of(said) == found


@pytest.mark.parametrize(
    ("looked_for", "found"),
    [
        ("monthly report", True),
        ("MONTHLY", True),
        ("month", True),
        ("monthly zebra", False),
        ("quoted", False),
        ("jamie", True),
        ("", True),
    ],
)
def test_a_ticket_is_found_by_what_was_written_and_who_asked(desk: Ticketing, looked_for: str, found: bool) -> None:
    desk.open(
        text=f"{SAID}\n> something quoted",
        folded_from=len(SAID),
        requester=None,
        agency_id=None,
        email="jamie@example.org",
    )
    with desk.world.look() as session:
        page = listing.page(
            session, desk.world.desk, wanted=Wanted(words=looked_for), now=desk.world.now, policy=desk.world.policy
        )
    assert bool(page.rows) == found


@pytest.mark.parametrize(
    ("wanted", "among"),
    [
        ({"show": "new"}, True), ({"show": "waiting"}, False), ({"show": "solved"}, False), ({"show": "unassigned"}, True),
        ({"show": "mine"}, False), ({"show": "overdue"}, False), ({"show": "all"}, True), ({"priority": "urgent"}, False),
        ({"kind": "other"}, True), ({"kind": "report"}, False), ({"tag": "none"}, False), ({"agency_id": 4711}, False),
        ({"requester_id": 4711}, False), ({"outage_id": 4711}, False), ({"show": "redact"}, False), ({"show": "agency"}, False),
    ],
)  # fmt: skip
def test_filters(desk: Ticketing, wanted: dict, among: bool) -> None:
    desk.open()
    with desk.world.look() as session:
        page = listing.page(
            session, desk.world.desk, wanted=Wanted(**wanted), now=desk.world.now, policy=desk.world.policy
        )
    assert bool(page.rows) == among


def test_what_is_overdue_and_due_soon_is_counted(desk: Ticketing) -> None:
    desk.open(priority="urgent")
    with desk.world.look() as session:
        before = listing.counts(session, desk.world.desk, now=desk.world.now, policy=desk.world.policy)
        later = listing.counts(
            session, desk.world.desk, now=desk.world.now + timedelta(days=7), policy=desk.world.policy
        )
    assert (before.living, before.soon, before.overdue) == (1, 1, 0)
    assert (later.soon, later.overdue) == (0, 1)
    desk.answer(desk.open(), after="wait")
    with desk.world.look() as session:
        later = listing.counts(
            session, desk.world.desk, now=desk.world.now + timedelta(days=70), policy=desk.world.policy
        )
    assert (later.living, later.overdue, later.waiting) == (2, 1, 1)


def test_many_at_once_are_all_done_or_none(desk: Ticketing) -> None:
    first, second = desk.open(), desk.open()
    desk.do(joining.merge, desk.open(), into=first)
    merged = second.id + 1
    with desk.world.look() as session:
        rows = session.scalars(select(Ticket).order_by(Ticket.id)).all()
    assert [row.id for row in rows] == [first.id, second.id, merged]

    def prioritize() -> None:
        with desk.world.change() as session:
            chosen = bulk.chosen(session, [first.id, second.id, merged], actor=desk.world.desk)
            bulk.carry_out(
                session,
                chosen,
                act="priority",
                value="high",
                actor=desk.world.desk,
                now=desk.world.now,
                policy=desk.world.policy,
            )

    assert refused(prioritize) == (Reason.CONFLICT, "value")
    assert desk.read(first).priority == "normal"


def test_presence_is_said_for_two_minutes_and_to_others_alone(desk: Ticketing) -> None:
    ticket = desk.open()
    desk.do(writing.here, ticket, writing=True)
    desk.do(writing.here, ticket, writing=True)
    for actor, minutes, said in ((desk.world.desk, 0, []), (desk.world.admin, 0, [True]), (desk.world.admin, 3, [])):
        with desk.world.look() as session:
            row, now = session.get_one(Ticket, ticket.id), desk.world.now + timedelta(minutes=minutes)
            assert [each.writing for each in writing.others(session, row, actor=actor, now=now)] == said


def test_whom_a_ticket_is_about_belongs_to_its_agency(desk: Ticketing) -> None:
    elsewhere = desk.world.member(desk.world.agency("Sample Elsewhere"), None, Role.END_USER)
    with desk.world.look() as session:
        email = session.get_one(Person, elsewhere.person_id).email
    assert refused(desk.do, beside.set_about, desk.open(), email=email) == (Reason.BAD_INPUT, "email")
    assert refused(desk.do, beside.set_about, desk.unknown(), email=email)[0] == Reason.CONFLICT


# --- a signed agreement that came by mail


@pytest.fixture
def kept_desk(engine: Engine, tmp_path: Path) -> Ticketing:
    return Ticketing(stored(World(engine), tmp_path))


def test_an_attachment_becomes_the_scan_of_the_agreement_and_is_verified(kept_desk: Ticketing) -> None:
    desk, world = kept_desk, kept_desk.world
    with world.change() as session:
        document_id = _document(desk, session)
        name = session.get_one(Person, desk.asker.person_id).name
    ticket = desk.open(kind="user_agreement", files=[attached(desk, a_pdf(), "agreement.pdf")])
    staff: ClientRequest = browser_of(world, world.desk)
    form = staff.get(f"/tickets/{ticket.id}/start/agreement")
    assert "agreement.pdf" in form.text and name in form.document.xpath("//input[@name='name']/@value")
    wrong = staff.submit(form, signed_on="2027-05-01", verified="y", expect=400)
    assert "not after today" in wrong.text
    done = staff.follow(staff.submit(wrong, signed_on="2026-11-20", verified="y"))
    assert "was received and verified" in done.document.xpath("string(//textarea[@name='text'])")
    with world.look() as session:
        document = session.get_one(Document, document_id)
        assert (document.status, document.verified_by) == ("executed", world.desk.person_id)
        assert session.scalar(select(TicketFile.id).where(TicketFile.file_id.is_not(None)))


def test_another_tickets_attachment_or_document_is_not_there(kept_desk: Ticketing) -> None:
    desk, world = kept_desk, kept_desk.world
    with world.change() as session:
        _document(desk, session)
    mine = desk.open(files=[attached(desk, a_pdf(), "agreement.pdf")])
    other = desk.open(subject="Another", files=[attached(desk, a_pdf() + b"\n", "other.pdf")])
    with world.look() as session:
        file = session.scalars(select(TicketFile).join(TicketEntry).where(TicketEntry.ticket_id == other.id)).one()
    staff = browser_of(world, world.desk)
    form = staff.get(f"/tickets/{mine.id}/start/agreement")
    staff.submit(form, signed_on="2026-11-20", file=str(file.id), expect=400)
    staff.get(f"/tickets/{mine.id}/files/{file.id}", expect=404)
    got = staff.get(f"/tickets/{other.id}/files/{file.id}").response
    assert got.headers["Content-Disposition"].startswith("attachment")
