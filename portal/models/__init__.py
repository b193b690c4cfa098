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

TRIGGERS = (*EVIDENCE_TRIGGERS, *ACCESS_TRIGGERS, *RECORD_TRIGGERS, *KEPT_TRIGGERS, *SEPARATION_TRIGGERS)

__all__ = [
    "TRIGGERS",
    "AccessRequest",
    "Account",
    "Agency",
    "AuditEntry",
    "BackgroundCheck",
    "BulkScan",
    "ColumnMap",
    "CoreUser",
    "Credential",
    "DayOneImport",
    "Decision",
    "Delegation",
    "Device",
    "Document",
    "Draft",
    "EmailChange",
    "EndedEvidence",
    "Evidence",
    "FactorReset",
    "FactorVouch",
    "Grant",
    "Handover",
    "HudRecord",
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
    "PolicyPack",
    "Project",
    "RecordCheck",
    "RecoveryCode",
    "RosterEntry",
    "Seat",
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
