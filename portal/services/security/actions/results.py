"""Results of security reviews: by category, over the years, and against the median of Agencies ('Annual security review')."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, selectinload

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, CorrectiveAction, ReviewAnswer, SecurityReview
from portal.services.paging import PAGE, Order, Page, like
from portal.services.review_content import items_of
from portal.services.security.actions.action_lists import overdue
from portal.services.security.actions.actions import LIVING
from workflows import review_findings
from workflows.actions import Action
from workflows.policy import Policy
from workflows.review_findings import Answered
from workflows.vocabulary import LEAD

_BY_NAME = Order(((Agency.name_key, str), (Agency.id, int)))


@dataclass(frozen=True, slots=True)
class Result:
    """One review that was signed off, counted: shares in hundredths of a percent, by category and over all."""

    review_id: int
    agency_id: int
    signed_off_at: datetime
    by: Mapping[str, int]
    overall: int | None
    findings: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One Agency among all: its last result, if any, and how many corrective actions it has open and overdue."""

    agency: Agency
    result: Result | None
    open_actions: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class OfAgency:
    """The results of one Agency over the years, oldest first, and the medians of all Agencies' last reviews."""

    years: Sequence[Result]
    medians: Mapping[str, int]
    median_overall: int | None
    agencies: int = field(default=0)

    @property
    def last(self) -> Result | None:
        return self.years[-1] if self.years else None


def median_of_all(session: Session, *, policy: Policy) -> int | None:
    """The median over all Agencies' last reviews; None where fewer than the pack's fewest have one."""
    others = counted(session, session.scalars(_last_of_each()).all(), policy)
    return _median(others, policy)


def of_agency(session: Session, agency: Agency, *, actor: Actor, policy: Policy) -> OfAgency:
    """Every review of the Agency that was signed off, and the medians; a fixed number of statements."""
    permissions.check(session, actor, Action.RESULTS_SEE, agency)
    signed = _signed().where(SecurityReview.agency_id == agency.id)
    own = counted(
        session, session.scalars(signed.order_by(SecurityReview.signed_off_at, SecurityReview.id)).all(), policy
    )
    others = counted(session, session.scalars(_last_of_each()).all(), policy)
    medians = review_findings.medians([r.by for r in others], policy.corrective.counting)
    return OfAgency(own, medians, _median(others, policy), len(others))


def compared(
    session: Session,
    actor: Actor,
    *,
    on: date,
    policy: Policy,
    search: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Page:
    """A page of Standing by the Agencies' names, those that take part or join; a fixed number of statements."""
    permissions.check(session, actor, Action.RESULTS_COMPARE)
    query = select(Agency).where(
        Agency.id != LEAD, Agency.status != "ended", permissions.visible(actor, Action.AGENCY_SEE, Agency)
    )
    if search:
        query = query.where(Agency.name_key.like(like(search), escape="/"))
    page = _BY_NAME.page(session, query, after, lambda row: (row[0].name_key, row[0].id), limit=limit)
    agencies = [row[0] for row in page.rows]
    ids = [agency.id for agency in agencies]
    last = _last_of_each().where(SecurityReview.agency_id.in_(ids))
    results = {each.agency_id: each for each in counted(session, session.scalars(last).all(), policy)}
    living = _living(session, ids, on)
    rows = [Standing(agency, results.get(agency.id), *living.get(agency.id, (0, 0))) for agency in agencies]
    return Page(rows, page.next)


def counted(session: Session, reviews: Sequence[SecurityReview], policy: Policy) -> list[Result]:
    """The results of these reviews, in their order; two statements at most, however many there are."""
    if not reviews:
        return []
    answers = _answers(session, [review.id for review in reviews])
    counting, made, same = policy.corrective.counting, [], _answered()
    categories: dict[tuple[int, bool], dict[str, str]] = {}
    for review in reviews:
        key = review.checklist_id, review.agency_id == LEAD
        if key not in categories:  # many reviews share a checklist, and reading it takes longer than counting
            categories[key] = {item.id: item.category for item in items_of(review)}
        rows = [same(row, categories[key]) for row in answers[review.id] if row.item in categories[key]]
        outcome = review_findings.outcome(rows, counting)
        signed = review.signed_off_at or review.opened_at
        made.append(Result(review.id, review.agency_id, signed, outcome.by, outcome.overall, outcome.findings))
    return made


def _median(others: Iterable[Result], policy: Policy) -> int | None:
    every = [{"": each.overall} for each in others if each.overall is not None]
    return review_findings.medians(every, policy.corrective.counting).get("")


def _signed() -> Select[SecurityReview]:
    return (
        select(SecurityReview)
        .where(SecurityReview.status == "signed_off")
        .options(selectinload(SecurityReview.checklist))
    )


def _last_of_each() -> Select[SecurityReview]:
    """The last review that was signed off, of each Agency that has not ended its participation."""
    last = (
        select(func.max(SecurityReview.id))
        .join(Agency, Agency.id == SecurityReview.agency_id)
        .where(SecurityReview.status == "signed_off", SecurityReview.agency_id != LEAD, Agency.status != "ended")
        .group_by(SecurityReview.agency_id)
    )
    return _signed().where(SecurityReview.id.in_(last)).order_by(SecurityReview.agency_id)


def _answers(session: Session, reviews: list[int]) -> Mapping[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    holds = ReviewAnswer.fact["holds"].as_boolean().label("holds")
    query = select(ReviewAnswer.review_id, ReviewAnswer.item, ReviewAnswer.answer, holds, ReviewAnswer.observed)
    for some in _parts(reviews):
        for row in session.execute(query.where(ReviewAnswer.review_id.in_(some)).order_by(ReviewAnswer.place)):
            found[row.review_id].append(row)
    return found


def _parts(ids: list[int]) -> Iterable[list[int]]:
    """Databases take a limited number of parameters: beyond so many Agencies a second statement is run."""
    return (ids[first : first + 2000] for first in range(0, len(ids), 2000))


def _answered() -> Callable[[Row[Any], Mapping[str, str]], Answered]:
    """Makes rows into what the rules read; most Agencies answer alike, so what was made once is taken again."""
    known: dict[tuple[Any, ...], Answered] = {}

    def same(row: Row[Any], categories: Mapping[str, str]) -> Answered:
        key = row.item, row.answer, row.holds, row.observed, categories[row.item]
        if key not in known:
            known[key] = Answered(row.item, categories[row.item], row.answer, row.holds, row.observed)
        return known[key]

    return same


def _living(session: Session, agencies: list[int], on: date) -> dict[int, tuple[int, int]]:
    query = (
        select(CorrectiveAction.agency_id, func.count(), func.count().filter(overdue(on)))
        .where(CorrectiveAction.agency_id.in_(agencies), CorrectiveAction.status.in_(LIVING))
        .group_by(CorrectiveAction.agency_id)
    )
    return {agency_id: (living, late) for agency_id, living, late in session.execute(query)}
