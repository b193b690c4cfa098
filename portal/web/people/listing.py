"""The list of people, with its filters, pages and CSV."""

from collections.abc import Sequence
from typing import Any

from flask import Response, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.access_request import listed
from forms.people import Filter
from portal import audit, permissions
from portal.adapters.tables import to_csv
from portal.db import reading, transaction
from portal.models import Agency
from portal.services.people import inheriting, roster
from portal.services.people.roster import Row, Wanted
from portal.services.searching import COUNTED
from portal.web.components import address, us_date
from portal.web.kernel import actor, an_id, now, permission, policy, sessions, today
from portal.web.people.room import STANDING, blueprint, may, named, said_waits
from workflows.actions import Action

CHOICES = 100
"""As many Agencies the filter offers to choose from; whoever sees more opens an Agency and goes on to its people."""

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
        theirs = roster.agencies(session, actor(), Action.AGENCY_SEE, most=CHOICES + 1)
        as_csv = request.args.get("format") == "csv"
        page = roster.roster(
            session, wanted, actor=actor(), on=today(), policy=policy(), most=None if as_csv else roster.PAGE
        )
        if as_csv:
            return _csv(page.rows)
        form = Filter(request.args)
        offered = theirs if len(theirs) <= CHOICES else _chosen(session, wanted)
        form.agency.choices = listed(
            [
                ("", "All Agencies" if actor().lead_roles else "All my Agencies"),
                *((str(a.id), named(a)) for a in offered),
            ]
        )
        if not offered:
            del form.agency
        columns = [
            c | {"sort": c.get("sort", False) and c["key"] in page.sorts}
            for c in COLUMNS
            if c["key"] != "agency" or len(theirs) > 1
        ]
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
            may_ask=permissions.may_anything(actor(), Action.ACCESS_REQUEST, session),
            several=len(theirs) > 1,
            rows=_inherited(session, page.rows),
            then_of=_then(session, theirs, wanted),
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


def _chosen(session: Session, wanted: Wanted) -> list[Agency]:
    """Among more Agencies than a list can offer, the one that was chosen on its own page, if any."""
    if wanted.agency_id is None:
        return []
    seen = select(Agency).where(Agency.id == wanted.agency_id, permissions.visible(actor(), Action.AGENCY_SEE, Agency))
    return list(session.scalars(seen))


def _then(session: Session, theirs: Any, wanted: Wanted) -> dict[str, str] | None:
    """The page that says who had access on a day, of the one Agency that is shown."""
    shown = [a for a in theirs if len(theirs) == 1 or a.id == wanted.agency_id]
    if not shown or not may(session, Action.STANDING_CERTIFY, shown[0]):
        return None
    return {
        "text": f"Who had access at {shown[0].name} on another day",
        "href": url_for("agency.then", agency_id=shown[0].id),
    }


def _said(total: int, shown: int) -> str:
    if not total:
        return ""
    if total > COUNTED:
        return f"{shown:,} of more than {COUNTED:,}"
    return f"{shown:,} of {total:,}" if shown < total else f"{total:,} {'person' if total == 1 else 'people'}"


def _inherited(session: Session, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as cells; what is inherited says so, with the day on which the gate takes over."""
    days = inheriting.takes_over_of(session, [row.membership.id for row in rows], on=today())
    found = [_cells(row) for row in rows]
    for cells, row in zip(found, rows, strict=True):
        if row.membership.id in days and row.standing in {"access", "suspended"}:
            inherited = {"status": "open", "text": f"Inherited until {us_date(days[row.membership.id])}"}
            cells["standing"] = [cells["standing"], inherited]
    return found


def _cells(row: Row) -> dict[str, Any]:
    status, words = STANDING[row.standing]
    settled = f"{row.line.done}\u00a0of\u00a0{row.line.total}" if row.line and row.standing != "left" else ""
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
