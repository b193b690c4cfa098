"""A message is taken in: once, whatever happens to the worker, and by what it is: a person's becomes part of a ticket."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.actors import PORTAL
from portal.models import MailArrival, MessageSeen, Person, StoredFile, Ticket, TicketEntry
from portal.secrets import Keys
from portal.services.helpdesk.mail import marks, threading
from portal.services.helpdesk.mail.answering import acknowledge, undelivered
from portal.services.helpdesk.mail.incoming import Incoming, IncomingFile, email_key
from portal.services.helpdesk.tickets import conversation, opening, senders
from portal.services.helpdesk.tickets.entries import Attached, fingerprint, hold, say, write
from portal.services.helpdesk.tickets.following import MOST_FOLLOWERS, follow
from workflows.policy import Policy

HOUR = timedelta(hours=1)
ACKNOWLEDGED_AN_HOUR = 5
"""So many messages of one address within an hour are acknowledged: whose address was forged is not buried in mail."""

MAIL_KIND = "other"
NO_TEXT = "(This message has no text.)"
NO_SUBJECT = "(no subject)"
_OUTCOMES = {"auto_reply": "auto_reply", "bounce": "bounce", "list": "list", "own_loop": "loop"}


def known(session: Session, *, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> set[int]:
    """Which of these messages are on record already."""
    found: set[int] = set()
    for start in range(0, len(uids), 500):
        found |= set(
            session.scalars(
                select(MailArrival.uid).where(
                    MailArrival.mailbox == mailbox, MailArrival.uidvalidity == uidvalidity,
                    MailArrival.uid.in_(uids[start : start + 500]),
                )
            )
        )  # fmt: skip
    return found


def take(
    session: Session, mail: Incoming, *, own: Collection[str], keys: Keys, now: datetime, policy: Policy
) -> MailArrival | None:
    """Takes a message in, with all that follows from it, in this one transaction; None where it was taken in before.

    `own` are the addresses that the portal writes from. What is no person's message is kept and never answered; more than
    the pack's number of messages from one address within an hour are held for somebody's look.
    """
    if known(session, mailbox=mail.mailbox, uidvalidity=mail.uidvalidity, uids=[mail.uid]):
        return None
    arrival = MailArrival(
        mailbox=mail.mailbox, uidvalidity=mail.uidvalidity, uid=mail.uid, sha256=mail.raw_sha256, content_sha256=mail.content_sha256,
        message_id=mail.message_id, message_sha256=fingerprint(mail.message_id) if mail.message_id else "",
        from_email=email_key(mail.from_email), from_name=mail.from_name, subject=mail.subject, size=mail.size, arrived_at=now,
        outcome="refused", said=mail.why[:300], proof=mail.proof,
    )  # fmt: skip
    if _is_duplicate(session, arrival):
        arrival.outcome, arrival.said = "duplicate", "The same message came before."
        session.add(arrival)
        session.flush()
        return arrival
    stored = _store_raw(session, mail, now=now)
    arrival.raw_file_id = stored.id if stored else None
    session.add(arrival)
    session.flush()
    if mail.kind == "own_loop" or _is_ours(session, mail, keys):
        arrival.outcome, arrival.said = "loop", mail.why or "It is a message of the portal's own that came back."
    elif mail.kind in ("auto_reply", "bounce"):
        arrival.outcome = _OUTCOMES[mail.kind]
        _tell_ticket(session, arrival, mail, keys=keys, now=now)
    else:
        _from_a_person(session, arrival, mail, stored, own=own, keys=keys, now=now, policy=policy)
    session.flush()
    return arrival


def refuse(session: Session, mail: Incoming, why: str, *, now: datetime) -> MailArrival | None:
    """Keeps a message that could not be taken in, for somebody's look; None where it is on record already."""
    if known(session, mailbox=mail.mailbox, uidvalidity=mail.uidvalidity, uids=[mail.uid]):
        return None
    stored = _store_raw(session, mail, now=now)
    arrival = MailArrival(
        mailbox=mail.mailbox, uidvalidity=mail.uidvalidity, uid=mail.uid, sha256=mail.raw_sha256, size=mail.size, arrived_at=now,
        from_email=email_key(mail.from_email), from_name=mail.from_name, subject=mail.subject,
        raw_file_id=stored.id if stored else None, outcome="refused", said=why[:300],
    )  # fmt: skip
    session.add(arrival)
    session.flush()
    _on_record(session, arrival, now=now)
    return arrival


def into_ticket(
    session: Session, arrival: MailArrival, mail: Incoming, found: threading.Found | None, *, own: Collection[str],
    now: datetime, policy: Policy,
) -> Ticket:  # fmt: skip
    """Makes a message part of the ticket that was found, or opens one; the original moves over to its entry."""
    person = None if mail.forged else _person(session, mail.from_email)
    files = [_attached(session, each, now=now) for each in mail.files]
    body = mail.text or NO_TEXT
    entry: TicketEntry
    if found is None:
        ticket = opening.open_ticket(
            session, subject=mail.subject or NO_SUBJECT, text=body, kind=MAIL_KIND, channel="mail", requester=person,
            email=mail.from_email, name=mail.from_name, agency_id=opening.agency_of(session, person) if person else None,
            files=files, message_id=mail.message_id, html=mail.html, folded_from=mail.folded_from,
            original_file_id=arrival.raw_file_id, in_reply_to=_first(mail.in_reply_to), actor=PORTAL, now=now, policy=policy,
        )  # fmt: skip
        entry = session.get_one(TicketEntry, ticket.last_entry_id)
    else:
        entry = conversation.receive(
            session, found.ticket, text=body, html=mail.html, files=files, message_id=mail.message_id,
            in_reply_to=_first(mail.in_reply_to), folded_from=mail.folded_from, original_file_id=arrival.raw_file_id,
            author_id=person.id if person else None, author_name=person.name if person else mail.from_name or mail.from_email,
            actor=PORTAL, now=now, policy=policy,
        )  # fmt: skip
        ticket = session.get_one(Ticket, entry.ticket_id)
    arrival.ticket_id, arrival.entry_id, arrival.raw_file_id, arrival.subject = ticket.id, entry.id, None, ""
    arrival.outcome = "entry"
    senders.keep(session, entry, proof=mail.proof, said=mail.proof_said)
    if mail.forged:
        text = (
            f"The mail server says that this did not come from {mail.from_email}'s own mail server ({mail.proof_said})."
        )
        say(session, ticket, f"{text} Nobody is named, copied or answered for it.", actor=PORTAL, now=now)
    elif found is None or found.takes_part:
        _copy_to(session, ticket, mail.others, own=own, now=now)
    else:
        say(session, ticket, f"{mail.from_email} takes no part in this ticket; found by {found.by}. Answers do not go there.", actor=PORTAL, now=now)  # fmt: skip
    for each in mail.notes:
        say(session, ticket, each, actor=PORTAL, now=now)
    return ticket


def _from_a_person(
    session: Session, arrival: MailArrival, mail: Incoming, stored: StoredFile | None, *, own: Collection[str], keys: Keys,
    now: datetime, policy: Policy,
) -> None:  # fmt: skip
    found = threading.find(session, mail, keys=keys)
    if mail.kind == "list" and not (found and found.proven):
        arrival.outcome = "list"
        return
    if not mail.from_email:
        arrival.said = "It does not say whom it is from."
        _on_record(session, arrival, now=now)
        return
    if stored is None:
        arrival.said = (
            _first(mail.notes) or "It is too large to be taken in. It lies in the mailbox, among those taken over."
        )
        _on_record(session, arrival, now=now)
        return
    recent = _recent(session, arrival, now)
    if recent >= policy.helpdesk.loop_mails:
        arrival.outcome = "spam_guard"
        arrival.said = f"More than {policy.helpdesk.loop_mails} messages came from this address within an hour."
        _on_record(session, arrival, now=now)
        return
    ticket = into_ticket(session, arrival, mail, found, own=own, now=now, policy=policy)
    arrival.said = f"Found by {found.by}." if found else "It opened a ticket."
    # Whoever's address was forged is not answered for it.
    welcome = mail.kind == "person" and not mail.wants_no_answer and not mail.forged
    if found is None and welcome and recent < ACKNOWLEDGED_AN_HOUR:
        acknowledge(session, ticket, now=now, policy=policy)


def _tell_ticket(session: Session, arrival: MailArrival, mail: Incoming, *, keys: Keys, now: datetime) -> None:
    """What a machine answers to an answer of ours stands in its ticket as a note; a bounce also marks what did not arrive."""
    answered = threading.answered_entry(session, mail, keys=keys)
    if answered is None:
        return
    ticket = hold(session, session.get_one(Ticket, answered.ticket_id))
    if mail.kind == "bounce":
        text = undelivered(session, answered, mail, now=now)
    else:
        text = f"Automatic reply of {mail.from_email or 'somebody'}:\n\n{mail.text or NO_TEXT}"
    entry = write(
        session, ticket, "note", text, actor=PORTAL, now=now, author_name=mail.from_name or mail.from_email or "A mail server",
        original_file_id=arrival.raw_file_id, message_id=mail.message_id,
    )  # fmt: skip
    arrival.ticket_id, arrival.entry_id, arrival.raw_file_id, arrival.subject = ticket.id, entry.id, None, ""


def _copy_to(session: Session, ticket: Ticket, others: Sequence[str], *, own: Collection[str], now: datetime) -> None:
    """Whom the sender wrote to besides follows the ticket where the portal knows the address; others are named to the staff."""
    ours = {email_key(address) for address in own}
    named = [each for each in dict.fromkeys(map(email_key, others)) if each and each not in ours][:MOST_FOLLOWERS]
    if not named:
        return
    people = set(session.scalars(select(Person.email_key).where(Person.email_key.in_(named))))
    room = MOST_FOLLOWERS - len(ticket.followers)
    for each in [one for one in named if one in people][: max(0, room)]:
        follow(session, ticket, email=each, actor=PORTAL, now=now)
    strangers = [each for each in named if each not in people and each != email_key(ticket.requester_email)]
    if strangers:
        say(session, ticket, f"Also written to, and not added: {', '.join(strangers)}.", actor=PORTAL, now=now)


def _is_duplicate(session: Session, arrival: MailArrival) -> bool:
    """The same message once more: byte for byte, or the same id and the same content by another way.

    An id alone proves nothing: broken programs use one again, and whoever knows it could suppress another's message.
    """
    same = MailArrival.sha256 == arrival.sha256
    if arrival.message_sha256 and arrival.content_sha256:
        alike = (MailArrival.message_sha256 == arrival.message_sha256) & (
            MailArrival.content_sha256 == arrival.content_sha256
        )
        # Nor does a forgery suppress what it was made after.
        same |= alike if arrival.proof == "failed" else alike & (MailArrival.proof != "failed")
    query = select(MailArrival.id).where(same).limit(1) if arrival.sha256 else None
    return query is not None and session.scalar(query) is not None


def _is_ours(session: Session, mail: Incoming, keys: Keys) -> bool:
    if not mail.message_id:
        return False
    if next(marks.of_ours(keys, [mail.message_id]), None) is not None:
        return True
    sent = select(MessageSeen.id).where(
        MessageSeen.sha256 == fingerprint(mail.message_id), MessageSeen.direction == "out"
    )
    return session.scalar(sent) is not None


def _recent(session: Session, arrival: MailArrival, now: datetime) -> int:
    """How many messages came from this address within the hour, this one apart.

    Forged ones are counted by themselves: nobody shuts somebody else up by writing in their name.
    """
    forged = MailArrival.proof == "failed"
    query = select(func.count()).where(
        MailArrival.from_email == arrival.from_email, MailArrival.arrived_at > now - HOUR, MailArrival.id != arrival.id,
        MailArrival.outcome != "duplicate", forged if arrival.proof == "failed" else ~forged,
    )  # fmt: skip
    return session.scalar(query) or 0


def _person(session: Session, email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email_key == email_key(email))).one_or_none()


def _store_raw(session: Session, mail: Incoming, *, now: datetime) -> StoredFile | None:
    if not mail.raw_sha256:
        return None
    return _row(session, mail.raw_sha256, "message/rfc822", mail.size, 0, "message.eml", now)


def _attached(session: Session, file: IncomingFile, *, now: datetime) -> Attached:
    if not file.sha256:
        return Attached(name=file.name, size=file.size, refused=file.refused)
    return Attached(
        name=file.name, file=_row(session, file.sha256, file.media_type, file.size, file.pages, file.name, now)
    )


def _row(session: Session, sha256: str, media_type: str, size: int, pages: int, name: str, now: datetime) -> StoredFile:
    row = StoredFile(
        sha256=sha256, document_id=None, media_type=media_type, size=size, pages=pages, name=name[-200:], agency_id=None,
        person_id=None, stored_by=None, stored_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _on_record(session: Session, arrival: MailArrival, *, now: datetime) -> None:
    audit.record(
        session, actor=PORTAL, now=now, act="mail.held", thing=arrival,
        said=f"A message from {arrival.from_email or 'nobody named'} was held: {arrival.said}",
    )  # fmt: skip


def _first(these: Sequence[str]) -> str:
    return these[0] if these else ""
