"""Results of security reviews: all Agencies as a heat table for the Lead, and one Agency over the years against the median."""

from datetime import date, datetime
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from forms.security.results import ResultFilter
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Agency
from portal.services.security.actions import action_lists, results
from portal.services.security.actions.results import OfAgency, Standing
from portal.web.components import percent
from portal.web.desk.room import as_csv, as_workbook, pager
from portal.web.kernel import actor, may, now, permission, policy, sessions, today
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.review_findings import tone
from workflows.vocabulary import LEAD, Role

EVERYTHING = 10_000
OFFICES = (Role.SECURITY_OFFICER, Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR)
TONES = {"met": "good", "warning": "wait", "unmet": "stop", "not_applicable": "plain"}


@blueprint.get("/results", endpoint="results")
@permission(Action.RESULTS_SEE)
def index() -> Any:
    """All Agencies for whoever may compare them; everybody else goes to their own."""
    if not may(Action.RESULTS_COMPARE):
        return _own()
    form, after = ResultFilter(request.args), request.args.get("after", "")
    search, how = (form.q.data or "").strip()[:100], request.args.get("format", "")
    if how in ("csv", "xlsx"):
        return _taken(search, how)
    with reading(sessions()) as session:
        page = results.compared(session, actor(), on=today(), policy=policy(), search=search, after=after)
        return render_template(
            "pages/security/results/index.html",
            form=form,
            columns=["Last review", "Overall", "Open actions", *_titles().values()],
            rows=[_row(each) for each in page.rows],
            page=pager(page, after),
            counting=policy().corrective.counting,
        )


def _own() -> Any:
    mine = sorted(frozenset().union(*(actor().at(role) for role in OFFICES)) - {LEAD})
    if len(mine) == 1:
        return redirect(url_for("security.agency_results", agency_id=mine[0]))
    with reading(sessions()) as session:
        where = permissions.visible(actor(), Action.RESULTS_SEE, Agency)
        agencies = session.query(Agency).where(where, Agency.id != LEAD).order_by(Agency.name_key).limit(100).all()
        return render_template("pages/security/results/own.html", agencies=agencies)


def _titles() -> dict[str, str]:
    """The categories of the checklist that Agencies answer, in the pack's order."""
    review = policy().review
    if review is None:
        return {}
    asked = {item.category for item in review.checklist(lead=False)}
    return {each.id: each.title for each in review.categories if each.id in asked}


def _row(each: Standing) -> dict[str, Any]:
    result = each.result
    day = {"status": "not_started", "text": "None yet"}
    if result is not None:
        signed = _day(result.signed_off_at)
        old = (today() - signed).days > 366
        day = {"status": "overdue" if old else "signed", "text": f"{signed:%b %Y}"}
    late, left = each.overdue, each.open_actions
    actions = {
        "status": "overdue" if late else "open" if left else "done",
        "text": f"{left:,}" + (f", {late:,} overdue" if late else ""),
    }
    by = result.by if result else {}
    return {
        "label": each.agency.name,
        "href": url_for("security.agency_results", agency_id=each.agency.id),
        "cells": [day, _cell(result.overall if result else None), actions, *(_cell(by.get(key)) for key in _titles())],
    }


def _cell(value: int | None) -> dict[str, str]:
    return {"status": tone(value, policy().corrective.counting), "text": "–" if value is None else f"{value // 100} %"}


def _taken(search: str, how: str) -> Response:
    with transaction(sessions()) as session:
        page = results.compared(session, actor(), on=today(), policy=policy(), search=search, limit=EVERYTHING)
        said = f"Downloaded the results of {len(page.rows)} Agencies as {how.upper()}."
        audit.record(session, actor=actor(), now=now(), act="results.export", said=said)
        rows = [
            (
                each.agency.name, _day(each.result.signed_off_at) if each.result else None, _share(each.result.overall if each.result else None),
                *(_share(each.result.by.get(key) if each.result else None) for key in _titles()), each.open_actions, each.overdue,
            )
            for each in page.rows
        ]  # fmt: skip
    headers = (
        "Agency",
        "Last review",
        "Overall, percent",
        *(f"{title}, percent" for title in _titles().values()),
        "Open actions",
        "Overdue",
    )
    if how == "csv":
        return as_csv("review-results", headers, rows)
    return as_workbook(f"review-results-{today().isoformat()}", headers, rows, title="Results")


def _day(moment: datetime) -> date:
    return local_day(moment, policy().zone)


def _share(value: int | None) -> float | None:
    return None if value is None else value / 100


@blueprint.get("/results/<int:agency_id>", endpoint="agency_results")
@permission(Action.RESULTS_SEE)
def of_agency(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = permissions.find(session, actor(), Action.RESULTS_SEE, Agency, agency_id)
        found = results.of_agency(session, agency, actor=actor(), policy=policy())
        counts = action_lists.counted(session, actor(), on=today(), agency_id=agency.id)
        return render_template(
            "pages/security/results/agency.html",
            agency=agency,
            found=found,
            counts=counts,
            bars=_bars(found),
            trend=_trend(found),
            years=[each.signed_off_at for each in found.years[-6:]],
            fewest=policy().corrective.counting.fewest,
        )


def _bars(found: OfAgency) -> list[dict[str, Any]]:
    """The last review by category, with the median beside it where there is one."""
    if found.last is None:
        return []
    counting, titles = policy().corrective.counting, _all_titles()
    rows = []
    for key, value in found.last.by.items():
        middle = found.medians.get(key)
        text = f"{value // 100} %" + (f" (median {middle // 100} %)" if middle is not None else "")
        rows.append(
            {"label": titles.get(key, key), "value": value / 100, "text": text, "tone": TONES[tone(value, counting)]}
        )
    return rows


def _trend(found: OfAgency) -> list[dict[str, Any]]:
    """Each category over the last six reviews, the overall result first."""
    years, titles = found.years[-6:], _all_titles()
    keys = list(dict.fromkeys(key for each in years for key in each.by))
    lines = [("Overall", [each.overall for each in years], found.median_overall)]
    lines += [(titles.get(key, key), [each.by.get(key) for each in years], found.medians.get(key)) for key in keys]
    return [
        {"label": label, "values": values, "shown": [percent(value) or "–" for value in values], "median": percent(middle) or "–"}
        for label, values, middle in lines
    ]  # fmt: skip


def _all_titles() -> dict[str, str]:
    review = policy().review
    return {each.id: each.title for each in review.categories} if review else {}
