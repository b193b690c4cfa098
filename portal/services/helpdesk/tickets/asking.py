"""Asking the help desk in the portal: what is asked, for which Agency, and who gets it first (H1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Membership, Person, Ticket
from portal.models.helpdesk.tickets import LIVING
from portal.refusals import bad_input
from portal.services import holders
from portal.services.helpdesk.tickets import conversation, ladder, moves, telling
from portal.services.helpdesk.tickets.entries import Attached, text_of
from portal.services.helpdesk.tickets.opening import open_ticket
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.client_data import looks_like_client
from workflows.helpdesk_pack import TicketKind
from workflows.policy import Policy
from workflows.vocabulary import LEAD

ABOUT_ONESELF = ("why_not_yet", "lockout", "reset")
"""What a kind starts that concerns whoever asks, and nobody else."""


def agencies_of(session: Session, actor: Actor, *, on: datetime, policy: Policy) -> list[Agency]:
    """The Agencies to which whoever asks belongs, by name: a question is about one of them, or about none. One statement."""
    mine = select(Membership.agency_id).where(
        Membership.person_id == actor.person_id, ~holders.left(local_day(on, policy.zone))
    )
    query = select(Agency).where(Agency.id.in_(mine), Agency.id != LEAD).order_by(Agency.name_key, Agency.id)
    return list(session.scalars(query))


def put_together(text: str, answers: Mapping[str, str], policy: Policy) -> str:
    """The question and what was answered beside it, as one text; a question left empty is left out."""
    asked = [
        f"{policy.helpdesk.question(each).title}\n{answer.strip()}"
        for each, answer in answers.items()
        if answer.strip()
    ]
    return "\n\n".join([text.strip(), *asked]).strip()


def doubts(subject: str, text: str) -> list[str]:
    """What in it looks as if a client could be recognized: said before it is sent, and again to the desk."""
    return list(looks_like_client(f"{subject}\n{text}"))


def rung_of(
    session: Session, *, kind: str, agency_id: int | None, text: str, direct: bool, actor: Actor, now: datetime, policy: Policy
) -> tuple[str, Sequence[Person]]:  # fmt: skip
    """Who would have it first, 'agency_admin' with their names or 'lead': what is shown before it is sent."""
    asker = _asker(session, actor)
    rung = ladder.THE_LEAD if direct else ladder.first_rung(
        session, kind=kind, requester=asker, agency_id=agency_id, text=text, now=now, policy=policy
    )  # fmt: skip
    return rung, ladder.admins_of(session, agency_id, now=now, policy=policy) if rung == ladder.AGENCY_ADMIN else []


def to_call(
    session: Session, *, kind: TicketKind, agency_id: int | None, rung: str, direct: bool, actor: Actor, now: datetime, policy: Policy
) -> Sequence[Person]:  # fmt: skip
    """The Agency Administrators whom somebody may call after hours about what cannot wait: none where they are not to know of it."""
    admins = ladder.admins_of(session, agency_id, now=now, policy=policy)
    if rung == ladder.AGENCY_ADMIN:
        return admins
    kept_from_them = direct or kind.agency_admin_first or kind.starts == "incident"
    return [] if kept_from_them or actor.person_id in {admin.id for admin in admins} else admins


def ask(
    session: Session,
    *,
    kind: str,
    subject: str,
    text: str,
    answers: Mapping[str, str],
    agency_id: int | None,
    priority: str = "",
    direct: bool = False,
    files: Sequence[Attached] = (),
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Ticket:
    """Opens a ticket for whoever is signed in; `direct`: not by way of the Agency Administrator.

    `answers` are those to the kind's own questions, by their ids. BAD_INPUT for an unknown kind, or without a text.
    """
    permissions.check(session, actor, Action.TICKET_OPEN)
    asker = _asker(session, actor)
    about = policy.helpdesk.kind(kind)
    if about is None or not about.public:
        raise bad_input("Choose from the list what it is about.", "kind")
    text_of(text, ask="Write what you want to know or what went wrong.")
    known = {each: answers.get(each, "") for each in about.asks}
    whole = put_together(text, known, policy)
    rung, admins = rung_of(
        session, kind=kind, agency_id=agency_id, text=f"{subject}\n{whole}", direct=direct, actor=actor, now=now, policy=policy
    )  # fmt: skip
    ticket = open_ticket(
        session, subject=subject, text=whole, kind=kind, channel="portal", requester=asker, agency_id=agency_id,
        membership_id=_own_membership(session, asker, agency_id) if about.starts in ABOUT_ONESELF else None,
        priority=priority or None, rung=rung, files=files, actor=actor, now=now, policy=policy,
    )  # fmt: skip
    if ticket.rung == ladder.AGENCY_ADMIN:
        telling.came(session, ticket, to=[admin.id for admin in admins], now=now)
    return ticket


def to_the_team(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """The asker directs an unresolved question to the HMIS Team, as the manual lets them; nothing is lost on the way."""
    permissions.check(session, actor, Action.TICKET_ADD, ticket)
    if ticket.rung == ladder.THE_LEAD or ticket.status not in LIVING:
        raise bad_input("The HMIS Team has this question already, or it is solved. Load the page again.")
    moves.pass_on(
        session, ticket, to=ladder.THE_LEAD, words="Who asked wants an answer of the HMIS Team.", actor=actor, now=now
    )


def pass_on(session: Session, ticket: Ticket, *, words: str, actor: Actor, now: datetime) -> None:
    """The Agency Administrator passes a question on to the HMIS Team with a word; whoever asked is told."""
    said = text_of(words, ask="Say in a few words what you tried, or why the HMIS Team should have it.", field="words")
    if ticket.status not in LIVING:
        raise bad_input("This question is solved. Load the page again.", "words")
    moves.pass_on(session, ticket, to=ladder.THE_LEAD, words=said, actor=actor, now=now)
    telling.moved(session, ticket, now=now)


def solved_it(session: Session, ticket: Ticket, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Whoever asked says that it is solved."""
    moves.solve(session, ticket, actor=actor, now=now, policy=policy)


def again(session: Session, ticket: Ticket, *, text: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Whoever asked says what is still open: the ticket is open again."""
    conversation.receive(
        session, ticket, text=text_of(text, ask="Say what is still open."), actor=actor, now=now, policy=policy
    )


def _asker(session: Session, actor: Actor) -> Person:
    return session.get_one(Person, actor.person_id)


def _own_membership(session: Session, asker: Person, agency_id: int | None) -> int | None:
    mine = select(Membership.id).where(Membership.person_id == asker.id, Membership.agency_id == agency_id)
    return session.scalar(mine) if agency_id is not None else None
