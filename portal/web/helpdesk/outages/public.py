"""What everybody sees of outages, without signing in: what is on, what is coming, what was, and how much of each month was whole."""

from datetime import timedelta
from typing import Any

from flask import render_template, request, url_for

from forms.helpdesk.outages import KINDS, OutageFilter
from portal.db import reading
from portal.models import Outage
from portal.refusals import not_found
from portal.services.helpdesk.outages import reckoning, shown
from portal.web.desk.room import as_csv, pager
from portal.web.helpdesk.outages.room import blueprint, line, said_word
from portal.web.kernel import may, now, policy, public, sessions
from workflows.actions import Action
from workflows.availability import Month
from workflows.business_time import MONTHS, us_date
from workflows.wall_time import clock_words, length_words, local

EVERYTHING = 10_000
_MINUTE = timedelta(minutes=1)
WHY = "outages are told to everybody who looks; nobody is named"


@blueprint.get("", endpoint="index")
@public(WHY)
def index() -> Any:
    with reading(sessions()) as session:
        on, coming = shown.current(session, now=now(), policy=policy())
    said = [each for each in coming if each.id is not None]
    evenings = [each for each in coming if each.id is None]
    return render_template(
        "pages/helpdesk/outages/index.html",
        on=[line(each) for each in on],
        coming=sorted((line(each) for each in [*said, *evenings[:1]]), key=lambda each: each["shown"].starts_at),
        evenings=[us_date(each.on) for each in evenings if each.on],
        weekly=weekly_words(),
        manages=may(Action.OUTAGE_WORK),
    )


def weekly_words() -> dict[str, str] | None:
    """The hour of the weekly maintenance: 'Every Wednesday from 10:00 p.m. to 11:00 p.m. Eastern'."""
    weekly = policy().outages.weekly
    if weekly is None:
        return None
    following = shown.evenings(policy(), now=now(), apart_from=set())[0]
    begins, ends = (local(each, policy().zone) for each in (following.starts_at, following.starts_at + weekly.lasts))
    hours = f"from {clock_words(begins.time())} to {clock_words(ends.time())} Eastern"
    return {"title": weekly.title, "hours": f"Every {begins:%A} {hours}", "cite": weekly.cite}


@blueprint.get("/history", endpoint="history")
@public(WHY)
def history() -> Any:
    with reading(sessions()) as session:
        spread = shown.years(session)
        form = OutageFilter(request.args, years=_years(spread))
        chosen = _chosen(form)
        if request.args.get("format") == "csv":
            return _csv(shown.history(session, chosen, now=now(), policy=policy(), limit=EVERYTHING))
        after = request.args.get("after", "")
        page = shown.history(session, chosen, now=now(), policy=policy(), after=after)
        reckoned = reckoning.by_month(session, now=now(), policy=policy())
        rows = [line(shown.shown(row, now())) for (row,) in page.rows]
    return render_template(
        "pages/helpdesk/outages/history.html",
        rows=rows,
        form=form,
        page=pager(page, after),
        months=[_month(each, reckoned.outages[each]) for each in reckoned.months],
    )


def _years(spread: Any) -> list[int]:
    if spread is None:
        return []
    first, last = (local(each, policy().zone).year for each in spread)
    return list(range(min(last, now().year), first - 1, -1))


def _chosen(form: OutageFilter) -> shown.Filtered:
    year = form.year.data if form.year.data in [choice.value for choice in form.year.choices] else ""
    return shown.Filtered(
        kind=form.kind.data if form.kind.data in KINDS else "",
        year=int(year) if year else None,
        search=(form.q.data or "").strip(),
    )


def _month(month: Month, unplanned: int) -> dict[str, Any]:
    up = month.up
    return {
        "label": f"{MONTHS[month.first.month - 1]} {month.first.year}",
        "value": up or 0,
        "text": f"{up // 100}.{up % 100:02} %" if up is not None else "Not reckoned",
        "tone": "good" if up is not None and up >= 9_990 else "wait" if up is not None and up >= 9_900 else "stop",
        "down": minutes_words(month.down),
        "planned": minutes_words(month.planned),
        "unplanned": unplanned,
    }


def minutes_words(minutes: int) -> str:
    return length_words(minutes * _MINUTE) if minutes else "none"


def _csv(page: Any) -> Any:
    zone = policy().zone
    rows = [
        (
            each.reference, row["kind"], each.title, row["systems"], "with trouble" if row["trouble"] else "down", row["words"],
            local(each.starts_at, zone), local(each.ended_at, zone) if each.ended_at else None, each.lasted // _MINUTE if each.lasted is not None else None,
        )
        for row in (line(shown.shown(outage, now())) for (outage,) in page.rows)
        for each in (row["shown"],)
    ]  # fmt: skip
    headers = (
        "Number",
        "Kind",
        "What",
        "Systems",
        "How bad",
        "Status",
        "Began (Eastern)",
        "Ended (Eastern)",
        "Minutes",
    )
    return as_csv("outages", headers, rows)


@blueprint.get("/<int:number>", endpoint="one")
@public(WHY)
def one(number: int) -> Any:
    with reading(sessions()) as session:
        row = session.get(Outage, number)
        if row is None:
            raise not_found()
        said = shown.updates(session, number, public=True)
        session.expunge_all()
    each = line(shown.shown(row, now()))
    return render_template(
        "pages/helpdesk/outages/one.html",
        row=each,
        events=[{"at": one.at, "title": said_word(one.kind, row.kind), "text": one.said} for one in said],
        manage_href=url_for("outages.managed", outage_id=number) if may(Action.OUTAGE_WORK) else "",
    )
