"""The transition tables: one for each process that has a status."""

from collections.abc import Mapping

from workflows.machine import Machine, Move
from workflows.vocabulary import Action as A

AGENCY = Machine("agency", "joining", {
    "configure": Move(("joining",), "participating", A.AGENCY_CONFIGURE, "was set up in the core HMIS"),
    "end": Move(("joining", "participating"), "ended", A.AGENCY_END, "ended its participation"),
    "rejoin": Move(("ended",), "joining", A.AGENCY_CHANGE, "began to join again"),
})  # fmt: skip

DOCUMENT = Machine("document", "prepared", {
    "sign": Move(("prepared",), "signed", A.DOCUMENT_SIGN, "was signed electronically"),
    "scan": Move(("prepared", "rejected"), "scanned", A.DOCUMENT_SCAN, "was signed on paper and its scan uploaded"),
    "countersign": Move(("signed", "scanned"), "executed", A.DOCUMENT_COUNTERSIGN, "was countersigned"),
    "execute": Move(("signed",), "executed", A.DOCUMENT_SIGN, "was executed by its last signature"),
    "submit": Move(("prepared", "rejected"), "signed", A.FORM_SUBMIT, "was submitted"),
    "verify": Move(("signed", "scanned"), "executed", A.DOCUMENT_VERIFY, "was verified as correctly executed"),
    "reject": Move(("signed", "scanned"), "rejected", A.DOCUMENT_VERIFY, "was sent back for correction"),
    "resume": Move(("rejected",), "prepared", A.DOCUMENT_PREPARE, "was prepared again"),
    "void": Move(("prepared", "signed", "scanned", "rejected"), "void", A.DOCUMENT_VOID, "was set aside"),
})  # fmt: skip

ACCESS_REQUEST = Machine("access request", "open", {
    "issue": Move(("open",), "issued", A.ACCESS_ISSUE, "led to access"),
    "cancel": Move(("open",), "cancelled", A.ACCESS_CANCEL, "was cancelled"),
    "leave": Move(("open", "issued"), "ended", A.PERSON_DEACTIVATE, "ended with the departure"),
})  # fmt: skip

ACCOUNT = Machine("account", "ordered", {
    "confirm": Move(("ordered", "suspending", "restoring"), "active", A.ORDER_CONFIRM, "was confirmed active in the core HMIS"),
    "suspend": Move(("ordered", "active", "restoring"), "suspending", A.ACCESS_REACT, "is being suspended"),
    "restore": Move(("suspending", "suspended", "removing", "removed"), "restoring", A.ACCESS_REACT, "is being restored"),
    "change": Move(("active",), "restoring", A.ACCESS_REACT, "is being changed"),
    "remove": Move(("ordered", "active", "suspending", "suspended", "restoring"), "removing", A.ACCESS_REACT, "is being removed"),
    "suspended": Move(("suspending",), "suspended", A.ORDER_CONFIRM, "was confirmed suspended in the core HMIS"),
    "removed": Move(("removing",), "removed", A.ORDER_CONFIRM, "was confirmed removed from the core HMIS"),
})  # fmt: skip

GRANT = Machine("grant", "live", {
    "suspend": Move(("live",), "suspended", A.ACCESS_REACT, "was suspended"),
    "restore": Move(("suspended",), "live", A.ACCESS_REACT, "was restored"),
    "end": Move(("live", "suspended"), "ended", A.PERSON_DEACTIVATE, "ended"),
})  # fmt: skip

WORK_ORDER = Machine("work order", "open", {
    "confirm": Move(("open",), "done", A.ORDER_CONFIRM, "was carried out and confirmed"),
    "replace": Move(("open",), "replaced", A.ORDER_REPLACE, "was overtaken by a later order"),
})  # fmt: skip

TRAINING = Machine("training result", "recorded", {
    "match": Move(("unmatched",), "recorded", A.TRAINING_ENTER, "was matched to a person"),
    "claim": Move(("recorded",), "claimed", A.TRAINING_CLAIM, "was handed in as a certificate"),
    "unmatch": Move(("recorded",), "unmatched", A.TRAINING_IMPORT, "could not be matched to a person"),
    "confirm": Move(("claimed",), "recorded", A.TRAINING_CONFIRM, "was confirmed by the help desk"),
    "refuse": Move(("claimed", "unmatched"), "refused", A.TRAINING_CONFIRM, "was refused"),
    "correct": Move(("recorded",), "corrected", A.TRAINING_ENTER, "was corrected by a later entry"),
})  # fmt: skip

BACKGROUND = Machine("background check", "ordered", {
    "wait": Move(("ordered",), "pending", A.BACKGROUND_ENTER, "is pending"),
    "clear": Move(("ordered", "pending"), "cleared", A.BACKGROUND_ENTER, "was decided: cleared"),
    "refuse": Move(("ordered", "pending"), "not_cleared", A.BACKGROUND_ENTER, "was decided: not cleared"),
})  # fmt: skip

SEAT = Machine("seat", "reserved", {
    "take": Move(("reserved",), "held", A.ACCESS_ISSUE, "was taken"),
    "give_back": Move(("reserved", "held"), "returned", A.ACCESS_REACT, "was returned"),
})  # fmt: skip

MACHINES: Mapping[str, Machine] = {
    m.name: m for m in (AGENCY, DOCUMENT, ACCESS_REQUEST, ACCOUNT, GRANT, WORK_ORDER, TRAINING, BACKGROUND, SEAT)
}
