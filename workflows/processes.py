"""The transition tables: one for each process that has a status."""

from collections.abc import Mapping

from workflows.actions import Action
from workflows.front_processes import ARTICLE, SERVICE_REQUEST, SURVEY
from workflows.machine import Machine, Move
from workflows.ticket_processes import TICKET

AGENCY = Machine("agency", "joining", {
    "configure": Move(("joining",), "participating", Action.AGENCY_CONFIGURE, "was set up in the core HMIS"),
    "end": Move(("joining", "participating"), "ended", Action.AGENCY_END, "ended its participation"),
    "rejoin": Move(("ended",), "joining", Action.AGENCY_CHANGE, "began to join again"),
})  # fmt: skip

DOCUMENT = Machine("document", "prepared", {
    "sign": Move(("prepared",), "signed", Action.DOCUMENT_SIGN, "was signed electronically"),
    "scan": Move(("prepared", "rejected"), "scanned", Action.DOCUMENT_SCAN, "was signed on paper and its scan uploaded"),
    "countersign": Move(("signed", "scanned"), "executed", Action.DOCUMENT_COUNTERSIGN, "was countersigned"),
    "execute": Move(("signed",), "executed", Action.DOCUMENT_SIGN, "was executed by its last signature"),
    "submit": Move(("prepared", "rejected"), "signed", Action.FORM_SUBMIT, "was submitted"),
    "verify": Move(("signed", "scanned"), "executed", Action.DOCUMENT_VERIFY, "was verified as correctly executed"),
    "reject": Move(("signed", "scanned"), "rejected", Action.DOCUMENT_VERIFY, "was sent back for correction"),
    "resume": Move(("rejected",), "prepared", Action.DOCUMENT_PREPARE, "was prepared again"),
    "void": Move(("prepared", "signed", "scanned", "rejected"), "void", Action.DOCUMENT_VOID, "was set aside"),
})  # fmt: skip

ACCESS_REQUEST = Machine("access request", "open", {
    "issue": Move(("open",), "issued", Action.ACCESS_ISSUE, "led to access"),
    "cancel": Move(("open",), "cancelled", Action.ACCESS_CANCEL, "was canceled"),
    "leave": Move(("open", "issued"), "ended", Action.PERSON_DEACTIVATE, "ended with the departure"),
})  # fmt: skip

ACCOUNT = Machine("account", "ordered", {
    "confirm": Move(("ordered", "suspending", "restoring"), "active", Action.ORDER_CONFIRM, "was confirmed active in the core HMIS"),
    "suspend": Move(("ordered", "active", "restoring"), "suspending", Action.ACCESS_REACT, "is being suspended"),
    "restore": Move(("suspending", "suspended", "removing", "removed"), "restoring", Action.ACCESS_REACT, "is being restored"),
    "change": Move(("active",), "restoring", Action.ACCESS_REACT, "is being changed"),
    "remove": Move(("ordered", "active", "suspending", "suspended", "restoring"), "removing", Action.ACCESS_REACT, "is being removed"),
    "suspend_again": Move(("suspended",), "suspending", Action.ACCESS_REACT, "is being suspended once more"),
    "remove_again": Move(("removed",), "removing", Action.ACCESS_REACT, "is being removed once more"),
    "suspended": Move(("suspending",), "suspended", Action.ORDER_CONFIRM, "was confirmed suspended in the core HMIS"),
    "removed": Move(("removing",), "removed", Action.ORDER_CONFIRM, "was confirmed removed from the core HMIS"),
})  # fmt: skip

GRANT = Machine("grant", "live", {
    "suspend": Move(("live",), "suspended", Action.ACCESS_REACT, "was suspended"),
    "restore": Move(("suspended",), "live", Action.ACCESS_REACT, "was restored"),
    "end": Move(("live", "suspended"), "ended", Action.PERSON_DEACTIVATE, "ended"),
})  # fmt: skip

WORK_ORDER = Machine("work order", "open", {
    "confirm": Move(("open",), "done", Action.ORDER_CONFIRM, "was carried out and confirmed"),
    "replace": Move(("open",), "replaced", Action.ORDER_REPLACE, "was overtaken by a later order"),
})  # fmt: skip

TRAINING = Machine("training result", "recorded", {
    "match": Move(("unmatched",), "recorded", Action.TRAINING_ENTER, "was matched to a person"),
    "claim": Move(("recorded",), "claimed", Action.TRAINING_CLAIM, "was handed in as a certificate"),
    "unmatch": Move(("recorded",), "unmatched", Action.TRAINING_IMPORT, "could not be matched to a person"),
    "confirm": Move(("claimed",), "recorded", Action.TRAINING_CONFIRM, "was confirmed by the help desk"),
    "refuse": Move(("claimed", "unmatched"), "refused", Action.TRAINING_CONFIRM, "was refused"),
    "correct": Move(("recorded",), "corrected", Action.TRAINING_ENTER, "was corrected by a later entry"),
})  # fmt: skip

BACKGROUND = Machine("background check", "ordered", {
    "wait": Move(("ordered",), "pending", Action.BACKGROUND_ENTER, "is pending"),
    "clear": Move(("ordered", "pending"), "cleared", Action.BACKGROUND_ENTER, "was decided: cleared"),
    "refuse": Move(("ordered", "pending"), "not_cleared", Action.BACKGROUND_ENTER, "was decided: not cleared"),
})  # fmt: skip

SEAT = Machine("seat", "reserved", {
    "take": Move(("reserved",), "held", Action.ACCESS_ISSUE, "was taken"),
    "give_back": Move(("reserved", "held"), "returned", Action.ACCESS_REACT, "was returned"),
})  # fmt: skip

POLICY_PACK = Machine("policy pack", "proposed", {
    "adopt": Move(("proposed",), "in_force", Action.PACK_SETTLE, "was adopted as the first in force"),
    "activate": Move(("proposed",), "in_force", Action.PACK_ACTIVATE, "was put in force by a second person"),
    "supersede": Move(("in_force",), "superseded", Action.PACK_SETTLE, "was superseded by the next"),
    "withdraw": Move(("proposed",), "withdrawn", Action.PACK_WITHDRAW, "was withdrawn before it came into force"),
})  # fmt: skip

BULK_SCAN = Machine("scan", "arrived", {
    "wait": Move(("arrived",), "waiting", Action.SCAN_SORT, "waits for somebody to say whose it is"),
    "place": Move(("arrived", "waiting"), "placed", Action.SCAN_SORT, "was put with its document"),
    "refuse": Move(("arrived",), "refused", Action.SCAN_SORT, "cannot be kept"),
    "leave_out": Move(("waiting",), "left_out", Action.SCAN_SORT, "was left out"),
    "take_back": Move(("placed",), "waiting", Action.SCAN_SORT, "was taken back from its document"),
})  # fmt: skip

SWEEP_STOP = Machine("brake", "pulled", {
    "release": Move(("pulled",), "released", Action.BRAKE_RELEASE, "was released"),
    "accept": Move(("pulled",), "released", Action.PACK_SETTLE, "was released for those whom a pack suspends"),
    "drop": Move(("pulled",), "dropped", Action.ACCESS_REACT, "let go by itself: few enough are left"),
})  # fmt: skip

WAIVER = Machine("waiver", "asked", {
    "give": Move(("asked",), "given", Action.WAIVER_DECIDE, "was given by a second person"),
    "refuse": Move(("asked",), "refused", Action.WAIVER_DECIDE, "was refused"),
    "withdraw": Move(("asked",), "withdrawn", Action.WAIVER_ASK, "was withdrawn before it was decided"),
    "end": Move(("given",), "ended", Action.WAIVER_END, "was ended before its last day"),
})  # fmt: skip

PLAN = Machine("plan", "drafted", {
    "ask": Move(("drafted",), "feedback", Action.PLAN_DRAFT, "was put out for feedback"),
    "take_over": Move(("drafted",), "submitted", Action.PLAN_DRAFT, "was voted on before the portal; the vote is to be recorded"),
    "submit": Move(("feedback",), "submitted", Action.PLAN_DRAFT, "was put to the Board"),
    "approve": Move(("submitted",), "implementing", Action.PLAN_VOTE, "was approved by the Board"),
    "send_back": Move(("submitted",), "sent_back", Action.PLAN_VOTE, "was sent back by the Board"),
    "overtake": Move(("implementing",), "overtaken", Action.PLAN_REACT, "was overtaken by a later version that the Board approved"),
    "enforce": Move(("implementing",), "in_force", Action.PLAN_DRAFT, "came into force"),
    "supersede": Move(("in_force",), "superseded", Action.PLAN_DRAFT, "was superseded by a later version"),
    "withdraw": Move(("drafted", "feedback", "submitted"), "withdrawn", Action.PLAN_DRAFT, "was withdrawn before the Board voted"),
})  # fmt: skip

DATA_RELEASE = Machine("data release", "asked", {
    "approve": Move(("asked",), "approved", Action.RELEASE_DECIDE, "was approved by a second person"),
    "refuse": Move(("asked",), "refused", Action.RELEASE_DECIDE, "was refused"),
    "withdraw": Move(("asked",), "withdrawn", Action.RELEASE_ENTER, "was withdrawn before it was decided"),
    "release": Move(("approved",), "released", Action.RELEASE_ENTER, "was handed over"),
})  # fmt: skip

REVIEW = Machine("security review", "not_started", {
    "begin": Move(("not_started",), "answering", Action.REVIEW_ANSWER, "was begun"),
    "send": Move(("answering", "returned"), "sent", Action.REVIEW_SEND, "was sent to be attested"),
    "declare": Move(("answering", "returned"), "attested", Action.REVIEW_SEND, "was completed by who answered for the Lead"),
    "reopen": Move(("sent", "attested"), "answering", Action.REVIEW_SEND, "was opened again, so it is attested anew"),
    "attest": Move(("sent",), "attested", Action.REVIEW_ATTEST, "was attested by the executive director"),
    "return": Move(("attested",), "returned", Action.REVIEW_SIGN_OFF, "was sent back with changes requested"),
    "sign_off": Move(("attested",), "signed_off", Action.REVIEW_SIGN_OFF, "was signed off"),
    "call_off": Move(("not_started", "answering", "sent", "attested", "returned"), "called_off", Action.REVIEW_OPEN, "was called off"),
})  # fmt: skip

CORRECTIVE_ACTION = Machine("corrective action", "open", {
    "plan": Move(("open", "planned"), "planned", Action.CORRECTIVE_PLAN, "was planned"),
    "complete": Move(("planned",), "completed", Action.CORRECTIVE_WORK, "was said to be done"),
    "send_back": Move(("completed",), "planned", Action.CORRECTIVE_VERIFY, "was sent back: it is not done yet"),
    "verify": Move(("completed",), "verified", Action.CORRECTIVE_VERIFY, "was verified by another and closed"),
    "ask": Move(("open", "planned"), "asked", Action.CORRECTIVE_PLAN, "cannot be met for now: an exception was asked for"),
    "take_back": Move(("asked",), "open", Action.CORRECTIVE_PLAN, "is open again: the question for an exception was taken back"),
    "accept": Move(("asked",), "accepted", Action.CORRECTIVE_ACCEPT, "was excepted by another, for a time"),
    "refuse": Move(("asked",), "open", Action.CORRECTIVE_ACCEPT, "is open again: the exception was refused"),
    "lapse": Move(("accepted",), "open", Action.CORRECTIVE_REACT, "is open again: its exception ran out"),
    "reopen": Move(("verified", "accepted"), "open", Action.CORRECTIVE_VERIFY, "was opened again"),
    "withdraw": Move(("open", "planned"), "withdrawn", Action.CORRECTIVE_OPEN, "was withdrawn: it was opened by mistake"),
})  # fmt: skip

SANCTION = Machine("sanction", "drafted", {
    "withdraw": Move(("drafted",), "withdrawn", Action.SANCTION_DRAFT, "was withdrawn before it was decided"),
    "decide": Move(("drafted",), "in_force", Action.SANCTION_DECIDE, "was decided by another person and is in force"),
    "replace": Move(("drafted",), "in_force", Action.SANCTION_HEAR, "took the place of another on appeal, and is in force"),
    "appeal": Move(("in_force", "expired"), "appealed", Action.SANCTION_APPEAL, "was appealed"),
    "uphold": Move(("appealed",), "upheld", Action.SANCTION_HEAR, "was upheld on appeal"),
    "change": Move(("appealed",), "changed", Action.SANCTION_HEAR, "was replaced by another on appeal"),
    "overturn": Move(("appealed",), "lifted", Action.SANCTION_HEAR, "was lifted on appeal"),
    "lift": Move(("in_force", "upheld"), "lifted", Action.SANCTION_LIFT, "was lifted"),
    "expire": Move(("in_force", "upheld"), "expired", Action.SANCTION_EXPIRE, "is over"),
    "resume": Move(("expired",), "in_force", Action.SANCTION_EXPIRE, "is in force again: what had settled it was set aside"),
})  # fmt: skip

INCIDENT = Machine("incident", "reported", {
    "triage": Move(("reported",), "triaged", Action.INCIDENT_TRIAGE, "was triaged"),
    "set_aside": Move(("reported", "triaged"), "set_aside", Action.INCIDENT_TRIAGE, "was set aside: there is nothing to investigate"),
    "take_up": Move(("set_aside",), "reported", Action.INCIDENT_TRIAGE, "was taken up after all"),
    "investigate": Move(("triaged",), "investigating", Action.INCIDENT_TRIAGE, "is being investigated"),
    "conclude": Move(("investigating",), "concluded", Action.INCIDENT_CONCLUDE, "was concluded"),
    "close": Move(("concluded",), "closed", Action.INCIDENT_CLOSE, "was closed"),
    "reopen": Move(("concluded", "closed"), "investigating", Action.INCIDENT_CLOSE, "was opened again"),
    "review": Move(("reported",), "reviewing", Action.COMPLAINT_ANSWER, "is being reviewed"),
    "answer": Move(("reported", "reviewing"), "answered", Action.COMPLAINT_ANSWER, "was answered"),
    "raise": Move(("reported", "reviewing", "answered"), "reported", Action.COMPLAINT_ANSWER, "was raised from a complaint to an incident"),
})  # fmt: skip

OUTAGE = Machine("outage", "announced", {
    "begin": Move(("announced",), "going_on", Action.OUTAGE_REACT, "began"),
    "report": Move(("announced",), "going_on", Action.OUTAGE_ANNOUNCE, "is going on"),
    "end": Move(("going_on",), "ended", Action.OUTAGE_WORK, "ended"),
    "call_off": Move(("announced",), "called_off", Action.OUTAGE_WORK, "was called off"),
    "mistaken": Move(("going_on",), "called_off", Action.OUTAGE_WORK, "was reported by mistake"),
})  # fmt: skip

MACHINES: Mapping[str, Machine] = {
    m.name: m
    for m in (
        AGENCY,
        DOCUMENT,
        ACCESS_REQUEST,
        ACCOUNT,
        GRANT,
        WORK_ORDER,
        TRAINING,
        BACKGROUND,
        SEAT,
        POLICY_PACK,
        BULK_SCAN,
        SWEEP_STOP,
        WAIVER,
        SANCTION,
        INCIDENT,
        CORRECTIVE_ACTION,
        REVIEW,
        PLAN,
        DATA_RELEASE,
        OUTAGE,
        TICKET,
        ARTICLE,
        SERVICE_REQUEST,
        SURVEY,
    )
}
