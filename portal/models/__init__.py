"""The tables, one module per noun, and the triggers that guard what is never edited."""

from portal.models.access import (
    ACCESS_TRIGGERS,
    AccessRequest,
    Account,
    CoreUser,
    Decision,
    Grant,
    Licence,
    PolicyPack,
    Seat,
)
from portal.models.agencies import Agency, HudRecord, Project
from portal.models.core_hmis import Handover, WorkOrder
from portal.models.day_one import BulkScan, ColumnMap, DayOneImport, OtherAddress, RosterEntry
from portal.models.delegation import Delegation
from portal.models.evidence import EVIDENCE_TRIGGERS, EndedEvidence, Evidence
from portal.models.kept import KEPT_TRIGGERS
from portal.models.lapses import Lapse, LapseDay, StoppedCase, SweepStop
from portal.models.packs import PackActivation
from portal.models.paperwork import Document, Draft, Link, Signature, StoredFile
from portal.models.people import Device, Membership, Person
from portal.models.record import RECORD_TRIGGERS, AuditEntry, Job
from portal.models.record_check import RecordCheck
from portal.models.security.actions import CorrectiveAction, CorrectiveFile, CorrectiveStep
from portal.models.security.board_records import BoardRecord
from portal.models.security.duties import DutyTold
from portal.models.security.incidents import (
    INCIDENT_TRIGGERS,
    Containment,
    Incident,
    IncidentEntry,
    IncidentFile,
    IncidentPerson,
    IncidentStep,
)
from portal.models.security.plans import HmisChange, PlanComment, PlanResubmission, PlanReview, PlanTask, PlanVersion
from portal.models.security.releases import DataRelease
from portal.models.security.reviews import (
    REVIEW_TRIGGERS,
    Checklist,
    ReviewAnswer,
    ReviewCampaign,
    ReviewComment,
    ReviewFile,
    ReviewRevision,
    SecurityReview,
)
from portal.models.security.sanctions import SANCTION_TRIGGERS, Sanction, SanctionNotice
from portal.models.separation import SEPARATION_TRIGGERS
from portal.models.sign_in import (
    Credential,
    EmailChange,
    FactorReset,
    FactorVouch,
    PastPassword,
    RecoveryCode,
    SignInLimit,
    WebSession,
)
from portal.models.training import BackgroundCheck, TrainingResult
from portal.models.waivers import Waiver

TRIGGERS = (
    *EVIDENCE_TRIGGERS,
    *ACCESS_TRIGGERS,
    *RECORD_TRIGGERS,
    *KEPT_TRIGGERS,
    *SEPARATION_TRIGGERS,
    *REVIEW_TRIGGERS,
    *INCIDENT_TRIGGERS,
    *SANCTION_TRIGGERS,
)

__all__ = [
    "TRIGGERS",
    "AccessRequest",
    "Account",
    "Agency",
    "AuditEntry",
    "BackgroundCheck",
    "BoardRecord",
    "BulkScan",
    "Checklist",
    "ColumnMap",
    "Containment",
    "CoreUser",
    "CorrectiveAction",
    "CorrectiveFile",
    "CorrectiveStep",
    "Credential",
    "DataRelease",
    "DayOneImport",
    "Decision",
    "Delegation",
    "Device",
    "Document",
    "Draft",
    "DutyTold",
    "EmailChange",
    "EndedEvidence",
    "Evidence",
    "FactorReset",
    "FactorVouch",
    "Grant",
    "Handover",
    "HmisChange",
    "HudRecord",
    "Incident",
    "IncidentEntry",
    "IncidentFile",
    "IncidentPerson",
    "IncidentStep",
    "Job",
    "Lapse",
    "LapseDay",
    "Licence",
    "Link",
    "Membership",
    "OtherAddress",
    "PackActivation",
    "PastPassword",
    "Person",
    "PlanComment",
    "PlanResubmission",
    "PlanReview",
    "PlanTask",
    "PlanVersion",
    "PolicyPack",
    "Project",
    "RecordCheck",
    "RecoveryCode",
    "ReviewAnswer",
    "ReviewCampaign",
    "ReviewComment",
    "ReviewFile",
    "ReviewRevision",
    "RosterEntry",
    "Sanction",
    "SanctionNotice",
    "Seat",
    "SecurityReview",
    "SignInLimit",
    "Signature",
    "StoppedCase",
    "StoredFile",
    "SweepStop",
    "TrainingResult",
    "Waiver",
    "WebSession",
    "WorkOrder",
]  # fmt: skip
