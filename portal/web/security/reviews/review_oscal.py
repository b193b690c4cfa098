"""One review to hand to other programs: NIST OSCAL assessment results, and the plan of action and milestones."""

from collections.abc import Callable

from flask import Response

from portal import audit, permissions
from portal.adapters import oscal
from portal.adapters.oscal import Milestone, Plan, Reviewed, Standard
from portal.db import reading, transaction
from portal.models import CorrectiveAction, SecurityReview
from portal.refusals import Refused
from portal.services.security.actions import review_report as reports
from portal.services.security.actions.review_report import Whole
from portal.web.kernel import actor, now, permission, policy, sessions
from portal.web.security.reviews.review_shown import name_of
from portal.web.security.room import blueprint
from portal.web.uploads import download
from workflows.actions import Action
from workflows.vocabulary import Reason

STATES = {
    "open": "open", "planned": "remediating", "completed": "remediating", "verified": "closed", "asked": "deviation-requested",
    "accepted": "deviation-approved",
}  # fmt: skip


@blueprint.get("/reviews/<int:review_id>/assessment-results.json", endpoint="review_oscal")
@permission(Action.RESULTS_SEE)
def results(review_id: int) -> Response:
    return _file(_read(review_id, "assessment results"), "assessment-results", oscal.assessment_results)


@blueprint.get("/reviews/<int:review_id>/poam.json", endpoint="review_poam")
@permission(Action.RESULTS_SEE)
def plan(review_id: int) -> Response:
    """CONFLICT where nothing was found that has an action: there is no plan without an item."""
    review = _read(review_id, "plan of action and milestones")
    if not review.plans:
        raise Refused(
            Reason.CONFLICT, "This review led to no corrective action, so there is no plan of action to download."
        )
    return _file(review, "poam", oscal.poam)


def _file(review: Reviewed, name: str, make: Callable[[Reviewed], str]) -> Response:
    return download(make(review).encode(), "application/json", f"{name}-{review.id}.json")


def _read(review_id: int, what: str) -> Reviewed:
    with transaction(sessions()) as session:
        review = permissions.find(session, actor(), Action.RESULTS_SEE, SecurityReview, review_id)
        said = f"Downloaded the security review as OSCAL {what}."
        audit.record(session, actor=actor(), now=now(), act="security review.report", thing=review, said=said)
    with reading(sessions()) as session:
        review = permissions.find(session, actor(), Action.RESULTS_SEE, SecurityReview, review_id)
        return _reviewed(reports.whole(session, review, actor=actor(), now=now(), policy=policy()))


def _reviewed(whole: Whole) -> Reviewed:
    review, found = whole.review, {row.item.id for row in whole.findings}
    standards = [
        Standard(
            item.id,
            item.asks,
            row.answer,
            row.note or str(row.fact.get("said", "")),
            item.evidence,
            item.id not in found,
        )
        for item, row in whole.rows
    ]
    plans = [_plan(row) for row in whole.actions.values()]
    return Reviewed(
        id=review.id, name=name_of(review), lead=policy().lead, begun=review.opened_at, ended=review.signed_off_at, made=now(),
        standards=standards, plans=plans,
    )  # fmt: skip


def _plan(row: CorrectiveAction) -> Plan:
    steps = [Milestone(step.text, step.due, step.done_at is not None) for step in row.steps]
    until = row.until if row.status == "accepted" and row.until else row.due
    return Plan(row.number, row.item, row.wrong, row.doing or row.mitigation, STATES[row.status], until, steps)
