"""Work on a corrective action: steps marked as done, files that show it, and the word that all of it is done ('Annual security review')."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import CorrectiveAction, CorrectiveFile, CorrectiveStep, StoredFile
from portal.refusals import Refused, a_reason, bad_input
from portal.services.paperwork import Scan
from portal.services.security.actions.actions import TEXT, hold, optional, steps_of
from portal.services.transition import transition
from workflows.actions import Action
from workflows.vocabulary import Reason

MOST_FILES = 20


def step_done(session: Session, row: CorrectiveAction, step_id: int, *, actor: Actor, now: datetime) -> CorrectiveStep:
    """Marks a milestone as done; NOT_FOUND for one of another action, ALREADY_DONE for one that is."""
    hold(session, row)
    permissions.check(session, actor, Action.CORRECTIVE_WORK, row)
    step = session.get(CorrectiveStep, step_id)
    if step is None or step.action_id != row.id:
        raise Refused(Reason.NOT_FOUND, "This action has no such step.")
    if row.status not in ("planned", "asked", "accepted"):
        raise Refused(Reason.ILLEGAL_MOVE, "Nothing is marked in this action as it stands. Load the page again.")
    if step.done_at is not None:
        raise Refused(Reason.ALREADY_DONE, "This step is marked as done already.")
    step.done_at, step.done_by = now, actor.person_id
    audit.record(
        session, actor=actor, now=now, act="corrective.step", thing=row, after={"step": step.text},
        said=f"{row.number}: step done: {step.text}",
    )  # fmt: skip
    return step


def add_file(
    session: Session, row: CorrectiveAction, scan: Scan, *, note: str, actor: Actor, now: datetime
) -> CorrectiveFile:
    """Keeps a file that shows what was done, for good. It lies in the storage already."""
    hold(session, row)
    permissions.check(session, actor, Action.CORRECTIVE_WORK, row)
    if row.status in ("verified", "withdrawn"):
        raise Refused(Reason.ILLEGAL_MOVE, "This action is closed, so nothing is added to it. Open it again first.")
    there = select(CorrectiveFile.id).join(StoredFile, StoredFile.id == CorrectiveFile.stored_file_id)
    held = session.execute(there.add_columns(StoredFile.sha256).where(CorrectiveFile.action_id == row.id)).all()
    if any(sha256 == scan.sha256 for _, sha256 in held):
        raise Refused(Reason.ALREADY_DONE, "This very file is here already.", "file")
    if len(held) >= MOST_FILES:
        raise bad_input(f"An action keeps {MOST_FILES} files. Put several pages into one PDF.", "file")
    stored = StoredFile(
        sha256=scan.sha256, media_type=scan.media_type, size=scan.size, pages=scan.pages, name=scan.name[:200], agency_id=row.agency_id,
        stored_by=actor.person_id, stored_at=now,
    )  # fmt: skip
    session.add(stored)
    session.flush()
    kept = CorrectiveFile(
        action_id=row.id, stored_file_id=stored.id, note=optional(note, "note", 300), added_by=actor.person_id, added_at=now
    )  # fmt: skip
    session.add(kept)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="corrective.file", thing=row, after={"sha256": scan.sha256},
        said=f"{row.number}: added the file {stored.name} as evidence (SHA-256 {scan.sha256}).",
    )  # fmt: skip
    return kept


def complete(session: Session, row: CorrectiveAction, *, statement: str, actor: Actor, now: datetime) -> None:
    """Says that it is done, in whose words; every step has to be. The Lead is asked to verify it."""
    hold(session, row)
    permissions.check(session, actor, Action.CORRECTIVE_WORK, row)
    words = a_reason(statement, "Say what was done and how one can see it.", field="statement", most=TEXT)
    if actor.person_id is None:
        raise bad_input("An action is completed by a person.")
    left = [step.text for step in steps_of(session, row) if step.done_at is None]
    if left:
        more = f", and {len(left) - 1} more" if len(left) > 1 else ""
        raise bad_input(f"Mark every step as done first. Still to do: {left[0]}{more}.", "statement")
    transition(session, row, "complete", actor=actor, now=now)
    row.completed_by, row.completed_at, row.statement = actor.person_id, now, words
    session.flush()
