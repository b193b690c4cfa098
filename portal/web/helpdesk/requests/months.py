"""The month's list of service requests: looked at and recorded, kept with its fingerprint, taken away for the Board."""

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.helpdesk.service_requests import OF_WHOM, PRIORITIES, ReviewMonth
from portal import audit
from portal.adapters.pdf.month_report import MonthReport, month_report
from portal.db import reading, transaction
from portal.models import ServiceReview
from portal.refusals import not_found
from portal.services.helpdesk.requests import request_lists
from portal.web.desk.room import as_csv
from portal.web.helpdesk.requests.room import STATES, blueprint
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of, today
from portal.web.uploads import download
from workflows.actions import Action
from workflows.business_time import local_day, us_date

HEADERS = {
    "number": "Number", "title": "Title", "asked_for": "Asked for", "asked_on": "Asked on", "asked_of": "Asked of",
    "vendor_number": "Vendor's number", "priority": "Priority", "status": "Status", "due": "Due", "deliverable": "Deliverable",
    "resolution": "Resolution", "ended_on": "Ended on", "last_activity": "Latest activity",
}  # fmt: skip


@blueprint.route("/month", methods=["GET", "POST"], endpoint="month")
@permission(Action.SERVICE_REVIEW)
def month() -> Any:
    """The list of `?month=` (2026-11, this month by default); posting records that it was looked at."""
    chosen, form = _month(), ReviewMonth()

    def review(session: Session) -> ServiceReview:
        return request_lists.review(
            session, month=chosen, notes=form.notes.data or "", seen=form.seen.data or "", actor=actor(), now=now(), policy=policy()
        )  # fmt: skip

    said = f"Recorded: you reviewed the list of {chosen:%B %Y}. It is kept as you saw it."
    if done := acted(form, review, said, lambda made: url_for("service_requests.review", number=made.id)):
        return done
    with reading(sessions()) as session:
        rows = request_lists.of_month(session, actor(), month=chosen, policy=policy())
        made = session.scalar(select(ServiceReview.id).where(ServiceReview.month == chosen))
        form.seen.data = request_lists.fingerprint(rows)
        page = render_template(
            "pages/helpdesk/requests/month.html",
            form=form,
            month=chosen,
            rows=[_in_words(row) for row in rows],
            reviewed=made,
            reviews=request_lists.reviews(session),
            earlier=_step(chosen, -1),
            later=_step(chosen, +1) if _step(chosen, +1) <= today() else None,
        )
    return _taken(chosen, rows, None) or (page, status_of(form))


@blueprint.get("/reviews/<int:number>", endpoint="review")
@permission(Action.DESK_SEE)
def review(number: int) -> Any:
    """A review as it was recorded: who looked when, what was said, and the list as it stood then."""
    with reading(sessions()) as session:
        made = session.get(ServiceReview, number)
        if made is None:
            raise not_found()
        page = render_template(
            "pages/helpdesk/requests/review.html",
            review=made,
            reviewer=made.reviewer.name,
            rows=[_in_words(row) for row in made.rows],
            holds=request_lists.holds(made),
        )
        facts = made.month, made.rows, made
        session.expunge_all()
    return _taken(*facts) or page


def _month() -> date:
    try:
        return date.fromisoformat(f"{request.args.get('month', '')[:7]}-01")
    except ValueError:
        return today().replace(day=1)


def _step(month: date, by: int) -> date:
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A line of the list as people read it."""
    due, words = row["due"], STATES[row["status"]]
    return row | {
        "state": words,
        "status": words[1],
        "asked_of": OF_WHOM[row["asked_of"]],
        "priority": PRIORITIES[row["priority"]],
        "due": us_date(date.fromisoformat(due)) if due else "",
    }


def _taken(month: date, rows: Any, made: ServiceReview | None) -> Any:
    """The list to take away, as CSV or PDF, where the address asks for it; None otherwise."""
    form = request.args.get("format")
    if form not in ("csv", "pdf"):
        return None
    with transaction(sessions()) as session:
        said = f"Downloaded the list of service requests of {month:%B %Y}: {len(rows)} of them."
        audit.record(session, actor=actor(), now=now(), act="service.export", said=said)
    lines = [_in_words(row) for row in rows]
    name = f"service-requests-{month:%Y-%m}"
    if form == "csv":
        return as_csv(name, tuple(HEADERS.values()), [[line[key] for key in HEADERS] for line in lines])
    return download(month_report(_report(month, lines, made)), "application/pdf", f"{name}.pdf")


def _report(month: date, lines: list[dict[str, Any]], made: ServiceReview | None) -> MonthReport:
    facts = [("Month", f"{month:%B %Y}"), ("Requests", str(len(lines)))]
    if made is not None:
        reviewed = f"{us_date(local_day(made.reviewed_at, policy().zone))} by {made.reviewer.name}"
        facts += [("Reviewed", reviewed), ("Notes", made.notes), ("Fingerprint (SHA-256)", made.sha256)]
    else:
        facts.append(("Reviewed", "Not yet"))
    return MonthReport(
        title=f"HMIS service requests, {month:%B %Y}",
        facts=facts,
        rows=[
            (
                line["number"],
                f"{line['title']} ({line['asked_for']}; asked of: {line['asked_of'].lower()}; priority {line['priority'].lower()})",
                line["status"] + (f", due {line['due']}" if line["due"] else ""),
                " ".join(
                    f"{label}: {line[key]}"
                    for key, label in (
                        ("deliverable", "Deliverable"),
                        ("resolution", "Resolution"),
                        ("last_activity", "Latest"),
                    )
                    if line[key]
                ),
            )
            for line in lines
        ],
        note="What was asked of the vendor and of the HMIS Lead, as far as it was open at some time of the month.",
        footer=f"As of {us_date(today())}",
        mark=f"{month:%Y-%m}",
        author=policy().lead,
    )
