"""Was it solved well? One click, by a signed link of the mail or when signed in; opening the link says nothing (H1)."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Ticket
from portal.models.helpdesk.tickets import RATINGS
from portal.refusals import Refused, bad_input
from portal.secrets import Keys
from workflows.actions import Action
from workflows.client_data import looks_like_client
from workflows.policy import Policy
from workflows.vocabulary import Reason

PURPOSE = "ticket_rating"
PATH = "/help/rate/"
BY_LINK = Actor(person_id=None, name="Who asked, by the link", via="link")
_LONGEST = 1000


def envelope(ticket: Ticket, *, keys: Keys) -> str:
    """What the mail's link carries: this ticket, as it was solved this time."""
    return keys.envelope(PURPOSE, [ticket.id, ticket.solved_at.isoformat() if ticket.solved_at else ""])


def by_link(session: Session, *, keys: Keys, envelope: str, policy: Policy) -> Ticket:
    """The ticket of a link, as often as it is opened; LINK_SPENT for any other, an old one, or once the ticket is open again."""
    content = keys.open(PURPOSE, envelope, max_age=policy.helpdesk.rating // timedelta(seconds=1))
    ticket_id, solved = content if isinstance(content, list) and len(content) == 2 else (0, "")
    ticket = session.get(Ticket, ticket_id) if isinstance(ticket_id, int) else None
    if ticket is None or ticket.solved_at is None or ticket.solved_at.isoformat() != solved:
        raise Refused(
            Reason.LINK_SPENT,
            "This question was opened again after that message. Once it is solved, another message asks you.",
        )
    return ticket


def rate(session: Session, ticket: Ticket, *, rating: str, said: str, actor: Actor, now: datetime) -> None:
    """Keeps what was said last; `actor` is BY_LINK where the link was opened. BAD_INPUT for any other word than RATINGS, and for a client."""
    if actor is not BY_LINK:
        permissions.check(session, actor, Action.TICKET_RATE, ticket)
    if rating not in RATINGS:
        raise bad_input("Choose whether it was solved well.", "rating")
    if len(words := " ".join(said.split())) > _LONGEST:
        raise bad_input(f"At most {_LONGEST:,} characters; this has {len(words):,}.", "said")
    if why := looks_like_client(words):
        raise bad_input(f"{why[0]} Leave that out, please.", "said")
    session.refresh(ticket, with_for_update=True)
    if ticket.status not in ("solved", "closed"):
        raise Refused(
            Reason.CONFLICT, "This question is open again. Once it is solved, you can say whether it was solved well."
        )
    before = ticket.rating
    ticket.rating, ticket.rating_said, ticket.rated_at = rating, words, now
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="ticket.rate", thing=ticket, before={"rating": before}, after={"rating": rating},
        said=f"{ticket.reference}: who asked says that it was {'solved well' if rating == 'good' else 'not solved well'}.",
    )  # fmt: skip
