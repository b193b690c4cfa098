"""The list of inherited people: what each lacks until the gate takes over, for the Lead and for their own Agency."""

from typing import Any

from flask import Response, render_template, request, url_for

from forms.day_one import LackingFilter
from portal import audit
from portal.db import reading, transaction
from portal.services.day_one import lacking
from portal.services.day_one.lacking import Row, Wanted
from portal.services.people import roster
from portal.web.components import address
from portal.web.day_one.room import blueprint
from portal.web.desk.room import as_csv
from portal.web.kernel import actor, an_id, may_open, now, permission, policy, sessions, today
from workflows.actions import Action

COLUMNS = (
    {"key": "name", "label": "Name"}, {"key": "agency", "label": "Agency"}, {"key": "lacking", "label": "Lacks"},
    {"key": "until", "label": "The gate takes over"},
)  # fmt: skip
HEADERS = (
    "Agency",
    "Last name",
    "First name",
    "E-mail",
    "User ID",
    "The gate takes over",
    "Lacks",
    "Closes access on that day",
    "Whose turn",
)


@blueprint.get("/inherited", endpoint="inherited")
@permission(Action.STANDING_SEE)
def inherited() -> Any:
    known = lacking.prerequisites(policy())
    lacks = request.args.get("lacks", "")
    wanted = Wanted(
        q=request.args.get("q", "")[:100],
        agency_id=request.args.get("agency", type=an_id),
        lacks=lacks if lacks in known else "",
        after=request.args.get("after", 0, type=an_id),
    )
    whole = request.args.get("format") == "csv"
    with reading(sessions()) as session:
        theirs = roster.agencies(session, actor(), Action.AGENCY_SEE)
        page = lacking.inherited(
            session, wanted, actor=actor(), on=today(), policy=policy(), most=None if whole else lacking.PAGE
        )
        if whole:
            return _csv(page.rows)
        summary = lacking.summary(session, actor=actor(), on=today(), policy=policy())
        form = LackingFilter(request.args, agencies={str(one.id): one.name for one in theirs}, prerequisites=known)
        pager = {
            "text": f"{len(page.rows):,} of {page.total:,}" if page.total else "",
            "next": address(after=page.following) if page.following else None,
            "previous": address(after=None) if wanted.after else None,
        }
        return render_template(
            "pages/day_one/inherited.html", form=form, rows=[_cells(row) for row in page.rows], columns=COLUMNS, pager_of=pager,
            summary=summary, filtered=bool(wanted.q or wanted.lacks or wanted.agency_id is not None),
            at_lead=may_open("day_one.index"),
        )  # fmt: skip


def _cells(row: Row) -> dict[str, Any]:
    return {
        "name": {
            "text": row.person.name,
            "href": url_for("people.one", membership_id=row.membership.id),
            "note": row.user_id,
        },
        "agency": row.agency.name,
        "lacking": [
            {"id": called, "title": title, "closes": called in row.closing, "who": who}
            for called, title, who in row.lacking
        ],
        "until": row.takes_over,
        "suspended": row.status == "suspended",
    }


def _csv(rows: Any) -> Response:
    with transaction(sessions()) as session:
        said = f"Downloaded a list of {len(rows)} inherited memberships."
        audit.record(session, actor=actor(), now=now(), act="people.export", said=said)
    table = [
        (
            row.agency.name, row.person.last_name, row.person.first_name, row.person.email, row.user_id, row.takes_over,
            "; ".join(title for _, title, _ in row.lacking),
            "; ".join(title for called, title, _ in row.lacking if called in row.closing),
            "; ".join(dict.fromkeys(who for _, _, who in row.lacking if who)),
        )
        for row in rows
    ]  # fmt: skip
    return as_csv("inherited-people", HEADERS, table)
