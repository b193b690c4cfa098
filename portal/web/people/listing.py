"""The list of people, with its filters, pages and CSV."""

from typing import Any

from flask import Response, render_template, request, url_for

from forms.access_request import listed
from forms.people import Filter
from portal import audit
from portal.adapters.tables import to_csv
from portal.db import reading, transaction
from portal.services.people import roster
from portal.services.people.roster import Row, Wanted
from portal.web.components import address
from portal.web.kernel import actor, an_id, now, permission, policy, sessions, today
from portal.web.people.room import STANDING, blueprint, named, said_waits
from workflows.vocabulary import Action

COLUMNS: list[dict[str, Any]] = [
    {"key": "name", "label": "Name", "sort": True},
    {"key": "agency", "label": "Agency", "sort": True},
    {"key": "standing", "label": "Standing"},
    {"key": "settled", "label": "Settled"},
    {"key": "waits", "label": "Waits for"},
    {"key": "since", "label": "Since", "sort": True},
]


@blueprint.get("", endpoint="index")
@permission(Action.MEMBERSHIP_SEE)
def index() -> Any:
    wanted = _wanted()
    with reading(sessions()) as session:
        theirs = roster.agencies(session, actor(), Action.AGENCY_SEE)
        askable = roster.agencies(session, actor(), Action.ACCESS_REQUEST)
        as_csv = request.args.get("format") == "csv"
        page = roster.roster(
            session, wanted, actor=actor(), on=today(), policy=policy(), most=None if as_csv else roster.PAGE
        )
        if as_csv:
            return _csv(page.rows)
        form = Filter(request.args)
        form.agency.choices = listed(
            [
                ("", "All Agencies" if actor().lead_roles else "All my Agencies"),
                *((str(a.id), named(a)) for a in theirs),
            ]
        )
        columns = [c for c in COLUMNS if c["key"] != "agency" or len(theirs) > 1]
        following = address(after=page.following) if page.following else None
        pager = {
            "text": _said(page.total, len(page.rows)),
            "next": following,
            "previous": address(after=None) if wanted.after else None,
        }
        return render_template(
            "pages/people/index.html",
            page=page,
            form=form,
            columns=columns,
            pager_of=pager,
            wanted=wanted,
            may_ask=bool(askable),
            several=len(theirs) > 1,
            rows=[_cells(row) for row in page.rows],
            filtered=bool(wanted.q or wanted.standing or wanted.agency_id is not None),
        )


def _wanted() -> Wanted:
    sort = request.args.get("sort", "name")
    standing = request.args.get("standing", "")
    return Wanted(
        q=request.args.get("q", "")[:100],
        agency_id=request.args.get("agency", type=an_id),
        sort=sort if sort.lstrip("-") in roster.KEYS else "name",
        standing=standing if standing in roster.STANDINGS else "",
        after=request.args.get("after", 0, type=an_id),
    )


def _said(total: int, shown: int) -> str:
    if not total:
        return ""
    return f"{shown:,} of {total:,}" if shown < total else f"{total:,} {'person' if total == 1 else 'people'}"


def _cells(row: Row) -> dict[str, Any]:
    status, words = STANDING[row.standing]
    settled = f"{row.line.done} of {row.line.total}" if row.line and row.standing != "left" else ""
    return {
        "name": {
            "text": row.person.name,
            "href": url_for("people.one", membership_id=row.membership.id),
            "note": row.user_id or row.person.email,
        },
        "agency": named(row.agency),
        "standing": {"status": status, "text": words},
        "settled": settled,
        "waits": said_waits(row.line.waits_for, row.person.name)
        if row.line and row.standing in {"waiting", "suspended"}
        else "",
        "since": row.since,
    }


def _csv(rows: Any) -> Response:
    with transaction(sessions()) as session:
        audit.record(
            session,
            actor=actor(),
            now=now(),
            act="people.export",
            said=f"Downloaded a list of {len(rows)} memberships.",
        )
    headers = (
        "Last name",
        "First name",
        "E-mail",
        "Agency",
        "Standing",
        "User ID",
        "Settled",
        "Of",
        "Waits for",
        "Since (UTC)",
    )
    table = [
        (
            row.person.last_name,
            row.person.first_name,
            row.person.email,
            row.agency.name,
            STANDING[row.standing][1],
            row.user_id,
            row.line.done if row.line else "",
            row.line.total if row.line else "",
            said_waits(row.line.waits_for, row.person.name)
            if row.line and row.standing in {"waiting", "suspended"}
            else "",
            row.since,
        )
        for row in rows
    ]
    return Response(
        to_csv(headers, table).encode("utf-8-sig"),
        mimetype="text/csv",
        headers={"Content-Disposition": "attachment; filename=people.csv"},
    )
