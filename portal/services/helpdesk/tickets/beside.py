"""What stands beside a ticket whose sender is known: the person, the Agency, why access is not there yet, earlier tickets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import AccessRequest, Grant, Membership, Person, Ticket
from portal.refusals import Refused, bad_input
from portal.services.helpdesk.tickets.entries import say
from portal.services.people import standing_view
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Reason

MOST_PLACES, EARLIER = 5, 8


@dataclass(frozen=True, slots=True)
class Place:
    """One membership: whether access is live, what was asked for, and what it still lacks, in short."""

    membership: Membership
    access: str
    requested_at: datetime | None
    done: int
    total: int
    lacks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is shown of the person whom a ticket is about; nothing of this exists for an unknown sender."""

    person: Person
    requester: Person
    places: Sequence[Place]
    earlier: Sequence[Ticket]


def known(session: Session, ticket: Ticket, *, actor: Actor, now: datetime, policy: Policy) -> Known | None:
    """Whom it is about, where the sender is known and the actor may see the person; a fixed number of statements."""
    if ticket.requester_id is None or ticket.requester is None:
        return None
    about = ticket.membership.person if ticket.membership is not None else ticket.requester
    seen = permissions.visible(actor, Action.MEMBERSHIP_SEE, Membership)
    members = session.scalars(
        select(Membership)
        .where(Membership.person_id == about.id, seen)
        .options(joinedload(Membership.agency), joinedload(Membership.person))
        .order_by(Membership.id)
        .limit(MOST_PLACES)
    ).all()
    earlier = session.scalars(
        select(Ticket)
        .where(Ticket.requester_id == ticket.requester_id, Ticket.id != ticket.id, permissions.visible(actor, Action.TICKET_SEE, Ticket))
        .order_by(Ticket.id.desc())
        .limit(EARLIER)
    ).all()  # fmt: skip
    return Known(about, ticket.requester, _places(session, members, now=now, policy=policy), earlier)


def set_about(session: Session, ticket: Ticket, *, email: str, actor: Actor, now: datetime) -> Membership:
    """Says whom it is about: somebody of the ticket's Agency, by the address; where it has none, of the person's own.

    BAD_INPUT for somebody whom the portal does not know there. An unknown sender's ticket is about nobody.
    """
    permissions.check(session, actor, Action.TICKET_WORK, ticket)
    session.refresh(ticket, with_for_update=True)
    if ticket.requester_id is None:
        raise Refused(Reason.CONFLICT, "Nobody knows who sent this, so it cannot be about one of the portal's people.")
    query = select(Membership).join(Person, Person.id == Membership.person_id)
    query = query.where(Person.email_key == email.strip().lower(), Membership.agency_id != LEAD)
    if ticket.agency_id is not None:
        query = query.where(Membership.agency_id == ticket.agency_id)
    found = session.scalars(query.options(joinedload(Membership.person)).order_by(Membership.id).limit(2)).all()
    if not found:
        raise bad_input("Nobody with this address is known at the ticket's Agency. Check the address.", "email")
    if len(found) > 1:
        raise bad_input("This person belongs to several Agencies. Choose the ticket's Agency first.", "email")
    ticket.membership_id, ticket.agency_id = found[0].id, found[0].agency_id
    session.flush()
    session.refresh(ticket, ["membership", "agency"])
    say(session, ticket, f"It is about {found[0].person.name}.", actor=actor, now=now)
    return found[0]


def _places(session: Session, members: Sequence[Membership], *, now: datetime, policy: Policy) -> list[Place]:
    ids = [member.id for member in members]
    grants = {
        row.membership_id: row.status
        for row in session.scalars(select(Grant).where(Grant.membership_id.in_(ids), Grant.status != "ended"))
    }
    asked = {
        row.membership_id: row.requested_at
        for row in session.scalars(select(AccessRequest).where(AccessRequest.membership_id.in_(ids), AccessRequest.status == "open"))
    }  # fmt: skip
    today = local_day(now, policy.zone)
    lines = standing_view.lines(session, [m for m in members if m.agency_id != LEAD], now_on=today, policy=policy)
    titles = {p.id: p.title for p in policy.prerequisites}
    places = []
    for member in members:
        line = lines.get(member.id)
        steps = line.steps if line else ()
        lacks = [f"{titles.get(each, each)}: {standing_view.TITLES.get(holder, holder)}" for each, holder in steps]
        places.append(
            Place(member, grants.get(member.id, ""), asked.get(member.id), line.done if line else 0, line.total if line else 0, lacks)
        )  # fmt: skip
    return places
