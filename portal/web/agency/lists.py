"""The list of Agencies: one's own, or for the Lead all of them; and entering a new one."""

from typing import Any

from flask import Response, flash, redirect, request, url_for

from forms.agency import FindAgencies, NewAgency
from portal import audit
from portal.adapters.tables import to_csv
from portal.db import reading, transaction
from portal.refusals import Refused
from portal.services.agencies import agencies, agency_list
from portal.services.agencies.agencies import EXCLUDED, AgencyFields
from portal.services.agencies.agency_list import Wanted
from portal.services.searching import COUNTED
from portal.web.agency import blueprint
from portal.web.agency.common import page, trail
from portal.web.components import address, us_date
from portal.web.kernel import actor, now, permission, policy, sessions, today
from workflows.actions import Action
from workflows.business_time import local_day

EVERYTHING = 10_000
COLUMNS = (
    {"key": "name", "label": "Agency", "sort": True}, {"key": "state", "label": "Where it stands"}, {"key": "director", "label": "Executive director"},
    {"key": "projects", "label": "Projects", "number": True}, {"key": "people", "label": "People", "number": True},
    {"key": "licences", "label": "Licenses in use", "number": True}, {"key": "entered", "label": "Entered", "sort": True},
)  # fmt: skip


@blueprint.get("/")
@permission(Action.AGENCY_SEE)
def index() -> Any:
    if not actor().lead_roles:
        return _own()
    form = FindAgencies(request.args)
    wanted = Wanted(
        search=request.args.get("q", "")[:200],
        state=request.args.get("state", ""),
        sort=request.args.get("sort", "name"),
        after=request.args.get("after", "")[:400],
    )
    exports = request.args.get("format") == "csv"
    if exports:
        wanted = Wanted(search=wanted.search, state=wanted.state, sort=wanted.sort, limit=EVERYTHING)
    with reading(sessions()) as session:
        shown = agency_list.page(session, actor(), wanted, on=today())
        session.expunge_all()
    if exports:
        return _csv(shown.rows)
    pager = {
        "text": f"{len(shown.rows)} of {_counted(shown.total)} Agencies" if shown.total > len(shown.rows) else "",
        "previous": address(after=None) if wanted.after else "", "next": address(after=shown.next) if shown.next else "",
    }  # fmt: skip
    return page(
        "index.html",
        None,
        form=form,
        columns=COLUMNS,
        rows=[_row(row) for row in shown.rows],
        pager=pager,
        total=_counted(shown.total),
        filtered=bool(wanted.search or wanted.state),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@permission(Action.AGENCY_ENTER)
def new() -> Any:
    form = NewAgency(state="ME").with_funders((funder.id, funder.title) for funder in policy().funders)
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                agency = agencies.enter(
                    session, name=form.name.data, about=fields_of(form), kind="" if form.kind.data == "none" else form.kind.data, actor=actor(),
                    now=now(), policy=policy(),
                )  # fmt: skip
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash(f"{agency.name} is entered.", "success")
            excluded = form.kind.data != "none"
            return redirect(url_for("agency.show" if excluded else "agency.invite_director", agency_id=agency.id))
    return page("new.html", None, 400 if form.errors else 200, form=form, way=trail(None, ("Enter an Agency", "")))


def fields_of(form: Any) -> AgencyFields:
    """What was typed about an Agency."""
    names = ("common_name", "phone", "email", "street", "city", "state", "zip")
    return AgencyFields(
        **{name: form[name].data or "" for name in names}, mandated_by=tuple(form.mandated_by.data or ())
    )


def _own() -> Any:
    with reading(sessions()) as session:
        mine = agency_list.own(session, actor())
        session.expunge_all()
    if len(mine) == 1:
        return redirect(url_for("agency.show", agency_id=mine[0].id))
    return page("own.html", None, agencies=mine)


def _counted(total: int) -> str:
    return f"{total:,}" if total <= COUNTED else f"more than {COUNTED:,}"


def _row(row: agency_list.Row) -> dict[str, Any]:
    state = (
        {"status": "refused", "text": "Comparable database"}
        if row.excluded
        else {"status": row.agency.status, "text": _state(row.agency.status)}
    )
    return {
        "name": {"text": row.agency.name, "href": url_for("agency.show", agency_id=row.agency.id), "note": row.agency.common_name}, "state": state,
        "director": row.director, "projects": row.projects, "people": row.people,
        "licences": f"{row.seats} of {row.licences}", "entered": us_date(local_day(row.agency.entered_at, policy().zone)),
    }  # fmt: skip


def _csv(rows: Any) -> Response:
    """What is shown, without a street: the whereabouts of some Agencies are nobody else's business."""
    with transaction(sessions()) as session:
        audit.record(
            session, actor=actor(), now=now(), act="agency.export", said=f"Downloaded a list of {len(rows)} Agencies."
        )
    headers = (
        "Agency",
        "Known as",
        "Where it stands",
        "Executive director",
        "Projects",
        "People",
        "Licenses",
        "Seats in use",
        "Provider ID",
        "Entered",
    )
    table = to_csv(headers, (
        (
            row.agency.name, row.agency.common_name, EXCLUDED.get(row.excluded) or _state(row.agency.status), row.director, row.projects, row.people,
            row.licences, row.seats, row.agency.provider_id, local_day(row.agency.entered_at, policy().zone).isoformat(),
        )
        for row in rows
    ))  # fmt: skip
    return Response(table, mimetype="text/csv", headers={"Content-Disposition": "attachment; filename=agencies.csv"})


def _state(status: str) -> str:
    return {"joining": "Joining", "participating": "Participating", "ended": "Ended"}[status]
