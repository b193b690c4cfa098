"""What a sanction does to the gate: evidence that begins, stops, is taken back or put back. Each has rows of its own."""

from datetime import date, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import jobs
from portal.actors import Actor
from portal.models import Evidence, Sanction
from portal.services import evidence
from workflows.business_time import local_day, start_of_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Effect, Kind

TABLE = Sanction.__tablename__
HOW = "decided by the Lead"


def begin(
    session: Session, row: Sanction, *, first: date, last: date | None, note: str, actor: Actor, now: datetime
) -> Evidence:
    """Writes the evidence of a sanction; required training also says which course has to be taken again."""
    about, until = About(row.about), last or date.max
    held = evidence.record(
        session, actor=actor, now=now, kind=Kind.SANCTION, about=about, subject_id=row.subject_id, detail=row.measure,
        valid_from=first, valid_until=until, rests_on=TABLE, rests_on_id=row.id, verified_how=HOW, note=note,
    )  # fmt: skip
    if row.measure == "training":
        evidence.record(
            session, actor=actor, now=now, kind=Kind.RETRAINING, about=about, subject_id=row.subject_id, detail=row.course,
            valid_from=first, rests_on=TABLE, rests_on_id=row.id, verified_how=HOW, note=note,
        )  # fmt: skip
    return held


def stop(session: Session, row: Sanction, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Ends what still holds, from today on: it was right until now."""
    yesterday = local_day(now, policy.zone) - timedelta(1)
    for held in resting(session, row):
        if held.valid_until > yesterday:
            evidence.end(session, held, actor=actor, now=now, last_day=yesterday, reason=reason)


def take_back(session: Session, row: Sanction, *, reason: str, actor: Actor, now: datetime) -> None:
    """Withdraws all of it: an appeal found that it was never right."""
    for held in resting(session, row):
        evidence.withdraw(session, held, actor=actor, now=now, reason=reason)


def put_back(session: Session, row: Sanction, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Lets what an appeal held up hold again from today on; nothing where its last day is past meanwhile."""
    today = local_day(now, policy.zone)
    if row.last_day is None or row.last_day >= today:
        for first in _first_rows(session, row):
            evidence.put_back(session, first, actor=actor, now=now, on=today)


def over_because(session: Session, row: Sanction, *, on: date) -> str:
    """Why a sanction is over by itself, as a sentence; '' where it is not."""
    if row.measure == "suspension" and row.last_day is not None and row.last_day < on:
        return f"Its last day was {us_date(row.last_day)}."
    if row.measure == "training" and not any(
        held.kind == Kind.RETRAINING and held.valid_until >= on for held in resting(session, row)
    ):
        return "The course was passed again."
    if row.measure == "penalty" and row.paid_on is not None:
        return f"It was paid on {us_date(row.paid_on)}."
    if row.measure == "reprimand" and (row.appeal_by is None or row.appeal_by < on):
        return "The time to appeal is past. The letter stays on record."
    return ""


def come_back(session: Session, row: Sanction, *, now: datetime, policy: Policy) -> None:
    """Has the worker end it when its time is over: the day after its last one, or after the time to appeal.

    Whatever ends by an act (a quiz, a payment) is looked at now: it may have been done while an appeal was heard. Never
    both: the earlier of two jobs of one key takes the later one's place.
    """
    last = row.last_day or (row.appeal_by if row.measure == "reprimand" else None)
    moment = now if last is None else max(now, start_of_day(last + timedelta(1), policy.zone))
    look_at(session, row, now=now, run_at=moment)


def look_at(session: Session, row: Sanction, *, now: datetime, run_at: datetime | None = None) -> None:
    """Has the worker see whether it is over."""
    jobs.enqueue(session, Effect.EXPIRE, key=f"{TABLE}:{row.id}", now=now, run_at=run_at)


def ask_again(session: Session, row: Sanction, *, now: datetime) -> None:
    """Puts everybody whom it concerns before the gate again."""
    jobs.enqueue(session, Effect.RECONSIDER, key=f"{row.about}:{row.subject_id}", now=now)


def resting(session: Session, row: Sanction) -> list[Evidence]:
    """The evidence that rests on it and was not withdrawn, oldest first."""
    return list(session.scalars(_all(row).where(Evidence.withdrawn_at == datetime.max).order_by(Evidence.id)))


def _first_rows(session: Session, row: Sanction) -> list[Evidence]:
    """The rows as they were written first, one for each kind."""
    found: dict[str, Evidence] = {}
    for each in session.scalars(_all(row).order_by(Evidence.id)):
        found.setdefault(each.kind, each)
    return list(found.values())


def _all(row: Sanction) -> Select[Evidence]:
    return select(Evidence).where(Evidence.rests_on == TABLE, Evidence.rests_on_id == row.id)


__all__ = ["ask_again", "begin", "come_back", "look_at", "over_because", "put_back", "resting", "stop", "take_back"]
