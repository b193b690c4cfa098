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
from portal.models.evidence import EVIDENCE_TRIGGERS, Evidence
from portal.models.paperwork import Document, Draft, Link, Signature, StoredFile
from portal.models.people import Device, Membership, Person
from portal.models.record import RECORD_TRIGGERS, AuditEntry, Job
from portal.models.sign_in import Credential, WebSession
from portal.models.training import BackgroundCheck, TrainingResult

TRIGGERS = (*EVIDENCE_TRIGGERS, *ACCESS_TRIGGERS, *RECORD_TRIGGERS)

__all__ = [
    "TRIGGERS", "AccessRequest", "Account", "Agency", "AuditEntry", "BackgroundCheck", "CoreUser", "Credential", "Decision",
    "Device", "Document", "Draft", "Evidence", "Grant", "Handover", "HudRecord", "Job", "Licence", "Link", "Membership",
    "Person", "PolicyPack", "Project", "Seat", "Signature", "StoredFile", "TrainingResult", "WebSession", "WorkOrder",
]  # fmt: skip
