"""A review as NIST OSCAL 1.1 JSON: its assessment results, and the plan of action and milestones that came of it.

The same review gives the same identifiers each time: they are made from its number and the items' ids.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

OSCAL = "1.1.2"
_SPACE = uuid.UUID("5b1c3f0e-6f0a-5d6e-9d52-4a4b6d7c0a11")
_STATES = {"yes": "satisfied", "not_applicable": "satisfied"}
_METHODS = {
    "observed": "EXAMINE",
    "document": "EXAMINE",
    "records": "TEST",
    "log": "EXAMINE",
    "image": "EXAMINE",
    "attested": "INTERVIEW",
}


@dataclass(frozen=True, slots=True)
class Standard:
    """One item as it was answered; `sound` is False where it is a finding, `evidence` is the pack's word for what shows it."""

    id: str
    asks: str
    answer: str
    said: str
    evidence: str
    sound: bool


@dataclass(frozen=True, slots=True)
class Milestone:
    text: str
    due: date
    done: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One corrective action; `status` is OSCAL's: open, closed, deviation-approved, deviation-requested, remediating."""

    number: str
    item: str
    wrong: str
    doing: str
    status: str
    due: date
    milestones: Sequence[Milestone]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A review with everything that is said of it; moments are naive UTC."""

    id: int
    name: str
    lead: str
    begun: datetime
    ended: datetime | None
    made: datetime
    standards: Sequence[Standard]
    plans: Sequence[Plan]


def assessment_results(review: Reviewed) -> str:
    """The checklist as assessment results, a finding for each item that is not in place."""
    observations = [_observation(review, each) for each in review.standards if each.answer]
    findings = [_finding(review, each) for each in review.standards if each.answer and each.answer != "not_applicable"]
    controls = [{"control-id": each.id.lower()} for each in review.standards]
    result: dict[str, Any] = {
        "uuid": _uuid(review, "result"), "title": f"Security review of {review.name}", "description": "The yearly checklist as it was answered and attested.",
        "start": _moment(review.begun), "reviewed-controls": {"control-selections": [{"include-controls": controls}]},
    }  # fmt: skip
    if review.ended is not None:
        result["end"] = _moment(review.ended)
    if observations:
        result["observations"] = observations
    if findings:
        result["findings"] = findings
    whole = {
        "uuid": _uuid(review, "assessment-results"), "metadata": _metadata(review, f"Security review of {review.name}"),
        "import-ap": {"href": "#security-checklist"}, "results": [result],
    }  # fmt: skip
    return _text({"assessment-results": whole})


def poam(review: Reviewed) -> str:
    """The corrective actions as a plan of action and milestones. ValueError where there is none: OSCAL knows no empty one."""
    if not review.plans:
        raise ValueError("a plan of action has at least one item")
    whole = {
        "uuid": _uuid(review, "poam"), "metadata": _metadata(review, f"Corrective actions of {review.name}"),
        "system-id": {"id": f"hmis-agency-{review.name}"}, "risks": [_risk(review, plan) for plan in review.plans],
        "poam-items": [
            {
                "uuid": _uuid(review, f"item {plan.number}"), "title": plan.number, "description": plan.wrong,
                "related-risks": [{"risk-uuid": _uuid(review, f"risk {plan.number}")}],
            }
            for plan in review.plans
        ],
    }  # fmt: skip
    return _text({"plan-of-action-and-milestones": whole})


def _observation(review: Reviewed, each: Standard) -> dict[str, Any]:
    said = f"{each.asks} {each.answer.replace('_', ' ').capitalize()}." + (f" {each.said}" if each.said else "")
    return {
        "uuid": _uuid(review, f"observation {each.id}"), "title": each.id, "description": said,
        "methods": [_METHODS.get(each.evidence, "UNKNOWN")], "collected": _moment(review.ended or review.begun),
    }  # fmt: skip


def _finding(review: Reviewed, each: Standard) -> dict[str, Any]:
    state = _STATES.get(each.answer, "not-satisfied") if each.sound else "not-satisfied"
    return {
        "uuid": _uuid(review, f"finding {each.id}"), "title": each.id, "description": each.asks,
        "target": {"type": "objective-id", "target-id": each.id.lower(), "status": {"state": state}},
        "related-observations": [{"observation-uuid": _uuid(review, f"observation {each.id}")}],
    }  # fmt: skip


def _risk(review: Reviewed, plan: Plan) -> dict[str, Any]:
    remediation: dict[str, Any] = {
        "uuid": _uuid(review, f"remediation {plan.number}"), "lifecycle": "completed" if plan.status == "closed" else "planned",
        "title": plan.number, "description": plan.doing or "Not planned yet.",
    }  # fmt: skip
    if plan.milestones:
        remediation["tasks"] = [
            {
                "uuid": _uuid(review, f"step {plan.number} {n}"), "type": "milestone", "title": step.text,
                "timing": {"on-date": {"date": _day(step.due)}}, "props": [{"name": "state", "value": "done" if step.done else "open"}],
            }
            for n, step in enumerate(plan.milestones)
        ]  # fmt: skip
    return {
        "uuid": _uuid(review, f"risk {plan.number}"), "title": plan.number, "description": plan.wrong, "statement": plan.wrong,
        "status": plan.status, "deadline": _day(plan.due), "remediations": [remediation],
        "props": [{"name": "standard", "value": plan.item}],
    }  # fmt: skip


def _metadata(review: Reviewed, title: str) -> dict[str, Any]:
    return {
        "title": title, "last-modified": _moment(review.made), "version": review.made.strftime("%Y-%m-%d"), "oscal-version": OSCAL,
        "parties": [{"uuid": _uuid(review, "lead"), "type": "organization", "name": review.lead}],
    }  # fmt: skip


def _uuid(review: Reviewed, what: str) -> str:
    return str(uuid.uuid5(_SPACE, f"review {review.id}: {what}"))


def _moment(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat() + "Z"


def _day(day: date) -> str:
    return f"{day.isoformat()}T23:59:59Z"


def _text(whole: dict[str, Any]) -> str:
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
