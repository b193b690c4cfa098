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
from portal.models.core_hmis import CoreComparison, CoreDifference, Handover, WorkOrder
from portal.models.day_one import BulkScan, ColumnMap, DayOneImport, OtherAddress, RosterEntry
from portal.models.delegation import Delegation
from portal.models.evidence import EVIDENCE_TRIGGERS, EndedEvidence, Evidence
from portal.models.helpdesk.feedback import FEEDBACK_TRIGGERS, Survey, SurveyAnswer, SurveyFollowUp, SurveyInvite
from portal.models.helpdesk.knowledge import KNOWLEDGE_TRIGGERS, Article, ArticleVersion, ArticleVote, ArticleWord
from portal.models.helpdesk.outages import (
    OUTAGE_TRIGGERS,
    Outage,
    OutageAcknowledged,
    OutageNotice,
    OutageUpdate,
)
from portal.models.helpdesk.senders import SENDER_TRIGGERS, SenderProof
from portal.models.helpdesk.service_requests import (
    SERVICE_TRIGGERS,
    ProgramChange,
    ProgramTask,
    ServiceActivity,
    ServiceRequest,
    ServiceReview,
)
from portal.models.helpdesk.ticket_clock import Closure, TicketPause
from portal.models.helpdesk.ticket_mail import MAIL_TRIGGERS, MailArrival, MailboxLook
from portal.models.helpdesk.ticket_work import CannedReply, SavedView, TicketDraft, TicketPresence
from portal.models.helpdesk.tickets import (
    TICKET_TRIGGERS,
    MessageSeen,
    Ticket,
    TicketEntry,
    TicketFile,
    TicketFollower,
    TicketTag,
    TicketWord,
)
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
    *OUTAGE_TRIGGERS,
    *TICKET_TRIGGERS,
    *MAIL_TRIGGERS,
    *SENDER_TRIGGERS,
    *KNOWLEDGE_TRIGGERS,
    *SERVICE_TRIGGERS,
    *FEEDBACK_TRIGGERS,
)

__all__ = [
    "TRIGGERS",
    "AccessRequest",
    "Account",
    "Agency",
    "Article",
    "ArticleVersion",
    "ArticleVote",
    "ArticleWord",
    "AuditEntry",
    "BackgroundCheck",
    "BoardRecord",
    "BulkScan",
    "CannedReply",
    "Checklist",
    "Closure",
    "ColumnMap",
    "Containment",
    "CoreComparison",
    "CoreDifference",
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
    "MailArrival",
    "MailboxLook",
    "Membership",
    "MessageSeen",
    "OtherAddress",
    "Outage",
    "OutageAcknowledged",
    "OutageNotice",
    "OutageUpdate",
    "PackActivation",
    "PastPassword",
    "Person",
    "PlanComment",
    "PlanResubmission",
    "PlanReview",
    "PlanTask",
    "PlanVersion",
    "PolicyPack",
    "ProgramChange",
    "ProgramTask",
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
    "SavedView",
    "Seat",
    "SecurityReview",
    "SenderProof",
    "ServiceActivity",
    "ServiceRequest",
    "ServiceReview",
    "SignInLimit",
    "Signature",
    "StoppedCase",
    "StoredFile",
    "Survey",
    "SurveyAnswer",
    "SurveyFollowUp",
    "SurveyInvite",
    "SweepStop",
    "Ticket",
    "TicketDraft",
    "TicketEntry",
    "TicketFile",
    "TicketFollower",
    "TicketPause",
    "TicketPresence",
    "TicketTag",
    "TicketWord",
    "TrainingResult",
    "Waiver",
    "WebSession",
    "WorkOrder",
]  # fmt: skip
