"""Who follows a ticket (CC), and by which words the staff find it again."""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Person, Ticket, TicketFollower, TicketTag
from portal.refusals import Refused, bad_input
from portal.services.people.particulars import an_address
from workflows.actions import Action
from workflows.vocabulary import Reason

MOST_FOLLOWERS, MOST_TAGS = 20, 20
_TAG = re.compile(r"[a-z0-9][a-z0-9 -]{0,38}[a-z0-9]|[a-z0-9]")


def follow(session: Session, ticket: Ticket, *, email: str, actor: Actor, now: datetime) -> TicketFollower | None:
    """Lets an address follow: it gets every answer from now on. None where it is the asker's, or follows already."""
    permissions.check(session, actor, Action.TICKET_ADD, ticket)
    return add(session, ticket, email=an_address(email), actor=actor, now=now)


def add(session: Session, ticket: Ticket, *, email: str, actor: Actor, now: datetime) -> TicketFollower | None:
    """follow(), for an address that came with a message or another ticket, whoever brought it in."""
    key = email.strip().lower()
    session.refresh(ticket, with_for_update=True)
    known = set(session.scalars(select(TicketFollower.email).where(TicketFollower.ticket_id == ticket.id)))
    if key == ticket.requester_email.lower() or key in known:
        return None
    if len(known) >= MOST_FOLLOWERS:
        raise bad_input(f"At most {MOST_FOLLOWERS} people follow a ticket.", "email")
    person_id = session.scalar(select(Person.id).where(Person.email_key == key))
    row = TicketFollower(ticket_id=ticket.id, person_id=person_id, email=key, added_at=now, added_by=actor.person_id)
    session.add(row)
    session.flush()
    session.expire(ticket, ["followers"])
    audit.record(session, actor=actor, now=now, act="ticket.follow", thing=ticket, said=f"{ticket.reference}: {key} follows it.")  # fmt: skip
    return row


def unfollow(session: Session, ticket: Ticket, row: TicketFollower, *, actor: Actor, now: datetime) -> None:
    """Ends that somebody follows: by the staff, or by whoever follows."""
    permissions.check(session, actor, Action.TICKET_ADD, ticket)
    if row.ticket_id != ticket.id:
        raise Refused(Reason.NOT_FOUND, "There is nothing here, or it is not yours to see.")
    if row.person_id != actor.person_id:
        permissions.check(session, actor, Action.TICKET_WORK, ticket)
    session.delete(row)
    session.flush()
    audit.record(session, actor=actor, now=now, act="ticket.unfollow", thing=ticket, said=f"{ticket.reference}: {row.email} follows it no longer.")  # fmt: skip


def tags_of(text: str, *, field: str = "tags") -> list[str]:
    """Tags as they are kept, from a line with commas between them: small letters, digits, blanks and hyphens."""
    found = list(dict.fromkeys(" ".join(each.lower().split()) for each in text.split(",") if each.strip()))
    for each in found:
        if not _TAG.fullmatch(each):
            raise bad_input(f"A tag has letters, digits, blanks and hyphens, 40 at most: {each[:60]!r} is none.", field)
    if len(found) > MOST_TAGS:
        raise bad_input(f"At most {MOST_TAGS} tags.", field)
    return found


def set_tags(session: Session, ticket: Ticket, *, tags: Iterable[str], actor: Actor, now: datetime) -> None:
    """Gives the ticket these tags and no others, as tags_of() made them."""
    permissions.check(session, actor, Action.TICKET_WORK, ticket)
    wanted = set(tags)
    rows = {row.tag: row for row in session.scalars(select(TicketTag).where(TicketTag.ticket_id == ticket.id))}
    if set(rows) == wanted:
        return
    for gone in set(rows) - wanted:
        session.delete(rows[gone])
    session.add_all(TicketTag(ticket_id=ticket.id, tag=tag) for tag in sorted(wanted - set(rows)))
    session.flush()
    session.expire(ticket, ["tags"])
    audit.record(
        session, actor=actor, now=now, act="ticket.tags", thing=ticket, said=f"{ticket.reference}: tags changed.",
        before={"tags": sorted(rows)}, after={"tags": sorted(wanted)},
    )  # fmt: skip


def add_tag(session: Session, ticket: Ticket, *, tag: str, actor: Actor, now: datetime) -> None:
    """Adds one tag to those it has."""
    there = set(session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id)))
    set_tags(session, ticket, tags=there | {tag}, actor=actor, now=now)
