"""record() (record_about_people() for many), withdraw(), end() and put_back(): the only writers of evidence."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs
from portal.actors import Actor
from portal.models import Agency, Device, EndedEvidence, Evidence, Membership, Person
from portal.refusals import Refused, bad_input, not_found
from portal.services.locks import lock, lock_concerned
from workflows.vocabulary import KINDS, LEAD, About, Effect, Kind, Reason, Role, in_words

EARLIEST = date(1990, 1, 1)
_OFFICES = frozenset((Kind.ROLE, Kind.AGENCY_ADMIN_AGREEMENT, Kind.SECURITY_OFFICER_ACCEPTANCE))
_MODELS = {About.AGENCY: Agency, About.PERSON: Person, About.MEMBERSHIP: Membership, About.DEVICE: Device}


def record(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    kind: Kind,
    about: About,
    subject_id: int,
    valid_from: date,
    valid_until: date = date.max,
    detail: str = "",
    value: int = 0,
    version: str = "",
    rests_on: str = "",
    rests_on_id: int = 0,
    verified_how: str = "",
    note: str = "",
    decided: bool = False,
) -> Evidence:
    """Writes one row of evidence, its audit row, and the job that reconsiders whom it concerns.

    `decided`: what follows from it for its membership is decided in this very transaction, so nobody is asked again.
    `value` is a score in hundredths of a percent or a device's id; `rests_on` names the table of the record it rests
    on. Refuses by BAD_INPUT what the vocabulary does not know, a day before 1990 and an end before the beginning.
    """
    _refuse_nonsense(session, kind, about, subject_id, detail, valid_from, valid_until)
    lock_concerned(session, about, subject_id)
    if kind == Kind.LEAD_APPROVAL:
        _refuse_own_approval(session, actor, subject_id)
    row = Evidence(
        about=about.value, subject_id=subject_id, kind=kind.value, detail=detail, value=value, version=version, valid_from=valid_from,
        valid_until=valid_until, recorded_at=now, recorded_by=actor.person_id, rests_on=rests_on, rests_on_id=rests_on_id,
        verified_how=verified_how, note=note,
    )  # fmt: skip
    return _written(session, row, actor, now, decided=decided)


def record_about_people(
    session: Session, new: Sequence[Mapping[str, Any]], *, actor: Actor, now: datetime
) -> list[Evidence]:
    """Writes many rows of evidence about people in a few statements: each with its audit row, each person reconsidered once.

    Each of `new` has what record() takes but `about`. Refuses as record() does, before anything is written.
    """
    lock(session, people={one["subject_id"] for one in new})
    rows = []
    for one in new:
        until = one.get("valid_until", date.max)
        _refuse_nonsense(
            session, one["kind"], About.PERSON, one["subject_id"], one.get("detail", ""), one["valid_from"], until
        )
        values = {**one, "kind": one["kind"].value, "valid_until": until}
        rows.append(Evidence(about=About.PERSON.value, recorded_at=now, recorded_by=actor.person_id, **values))
    session.add_all(rows)
    session.flush()
    audit.record_all(
        session, [_entry(actor, now, row, "evidence.record", f"Recorded: {describe(row)}.") for row in rows]
    )
    keys = [f"{About.PERSON}:{row.subject_id}" for row in rows]
    jobs.enqueue_all(session, Effect.RECONSIDER, keys=keys, now=now)
    return rows


def _written(session: Session, row: Evidence, actor: Actor, now: datetime, *, decided: bool = False) -> Evidence:
    session.add(row)
    session.flush()
    _tell(session, actor, now, row, "evidence.record", f"Recorded: {describe(row)}.", decided=decided)
    return row


def withdraw(
    session: Session, row: Evidence, *, actor: Actor, now: datetime, reason: str, decided: bool = False
) -> None:
    """Takes a row back as never having been right; it stays readable for whoever asks what was known before.

    Refuses a row withdrawn already (ALREADY_DONE) and an empty reason (BAD_INPUT).
    """
    if not reason.strip():
        raise bad_input("Say why this evidence is withdrawn.", "reason")
    lock_concerned(session, row.about, row.subject_id)
    session.refresh(row, with_for_update=True)
    if row.withdrawn_at != datetime.max:
        raise Refused(Reason.ALREADY_DONE, "This evidence was withdrawn before.")
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = max(now, row.recorded_at), actor.person_id, reason
    session.flush()
    _tell(
        session, actor, now, row, "evidence.withdraw", f"Withdrawn: {describe(row)}. Reason: {reason}", decided=decided
    )


def end(
    session: Session,
    row: Evidence,
    *,
    actor: Actor,
    now: datetime,
    last_day: date,
    reason: str,
    decided: bool = False,
) -> Evidence | None:
    """Lets evidence hold until `last_day`: withdrawn and recorded anew, so that history keeps both.

    None where no day is left; a mark says then that it ended and was never wrong (see decisions.found_wrong).
    """
    withdraw(session, row, actor=actor, now=now, reason=reason, decided=decided)
    if last_day < row.valid_from:
        session.add(EndedEvidence(evidence_id=row.id))
        return None
    if last_day > row.valid_until:
        raise bad_input("The last day is after the one on record.", "last_day")
    # Not by record(): whoever asked may not approve, but may well end what somebody else approved.
    shorter = Evidence(
        about=row.about, subject_id=row.subject_id, kind=row.kind, detail=row.detail, value=row.value, version=row.version,
        valid_from=row.valid_from, valid_until=last_day, recorded_at=now, recorded_by=actor.person_id, rests_on=row.rests_on,
        rests_on_id=row.rests_on_id, verified_how=row.verified_how, note=reason,
    )  # fmt: skip
    return _written(session, shorter, actor, now, decided=decided)


def put_back(session: Session, row: Evidence, *, actor: Actor, now: datetime, on: date) -> Evidence:
    """Lets evidence that was ended hold again from a day, on the word of whoever gave it, since why it ended is gone."""
    lock_concerned(session, row.about, row.subject_id)
    again = Evidence(
        about=row.about, subject_id=row.subject_id, kind=row.kind, detail=row.detail, value=row.value, version=row.version,
        valid_from=on, valid_until=row.valid_until, recorded_at=now, recorded_by=row.recorded_by, rests_on=row.rests_on,
        rests_on_id=row.rests_on_id, verified_how=row.verified_how, note=row.note,
    )  # fmt: skip
    return _written(session, again, actor, now)


def replace(session: Session, *, actor: Actor, now: datetime, on: date, reason: str, **new) -> Evidence:
    """Records evidence of which a subject has one at a time (an access level, a device): what held ends the day before."""
    for row in in_force(session, new["about"], new["subject_id"], new["kind"], on=on):
        end(
            session, row, actor=actor, now=now, last_day=on - timedelta(1), reason=reason, decided=new.get("decided", False)
        )  # fmt: skip
    return record(session, actor=actor, now=now, valid_from=on, **new)


def in_force(
    session: Session, about: str, subject_id: int, kind: str, *, on: date, detail: str | None = None
) -> list[Evidence]:
    """The evidence of a kind about a subject that holds on a day and is not withdrawn, oldest first."""
    query = select(Evidence).where(
        Evidence.about == about, Evidence.subject_id == subject_id, Evidence.kind == kind, *Evidence.in_force(on),
    )  # fmt: skip
    if detail is not None:
        query = query.where(Evidence.detail == detail)
    return list(session.scalars(query.order_by(Evidence.id)))


def describe(row: Evidence) -> str:
    """The row in words, for the record: 'Course quiz result (security, 85.5 %) from November 2, 2026'."""
    inside = [in_words(row.detail)] if row.detail else []
    if row.kind == Kind.TRAINING:
        inside.append(f"{row.value / 100:g} %")
    if row.version:
        inside.append(f"version {row.version}")
    words = KINDS[Kind(row.kind)].title + (f" ({', '.join(inside)})" if inside else "")
    until = (
        ""
        if row.valid_until == date.max
        else f" until {row.valid_until:%B} {row.valid_until.day}, {row.valid_until.year}"
    )
    return f"{words} from {row.valid_from:%B} {row.valid_from.day}, {row.valid_from.year}{until}"


def _tell(
    session: Session, actor: Actor, now: datetime, row: Evidence, act: str, said: str, *, decided: bool = False
) -> None:
    audit.record_all(session, [_entry(actor, now, row, act, said)])
    if not decided:
        jobs.enqueue(session, Effect.RECONSIDER, key=_concerns(session, row), now=now)


def _concerns(session: Session, row: Evidence) -> str:
    """Whom the gate is to be asked about again; colleagues' access rests on their Agency Admin and security officer."""
    if row.about == About.LEAD:
        return "lead"
    if row.about == About.MEMBERSHIP and row.kind in _OFFICES and row.detail != Role.END_USER:
        return f"{About.AGENCY}:{session.get_one(Membership, row.subject_id).agency_id}"
    return f"{row.about}:{row.subject_id}"


def _entry(actor: Actor, now: datetime, row: Evidence, act: str, said: str) -> dict[str, Any]:
    after = {"kind": row.kind, "about": row.about, "subject": row.subject_id}
    return audit.entry(actor=actor, now=now, act=act, thing=row, said=said, after=after)


def _refuse_nonsense(
    session: Session, kind: Kind, about: About, subject_id: int, detail: str, valid_from: date, valid_until: date
) -> None:
    info = KINDS[kind]
    if about not in info.about:
        raise bad_input(f"{info.title} is about {' or '.join(info.about)}, not about {about}.", "subject")
    if info.details is not None and detail not in (info.details or ("",)):
        raise bad_input(f"{info.title} takes one of: {', '.join(info.details) or 'nothing'}; not {detail!r}.", "detail")
    if valid_from < EARLIEST:
        raise bad_input(f"{valid_from:%m/%d/%Y} is before 1990. Check the year.", "valid_from")
    if valid_until < valid_from:
        raise bad_input("The last day is before the first day.", "valid_until")
    if kind == Kind.WAIVER and valid_until == date.max:
        raise bad_input("A waiver needs a last day.", "valid_until")
    known = subject_id == LEAD if about == About.LEAD else session.get(_MODELS[about], subject_id) is not None
    if not known:
        raise not_found()


def _refuse_own_approval(session: Session, actor: Actor, membership_id: int) -> None:
    asked = session.scalars(
        select(Evidence.recorded_by).where(
            Evidence.about == About.MEMBERSHIP, Evidence.subject_id == membership_id, Evidence.kind == Kind.REQUEST
        )
    )
    person = session.scalar(select(Membership.person_id).where(Membership.id == membership_id))
    if actor.person_id is None or actor.person_id in {person, *asked}:
        raise Refused(
            Reason.SAME_PERSON,
            "Another person of the Lead has to approve this: not the one who asked, nor the one it is for.",
        )
