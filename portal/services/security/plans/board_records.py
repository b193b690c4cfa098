"""Records that the Board and the Lead keep on file: put there, set aside, and where each stands ('MCoC key responsibilities')."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import BoardRecord
from portal.refusals import Refused, a_reason, bad_input, not_found
from portal.services.paging import PAGE, Order, Page
from portal.services.paperwork.verify import Scan
from portal.services.security import kept_files
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.plan_days import RecordState, record_state
from workflows.plans_pack import RecordKind
from workflows.policy import Policy
from workflows.vocabulary import Reason

EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class OnFile:
    """One line of the list: a kind of the pack, whom or what it is about where there are several, and its newest record."""

    kind: RecordKind
    about: str
    row: BoardRecord | None
    state: RecordState


def keep(
    session: Session, *, kind: str, about: str, held_on: date, due_again: date | None, file: Scan | None, filed_at: str, note: str,
    actor: Actor, now: datetime, policy: Policy,
) -> BoardRecord:  # fmt: skip
    """Puts a record on file, as a PDF or by saying where it lies. It is due again after the pack's period, or earlier.

    BAD_INPUT by field: nothing to find it by, a day to come, a day due that is past or later than the period, no word on
    what it is about where there are several of a kind.
    """
    permissions.check(session, actor, Action.BOARD_RECORD_KEEP)
    known, today = kind_of(policy, kind), local_day(now, policy.zone)
    what = " ".join(about.split()) if known.several else ""
    if known.several and not what:
        raise bad_input("Say which one it is: the vendor's name.", "about")
    if not EARLIEST <= held_on <= today:
        raise bad_input(
            f"Enter the day it was signed, adopted or held: not after today, {us_date(today)}, and not before 1990.", "held_on"
        )  # fmt: skip
    where, words = " ".join(filed_at.split()), " ".join(note.split())
    if file is None and not where:
        raise bad_input("Upload it, or say where it is filed.", "file")
    for text, most, field in ((what, 200, "about"), (where, 300, "filed_at"), (words, 1000, "note")):
        if len(text) > most:
            raise bad_input(f"At most {most:,} characters; this has {len(text):,}.", field)
    latest = known.due_again.after(held_on) if known.due_again else None
    if due_again is not None and due_again < held_on:
        raise bad_input("It cannot be due again before the day it was made.", "due_again")
    if due_again is not None and latest is not None and due_again > latest:
        raise bad_input(
            f"It is due again by {us_date(latest)} at the latest. Choose that day or an earlier one.", "due_again"
        )
    kept = kept_files.keep(session, file, actor=actor, now=now) if file else None
    row = BoardRecord(
        kind=kind, about=what, about_key=what.casefold(), held_on=held_on, due_again=due_again or latest, file_id=kept.id if kept else None,
        filed_at=where, note=words, recorded_by=actor.person_id or 0, recorded_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="board_record.keep", thing=row,
        after={"kind": kind, "held_on": held_on.isoformat(), "sha256": file.sha256 if file else ""},
        said=f"Put on file: {known.title}{f', {what}' if what else ''}, of {us_date(held_on)}.",
    )  # fmt: skip
    return row


def set_aside(session: Session, row: BoardRecord, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Sets a record aside that was entered by mistake, or whose subject is over; it stays to be read."""
    permissions.check(session, actor, Action.BOARD_RECORD_KEEP, row)
    session.refresh(row, with_for_update=True)
    if row.set_aside_at is not None:
        raise Refused(Reason.ALREADY_DONE, "This record is set aside already.")
    why = a_reason(reason, "Say why it does not count any more.")
    row.set_aside_by, row.set_aside_at, row.set_aside_why = actor.person_id, now, why
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="board_record.set_aside", thing=row,
        said=f"Set aside: {title(policy, row.kind)} of {us_date(row.held_on)}. Reason: {why}",
    )  # fmt: skip


def on_file(session: Session, *, policy: Policy, on: date) -> list[OnFile]:
    """Every kind of the pack in its order with its newest record, one line for each thing it is about; one statement."""
    newest = (
        select(
            BoardRecord.id,
            func.row_number()
            .over(
                partition_by=(BoardRecord.kind, BoardRecord.about_key),
                order_by=(BoardRecord.held_on.desc(), BoardRecord.id.desc()),
            )
            .label("place"),
        )
        .where(BoardRecord.set_aside_at.is_(None))
        .subquery()
    )
    query = select(BoardRecord).join(newest, (newest.c.id == BoardRecord.id) & (newest.c.place == 1))
    rows = session.scalars(query.options(joinedload(BoardRecord.recorder)).order_by(BoardRecord.about_key)).all()
    soon = policy.warnings.days[0]
    found: list[OnFile] = []
    for kind in policy.plans.records:
        own = [row for row in rows if row.kind == kind.id]
        found += [OnFile(kind, row.about, row, record_state(row.held_on, row.due_again, on, soon)) for row in own]
        if not own:
            found.append(OnFile(kind, "", None, RecordState.MISSING))
    return found


EVERY = Order(((BoardRecord.held_on, date.fromisoformat), (BoardRecord.id, int)), down=True)


def page(session: Session, actor: Actor, *, kind: str = "", after: str = "", limit: int = PAGE) -> Page:
    """All records that were ever put on file, the latest first; of one kind where it is given."""
    query = select(BoardRecord).where(permissions.visible(actor, Action.BOARD_RECORD_SEE, BoardRecord))
    if kind:
        query = query.where(BoardRecord.kind == kind)
    query = query.options(joinedload(BoardRecord.recorder), joinedload(BoardRecord.file))
    return EVERY.page(session, query, after, lambda row: (row[0].held_on, row[0].id), limit=limit)


def kind_of(policy: Policy, kind: str) -> RecordKind:
    """The pack's record of that id; NOT_FOUND where the pack in force asks for none."""
    found = policy.plans.record(kind)
    if found is None:
        raise not_found()
    return found


def title(policy: Policy, kind: str) -> str:
    found = policy.plans.record(kind)
    return found.title if found else kind.replace("_", " ").capitalize()
