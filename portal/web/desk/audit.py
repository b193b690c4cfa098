"""The record: every act and refusal, by person, Agency, act, thing and days; taken away as CSV, XLSX or PDF, which is on record too."""

import io
from datetime import datetime
from typing import Any

from flask import Response, current_app, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.desk import AuditFilter
from portal import audit
from portal.adapters.pdf.record_report import Line, Report, record_report
from portal.db import reading, transaction
from portal.models import Agency
from portal.refusals import Refused
from portal.services import record_checks
from portal.services.desk import desk_lists, record_exports, record_lists
from portal.services.desk.record_lists import Asked
from portal.web import kernel
from portal.web.desk.room import blueprint, pager
from portal.web.kernel import actor, now, permission, policy, sessions
from workflows.actions import Action

MOST = {"csv": 50_000, "xlsx": 50_000, "pdf": 1_000}
LONGEST = 1_500
"""Letters of one entry in the PDF: a row has to fit on a page."""
TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@blueprint.get("/audit", endpoint="audit")
@permission(Action.AUDIT_SEE)
def entries() -> Any:
    after, how = request.args.get("after", ""), request.args.get("format", "")
    with reading(sessions()) as session:
        form = AuditFilter(request.args, acts=record_lists.acts(session), things=record_lists.things(session))
        asked, page = Asked(), desk_lists.Page((), "")
        try:
            asked = _asked(session, form)
            if how in TYPES:
                record_exports.refuse_many(session, asked, most=MOST[how], zone=policy().zone)
        except Refused as no:
            form.refuse(no.sentence, no.field)
        if not form.errors and how not in TYPES:
            page = record_lists.audit_page(session, asked, zone=policy().zone, after=after)
        ids = {row.AuditEntry.agency_id for row in page.rows} - {None}
        agencies = {agency.id: agency.name for agency in session.scalars(select(Agency).where(Agency.id.in_(ids)))}
        check = record_checks.last(session)
        session.expunge_all()
    if how in TYPES and not form.errors:
        return _taken(asked, how)
    rows = [row.AuditEntry for row in page.rows]
    return render_template(
        "pages/desk/audit.html", rows=rows, form=form, page=pager(page, after), agencies=agencies, check=check
    ), 400 if form.errors else 200


def _asked(session: Session, form: AuditFilter) -> Asked:
    if not form.validate():
        return Asked()
    return record_exports.asked(
        session, person=form.person.data or "", agency=form.agency.data or "", act=form.act.data or "", thing=form.thing.data or "",
        thing_id=form.thing_id.data, refused=form.refused.data == "only", since=form.since.data, until=form.until.data,
    )  # fmt: skip


def _taken(asked: Asked, how: str) -> Response:
    with transaction(sessions()) as session:
        record_exports.put_on_record(session, asked, how=how, actor=actor(), now=now())
    with reading(sessions()) as session:
        if how == "pdf":
            content = _pdf(session, asked)
        else:
            out = io.BytesIO()
            record_exports.write(session, asked, how=how, out=out, zone=policy().zone)
            content = out.getvalue()
    response = Response(content, mimetype=TYPES[how])
    response.headers.set("Content-Disposition", "attachment", filename=f"record-{kernel.today().isoformat()}.{how}")
    return response


def _pdf(session: Session, asked: Asked) -> bytes:
    head = audit.head(session)
    lines = [_line(row) for row in record_exports.table(session, asked, zone=policy().zone)]
    facts = [
        ("Asked for", f"{asked.words[:1].upper()}{asked.words[1:]}"),
        ("Entries", f"{len(lines):,}"),
        ("By", f"{actor().name}, {_time(now())}"),
        ("The record then ended with", f"Entry {head.seq:,}, sealed {head.mac}" if head else "No entry yet"),
    ]
    name = policy().lead
    return record_report(
        Report(facts, lines, footer=f"{name}, {_time(now())}", mark="Personal data: for audit only", author=name)
    )


def _line(row: tuple[Any, ...]) -> Line:
    entry = dict(zip(record_exports.HEADERS, row, strict=True))
    who = [
        entry["Who"],
        f"for {entry['On behalf of'][:1].lower()}{entry['On behalf of'][1:]}" if entry["On behalf of"] else "",
    ]
    who.append(entry["Came in by"] + (f" from {entry['From address']}" if entry["From address"] else ""))
    what = [
        entry["In words"],
        f"Agency: {entry['Agency']}" if entry["Agency"] else "",
        f"Before: {entry['Before']}" if entry["Before"] else "",
        f"After: {entry['After']}" if entry["After"] else "",
        f"Decision {entry['Decision']}" if entry["Decision"] else "",
        f"Refused: {entry['Refused'].replace('_', ' ')}" if entry["Refused"] else "",
    ]
    number = f"{entry['Number']:,}" if entry["Number"] else "earlier"
    said = "\n".join(filter(None, what))
    shown = said if len(said) <= LONGEST else said[:LONGEST] + "… (the whole entry stands in the CSV file)"
    return Line(number, _time(entry["At (UTC)"]), "\n".join(filter(None, who)), shown)


def _time(moment: datetime) -> str:
    return str(current_app.jinja_env.filters["us_time"](moment))
