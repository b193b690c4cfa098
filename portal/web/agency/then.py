"""Who had access at an Agency on a day: everybody by name, with a CSV to take away."""

from typing import Any

from flask import Response, request, url_for

from forms.then import AgencyThen
from portal import audit
from portal.adapters.tables import to_csv
from portal.db import reading, transaction
from portal.models import Agency
from portal.refusals import Refused
from portal.services.people import agency_then
from portal.services.people.agency_then import Row
from portal.web.agency import blueprint
from portal.web.agency.common import found, page, trail
from portal.web.components import address, us_date
from portal.web.kernel import actor, an_id, now, permission, policy, sessions
from portal.web.people.then import STATUSES, address_of, asked, question_of
from workflows.actions import Action

PAGE = 50
HERE = "Access on a day"
WORDS = {"live": "Had access", "suspended": "Suspended", "asked": "Asked for", "ended": "Ended", "none": "No access"}
COLUMNS = (
    {"key": "name", "label": "Name"}, {"key": "state", "label": "Access at the end of the day"}, {"key": "since", "label": "Since"},
    {"key": "user_id", "label": "User ID"}, {"key": "level", "label": "Level"}, {"key": "gate", "label": "Prerequisites that day"},
)  # fmt: skip


@blueprint.get("/<int:agency_id>/then")
@permission(Action.STANDING_CERTIFY)
def then(agency_id: int) -> Any:
    form = asked(AgencyThen)
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.STANDING_CERTIFY, lead_too=True)
        way = trail(agency, (HERE, ""))
        answer = None
        if form.validate():
            try:
                answer = agency_then.ask(
                    session, agency=agency, question=question_of(form), actor=actor(), now=now(), policy=policy()
                )
            except Refused as no:
                form.refuse(no.sentence, no.field)
        if answer is None:
            return page("then.html", agency, 400, form=form, way=way, answer=None)
        session.expunge_all()
    rows = [row for row in answer.rows if form.state.data in ("", None, row.spell.status)]
    if request.args.get("format") == "csv":
        return _csv(agency, answer, rows)
    after = request.args.get("after", 0, type=an_id)
    begin = next((place + 1 for place, row in enumerate(rows) if row.membership_id == after), 0)
    shown = rows[begin : begin + PAGE]
    more = begin + PAGE < len(rows)
    with_access = sum(row.spell.status == "live" for row in answer.rows)
    return page(
        "then.html",
        agency,
        form=form,
        way=way,
        answer=answer,
        columns=COLUMNS,
        rows=[_cells(row, address_of(form)) for row in shown],
        said=f"{with_access} of {len(answer.rows)} had access",
        day=us_date(answer.question.day),
        pager_of={
            "text": f"{len(shown)} of {len(rows)}" if len(shown) < len(rows) else "",
            "previous": address(after=None) if begin else None,
            "next": address(after=shown[-1].membership_id) if more else None,
        },
    )


def _cells(row: Row, asked_for: dict[str, Any]) -> dict[str, Any]:
    href = url_for("people.then", membership_id=row.membership_id, **asked_for)
    note = "Inherited: older than the portal" if row.inherited and row.spell.status == "live" else row.spell.why
    moved = " (it changed that day)" if row.changed else ""
    return {
        "name": {"text": row.person.name, "href": href, "note": row.person.email},
        "state": [
            {"status": STATUSES[row.spell.status], "text": WORDS[row.spell.status] + moved},
            *([note] if note else []),
        ],
        "since": {"moment": row.spell.since} if row.spell.status != "none" else "",
        "user_id": row.user_id,
        "level": _level(row),
        "gate": _gate(row),
    }


def _level(row: Row) -> str:
    titles = {level.id: level.title for level in policy().access_levels}
    return titles.get(row.access_level, row.access_level)


def _gate(row: Row) -> str:
    if row.standing is None:
        return ""
    lacking = len(row.standing.unmet)
    return f"{lacking} not met" if lacking else "All met"


def _csv(agency: Agency, answer: agency_then.AgencyThen, rows: list[Row]) -> Response:
    day = answer.question.day
    with transaction(sessions()) as session:
        audit.record(
            session,
            actor=actor(),
            now=now(),
            act="standing.export",
            thing=session.get_one(Agency, agency.id),
            said=f"Downloaded who had access at {agency.name} on {us_date(day)}: {len(rows)} people.",
        )
    headers = (
        "Last name", "First name", "E-mail", "Access", "Since (UTC)", "Because", "User ID", "Level", "Inherited", "Not met that day",
        "Day", "Known at (UTC)", "Policy pack",
    )  # fmt: skip
    table = [
        (
            row.person.last_name, row.person.first_name, row.person.email, WORDS[row.spell.status],
            row.spell.since if row.spell.status != "none" else "", row.spell.why, row.user_id, _level(row),
            "yes" if row.inherited else "", "; ".join(row.standing.unmet) if row.standing else "",
            day.isoformat(), answer.known_at, answer.pack.policy.version,
        )
        for row in rows
    ]  # fmt: skip
    return Response(
        to_csv(headers, table).encode("utf-8-sig"),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename=access-{day.isoformat()}.csv"},
    )
