"""The blueprint of outages, how they read on every page, and that caches may keep what everybody may see."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, url_for

from portal.services.helpdesk.outages.shown import Shown
from portal.web.kernel import policy
from portal.web.open_to_all import may_be_kept
from workflows.outage_pack import Impact, OutageKind
from workflows.wall_time import length_words, moment_words, span_words

blueprint = Blueprint("outages", __name__, url_prefix="/outages")
KINDS = {OutageKind.WEEKLY: "Weekly maintenance", OutageKind.PLANNED: "Planned", OutageKind.UNPLANNED: "Unplanned"}
PHASES = {
    "on": ("overdue", "Going on"),
    "coming": ("waiting", "Announced"),
    "ended": ("done", "Over"),
    "called_off": ("cancelled", "Called off"),
}
SAID = {
    "announced": "Announced",
    "reported": "Reported",
    "update": "Update",
    "corrected": "New times",
    "ended": "Over",
    "called_off": "Called off",
}


@blueprint.after_request
def kept(response: Response) -> Response:
    return may_be_kept(response)


def said_word(kind: str, outage_kind: str) -> str:
    """What was done by saying it: an outage that nobody planned was reported, any other announced."""
    return SAID["reported" if kind == "announced" and outage_kind == OutageKind.UNPLANNED else kind]


def systems_named(systems: Sequence[str]) -> str:
    return ", ".join(policy().outages.named(each) for each in systems)


def when(each: Shown) -> str:
    """Its time in words, as far as it is known."""
    zone = policy().zone
    if each.ended_at is not None:
        return span_words(each.starts_at, each.ended_at, zone)
    if each.kind != OutageKind.UNPLANNED or each.phase == "called_off":
        return span_words(each.starts_at, each.ends_expected_at, zone)
    if each.ends_expected_at is None:
        return f"Since {moment_words(each.starts_at, zone)}; nobody knows yet until when"
    return f"Since {moment_words(each.starts_at, zone)}, expected until {moment_words(each.ends_expected_at, zone)}"


def line(each: Shown) -> dict[str, Any]:
    """One outage as the lists show it."""
    status, words = PHASES[each.phase]
    if each.kind == OutageKind.WEEKLY and each.phase == "on":
        status = "waiting"
    return {
        "title": each.title,
        "href": url_for("outages.one", number=each.id) if each.id else "",
        "kind": KINDS[OutageKind(each.kind)],
        "systems": systems_named(each.systems),
        "trouble": each.impact == Impact.TROUBLE,
        "when": when(each),
        "status": status,
        "words": words,
        "late": each.late,
        "lasted": length_words(each.lasted) if each.lasted is not None else "",
        "reference": each.reference,
        "shown": each,
    }
