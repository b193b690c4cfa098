"""The closed words of the house: kinds of evidence, whom they are about, roles, reasons, effects."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LEAD = 0
"""The Lead's own organisation: its id as an agency, and the subject of evidence about the Lead."""


class About(StrEnum):
    AGENCY = "agency"
    PERSON = "person"
    MEMBERSHIP = "membership"
    DEVICE = "device"
    LEAD = "lead"


class Role(StrEnum):
    """What a person is at an agency; evidence of kind `role` about the membership says since when."""

    END_USER = "end_user"
    AGENCY_ADMIN = "agency_admin"
    SECURITY_OFFICER = "security_officer"
    EXECUTIVE_DIRECTOR = "executive_director"
    LEAD_ADMIN = "lead_admin"
    HELP_DESK = "help_desk"
    LEAD_SECURITY = "lead_security"
    TRAINER = "trainer"
    AUDITOR = "auditor"
    BOARD_MEMBER = "board_member"
    COMMITTEE_MEMBER = "committee_member"


LEAD_ROLES = frozenset({Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER, Role.AUDITOR})
"""The Lead's staff."""

ONLOOKERS = frozenset({Role.BOARD_MEMBER, Role.COMMITTEE_MEMBER})
"""Of the Continuum's Board and its data committee: they see counts, and nobody's name."""

AT_THE_LEAD = LEAD_ROLES | ONLOOKERS
"""Roles that exist at the Lead's own organization, and at no Agency."""


class Scope(StrEnum):
    """What an executive director may let somebody else of the Agency do; signatures are never among it."""

    REQUEST_ACCESS = "request_access"
    NAME_OFFICERS = "name_officers"
    ATTEST_FORMS = "attest_forms"
    AUTHORISE_DEVICES = "authorise_devices"


class Kind(StrEnum):
    """A kind of evidence: the only thing the gate reads."""

    PARTICIPATION_AGREEMENT_SIGNED = "participation_agreement_signed"
    PARTICIPATION_AGREEMENT = "participation_agreement"
    INFORMATION_FORM_SENT = "information_form_sent"
    INFORMATION_FORM = "information_form"
    HOUSING_INVENTORY_SENT = "housing_inventory_sent"
    HOUSING_INVENTORY = "housing_inventory"
    RECEIPT = "receipt"
    PROTOCOL = "protocol"
    POSTED = "posted"
    SECURITY_REVIEW_SENT = "security_review_sent"
    SECURITY_REVIEW = "security_review"
    CONFIGURATION_ORDERED = "configuration_ordered"
    CONFIGURED = "configured"
    EXCLUDED_PROVIDER = "excluded_provider"
    SEAT_FREE = "seat_free"
    SANCTION = "sanction"
    WAIVER = "waiver"
    TRAINING = "training"
    BACKGROUND_CHECK = "background_check"
    RETRAINING = "retraining"
    ROLE = "role"
    ACCESS_LEVEL = "access_level"
    REQUEST = "request"
    LEAD_APPROVAL = "lead_approval"
    USER_AGREEMENT = "user_agreement"
    PRIVACY_PLEDGE = "privacy_pledge"
    AGENCY_ADMIN_AGREEMENT = "agency_admin_agreement"
    SECURITY_OFFICER_ACCEPTANCE = "security_officer_acceptance"
    COURSE_ASSIGNED = "course_assigned"
    DEVICE_IN_USE = "device_in_use"
    SEAT = "seat"
    INHERITED = "inherited"
    DEPARTURE = "departure"
    PROJECT = "project"
    WORKER = "worker"
    DEVICE_AUTHORISED = "device_authorised"
    TRAIT = "trait"
    LAPTOP_STATEMENT = "laptop_statement"
    HOME_OFFICE = "home_office"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class KindInfo:
    """Whom a kind may be about, and its closed details (None: open, checked elsewhere; empty: takes no detail)."""

    title: str
    about: tuple[About, ...]
    details: tuple[str, ...] | None = ()


RECEIPTS = ("manual", "governance_model", "data_quality_plan", "data_standards_manual", "data_dictionary")
PROTOCOLS = (
    "hipaa_breach", "agency_procedures", "posted_sign", "user_accounts", "account_sharing", "unattended_workstations",
    "physical_access", "records_storage", "equipment_disposal", "compliance_audit",
)  # fmt: skip
SANCTIONS = ("reprimand", "training", "penalty", "suspension", "revocation", "referral")
LICENCES = ("core", "art")

_SPELLED = {"authorisation": "authorization", "authorised": "authorized", "cancelled": "canceled", "licence": "license"}


def in_words(code: str) -> str:
    """A code of the house as people read it: 'home office authorization' for 'home_office_authorisation'."""
    return " ".join(_SPELLED.get(word, word) for word in code.replace("_", " ").split(" "))


_A, _P, _M, _D, _L = About.AGENCY, About.PERSON, About.MEMBERSHIP, About.DEVICE, About.LEAD

KINDS: Mapping[Kind, KindInfo] = {
    Kind.PARTICIPATION_AGREEMENT_SIGNED: KindInfo("Participation agreement signed by the Agency", (_A,)),
    Kind.PARTICIPATION_AGREEMENT: KindInfo("Participation agreement executed", (_A,)),
    Kind.INFORMATION_FORM_SENT: KindInfo("Agency information form submitted", (_A,)),
    Kind.INFORMATION_FORM: KindInfo("Agency information form verified", (_A,)),
    Kind.HOUSING_INVENTORY_SENT: KindInfo("Housing inventory submitted", (_A,)),
    Kind.HOUSING_INVENTORY: KindInfo("Housing inventory verified", (_A,)),
    Kind.RECEIPT: KindInfo("Receipt of a manual", (_A,), RECEIPTS),
    Kind.PROTOCOL: KindInfo("Security protocol attested", (_A,), PROTOCOLS),
    Kind.POSTED: KindInfo("Notice posted", (_A,), ("privacy_notice", "sign")),
    Kind.SECURITY_REVIEW_SENT: KindInfo("Security review submitted", (_A,)),
    Kind.SECURITY_REVIEW: KindInfo("Security review signed off", (_A,), ("", "joined")),
    Kind.CONFIGURATION_ORDERED: KindInfo("Configuration in the core HMIS ordered", (_A,)),
    Kind.CONFIGURED: KindInfo("Configured in the core HMIS", (_A,)),
    Kind.EXCLUDED_PROVIDER: KindInfo(
        "Victim service or legal service provider", (_A,), ("victim_service", "legal_service")
    ),
    Kind.SEAT_FREE: KindInfo("A license is free at the Agency", (_A,), LICENCES),
    Kind.SANCTION: KindInfo("Sanction", (_A, _P, _M), SANCTIONS),
    Kind.WAIVER: KindInfo("Waiver", (_A, _M), None),
    Kind.TRAINING: KindInfo("Course quiz result", (_P,), None),
    Kind.BACKGROUND_CHECK: KindInfo("Background check", (_P,), ("ordered", "pending", "cleared", "not_cleared")),
    Kind.RETRAINING: KindInfo("Retraining required", (_P,), None),
    Kind.ROLE: KindInfo("Role", (_M,), tuple(Role)),
    Kind.ACCESS_LEVEL: KindInfo("Access level", (_M,), None),
    Kind.REQUEST: KindInfo("Access requested by an authorized person", (_M,)),
    Kind.LEAD_APPROVAL: KindInfo("Approved by a second person of the Lead", (_M,)),
    Kind.USER_AGREEMENT: KindInfo("User agreement signed", (_M,)),
    Kind.PRIVACY_PLEDGE: KindInfo("Privacy notice acknowledged", (_M,)),
    Kind.AGENCY_ADMIN_AGREEMENT: KindInfo("Agency Administrator Agreement signed", (_M,)),
    Kind.SECURITY_OFFICER_ACCEPTANCE: KindInfo("Security officer's duty accepted", (_M,)),
    Kind.COURSE_ASSIGNED: KindInfo("Course assigned", (_M,), None),
    Kind.DEVICE_IN_USE: KindInfo("Device in use", (_M,)),
    Kind.SEAT: KindInfo("License seat reserved or held", (_M,), LICENCES),
    Kind.INHERITED: KindInfo("Account that existed before the portal", (_M,)),
    Kind.DEPARTURE: KindInfo("Left the Agency", (_M,)),
    Kind.PROJECT: KindInfo("Works for a project", (_M,), None),
    Kind.WORKER: KindInfo("Staff, volunteer or contractor", (_M,), ("staff", "volunteer", "contractor")),
    Kind.DEVICE_AUTHORISED: KindInfo("Device authorized", (_D,)),
    Kind.TRAIT: KindInfo("Trait of a device", (_D,), ("laptop", "home_office")),
    Kind.LAPTOP_STATEMENT: KindInfo("Laptop statement signed", (_D,)),
    Kind.HOME_OFFICE: KindInfo("Home office paperwork on file", (_D,), ("authorisation", "policy")),
    Kind.PUBLISHED: KindInfo("Document version published", (_L,), None),
}


class Reason(StrEnum):
    """Why something was refused."""

    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    ILLEGAL_MOVE = "illegal_move"
    BAD_INPUT = "bad_input"
    ALREADY_DONE = "already_done"
    GATE_CLOSED = "gate_closed"
    NO_SEAT = "no_seat"
    SAME_PERSON = "same_person"
    LINK_SPENT = "link_spent"
    WRONG_CODE = "wrong_code"
    CONFLICT = "conflict"


class Action(StrEnum):
    """What one may do: the rows of the permission table (portal/permissions.py)."""

    HOME_SEE = "home.see"
    # the Lead's desk
    DESK_SEE = "desk.see"
    AGENCY_ENTER = "agency.enter"
    AGENCY_LIST = "agency.list"
    AGENCY_SEE = "agency.see"
    AGENCY_CHANGE = "agency.change"
    AGENCY_END = "agency.end"
    AGENCY_IMPORT = "agency.import"
    AGENCY_CONFIGURE = "agency.configure"
    DAY_ONE_IMPORT = "day_one.import"
    SCAN_SORT = "scan.sort"
    LIST_EXPORT = "list.export"
    DIRECTOR_INVITE = "director.invite"
    DOCUMENT_VERIFY = "document.verify"
    DOCUMENT_COUNTERSIGN = "document.countersign"
    DOCUMENT_SEE = "document.see"
    DOCUMENT_PREPARE = "document.prepare"
    DOCUMENT_SIGN = "document.sign"
    DOCUMENT_SCAN = "document.scan"
    DOCUMENT_VOID = "document.void"
    EVIDENCE_RECORD = "evidence.record"
    EVIDENCE_DECIDE = "evidence.decide"
    EVIDENCE_SEE = "evidence.see"
    EVIDENCE_DERIVE = "evidence.derive"
    OFFICER_NAME = "officer.name"
    DELEGATION_SEE = "delegation.see"
    DELEGATION_GIVE = "delegation.give"
    DELEGATION_REVOKE = "delegation.revoke"
    FORM_SUBMIT = "form.submit"
    PROTOCOL_ATTEST = "protocol.attest"
    DEVICE_ENTER = "device.enter"
    DEVICE_AUTHORISE = "device.authorise"
    LICENCE_GRANT = "licence.grant"
    # people and access
    PERSON_SEE = "person.see"
    PERSON_CHANGE = "person.change"
    MEMBERSHIP_SEE = "membership.see"
    STANDING_SEE = "standing.see"
    STANDING_CERTIFY = "standing.certify"
    NUDGE = "membership.nudge"
    ACCESS_REQUEST = "access.request"
    ACCESS_CANCEL = "access.cancel"
    ACCESS_APPROVE = "access.approve"
    ACCESS_ISSUE = "access.issue"
    ACCESS_REACT = "access.react"
    BRAKE_SEE = "brake.see"
    BRAKE_RELEASE = "brake.release"
    WAIVER_SEE = "waiver.see"
    WAIVER_ASK = "waiver.ask"
    WAIVER_DECIDE = "waiver.decide"
    WAIVER_END = "waiver.end"
    LAPSE_SEE = "lapse.see"
    # plans, policies and records
    PLAN_SEE = "plan.see"
    PLAN_DRAFT = "plan.draft"
    PLAN_COMMENT = "plan.comment"
    PLAN_VOTE = "plan.vote"
    PLAN_REACT = "plan.react"
    PLAN_REVIEW = "plan.review"
    PLAN_TASK_DO = "plan.task_do"
    HMIS_CHANGE_ENTER = "hmis_change.enter"
    BOARD_RECORD_SEE = "board_record.see"
    BOARD_RECORD_KEEP = "board_record.keep"
    RELEASE_SEE = "release.see"
    RELEASE_ENTER = "release.enter"
    RELEASE_DECIDE = "release.decide"
    OFFICES_SEE = "offices.see"
    # incidents and complaints
    INCIDENT_REPORT = "incident.report"
    INCIDENT_OWN = "incident.own"
    INCIDENT_SEE = "incident.see"
    INCIDENT_TRIAGE = "incident.triage"
    INCIDENT_WORK = "incident.work"
    INCIDENT_FILES = "incident.files"
    INCIDENT_CONTAIN = "incident.contain"
    INCIDENT_CONCLUDE = "incident.conclude"
    INCIDENT_CLOSE = "incident.close"
    INCIDENT_ANSWER = "incident.answer"
    COMPLAINT_ENTER = "complaint.enter"
    COMPLAINT_ANSWER = "complaint.answer"
    # sanctions
    SANCTION_SEE = "sanction.see"
    SANCTION_DRAFT = "sanction.draft"
    SANCTION_DECIDE = "sanction.decide"
    SANCTION_APPEAL = "sanction.appeal"
    SANCTION_HEAR = "sanction.hear"
    SANCTION_LIFT = "sanction.lift"
    SANCTION_FOLLOW = "sanction.follow"
    SANCTION_EXPIRE = "sanction.expire"
    PERSON_DEACTIVATE = "person.deactivate"
    PERSON_ENROL = "person.enrol"
    BACKGROUND_ENTER = "background.enter"
    TRAINING_IMPORT = "training.import"
    TRAINING_ENTER = "training.enter"
    TRAINING_CLAIM = "training.claim"
    TRAINING_CONFIRM = "training.confirm"
    # core HMIS
    ORDER_LIST = "order.list"
    ORDER_SEE = "order.see"
    ORDER_CONFIRM = "order.confirm"
    ORDER_REPLACE = "order.replace"
    PASSWORD_REVEAL = "password.reveal"
    CORE_RECONCILE = "core_hmis.reconcile"
    # tickets of the help desk
    TICKET_SEE = "ticket.see"
    TICKET_OPEN = "ticket.open"
    TICKET_ADD = "ticket.add"
    TICKET_ANSWER = "ticket.answer"
    TICKET_SOLVE = "ticket.solve"
    TICKET_WORK = "ticket.work"
    TICKET_REACT = "ticket.react"
    TICKET_REDACT = "ticket.redact"
    TICKET_RATE = "ticket.rate"
    TICKET_EXPORT = "ticket.export"
    CLOSURE_EDIT = "closure.edit"
    CANNED_EDIT = "canned.edit"
    # outages
    OUTAGE_ANNOUNCE = "outage.announce"
    OUTAGE_WORK = "outage.work"
    OUTAGE_REACT = "outage.react"
    OUTAGE_PUT_AWAY = "outage.put_away"
    # security reviews
    REVIEW_SEE = "review.see"
    REVIEW_OPEN = "review.open"
    REVIEW_BEGIN = "review.begin"
    REVIEW_ANSWER = "review.answer"
    REVIEW_SEND = "review.send"
    REVIEW_ATTEST = "review.attest"
    REVIEW_COMMENT = "review.comment"
    REVIEW_SIGN_OFF = "review.sign_off"
    REVIEW_VISIT = "review.visit"
    # knowledge base, service requests, feedback
    ARTICLE_READ = "article.read"
    ARTICLE_SEE = "article.see"
    ARTICLE_WRITE = "article.write"
    SERVICE_SEE = "service.see"
    SERVICE_ASK = "service.ask"
    SERVICE_WORK = "service.work"
    SERVICE_REVIEW = "service.review"
    SURVEY_SEE = "survey.see"
    SURVEY_ASK = "survey.ask"
    SURVEY_ANSWER = "survey.answer"
    SURVEY_REACT = "survey.react"
    # the house
    JOB_RETRY = "job.retry"
    LINK_SEND = "link.send"
    USER_INVITE = "user.invite"
    PACK_SEE = "pack.see"
    PACK_PROPOSE = "pack.propose"
    PACK_WITHDRAW = "pack.withdraw"
    PACK_ACTIVATE = "pack.activate"
    PACK_SETTLE = "pack.settle"
    AGGREGATES_SEE = "aggregates.see"
    ROLES_SEE = "roles.see"
    AUDIT_SEE = "audit.see"
    AUDIT_EXPORT = "audit.export"
    SIGN_IN = "sign.in"
    ACCOUNT_UNLOCK = "account.unlock"
    SESSIONS_END = "sessions.end"
    PASSWORD_RESET = "password.reset"
    FACTOR_VOUCH = "factor.vouch"
    FACTOR_RESET = "factor.reset"
    EMAIL_CHANGE = "email.change"
    LOCKED_SEE = "locked.see"
    # corrective actions and results
    CORRECTIVE_SEE = "corrective.see"
    CORRECTIVE_OPEN = "corrective.open"
    CORRECTIVE_PLAN = "corrective.plan"
    CORRECTIVE_WORK = "corrective.work"
    CORRECTIVE_VERIFY = "corrective.verify"
    CORRECTIVE_ACCEPT = "corrective.accept"
    CORRECTIVE_REACT = "corrective.react"
    RESULTS_SEE = "results.see"
    RESULTS_COMPARE = "results.compare"


class Effect(StrEnum):
    """What the worker does outside any transaction."""

    RECONSIDER = "reconsider"
    PROVISION = "provision"
    MAIL = "mail"
    EXECUTED_COPY = "executed_copy"
    EXPIRE = "expire"
    SIGN_AGAIN = "sign_again"
    READ_SCANS = "read_scans"
    OUTAGE = "outage"
    COMPARE = "compare"
    SURVEY_MAIL = "survey_mail"
    TICKET_MAIL = "ticket_mail"
    FETCH_MAIL = "fetch_mail"
    TICKET_SHRED = "ticket_shred"


class Outcome(StrEnum):
    """What the gate decided about one membership at one moment."""

    PERMITTED = "permitted"
    REFUSED = "refused"
    INHERITED = "inherited"
    KEPT = "kept"
    CLOSED = "closed"
