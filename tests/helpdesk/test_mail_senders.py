"""Who a message is from is believed only as far as our own mail server vouches for it, and nothing weighty is done before."""

import dataclasses
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal.adapters.mail_in import Proof, read_mail
from portal.adapters.mail_in.proving import NAMELESS, parsed, proven
from portal.adapters.mail_in.telling import Headers
from portal.models import AuditEntry, Person, SenderProof, Ticket, TicketFollower
from portal.services.helpdesk.tickets import joining, moves, senders, workflows
from portal.services.helpdesk.tickets.workflows import Sure
from tests.helpdesk.mailing import Mailing
from tests.helpdesk.mails.sample import mail
from tests.helpdesk.ticketing import refused
from tests.services.world import World
from workflows.vocabulary import Reason

OURS = "mx.desk.example.org"
PASSED = f"{OURS}; dmarc=pass (p=none) header.from=shelter.example.org"
FAILED = (
    f"{OURS}; dkim=none; spf=fail smtp.mailfrom=evil.example; dmarc=fail (p=reject) header.from=shelter.example.org"
)
GMAIL = (
    f'{OURS}; dkim=pass header.i=@shelter.example.org header.s=a header.b="xy="; '
    "spf=pass (a: domain of x designates 192.0.2.1 (ok) as permitted) smtp.mailfrom=jamie@shelter.example.org; "
    "dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=shelter.example.org"
)
MICROSOFT = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=shelter.example.org; dkim=pass (signature was verified) "
    "header.d=shelter.example.org;dmarc=pass action=none header.from=shelter.example.org;compauth=pass reason=100"
)
PLAIN = {"incident", "outage", "service_request"}
"""What may be begun from anybody's ticket: it concerns nobody's access."""
JAMIE = "jamie@shelter.example.org"


def read(*results: str, sender: str = JAMIE, servers: tuple[str, ...] = (OURS,), **more: str) -> Proof:
    """What is found out where these Authentication-Results stand on top, the first one topmost."""
    head = "".join(f"Authentication-Results: {each}\r\n" for each in results).encode()
    raw = head + mail("Hello.", **({"From": sender} | more))
    return proven(Headers(message_from_bytes(raw, policy=policy.compat32)), JAMIE, writers=1, servers=servers)[0]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (PASSED, Proof.PROVEN),
        (FAILED, Proof.FAILED),
        # Gmail, Exim with a version, a comment inside a comment, a value in quotes, folded lines, another order.
        (GMAIL, Proof.PROVEN),
        (f"{OURS} 1;\r\n\tdmarc=pass header.from=\"Shelter.Example.ORG\"", Proof.PROVEN),
        (f"(our own (very) server) \"{OURS}\" ; dmarc = pass reason=\"a; b\" header.from = shelter.example.org", Proof.PROVEN),
        # No policy of the domain's: a signature or an envelope of the very domain counts as well, and no other.
        (f"{OURS}; dmarc=none; dkim=pass header.d=shelter.example.org", Proof.PROVEN),
        (f"{OURS}; spf=pass smtp.mailfrom=bounce@shelter.example.org", Proof.PROVEN),
        (f"{OURS}; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example", Proof.UNSAID),
        (f"{OURS}; dkim=pass header.d=example.org", Proof.UNSAID),
        (f"{OURS}; dkim=pass header.d=evil-shelter.example.org", Proof.UNSAID),
        (f"{OURS}; spf=softfail smtp.mailfrom=shelter.example.org; dmarc=none", Proof.UNSAID),
        (f"{OURS}; dmarc=temperror header.from=shelter.example.org", Proof.UNSAID),
        (f"{OURS}; none", Proof.UNSAID),
        # DMARC passed for another domain than the one that stands in From: two From lines, a display trick.
        (f"{OURS}; dmarc=pass header.from=evil.example", Proof.UNSAID),
        (f"{OURS}; dmarc=pass", Proof.UNSAID),
        # Two answers to one question: the worse one, or none.
        (f"{OURS}; dmarc=fail header.from=x; dmarc=pass header.from=shelter.example.org", Proof.FAILED),
        (f"{OURS}; dmarc=none; dmarc=pass header.from=shelter.example.org", Proof.UNSAID),
        # What stands in comments and quotes says nothing.
        (f"{OURS}; spf=none (dmarc=pass header.from=shelter.example.org)", Proof.UNSAID),
        (f"{OURS}; spf=none smtp.mailfrom=\"; dmarc=pass header.from=shelter.example.org\"", Proof.UNSAID),
        (f"{OURS}; spf=none (not closed; dmarc=pass header.from=shelter.example.org", Proof.UNSAID),
        (f"{OURS}; spf=none \"not closed; dmarc=pass header.from=shelter.example.org", Proof.UNSAID),
        (f"{OURS}; spf=none ) ; dmarc=pass header.from=shelter.example.org", Proof.UNSAID),
        # Another server's word, one that looks like ours, or none at all.
        (PASSED.replace(OURS, "mx.evil.example"), Proof.UNSAID),
        (PASSED.replace(OURS, f"{OURS}.evil.example"), Proof.UNSAID),
        ("dmarc=pass header.from=shelter.example.org", Proof.UNSAID),
        ("", Proof.UNSAID), (";;;===", Proof.UNSAID), ("(" * 30_000, Proof.UNSAID), ('"\\', Proof.UNSAID),
    ],
)  # fmt: skip
def test_only_what_our_own_server_says_of_the_very_domain_counts(value: str, found: Proof) -> None:
    assert read(value) is found


def test_only_the_topmost_header_of_our_server_counts_whatever_the_sender_wrote_below_or_above() -> None:
    forged = PASSED
    assert read(FAILED, forged) is Proof.FAILED
    assert read(f"{OURS}; none", forged) is Proof.UNSAID
    assert read("mx.evil.example; dmarc=pass header.from=shelter.example.org", FAILED) is Proof.FAILED
    assert read(PASSED, FAILED) is Proof.PROVEN


def test_without_a_server_named_nothing_is_believed() -> None:
    assert read(PASSED, servers=()) is Proof.UNSAID
    assert read(PASSED, servers=("other.example", OURS.upper())) is Proof.PROVEN


def test_a_server_without_a_name_is_believed_only_where_the_settings_say_that_ours_has_none() -> None:
    """Microsoft 365 leaves its own name out, and renames what the sender brought along."""
    assert read(MICROSOFT, servers=(NAMELESS,)) is Proof.PROVEN
    assert read(PASSED, MICROSOFT, servers=(NAMELESS,)) is Proof.PROVEN
    assert read(PASSED, servers=(NAMELESS,)) is Proof.UNSAID
    assert read(MICROSOFT.replace("dmarc=pass", "dmarc=fail"), servers=(NAMELESS,)) is Proof.FAILED


@pytest.mark.parametrize(
    "raw",
    [
        b"From: " + JAMIE.encode() + b"\r\n" + mail(From="thief@evil.example"),
        mail(From=f"{JAMIE}, thief@evil.example"),
        mail(drop=("From",), Sender=JAMIE),
    ],
)
def test_a_message_of_two_writers_or_none_is_never_proven(raw: bytes) -> None:
    found = read_mail(f"Authentication-Results: {PASSED}\r\n".encode() + raw, servers=[OURS])
    assert found.proof is Proof.UNSAID


def test_it_comes_through_the_child_with_the_servers_own_words() -> None:
    found = read_mail(f"Authentication-Results: {FAILED}\r\n".encode() + mail(), servers=[OURS])
    assert (found.proof, found.proof_said) == (Proof.FAILED, "dkim=none; spf=fail; dmarc=fail")
    assert parsed(FAILED)[1][2].properties == {"header.from": "shelter.example.org"}


# --- what becomes of it


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Mailing:
    made = Mailing(World(engine), tmp_path / "inbox")
    made.trust(OURS)
    return made


def forged(desk: Mailing, body: str = "She has left. Lock her out.", **more: str) -> bytes:
    return _with(desk, f"{OURS}; dmarc=fail header.from={{}}", body, **more)


def honest(desk: Mailing, body: str = "It does not open.", **more: str) -> bytes:
    return _with(desk, f"{OURS}; dmarc=pass header.from={{}}", body, **more)


def _with(desk: Mailing, results: str, body: str, **more: str) -> bytes:
    domain = desk.email.rpartition("@")[2]
    return f"Authentication-Results: {results.format(domain)}\r\n".encode() + desk.from_asker(body, **more)


def standing(desk: Mailing, ticket: Ticket) -> str:
    with desk.world.look() as session:
        return senders.standing(session, session.get_one(Ticket, ticket.id))


def test_a_proven_sender_is_the_person_and_nothing_is_asked(desk: Mailing) -> None:
    ticket = desk.ticket_of(desk.arrive(honest(desk)))
    assert (ticket.requester_id, standing(desk, ticket)) == (desk.asker.person_id, "")
    assert len(desk.send()) == 1
    with desk.world.look() as session:
        assert session.scalars(select(SenderProof.proof)).all() == ["proven"]


def test_a_sender_of_whom_nothing_is_said_is_the_person_with_a_doubt(desk: Mailing) -> None:
    ticket = desk.ticket_of(desk.arrive(desk.from_asker()))
    assert (ticket.requester_id, standing(desk, ticket)) == (desk.asker.person_id, "unsaid")
    assert len(desk.send()) == 1


def test_a_forged_message_is_nobodys_is_not_answered_and_names_nobody(desk: Mailing) -> None:
    with desk.world.look() as session:
        other = session.get_one(Person, desk.world.admin.person_id)
    ticket = desk.ticket_of(desk.arrive(forged(desk, Cc=other.email)))
    assert (ticket.requester_id, ticket.agency_id, standing(desk, ticket)) == (None, None, "failed")
    assert desk.send() == []
    assert any("did not come from" in each.body and "dmarc=fail" in each.body for each in desk.entries(ticket))
    with desk.world.look() as session:
        assert session.scalars(select(TicketFollower.id)).all() == []
        row = session.get_one(Ticket, ticket.id)
        assert {offer.start.id for offer in workflows.offered(session, row, actor=desk.world.desk, policy=desk.world.policy)} <= PLAIN  # fmt: skip


def test_a_number_in_the_subject_lets_no_forgery_into_somebodys_ticket(desk: Mailing) -> None:
    ticket = desk.ticket_of(desk.arrive(honest(desk)))
    assert desk.arrive(forged(desk, Subject=f"Re: [{ticket.reference}]")).ticket_id != ticket.id
    assert desk.arrive(honest(desk, Subject=f"Re: [{ticket.reference}]")).ticket_id == ticket.id


def test_a_forgery_that_knows_an_id_of_ours_is_heard_and_is_nobodys_word(desk: Mailing) -> None:
    ticket, message = desk.answered()
    arrival = desk.arrive(
        forged(desk, "Send it to me.", In_Reply_To=f"<{message.message_id}>", Cc="kim@shelter.example")
    )
    entry = next(each for each in desk.entries(ticket) if each.id == arrival.entry_id)
    assert (arrival.ticket_id, entry.author_id, standing(desk, ticket)) == (ticket.id, None, "failed")


def test_forgeries_in_somebodys_name_do_not_shut_that_person_up(desk: Mailing) -> None:
    rules = desk.world.policy
    few = dataclasses.replace(rules, helpdesk=dataclasses.replace(rules.helpdesk, loop_mails=2))
    desk.world.context = dataclasses.replace(desk.world.context, policy=few)
    desk.put(*(forged(desk, f"Forged {n}.") for n in range(5)))
    desk.fetch()
    assert {each.outcome for each in desk.arrivals()} == {"entry", "spam_guard"}
    assert desk.arrive(honest(desk)).outcome == "entry"


def test_a_forgery_that_comes_first_does_not_suppress_what_it_was_made_after(desk: Mailing) -> None:
    same = {"Message_ID": "<same@shelter.example.org>"}
    assert desk.arrive(forged(desk, "The same.", **same)).outcome == "entry"
    assert desk.arrive(honest(desk, "The same.", **same)).outcome == "entry"
    assert desk.arrive(forged(desk, "The same.", **same)).outcome == "duplicate"


# --- and before an act that weighs


def reset(desk: Mailing, ticket: Ticket, **sure: object) -> None:
    desk.do(workflows.reset, ticket, reason="They asked for it.", sure=Sure(**sure))  # type: ignore[arg-type]


def test_a_weighty_act_waits_until_somebody_made_sure_and_says_how(desk: Mailing) -> None:
    ticket = desk.ticket_of(desk.arrive(desk.from_asker("I forgot my password.")))
    assert refused(reset, desk, ticket) == (Reason.BAD_INPUT, "how")
    assert refused(reset, desk, ticket, how="ok") == (Reason.BAD_INPUT, "how")
    reset(desk, ticket, how="Called 207-555-0100 and spoke with them.", last_seen=desk.read(ticket).last_entry_id)
    assert standing(desk, ticket) == ""
    with desk.world.look() as session:
        row = session.scalars(select(SenderProof)).one()
        assert (row.vouched_by, row.how) == (desk.world.desk.person_id, "Called 207-555-0100 and spoke with them.")
        assert session.scalars(select(AuditEntry).where(AuditEntry.act == "ticket.vouch")).one()
    assert refused(desk.do, senders.vouch, ticket, how="Called.")[0] == Reason.ALREADY_DONE


def test_what_came_while_somebody_called_back_is_not_vouched_for(desk: Mailing) -> None:
    ticket = desk.ticket_of(desk.arrive(desk.from_asker("I forgot my password.")))
    before = desk.read(ticket).last_entry_id
    desk.arrive(desk.from_asker("And send it to my other address.", Subject=f"[{ticket.reference}]"))
    assert refused(reset, desk, ticket, how="Called them.", last_seen=before)[0] == Reason.CONFLICT
    assert standing(desk, ticket) == "unsaid"
    with desk.world.look() as session:  # nothing of it was kept
        assert session.scalars(select(SenderProof.id).where(SenderProof.vouched_at.is_not(None))).all() == []


def test_whoever_is_made_sure_of_is_known_from_then_on(desk: Mailing) -> None:
    ticket = desk.ticket_of(desk.arrive(forged(desk, "Forwarded by our list: it does not open.")))
    desk.do(senders.vouch, ticket, how="Called them: their list breaks the signature.")
    after = desk.read(ticket)
    assert (after.requester_id, after.agency_id) == (desk.asker.person_id, desk.agency.id)


def test_why_not_yet_does_not_go_out_for_a_forgery(desk: Mailing) -> None:
    ticket, message = desk.answered()
    desk.arrive(forged(desk, "Why do I have no access?", In_Reply_To=f"<{message.message_id}>"))
    assert refused(desk.do, workflows.answer_why, ticket)[0] == Reason.CONFLICT
    desk.do(senders.vouch, ticket, how="Called them.")
    desk.do(workflows.answer_why, ticket)


def test_a_merged_or_copied_doubt_stays_one(desk: Mailing) -> None:
    doubtful = desk.ticket_of(desk.arrive(desk.from_asker()))
    into = desk.ticket_of(desk.arrive(honest(desk)))
    [entry] = [each for each in desk.entries(doubtful) if each.kind == "in"]
    made = desk.do(joining.split, doubtful, entries=[entry.id], subject="Another question")
    assert standing(desk, made) == "unsaid"
    desk.do(joining.merge, doubtful, into=into)
    assert standing(desk, into) == "unsaid"


def test_the_portals_own_tickets_are_not_doubted(desk: Mailing) -> None:
    ticket = desk.open(channel="portal")
    assert standing(desk, ticket) == ""
    desk.do(moves.solve, ticket)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sender_proof SET proof = 'proven'", "UPDATE sender_proof SET said = 'x'", "DELETE FROM sender_proof",
        "UPDATE sender_proof SET vouched_by = 1, vouched_at = '2026-11-23 10:00:00'",
    ],
)  # fmt: skip
def test_the_database_keeps_what_the_server_said(each_engine: Engine, tmp_path: Path, change: str) -> None:
    desk = Mailing(World(each_engine), tmp_path / "inbox")
    desk.trust(OURS)
    desk.arrive(forged(desk))
    with pytest.raises(DBAPIError), desk.world.change() as session:
        session.execute(text(change))
