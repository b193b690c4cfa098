"""The timeline of an incident: every act and note in its order, kept for good, and redacted where a client stands in it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Incident, IncidentEntry, IncidentPerson
from portal.refusals import Refused, a_reason, bad_input
from workflows.actions import Action
from workflows.client_data import looks_like_client
from workflows.vocabulary import Reason

LONGEST = 4000
FOR_GOOD = "This stays on record for good and cannot be redacted. {} Reword it."


def say(session: Session, incident: Incident, text: str, *, actor: Actor, now: datetime, kind: str = "act") -> IncidentEntry:  # fmt: skip
    """Adds a line to the timeline. What looks like a client's is marked, for the staff to look at and to redact."""
    entry = IncidentEntry(
        incident_id=incident.id, at=now, by_id=actor.person_id, kind=kind, text=text, to_redact=bool(looks_like_client(text))
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def record(session: Session, incident: Incident, act: str, said: str, *, actor: Actor, now: datetime) -> None:
    """Puts an act on the sealed record. Never what somebody wrote: nothing could be redacted there."""
    audit.record(
        session, actor=actor, now=now, act=f"incident.{act}", thing=incident, said=f"{incident.reference}: {said}"
    )


def note(session: Session, incident: Incident, *, text: str, actor: Actor, now: datetime) -> IncidentEntry:
    """A note of whoever works on it; BAD_INPUT for an empty one."""
    permissions.check(session, actor, Action.INCIDENT_WORK, incident)
    words = some_words(text, "Write the note first.", "text")
    entry = say(session, incident, words, actor=actor, now=now, kind="note")
    record(session, incident, "note", "added a note.", actor=actor, now=now)
    return entry


def redact(
    session: Session, incident: Incident, *, entry: IncidentEntry | None, text: str, actor: Actor, now: datetime
) -> None:
    """Replaces what was reported (or one line of the timeline) by the same words without a client in them.

    What stood there before is gone for good, and is not put on record. BAD_INPUT where it still looks like a client's.
    """
    permissions.check(session, actor, Action.INCIDENT_WORK, incident)
    words = some_words(text, "Leave what does not concern a client; put [removed] for the rest.", "text")
    if why := looks_like_client(words):
        raise bad_input(f"{why[0]} Take that out too.", "text")
    if entry is None:
        incident.said, incident.to_redact = words, False
        what = "what was reported"
    elif entry.incident_id != incident.id:
        raise Refused(Reason.NOT_FOUND, "There is nothing here, or it is not yours to see.")
    else:
        if entry.kind == "answer":
            _redact_answer(session, incident, entry.text)
        entry.text, entry.to_redact = words, False
        entry.redacted_at, entry.redacted_by = now, actor.person_id
        what = "a line of the timeline"
    say(session, incident, f"Redacted {what}.", actor=actor, now=now)
    record(session, incident, "redact", f"redacted {what}.", actor=actor, now=now)


def _redact_answer(session: Session, incident: Incident, text: str) -> None:
    """What somebody answered stands beside the question too."""
    for row in session.scalars(select(IncidentPerson).where(IncidentPerson.incident_id == incident.id)):
        if row.answer and text.endswith(row.answer):
            row.answer = "Redacted: the timeline has what is left of it."


def entries(session: Session, incident: Incident, *, acts_only: bool = False) -> Sequence[IncidentEntry]:
    """The timeline, the first line first; only the acts for whoever may not read what was written."""
    query = select(IncidentEntry).where(IncidentEntry.incident_id == incident.id).order_by(IncidentEntry.id)
    if acts_only:
        query = query.where(IncidentEntry.kind == "act")
    return session.scalars(query.options(joinedload(IncidentEntry.by))).all()


def some_words(text: str, ask: str, field: str, most: int = LONGEST) -> str:
    """A longer text as it is kept: its paragraphs stay; BAD_INPUT for none, or too much."""
    words = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    if len(words) < 3:
        raise bad_input(ask, field)
    if len(words) > most:
        raise bad_input(f"At most {most:,} characters; this has {len(words):,}. Shorten it.", field)
    return words


def lasting(text: str, ask: str, field: str = "reason") -> str:
    """A reason that goes where nothing can be redacted: BAD_INPUT for none, and for what looks like a client's."""
    why = a_reason(text, ask, field=field)
    if found := looks_like_client(why):
        raise bad_input(FOR_GOOD.format(found[0]), field)
    return why
