"""What a mail about a ticket is about: the ticket, when it closes, the link that rates it; nothing that is over by now."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal.adapters.mail import Message
from portal.jobs import Job
from portal.models import Agency, Ticket
from portal.models.helpdesk.tickets import LIVING
from portal.services.helpdesk.mail import answering
from portal.services.helpdesk.tickets import clock, closing, ladder, overdue, rating
from portal.wiring import Context
from workflows.business_time import us_date
from workflows.ticket_clock import moment_in_words, span_in_words
from workflows.vocabulary import LEAD

_SHOWN = 20
OF_TICKETS = ("ticket_for_admin", "ticket_moved", "ticket_solved")
"""Mails to which one may answer: that answer belongs to the ticket."""


def ticket_facts(session: Session, facts: dict[str, Any], payload: Mapping[str, Any], context: Context) -> bool:
    """Puts the ticket of a mail into its facts; False where there is nothing to say any more."""
    facts["ticket"] = ticket = session.get(Ticket, payload["ticket_id"]) if payload.get("ticket_id") else None
    if payload["mail"] == overdue.KEY:
        return _overdue(session, facts, context)
    if ticket is None:
        return True
    facts["agency"] = ticket.agency or session.get_one(Agency, LEAD)
    facts["about_what"] = context.policy.helpdesk.title_of(ticket.kind)
    # A subject that may name a client is not sent around once more.
    facts["ticket_subject"] = "" if ticket.to_redact else ticket.subject
    facts["asker"] = ticket.requester_name or "colleague"
    match payload["mail"]:
        case "ticket_solved":
            return _solved(session, facts, ticket, context)
        case "ticket_moved":
            facts["until"] = _until(session, ticket, context)
            return ticket.status in LIVING and ticket.rung == ladder.THE_LEAD
        case "ticket_for_admin":
            facts["hours"] = span_in_words(ladder.minutes_here(ticket, context.policy))
            admins = ladder.admins_of(session, ticket.agency_id, now=context.clock(), policy=context.policy)
            waits = ticket.status in LIVING and ticket.rung == ladder.AGENCY_ADMIN
            return waits and facts["to"] in admins
    return True


def in_conversation(session: Session, ticket: Ticket, message: Message, job: Job, context: Context) -> Message:
    """The message as part of the ticket's conversation, under an id by which an answer to it finds the ticket."""
    host = message.message_id.rpartition("@")[2]
    local_id = answering.notice_id(session, ticket, job.id, keys=context.keys, host=host, now=context.clock())
    in_reply_to, references = answering.conversation_of(session, ticket, before=ticket.last_entry_id + 1)
    return dataclasses.replace(message, id=local_id, in_reply_to=in_reply_to, references=references)


def _solved(session: Session, facts: dict[str, Any], ticket: Ticket, context: Context) -> bool:
    calendar = clock.calendar(session, policy=context.policy)
    day = closing.closes_on(ticket, calendar=calendar, policy=context.policy)
    if day is None:
        return False
    facts["to_email"], facts["to_name"] = ticket.requester_email, ticket.requester_name or ticket.requester_email
    facts["closes_on"] = us_date(day)
    facts["link_href"] = f"{context.settings.base_url}{rating.PATH}{rating.envelope(ticket, keys=context.keys)}"
    return True


def _until(session: Session, ticket: Ticket, context: Context) -> str:
    """'Monday, November 23, 3:05 p.m.', the moment by which it is due next; nothing while the clock stands."""
    due = clock.next_due(ticket)
    return moment_in_words(due, clock.calendar(session, policy=context.policy)) if due else ""


def _overdue(session: Session, facts: dict[str, Any], context: Context) -> bool:
    now, policy = context.clock(), context.policy
    rows, many = overdue.of_person(session, facts["to"].id, now=now, policy=policy, most=_SHOWN)
    calendar = clock.calendar(session, policy=policy)
    agencies = {ticket.agency_id for ticket in rows}
    facts["agency"] = (rows[0].agency if len(agencies) == 1 else None) or session.get_one(Agency, LEAD)
    facts["late"] = [
        {
            "reference": ticket.reference,
            "what": policy.helpdesk.title_of(ticket.kind),
            "since": moment_in_words(ticket.next_due, calendar) if ticket.next_due else "",
            "waits_for": "the first answer" if ticket.first_answered_at is None else "the solution",
            "who": ticket.assignee.name if ticket.assignee else "nobody has it",
        }
        for ticket in rows
    ]
    facts["how_many"] = many
    return bool(rows)
