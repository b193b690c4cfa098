"""One review to take away: its report as a PDF, and its items with findings and actions as a workbook."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response

from portal import audit, permissions
from portal.adapters.pdf.review_report import Report, Section, review_report
from portal.db import reading, transaction
from portal.models import ReviewAnswer, SecurityReview
from portal.services.security.actions import review_report as reports
from portal.services.security.actions.review_report import Whole
from portal.web.components import percent, us_date, us_time
from portal.web.desk.room import as_workbook
from portal.web.kernel import actor, now, permission, policy, sessions
from portal.web.security.actions.actions import category
from portal.web.security.actions.actions import state as action_state
from portal.web.security.reviews.review_shown import name_of, title_of
from portal.web.security.room import blueprint
from portal.web.uploads import download
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.review_pack import ANSWERS

LONGEST = 1_500
"""Letters of one cell of the PDF: a row has to fit on a page."""

NOTE = (
    "The answers are the Agency's own, attested as said above. A share counts the standards of a category that are in place, one that is "
    "partly in place as the policy pack says; what the records or a visit gainsay counts as not in place. The median is that of all "
    "Agencies' last reviews, and is left out where there are too few of them."
)
HEADERS = (
    "Item", "Category", "Question", "Rule", "Answer", "Note", "The records said", "Finding", "Corrective action", "Owner", "Due", "Status",
)  # fmt: skip


@blueprint.get("/reviews/<int:review_id>/report.pdf", endpoint="review_report")
@permission(Action.RESULTS_SEE)
def pdf(review_id: int) -> Response:
    return _taken(review_id, "pdf")


@blueprint.get("/reviews/<int:review_id>/report.xlsx", endpoint="review_workbook")
@permission(Action.RESULTS_SEE)
def workbook(review_id: int) -> Response:
    return _taken(review_id, "xlsx")


def _taken(review_id: int, how: str) -> Response:
    with transaction(sessions()) as session:
        review = permissions.find(session, actor(), Action.RESULTS_SEE, SecurityReview, review_id)
        said = f"Downloaded the report of the security review as {how.upper()}."
        audit.record(session, actor=actor(), now=now(), act="security review.report", thing=review, said=said)
    with reading(sessions()) as session:  # setting the pages takes long, and holds nobody up
        review = permissions.find(session, actor(), Action.RESULTS_SEE, SecurityReview, review_id)
        whole = reports.whole(session, review, actor=actor(), now=now(), policy=policy())
        name = f"security-review-{review.agency_id}-{local_day(review.opened_at, policy().zone).year}"
        if how == "pdf":
            return download(_pdf(whole), "application/pdf", f"{name}.pdf")
        return as_workbook(name, HEADERS, _lines(whole), title="Security review")


def _pdf(whole: Whole) -> bytes:
    review, lead = whole.review, policy().lead
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    for item, row in whole.rows:
        line = (item.id, item.asks, ANSWERS.get(row.answer, "Not answered"), _note(row))
        sections.setdefault(item.category, []).append(line)
    return review_report(
        Report(
            name=name_of(review), facts=_facts(whole), results=_results(whole),
            sections=[Section(category(key), rows) for key, rows in sections.items()], findings=_findings(whole),
            files=[(each.item, _cut(f"{each.title}, {us_date(each.effective_on)}"), each.file.sha256) for each in whole.files],
            note=NOTE, footer=f"{lead}, {_moment(now())}", mark="Confidential: security review", author=lead,
        )
    )  # fmt: skip


def _facts(whole: Whole) -> list[tuple[str, str]]:
    review = whole.review
    facts = [("Review", title_of(review)), ("Due", us_date(review.due))]
    for label, who, at in (
        ("Sent", review.sender, review.sent_at), ("Attested", review.attester, review.attested_at), ("Signed off", review.signer, review.signed_off_at),
        ("Visited", review.visitor, review.visited_on),
    ):  # fmt: skip
        when = "" if at is None else _moment(at) if hasattr(at, "hour") else us_date(at)
        facts.append(
            (label, f"{when}{f' by {who.name}' if who else ''}" if at else "Not yet" if label != "Visited" else "No")
        )
    facts.append(("Checklist, SHA-256", review.checklist.version))
    facts.append(("Answers attested, SHA-256", review.answers_sha256 or "Not attested yet"))
    if whole.result and whole.result.overall is not None:
        median = whole.compared.median_overall
        facts.append(
            ("Result", percent(whole.result.overall) + (f" (median {percent(median)})" if median is not None else ""))
        )
    return facts


def _results(whole: Whole) -> list[tuple[str, str, str, str]]:
    if whole.result is None:
        return []
    before, medians = whole.before.by if whole.before else {}, whole.compared.medians
    return [
        (category(key), percent(value), percent(before.get(key)) or "–", percent(medians.get(key)) or "–") for key, value in whole.result.by.items()
    ]  # fmt: skip


def _findings(whole: Whole) -> list[tuple[str, str, str, str, str]]:
    made = []
    for row in whole.findings:
        action = row.action
        if action is None:
            made.append((row.item.id, _cut(row.wrong), "", "", "No action yet"))
            continue
        plan = [
            action.doing,
            *(f"{'Done' if step.done_at else 'By ' + us_date(step.due)}: {step.text}" for step in action.steps),
        ]
        if action.status == "accepted":
            plan += [f"Cannot be met now: {action.justification}", f"Meanwhile: {action.mitigation}"]
        words = "\n".join([f"{action.number}: {action.wrong}", *filter(None, plan)])
        until = action.until if action.status == "accepted" and action.until else action.due
        owner = action.owner.name if action.owner else ""
        made.append((row.item.id, _cut(words), owner, us_date(until), action_state(action)[1]))
    return made


def _lines(whole: Whole) -> list[tuple[Any, ...]]:
    kinds = {row.item.id: row for row in whole.findings}
    lines = []
    for item, row in whole.rows:
        found = kinds.get(item.id)
        action = found.action if found else None
        lines.append(
            (
                item.id, category(item.category), item.asks, f"{item.cite} ({item.basis})", ANSWERS.get(row.answer, ""), row.note,
                str(row.fact.get("said", "")), found.title if found else "", action.number if action else "",
                action.owner.name if action and action.owner else "", action.due if action else None, action_state(action)[1] if action else "",
            )
        )  # fmt: skip
    return lines


def _note(row: ReviewAnswer) -> str:
    said = str(row.fact.get("said", ""))
    parts = [
        row.note,
        f"Records: {said}" if said else "",
        f"Seen at the visit: {row.observed}. {row.observed_note}" if row.observed else "",
    ]
    return _cut("\n".join(filter(None, parts)))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "… (the whole text stands in the workbook)"


def _moment(at: Any) -> str:
    return us_time(at, zone=ZoneInfo(policy().zone), zone_name="Eastern")
