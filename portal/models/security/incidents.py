"""Incidents and complaints: what was reported, who is involved, what was done in what order, who was told, what was closed at once."""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.models.agencies import Agency
from portal.models.base import HasStatus, Trigger, one_of, status_check
from portal.models.paperwork import StoredFile
from portal.models.people import Device, Membership, Person
from workflows.enforcement_pack import Category, Severity
from workflows.processes import INCIDENT

NATURES = ("incident", "complaint")
FINDINGS = ("found", "not_found")
PARTS = ("accused", "witness")
_OPEN = text("ended_at IS NULL")
_UNDONE = text("done_at IS NULL")


class Incident(HasStatus, Base):
    """What somebody reported, or complained of, and what came of it. What was written is shown and never edited but to redact it.

    `reporter_id` is empty where the reporter stays unnamed; `agency_sees` is set once the Agency's own officers may look.
    """

    __tablename__ = "incident"
    __machine__ = INCIDENT
    __table_args__ = (
        status_check(INCIDENT),
        one_of("nature", NATURES, "nature"),
        one_of("category", ("", *Category), "category"),
        one_of("severity", ("", *Severity), "severity"),
        one_of("finding", ("", *FINDINGS), "finding"),
        CheckConstraint("severity <> 'minor' OR category = 'other'", name="never_minor"),
        CheckConstraint("investigator_id IS NULL OR reporter_id IS NULL OR investigator_id <> reporter_id", name="another_investigates"),
        CheckConstraint("affected IS NULL OR affected >= 0", name="affected"),
        CheckConstraint("(triaged_by IS NULL) = (triaged_at IS NULL)", name="triaged"),
        CheckConstraint("status IN ('reported', 'set_aside', 'reviewing', 'answered') OR (triaged_at IS NOT NULL AND severity <> '')", name="graded"),
        CheckConstraint("status NOT IN ('investigating', 'concluded', 'closed') OR investigator_id IS NOT NULL", name="investigated"),
        CheckConstraint("(status IN ('concluded', 'closed')) = (finding <> '')", name="found"),
        CheckConstraint("(finding <> '') = (concluded_by IS NOT NULL)", name="concluded"),
        CheckConstraint("status <> 'answered' OR answered_by IS NOT NULL", name="answered"),
        CheckConstraint(
            "(nature = 'complaint' AND status IN ('reported', 'reviewing', 'answered', 'set_aside')) "
            "OR (nature = 'incident' AND status NOT IN ('reviewing', 'answered'))", name="moves",
        ),
        UniqueConstraint("token_hash"),
        Index("ix_incident_status", "nature", "status", "reported_at", "id"),
        Index("ix_incident_agency", "agency_id", "reported_at"),
        Index("ix_incident_reporter", "reporter_id"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    nature: Mapped[str] = mapped_column(String(12), default="incident")
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    said: Mapped[str] = mapped_column(Text)
    to_redact: Mapped[bool] = mapped_column(default=False)
    place: Mapped[str] = mapped_column(String(200), default="")
    occurred_on: Mapped[date | None] = mapped_column(Date)
    discovered_on: Mapped[date | None] = mapped_column(Date)
    reported_at: Mapped[datetime] = mapped_column(DateTime)
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    contact: Mapped[str] = mapped_column(String(320), default="")
    token_hash: Mapped[str | None] = mapped_column(String(64))
    agency_sees: Mapped[bool] = mapped_column(default=False)
    title: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(40), default="")
    category: Mapped[str] = mapped_column(String(12), default="")
    severity: Mapped[str] = mapped_column(String(12), default="")
    affected: Mapped[int | None] = mapped_column(Integer)
    elements: Mapped[list[str]] = mapped_column(JSON, default=list)
    media: Mapped[str] = mapped_column(String(300), default="")
    found_how: Mapped[str] = mapped_column(String(1000), default="")
    contained: Mapped[str] = mapped_column(String(1000), default="")
    triaged_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    triaged_at: Mapped[datetime | None] = mapped_column(DateTime)
    investigator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    finding: Mapped[str] = mapped_column(String(12), default="")
    conclusion: Mapped[str] = mapped_column(Text, default="")
    concluded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    concluded_at: Mapped[datetime | None] = mapped_column(DateTime)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime)
    received_on: Mapped[date | None] = mapped_column(Date)
    received_from: Mapped[str] = mapped_column(String(200), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    answer_due: Mapped[date | None] = mapped_column(Date)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime)

    agency: Mapped[Agency | None] = relationship(viewonly=True)
    reporter: Mapped[Person | None] = relationship(foreign_keys=[reporter_id], viewonly=True)
    investigator: Mapped[Person | None] = relationship(foreign_keys=[investigator_id], viewonly=True)

    @property
    def reference(self) -> str:
        """What people call it by: 'I-2026-0012', a complaint 'C-2026-0012'."""
        return f"{self.nature[0].upper()}-{self.reported_at.year}-{self.id:04d}"


class IncidentPerson(Base):
    """Somebody involved: accused or a witness; what the investigator asks once it is opened to them, and the answer."""

    __tablename__ = "incident_person"
    __table_args__ = (
        one_of("part", PARTS, "part"),
        UniqueConstraint("incident_id", "person_id"),
        ForeignKeyConstraint(["membership_id", "person_id"], ["membership.id", "membership.person_id"]),
        CheckConstraint("(opened_at IS NULL) = (opened_by IS NULL)", name="opened"),
        CheckConstraint("answered_at IS NULL OR opened_at IS NOT NULL", name="answered"),
        CheckConstraint("opened_by IS NULL OR opened_by <> person_id", name="another_asks"),
        Index("ix_incident_person_person", "person_id"),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    membership_id: Mapped[int | None] = mapped_column(Integer)
    part: Mapped[str] = mapped_column(String(12), default="accused")
    named_at: Mapped[datetime] = mapped_column(DateTime)
    named_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime | None] = mapped_column(DateTime)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(DateTime)

    incident: Mapped[Incident] = relationship(viewonly=True)
    person: Mapped[Person] = relationship(foreign_keys=[person_id], viewonly=True)
    membership: Mapped[Membership | None] = relationship(foreign_keys=[membership_id, person_id], viewonly=True)


class IncidentEntry(Base):
    """One line of the timeline: an act, a note, or what the reporter added; kept for good, and edited only to redact it."""

    __tablename__ = "incident_entry"
    __table_args__ = (
        one_of("kind", ("act", "note", "reporter", "answer"), "kind"),
        CheckConstraint("(redacted_at IS NULL) = (redacted_by IS NULL)", name="redacted"),
        Index("ix_incident_entry_incident", "incident_id", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    at: Mapped[datetime] = mapped_column(DateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    to_redact: Mapped[bool] = mapped_column(default=False)
    redacted_at: Mapped[datetime | None] = mapped_column(DateTime)
    redacted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    by: Mapped[Person | None] = relationship(foreign_keys=[by_id], viewonly=True)


class IncidentFile(Base):
    """A file kept as evidence of an incident, by its hash; never removed."""

    __tablename__ = "incident_file"
    __table_args__ = (UniqueConstraint("incident_id", "file_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    what: Mapped[str] = mapped_column(String(300))
    added_at: Mapped[datetime] = mapped_column(DateTime)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    file: Mapped[StoredFile] = relationship(viewonly=True)
    adder: Mapped[Person | None] = relationship(foreign_keys=[added_by], viewonly=True)


class IncidentStep(Base):
    """One step of the chain of communication as the pack said it at triage: until when, and who did it with what words."""

    __tablename__ = "incident_step"
    __table_args__ = (
        UniqueConstraint("incident_id", "step"),
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done"),
        Index("ix_incident_step_due", "due_at", sqlite_where=_UNDONE, postgresql_where=_UNDONE),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    step: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    who: Mapped[str] = mapped_column(String(100))
    mandatory: Mapped[bool] = mapped_column(default=False)
    cite: Mapped[str] = mapped_column(String(500))
    basis: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime] = mapped_column(DateTime)
    done_at: Mapped[datetime | None] = mapped_column(DateTime)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    told: Mapped[str] = mapped_column(String(200), default="")
    words: Mapped[str] = mapped_column(String(1000), default="")

    incident: Mapped[Incident] = relationship(viewonly=True)
    doer: Mapped[Person | None] = relationship(foreign_keys=[done_by], viewonly=True)


class Containment(Base):
    """Something closed at once by one person while it is looked into: a person's access, one membership's, or a device.

    What the gate reads is the evidence it points at. `until` is its last day; a second person may extend it once.
    """

    __tablename__ = "containment"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (device_id IS NULL)", name="of_one"),
        CheckConstraint("membership_id IS NULL OR person_id IS NOT NULL", name="whose"),
        CheckConstraint("person_id IS NULL OR began_by <> person_id", name="not_oneself"),
        CheckConstraint("extended_by IS NULL OR (extended_by <> began_by AND (person_id IS NULL OR extended_by <> person_id))", name="another_extends"),
        CheckConstraint("(extended_by IS NULL) = (extended_evidence_id IS NULL)", name="extended"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        ForeignKeyConstraint(["membership_id", "person_id"], ["membership.id", "membership.person_id"]),
        Index("ix_containment_incident", "incident_id"),
        Index(
            "uq_containment_person", "incident_id", "person_id", text("coalesce(membership_id, 0)"), unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index("uq_containment_device", "device_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    membership_id: Mapped[int | None] = mapped_column(Integer)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    reason: Mapped[str] = mapped_column(String(1000))
    began_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    began_at: Mapped[datetime] = mapped_column(DateTime)
    until: Mapped[date | None] = mapped_column(Date)
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    extended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    extended_evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime)
    ended_reason: Mapped[str] = mapped_column(String(1000), default="")

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id], viewonly=True)
    membership: Mapped[Membership | None] = relationship(foreign_keys=[membership_id, person_id], viewonly=True)
    device: Mapped[Device | None] = relationship(viewonly=True)
    beginner: Mapped[Person] = relationship(foreign_keys=[began_by], viewonly=True)
    extender: Mapped[Person | None] = relationship(foreign_keys=[extended_by], viewonly=True)


def _kept(table: str) -> Trigger:
    said = "what belongs to an incident is never removed"
    return Trigger(
        f"{table}_is_kept", table,
        sqlite=(f"CREATE TRIGGER {table}_is_kept BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{said}'); END",),
        postgresql=(
            f"CREATE FUNCTION {table}_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{said}'; END $$",
            f"CREATE TRIGGER {table}_is_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_is_kept()",
        ),
    )  # fmt: skip


INCIDENT_TRIGGERS = (_kept("incident"), _kept("incident_file"), _kept("incident_entry"))
