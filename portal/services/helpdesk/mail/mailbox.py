"""How the help desk's mailbox stands: when it was last looked into, what went wrong, what waits for somebody's look."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.actors import PORTAL
from portal.models import MailArrival, MailboxLook, TicketEntry
from portal.models.helpdesk.ticket_mail import HELD

LATE = timedelta(minutes=15)
"""A mailbox that nobody has got into for so long is said to be late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One mailbox: `looked_at` and `fetched_at` (the last time it worked), since when it does not, and why."""

    mailbox: str
    looked_at: datetime
    fetched_at: datetime | None
    since: datetime | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much waits for somebody: messages that were held, answers that were not sent, answers that are in doubt."""

    held: int
    failed: int
    uncertain: int

    @property
    def all(self) -> int:
        return self.held + self.failed + self.uncertain


def looked(session: Session, mailbox: str, *, trouble: str, now: datetime) -> None:
    """Keeps that the mailbox was looked into, and what went wrong; the first and the last of a trouble go on record."""
    row = session.scalars(select(MailboxLook).where(MailboxLook.mailbox == mailbox).with_for_update()).one_or_none()
    if row is None:
        row = MailboxLook(mailbox=mailbox, looked_at=now)
        session.add(row)
    before, row.looked_at, row.said = row.since, now, trouble[:300]
    row.since = (before or now) if trouble else None
    if not trouble:
        row.fetched_at = now
    session.flush()
    if bool(before) != bool(trouble):
        said = (
            f"The help desk's mail cannot be fetched: {trouble}"
            if trouble
            else "The help desk's mail is fetched again."
        )
        audit.record(
            session, actor=PORTAL, now=now, act="mail.trouble" if trouble else "mail.works", thing=row, said=said[:400]
        )


def standings(session: Session) -> list[Standing]:
    """Every mailbox that was ever looked into, the last one first."""
    rows = session.scalars(select(MailboxLook).order_by(MailboxLook.looked_at.desc(), MailboxLook.id))
    return [
        Standing(
            mailbox=row.mailbox, looked_at=row.looked_at, fetched_at=row.fetched_at, since=row.since, said=row.said
        )
        for row in rows
    ]


def standing(session: Session, mailbox: str) -> Standing | None:
    """How this mailbox stands; None where nobody ever looked into it."""
    return next((each for each in standings(session) if each.mailbox == mailbox), None)


def is_late(found: Standing | None, *, now: datetime) -> bool:
    """Whether the mailbox was not got into for longer than it should."""
    return found is None or found.fetched_at is None or now - found.fetched_at > LATE


def held(session: Session) -> int:
    """How many messages wait for somebody's look."""
    query = select(func.count()).where(MailArrival.outcome.in_(HELD), MailArrival.done_at.is_(None))
    return session.scalar(query) or 0


def waiting(session: Session) -> Waiting:
    """How much waits for somebody; two statements."""
    by_delivery = session.execute(
        select(TicketEntry.delivery, func.count())
        .where(TicketEntry.delivery.in_(("failed", "uncertain")))
        .group_by(TicketEntry.delivery)
    ).all()
    counts = {row[0]: row[1] for row in by_delivery}
    return Waiting(held=held(session), failed=counts.get("failed", 0), uncertain=counts.get("uncertain", 0))
