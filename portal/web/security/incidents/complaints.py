"""Complaints: the list of an Agency's own or of all, entering one, reviewing and answering it, making it an incident."""

from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.security.incidents import (
    COMPLAINTS_SHOWN,
    AnswerComplaint,
    ComplaintFilter,
    EnterComplaint,
    ReviewComplaint,
)
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Agency, Incident
from portal.services.desk import incident_lists
from portal.services.desk.incident_lists import Wanted
from portal.services.security.incidents import complaints, incident_timeline
from portal.web.desk.room import as_csv, pager
from portal.web.kernel import acted, actor, an_id, may, now, permission, policy, sessions, status_of, today
from portal.web.security.incidents.incident_room import agency_name, found, state, titled, with_reason
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.vocabulary import LEAD

EVERYTHING = 10_000


@blueprint.get("/complaints", endpoint="complaints")
@permission(Action.INCIDENT_SEE)
def index() -> Any:
    form, after = ComplaintFilter(request.args), request.args.get("after", "")
    wanted = Wanted(
        nature="complaint",
        show=form.show.data if form.show.data in COMPLAINTS_SHOWN else "",
        word=(form.q.data or "").strip()[:100],
        agency_id=request.args.get("agency", type=an_id),
    )
    if request.args.get("format") == "csv":
        return _csv(wanted)
    with reading(sessions()) as session:
        page = incident_lists.page(session, actor(), wanted=wanted, now=now(), after=after)
        rows = [row_of(row) for row, _ in page.rows]
        return render_template("pages/security/incidents/complaints.html", rows=rows, form=form, page=pager(page, after))  # fmt: skip


def row_of(row: Incident) -> dict[str, Any]:
    overdue = row.answered_at is None and row.answer_due is not None and row.answer_due < today()
    status = ("overdue", "Answer overdue") if overdue and row.status in ("reported", "reviewing") else state(row)
    return {
        "incident": row, "title": titled(row), "status": status, "agency": agency_name(row),
        "href": url_for("security.complaint", incident_id=row.id),
    }  # fmt: skip


def _csv(wanted: Wanted) -> Any:
    with transaction(sessions()) as session:
        page = incident_lists.page(session, actor(), wanted=wanted, now=now(), limit=EVERYTHING)
        rows = [
            (row.reference, titled(row), row_of(row)["status"][1], agency_name(row), row.received_from, row.received_on, row.answer_due, row.answer)
            for row, _ in page.rows
        ]  # fmt: skip
        said = f"Downloaded a list of {len(rows)} complaints."
        audit.record(session, actor=actor(), now=now(), act="complaints.export", said=said)
    headers = ("Reference", "About", "Status", "Agency", "From", "Received", "Answer due", "Answer")
    return as_csv("complaints", headers, rows)


@blueprint.route("/complaints/new", methods=["GET", "POST"], endpoint="new_complaint")
@permission(Action.COMPLAINT_ENTER)
def new() -> Any:
    with reading(sessions()) as session:
        agencies = _agencies(session)
    form = EnterComplaint(agencies=agencies)
    if request.method == "GET":
        form.received_on.data = today()
        form.agency.data = request.args.get("agency", type=an_id)

    def enter(session: Session) -> int:
        agency = permissions.find(session, actor(), Action.COMPLAINT_ENTER, Agency, form.agency.data)
        received = complaints.Received(
            title=form.title.data or "", said=form.said.data or "", from_whom=form.from_whom.data or "", received_on=form.received_on.data
        )  # fmt: skip
        return complaints.enter(session, agency=agency, received=received, actor=actor(), now=now(), policy=policy()).id

    if done := acted(
        form, enter, "The complaint is entered.", lambda made: url_for("security.complaint", incident_id=made)
    ):
        return done
    page = render_template("pages/security/incidents/new_complaint.html", form=form, days=policy().incidents.answer_days)  # fmt: skip
    return page, status_of(form)


def _agencies(session: Session) -> list[tuple[int, str]]:
    query = select(Agency.id, Agency.name).where(permissions.visible(actor(), Action.COMPLAINT_ENTER, Agency))
    rows = session.execute(query.order_by(Agency.name_key)).all()
    return [(key, "The HMIS Lead itself" if key == LEAD else name) for key, name in rows]


@blueprint.route("/complaints/<int:incident_id>", methods=["GET", "POST"], endpoint="complaint")
@permission(Action.INCIDENT_SEE)
def one(incident_id: int) -> Any:
    """One complaint; that it is being reviewed is sent to this same address."""
    form = ReviewComplaint()

    def review(session: Session) -> None:
        row = found(session, Action.COMPLAINT_ANSWER, incident_id, "complaint")
        complaints.review(session, row, note=form.note.data or "", actor=actor(), now=now())

    if done := acted(
        form, review, "It is on record that you look into it.", url_for("security.complaint", incident_id=incident_id)
    ):
        return done
    with reading(sessions()) as session:
        row = found(session, Action.INCIDENT_SEE, incident_id, "complaint")
        return render_template(
            "pages/security/incidents/complaint.html", form=form, **row_of(row), entries=incident_timeline.entries(session, row),
            answers=may(Action.COMPLAINT_ANSWER, row), works=may(Action.INCIDENT_WORK, row),
        ), status_of(form)  # fmt: skip


@blueprint.route("/complaints/<int:incident_id>/answer", methods=["GET", "POST"], endpoint="answer_complaint")
@permission(Action.COMPLAINT_ANSWER)
def answer(incident_id: int) -> Any:
    form = AnswerComplaint()

    def put(session: Session) -> None:
        row = found(session, Action.COMPLAINT_ANSWER, incident_id, "complaint")
        complaints.answer(session, row, text=form.answer.data or "", actor=actor(), now=now())

    if done := acted(form, put, "Answered.", url_for("security.complaint", incident_id=incident_id)):
        return done
    with reading(sessions()) as session:
        row = found(session, Action.COMPLAINT_ANSWER, incident_id, "complaint")
        page = render_template("pages/security/incidents/answer.html", form=form, incident=row, called=titled(row))
        return page, status_of(form)


@blueprint.route("/complaints/<int:incident_id>/raise", methods=["GET", "POST"], endpoint="raise_complaint")
@permission(Action.COMPLAINT_ANSWER)
def raise_it(incident_id: int) -> Any:
    return with_reason(
        incident_id,
        Action.COMPLAINT_ANSWER,
        lambda session, row, why: complaints.raise_it(
            session, row, reason=why, actor=actor(), now=now(), policy=policy()
        ),
        title="Make an incident of this complaint?",
        button="Make it an incident",
        what=[
            "The HMIS Lead triages it and has it investigated as a possible violation.",
            "It leaves the list of complaints. Its timeline goes on in the incident.",
        ],
        done="It is an incident now, and waits to be triaged by the HMIS Lead.",
        nature="complaint",
    )
