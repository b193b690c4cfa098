"""Changes of an Agency's programs: announced by the Agency, or by the Lead's staff from a ticket, and set up task by task."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms.helpdesk.service_requests import Announce, TasksDone
from portal import permissions
from portal.db import reading
from portal.models import ServiceRequest, Ticket
from portal.services.agencies import projects
from portal.services.helpdesk.requests import from_tickets, program_changes
from portal.services.helpdesk.tickets import clock, workflows
from portal.web.helpdesk.requests.requests import agencies_of
from portal.web.helpdesk.requests.room import blueprint
from portal.web.kernel import acted, actor, an_id, now, permission, policy, saved, sessions, status_of, today
from workflows.actions import Action
from workflows.business_time import add_business_days
from workflows.vocabulary import LEAD


@blueprint.route("/programs/new", methods=["GET", "POST"], endpoint="announce")
@permission(Action.SERVICE_ASK)
def announce() -> Any:
    """Announced for one's own Agency, or by the Lead's staff for any; with `?ticket=`, begun from what was written there."""
    number = request.args.get("ticket", type=an_id)
    with reading(sessions()) as session:
        ticket = permissions.find(session, actor(), Action.TICKET_WORK, Ticket, number) if number is not None else None
        agencies = [each for each in agencies_of(session) if each[0] != LEAD]
        known = [each.name for each in projects.of(session, agencies[0][0])] if len(agencies) == 1 else []
        calendar = clock.calendar(session, policy=policy())
        in_time = add_business_days(today(), policy().notice.program_change_days, calendar)
        begun: dict[str, Any] = {"agency": agencies[0][0]} if len(agencies) == 1 else {}
        if ticket is not None:
            begun = {"agency": ticket.agency_id, "details": workflows.text_of_first(session, ticket)}
            known = [each.name for each in projects.of(session, ticket.agency_id)] if ticket.agency_id else []
    chosen = agencies if len(agencies) == 1 else [(LEAD, "Choose the Agency"), *agencies]
    form = Announce(agencies=chosen, kinds=[(each.id, each.title) for each in policy().programs.kinds], **begun)

    def put(session: Session) -> ServiceRequest:
        found = permissions.find(session, actor(), Action.TICKET_WORK, Ticket, number) if number is not None else None
        row = program_changes.announce(
            session, agency_id=form.agency.data, kind=form.kind.data, program=form.program.data or "", becomes=form.becomes.data or "",
            effective_on=form.effective_on.data, details=form.details.data or "", ticket=found, actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip
        if found is not None:
            from_tickets.begun(session, row, found, actor=actor(), now=now())
        return row

    said = "Announced. The HMIS Team sets it up, and whoever announced it is told when that is done."
    if done := acted(form, put, said, lambda made: url_for("service_requests.one", request_id=made.id)):
        return done
    return render_template(
        "pages/helpdesk/requests/announce.html", form=form, ticket_id=number, known=known, in_time=in_time,
        days=policy().notice.program_change_days, cite=policy().notice.cite, becomes=_becomes(),
    ), status_of(form)  # fmt: skip


def _becomes() -> dict[str, str]:
    """What is asked beside the program, by kind: 'Say below: new name'."""
    return {kind.id: f"Say below: {kind.becomes[:1].lower()}{kind.becomes[1:]}" for kind in policy().programs.kinds if kind.becomes}  # fmt: skip


@blueprint.post("/<int:request_id>/tasks", endpoint="tasks")
@permission(Action.SERVICE_WORK)
def tasks(request_id: int) -> Any:
    """Says that tasks of a program's change are done; the last of them delivers the request."""
    back = url_for("service_requests.one", request_id=request_id)
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SERVICE_WORK, ServiceRequest, request_id)
        form = TasksDone(open_=[(each.number, each.what) for each in program_changes.tasks(session, row)])

    def put(session: Session) -> bool:
        found = permissions.find(session, actor(), Action.SERVICE_WORK, ServiceRequest, request_id)
        return program_changes.done(
            session, found, numbers=form.tasks.data or (), actor=actor(), now=now(), policy=policy()
        )

    if not form.validate_on_submit() or not (done := saved(form, put)):
        flash(" ".join(str(each) for field in form for each in field.errors) or "Nothing was changed.", "error")
    else:
        flash("All is done: tell whoever announced it by resolving the request." if done.value else "Kept.", "success")
    return redirect(back)
