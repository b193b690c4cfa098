"""The transition tables: one for each process that has a status."""

from collections.abc import Mapping

from workflows.machine import Machine, Move
from workflows.vocabulary import Action

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
    )
}
