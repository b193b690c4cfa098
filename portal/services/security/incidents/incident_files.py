"""Files kept as evidence of an incident: by their hash, never removed, opened by the Lead alone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Incident, IncidentFile, StoredFile
from portal.refusals import Refused
from portal.services.paperwork import Scan
from portal.services.security import kept_files
from portal.services.security.incidents.incident_timeline import lasting, record, say
from workflows.actions import Action
from workflows.vocabulary import Reason


def keep(session: Session, incident: Incident, *, scan: Scan, what: str, actor: Actor, now: datetime) -> IncidentFile:
    """Keeps a file that was inspected and stored; its hash goes into the timeline. ALREADY_DONE for the very same file."""
    permissions.check(session, actor, Action.INCIDENT_WORK, incident)
    words = lasting(what, "Say what the file shows.", "what")
    same = select(IncidentFile.id).join(StoredFile, StoredFile.id == IncidentFile.file_id)
    if (
        session.scalar(same.where(IncidentFile.incident_id == incident.id, StoredFile.sha256 == scan.sha256))
        is not None
    ):
        raise Refused(Reason.ALREADY_DONE, "This very file is kept with the incident already.", "file")
    stored = kept_files.keep(session, scan, actor=actor, now=now)
    row = IncidentFile(
        incident_id=incident.id, file_id=stored.id, what=words[:300], added_at=now, added_by=actor.person_id
    )
    session.add(row)
    session.flush()
    say(session, incident, f"File kept: {words} (SHA-256 {scan.sha256})", actor=actor, now=now)
    record(session, incident, "file", f"a file was kept, SHA-256 {scan.sha256}.", actor=actor, now=now)
    return row


def opened(session: Session, row: IncidentFile, *, actor: Actor, now: datetime) -> StoredFile:
    """The file as it is stored, for whoever may open it; that it was opened goes on record."""
    permissions.check(session, actor, Action.INCIDENT_FILES, row)
    incident = session.get_one(Incident, row.incident_id)
    audit.record(
        session, actor=actor, now=now, act="incident.file_open", thing=incident,
        said=f"{incident.reference}: opened the file {row.file.sha256[:12]}.",
    )  # fmt: skip
    return row.file


def of(session: Session, incident: Incident) -> Sequence[IncidentFile]:
    """The files of an incident, in the order they were added; one statement."""
    query = select(IncidentFile).where(IncidentFile.incident_id == incident.id).order_by(IncidentFile.id)
    return session.scalars(query.options(joinedload(IncidentFile.file), joinedload(IncidentFile.adder))).all()
