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
