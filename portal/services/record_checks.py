"""What the verification of the record found is kept, and whoever leads is told when something is wrong."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs
from portal.actors import PORTAL, Actor
from portal.audit.anchors import ANCHORED
from portal.audit.verifying import Outcome
from portal.models import RecordCheck
from portal.services import holders
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Effect, Role

SHOWN = 5


def keep(session: Session, outcome: Outcome, *, now: datetime, policy: Policy) -> RecordCheck:
    """Keeps what a verification found; what is broken goes on record, and by mail to the Lead's administrators."""
    said = " ".join(each.said for each in outcome.breaks[:SHOWN])
    row = RecordCheck(
        checked_at=now, entries=outcome.entries, anchors=outcome.anchors, last_seq=outcome.last, broken=said
    )
    session.add(row)
    session.flush()
    if said:
        audit.record(
            session, actor=PORTAL, now=now, act="record.broken", thing=row, said=f"The record is broken. {said}"
        )
        _mail(session, "record_broken", {"check_id": row.id}, key=str(row.id), now=now, policy=policy)
    return row


def last(session: Session) -> RecordCheck | None:
    """The latest verification, or None."""
    return session.scalars(select(RecordCheck).order_by(RecordCheck.id.desc()).limit(1)).one_or_none()


def begins_to_anchor(session: Session, *, actor: Actor, now: datetime) -> None:
    """Puts on record that the head is written down outside from here on, so that the file would be missed."""
    said = "From here on the last entry's number and seal are written down outside the database."
    audit.record(session, actor=actor, now=now, act=ANCHORED, said=said)


def mail_head(session: Session, *, seq: int, mac: str, now: datetime, policy: Policy) -> None:
    """Mails the record's head to the Lead's administrators: an anchor that nobody on this machine can change."""
    _mail(session, "record_head", {"seq": seq, "mac": mac}, key=f"{seq}", now=now, policy=policy)


def _mail(
    session: Session, mail: str, payload: dict[str, int | str], *, key: str, now: datetime, policy: Policy
) -> None:
    for person_id in holders.of_the_lead(session, Role.LEAD_ADMIN, on=local_day(now, policy.zone)):
        whole = {"mail": mail, "person_id": person_id, **payload}
        jobs.enqueue(session, Effect.MAIL, key=f"{mail}:{key}:{person_id}", now=now, payload=whole)
