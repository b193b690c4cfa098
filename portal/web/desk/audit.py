"""The record: every act and refusal, by person, Agency, act and days; taking it away as CSV is on record too."""

from typing import Any

from flask import render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.desk import AuditFilter
from portal import audit
from portal.db import reading, transaction
from portal.models import Agency
from portal.refusals import Refused, bad_input
from portal.services.desk import desk_lists, record_lists
from portal.services.desk.record_lists import Asked
from portal.services.people import people
from portal.web.desk.room import as_csv, blueprint, pager
from portal.web.kernel import actor, now, permission, policy, sessions
from workflows.vocabulary import LEAD, Action

MOST = 50_000
WHEREABOUTS = frozenset({"street", "city", "zip", "street_address", "zip_code", "agency_address"})
HEADERS = (
    "At (UTC)",
    "Who",
    "Came in by",
    "From address",
    "Act",
    "What",
    "Id",
    "In words",
    "Before",
    "After",
    "Refused",
)


@blueprint.get("/audit", endpoint="audit")
@permission(Action.AUDIT_SEE)
def entries() -> Any:
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        form = AuditFilter(request.args, acts=record_lists.acts(session))
        asked, page = Asked(), desk_lists.Page((), "")
        try:
            asked = _asked(session, form)
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            if request.args.get("format") != "csv":
                page = record_lists.audit_page(session, asked, zone=policy().zone, after=after)
        ids = {row.AuditEntry.agency_id for row in page.rows} - {None}
        agencies = {agency.id: agency.name for agency in session.scalars(select(Agency).where(Agency.id.in_(ids)))}
        session.expunge_all()
    if request.args.get("format") == "csv" and not form.errors:
        return _csv(asked)
    rows = [row.AuditEntry for row in page.rows]
    return render_template(
        "pages/desk/audit.html", rows=rows, form=form, page=pager(page, after), agencies=agencies
    ), 400 if form.errors else 200


def _csv(asked: Asked) -> Any:
    with transaction(sessions()) as session:
        page = record_lists.audit_page(session, asked, zone=policy().zone, after="", limit=MOST)
        rows = [
            (
                e.at,
                e.actor,
                e.via,
                e.address,
                e.act,
                e.thing,
                e.thing_id,
                e.said,
                _said(e.before),
                _said(e.after),
                e.refused,
            )
            for e in (row.AuditEntry for row in page.rows)
        ]
        audit.record(
            session, actor=actor(), now=now(), act="audit.export", said=f"Downloaded {len(rows)} entries of the record."
        )
    return as_csv("record", HEADERS, rows)


def _asked(session: Session, form: AuditFilter) -> Asked:
    if not form.validate():
        return Asked()
    person = people.by_email(session, form.person.data) if form.person.data else None
    if form.person.data and person is None:
        raise bad_input("Nobody here has this e-mail address.", "person")
    agency = None
    if form.agency.data:
        agency = session.scalars(select(Agency).where(Agency.name_key == form.agency.data.casefold())).one_or_none()
        if agency is None:
            agency = _only_one(session, form.agency.data)
    if form.since.data and form.until.data and form.until.data < form.since.data:
        raise bad_input("The last day is before the first.", "until")
    return Asked(
        person_id=person.id if person else None,
        agency_id=agency.id if agency else None,
        act=form.act.data or "",
        since=form.since.data,
        until=form.until.data,
    )


def _only_one(session: Session, text: str) -> Agency:
    found = session.scalars(
        select(Agency).where(Agency.name_key.like(desk_lists.like(text), escape="/"), Agency.id != LEAD).limit(6)
    ).all()
    if len(found) != 1:
        names = "; ".join(agency.name for agency in found[:5])
        raise bad_input(
            f"Several Agencies fit: {names}. Enter the whole name." if found else "No Agency has this name.", "agency"
        )
    return found[0]


def _said(values: dict[str, Any]) -> str:
    """What changed, but for where an Agency is: the whereabouts of some stay out of every download."""
    return "; ".join(f"{name}: {value}" for name, value in values.items() if name not in WHEREABOUTS)
