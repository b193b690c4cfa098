"""What a ticket of some kind starts (H2): the act itself by its own service, and the answer about it in a draft."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import Document, Incident, Membership, Person, StoredFile, Ticket, TicketEntry, TicketFile
from portal.refusals import Refused, bad_input, not_found
from portal.services.account import lockout, resets
from portal.services.helpdesk.tickets import senders
from portal.services.helpdesk.tickets.entries import say
from portal.services.helpdesk.tickets.writing import add_to_draft, why_not_yet
from portal.services.paperwork import ByHand, Scan, text_of, upload_scan, verify
from portal.services.people import departures
from portal.services.security.incidents import incident_reports
from portal.services.security.incidents.incident_reports import Told
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.client_data import without
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Reason

CONFIRMED = "submitted"
FORGED = "The mail server says that a message here is not from whom it says. Make sure who wrote it first, and say so in the ticket."
NOBODY = "Say first whom this ticket is about: the sender belongs to no Agency, or to several."


@dataclass(frozen=True, slots=True)
class Start:
    """One thing that can be begun from a ticket: `action` is what the table of permissions asks for."""

    id: str
    title: str
    says: str
    action: Action


STARTS: Mapping[str, Start] = {
    each.id: each
    for each in (
        Start(
            "user_agreement",
            "Take the attachment as the signed agreement",
            "It becomes the scan of the person's document, and is verified in the same step.",
            Action.DOCUMENT_SCAN,
        ),
        Start("lockout", "Unlock the account", "The person can sign in again with the password they have.", Action.ACCOUNT_UNLOCK),
        Start("reset", "Send a link for a new password", "The person chooses one; nothing changes until then.", Action.PASSWORD_RESET),
        Start("departure", "Report the departure", "Access at this Agency ends, at once or on a last day.", Action.PERSON_DEACTIVATE),
        Start("program_change", "Record the change of the program", "A service request with its day, its notice and the tasks of the HMIS Team.", Action.SERVICE_ASK),
        Start("programs", "Ask for other programs", "A request for access with other programs, which goes through the whole gate.", Action.ACCESS_REQUEST),
        Start("incident", "Make an incident report of it", "The Lead's security officers get it; the ticket goes on.", Action.INCIDENT_REPORT),
        Start("service_request", "Make a service request of it", "It goes on the list that is reviewed every month; both say where the other is.", Action.SERVICE_ASK),
        Start("why_not_yet", "Answer what is still missing", "What the gate says by now goes into your draft.", Action.STANDING_SEE),
    )
}  # fmt: skip
"""In the order in which they are offered; what an outage starts is its own."""


@dataclass(frozen=True, slots=True)
class Sure:
    """How whoever acts made sure of the sender, where that is in doubt, and the newest entry that they had before their eyes."""

    how: str = ""
    last_seen: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A start that the actor may begin from this ticket; `fits`: the ticket's kind names it."""

    start: Start
    fits: bool


def about(session: Session, ticket: Ticket) -> Membership | None:
    """Whom an act from the ticket concerns: whom it is said to be about, else the sender at their one Agency."""
    if ticket.membership_id is not None:
        return ticket.membership
    if ticket.requester_id is None:
        return None
    query = select(Membership).where(Membership.person_id == ticket.requester_id, Membership.agency_id != LEAD)
    if ticket.agency_id is not None:
        query = query.where(Membership.agency_id == ticket.agency_id)
    loaded = joinedload(Membership.person), joinedload(Membership.agency)
    found = session.scalars(query.options(*loaded).order_by(Membership.id).limit(2)).all()
    return found[0] if len(found) == 1 else None


def offered(session: Session, ticket: Ticket, *, actor: Actor, policy: Policy) -> list[Offer]:
    """What may be begun from this ticket, that of its own kind first; nothing about anybody where the sender is unknown."""
    member = about(session, ticket)
    kind = policy.helpdesk.kind(ticket.kind)
    starts = kind.starts if kind else ""
    found = [
        Offer(start, start.id == starts)
        for start in STARTS.values()
        if _may(session, start, member, ticket, actor) and permissions.allows(session, actor, Action.TICKET_WORK, ticket)
    ]
    return sorted(found, key=lambda offer: not offer.fits)


def unlock(
    session: Session, ticket: Ticket, *, reason: str, sure: Sure = Sure(), actor: Actor, now: datetime, policy: Policy
) -> Person:
    """Unlocks the account of whom the ticket is about, and writes so into the draft."""
    member = _whom(session, ticket)
    _be_sure(session, ticket, sure, actor=actor, now=now)
    lockout.unlock(session, person=member.person, reason=reason, actor=actor, now=now, policy=policy)
    more = "Sign in with the password you have; a new one can be asked for on the sign-in page."
    said = f"{_whose(ticket, member)} account is unlocked. {more}"
    wrote(session, ticket, f"Unlocked the account of {member.person.name}.", said, actor=actor, now=now)
    return member.person


def reset(
    session: Session, ticket: Ticket, *, reason: str, sure: Sure = Sure(), actor: Actor, now: datetime, policy: Policy
) -> Person:
    """Has a link for a new password sent to whom the ticket is about, and writes so into the draft."""
    member = _whom(session, ticket)
    _be_sure(session, ticket, sure, actor=actor, now=now)
    resets.send_reset(session, person=member.person, reason=reason, actor=actor, now=now, policy=policy)
    said = f"A link to choose a new password was sent to {member.person.email}. It works once, and for a short time."
    wrote(session, ticket, f"Had a link for a new password sent to {member.person.name}.", said, actor=actor, now=now)
    return member.person


def depart(
    session: Session, ticket: Ticket, *, last_day: date | None, reason: str, sure: Sure = Sure(), actor: Actor, now: datetime,
    policy: Policy,
) -> bool:  # fmt: skip
    """Reports the departure of whom the ticket is about; True where access ends at once."""
    member = _whom(session, ticket)
    _be_sure(session, ticket, sure, actor=actor, now=now)
    at_once = departures.deactivate(
        session, membership=member, reason=reason, last_day=last_day, actor=actor, now=now, policy=policy
    )
    when = "today" if at_once or last_day is None else f"after {us_date(last_day)}"
    said = f"The departure of {member.person.name} is recorded: the access at {member.agency.name} ends {when}."
    wrote(
        session,
        ticket,
        f"Reported the departure of {member.person.name}: access ends {when}.",
        said,
        actor=actor,
        now=now,
    )
    return at_once


def report_incident(
    session: Session, ticket: Ticket, *, said: str, address: str, actor: Actor, now: datetime, policy: Policy
) -> Incident:
    """Makes an incident report of what the ticket says, in the name of whoever does it; the draft thanks the sender."""
    permissions.check(session, actor, Action.TICKET_WORK, ticket)
    incident, _ = incident_reports.report(
        session, told=Told(said=said), named=True, address=address, actor=actor, now=now, policy=policy
    )
    text = (
        "Thank you for telling us. What you wrote was handed to the HMIS Lead's security officers, who look into it. "
        "Please send no client's name by e-mail."
    )
    wrote(session, ticket, f"Made the incident report {incident.reference} of it.", text, actor=actor, now=now)
    return incident


def text_of_first(session: Session, ticket: Ticket) -> str:
    """What a report or a request made of the ticket begins with: its first message, without what looks like a client's."""
    first = select(TicketEntry).where(TicketEntry.ticket_id == ticket.id, TicketEntry.kind == "in").order_by(TicketEntry.id).limit(1)  # fmt: skip
    entry = session.scalars(first).one_or_none()
    return without(f"{ticket.subject}\n\n{entry.shown if entry else ''}").strip()[:4000]


def answer_why(session: Session, ticket: Ticket, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Writes what the access still lacks into the draft. BAD_INPUT where nobody is known whose access it is.

    CONFLICT where a message of the ticket is said to be forged: what is known of somebody does not go out for that.
    """
    if senders.standing(session, ticket) == "failed":
        raise Refused(Reason.CONFLICT, FORGED)
    text = why_not_yet(session, ticket, actor=actor, now=now, policy=policy)
    if not text:
        raise bad_input(NOBODY)
    add_to_draft(session, ticket, text, actor=actor, now=now)


def papers(session: Session, ticket: Ticket, *, actor: Actor) -> Sequence[Document]:
    """The documents of whom the ticket is about that wait for that one person's signature, and may come back as a scan."""
    member = about(session, ticket)
    if member is None:
        return ()
    seen = permissions.visible(actor, Action.DOCUMENT_SCAN, Document)
    waits = Document.status.in_(("prepared", "rejected"))
    query = select(Document).where(Document.membership_id == member.id, waits, seen).order_by(Document.id)
    return [row for row in session.scalars(query) if signed_by(row)]


def signed_by(document: Document) -> str:
    """The capacity in which its one signer of the Agency signs; '' where several sign, as then the document's own page asks."""
    capacities = [signer.capacity for signer in text_of(document).signers if signer.capacity != "lead"]
    return capacities[0] if len(capacities) == 1 else ""


def attachments(session: Session, ticket: Ticket) -> Sequence[TicketFile]:
    """The files that came with the ticket and were kept, the latest first."""
    query = (
        select(TicketFile)
        .join(TicketEntry, TicketEntry.id == TicketFile.entry_id)
        .where(TicketEntry.ticket_id == ticket.id, TicketEntry.kind == "in", TicketFile.file_id.is_not(None))
        .options(joinedload(TicketFile.file))
        .order_by(TicketFile.id.desc())
    )
    return session.scalars(query).all()


def attachment(session: Session, ticket: Ticket, file_id: int) -> StoredFile:
    """One file of attachments(); NOT_FOUND for any other."""
    found = next((each for each in attachments(session, ticket) if each.id == file_id), None)
    if found is None or found.file is None:
        raise not_found()
    return found.file


def agreement(
    session: Session, ticket: Ticket, document: Document, *, scan: Scan, signed_on: date, signed: str,
    verified: bool, sure: Sure = Sure(), actor: Actor, now: datetime, policy: Policy,
) -> None:  # fmt: skip
    """Takes an attachment as the scan of a document of whom the ticket is about, and verifies it where it was looked at.

    `signed` is the name as it is printed beside the signature. NOT_FOUND for a document of anybody else.
    """
    permissions.check(session, actor, Action.DOCUMENT_SCAN, document)
    member = _whom(session, ticket)
    capacity = signed_by(document)
    if document.membership_id != member.id or not capacity:
        raise not_found()
    _be_sure(session, ticket, sure, actor=actor, now=now)
    upload_scan(
        session, document=document, scan=scan, signed_on=signed_on, by_hand={capacity: ByHand(signed)}, actor=actor, now=now,
        policy=policy,
    )  # fmt: skip
    if verified:
        verify(session, document=document, how=CONFIRMED, actor=actor, now=now)
    state = "was received and verified" if verified else "was received; it is verified next"
    said = f"The signed agreement of {member.person.name}, dated {us_date(signed_on)}, {state}."
    wrote(
        session, ticket, f"Took an attachment as a signed document of {member.person.name}.", said, actor=actor, now=now
    )


def _whom(session: Session, ticket: Ticket) -> Membership:
    member = about(session, ticket)
    if member is None:
        raise bad_input(NOBODY)
    return member


def _be_sure(session: Session, ticket: Ticket, sure: Sure, *, actor: Actor, now: datetime) -> None:
    senders.be_sure(session, ticket, how=sure.how, last_seen=sure.last_seen, actor=actor, now=now)


def _may(session: Session, start: Start, member: Membership | None, ticket: Ticket, actor: Actor) -> bool:
    if start.id in ("incident", "service_request"):
        return permissions.allows(session, actor, start.action)
    if start.id == "program_change":
        return ticket.agency is not None and permissions.allows(session, actor, start.action, ticket.agency)
    if member is None:
        return False
    whose = member.person if start.id in ("lockout", "reset") else member
    return permissions.allows(session, actor, start.action, whose)


def _whose(ticket: Ticket, member: Membership) -> str:
    return "Your" if ticket.requester_id == member.person_id else f"{member.person.name}'s"


def wrote(session: Session, ticket: Ticket, act: str, answer: str, *, actor: Actor, now: datetime) -> None:
    """Says in the ticket what was done, and puts the answer about it into the actor's draft."""
    say(session, ticket, act, actor=actor, now=now)
    add_to_draft(session, ticket, answer, actor=actor, now=now)
