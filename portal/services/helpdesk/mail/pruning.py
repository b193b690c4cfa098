"""Mail that never was a ticket is kept for a while as it came, for somebody's look, and then removed; that it came stays on record."""

from datetime import datetime

from sqlalchemy import and_, delete, func, not_, select, update
from sqlalchemy.orm import Session

from portal import audit, jobs
from portal.actors import PORTAL
from portal.models import MailArrival, StoredFile
from portal.models.helpdesk.ticket_mail import HELD
from workflows.policy import Policy
from workflows.vocabulary import Effect

AT_ONCE = 2_000
_PIECE = 500
REMOVED = " The original was removed."
_ROOM = 300 - len(REMOVED)


def prune(session: Session, *, now: datetime, policy: Policy) -> int:
    """Lets go of originals that are older than the pack keeps them, at most AT_ONCE; how many. One line of the record.

    Lists, automatic replies, returned mail, loops, and what somebody looked at and put away. What waits for a look stays,
    and so does whatever is part of a ticket. Sender and moment stay on record, with the mark by which none is fetched twice;
    subject and name go with the original.
    """
    waits = and_(MailArrival.outcome.in_(HELD), MailArrival.done_at.is_(None))
    found = session.execute(
        select(MailArrival.id, MailArrival.raw_file_id, StoredFile.sha256)
        .join(StoredFile, StoredFile.id == MailArrival.raw_file_id)
        .where(
            MailArrival.ticket_id.is_(None), not_(waits),
            func.coalesce(MailArrival.done_at, MailArrival.arrived_at) < now - policy.helpdesk.keep_other_mail,
        )
        .order_by(MailArrival.id)
        .limit(AT_ONCE)
        .with_for_update(of=MailArrival)
    ).all()  # fmt: skip
    if not found:
        return 0
    ids, files, hashes = ([row[column] for row in found] for column in range(3))
    said = func.substr(MailArrival.said, 1, _ROOM) + REMOVED
    for start in range(0, len(found), _PIECE):
        these = MailArrival.id.in_(ids[start : start + _PIECE])
        session.execute(
            update(MailArrival)
            .where(these)
            .values(raw_file_id=None, subject="", from_name="", said=said)
            .execution_options(synchronize_session=False)
        )
        gone = StoredFile.id.in_(files[start : start + _PIECE])
        session.execute(delete(StoredFile).where(gone).execution_options(synchronize_session=False))
    jobs.enqueue_all(session, Effect.TICKET_SHRED, keys=[f"file:{sha256}" for sha256 in hashes], now=now)
    removed, days = len(found), policy.helpdesk.keep_other_mail.days
    audit.record(
        session, actor=PORTAL, now=now, act="mail.pruned", after={"removed": removed, "days": days},
        said=f"Removed {'the original of 1 message' if removed == 1 else f'the originals of {removed:,} messages'} that became no ticket, "
        f"older than {days} days.",
    )  # fmt: skip
    return removed
