"""One review with everything that belongs to it, read once for its report: answers, results, findings, actions, files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import CorrectiveAction, ReviewAnswer, ReviewFile, SecurityReview
from portal.services.review_content import answers, items_of, present_files
from portal.services.security.actions import results, review_findings
from portal.services.security.actions.results import OfAgency, Result
from portal.services.security.actions.review_findings import Finding
from workflows.actions import Action
from workflows.policy import Policy
from workflows.review_pack import Item


@dataclass(frozen=True, slots=True)
class Whole:
    """A review, its items in order with their answers, and what came of it. `result` is there once it is signed off."""

    review: SecurityReview
    rows: Sequence[tuple[Item, ReviewAnswer]]
    findings: Sequence[Finding]
    files: Sequence[ReviewFile]
    result: Result | None
    before: Result | None
    compared: OfAgency

    @property
    def actions(self) -> Mapping[str, CorrectiveAction]:
        return {row.item.id: row.action for row in self.findings if row.action is not None}


def whole(session: Session, review: SecurityReview, *, actor: Actor, now: datetime, policy: Policy) -> Whole:
    """Everything the report says, in a fixed number of statements."""
    permissions.check(session, actor, Action.RESULTS_SEE, review)
    by_item = {row.item: row for row in answers(session, review)}
    compared = results.of_agency(session, review.agency, actor=actor, policy=policy)
    years = [each for each in compared.years if each.signed_off_at <= (review.signed_off_at or now)]
    own = next((each for each in years if each.review_id == review.id), None)
    before = [each for each in years if each.review_id != review.id]
    return Whole(
        review=review,
        rows=[(item, by_item[item.id]) for item in items_of(review) if item.id in by_item],
        findings=review_findings.of(session, review, now=now, policy=policy),
        files=present_files(session, review),
        result=own,
        before=before[-1] if before else None,
        compared=compared,
    )
