"""Service requests: the list, asking for one, one with its log, and every step of its way."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.helpdesk.service_requests import (
    OF_WHOM,
    PRIORITIES,
    SHOWN,
    STEPS,
    Ask,
    Change,
    Log,
    RequestFilter,
    TasksDone,
)
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Agency, ProgramTask, ServiceRequest, Ticket
from portal.refusals import not_found
from portal.services.helpdesk.requests import from_tickets, program_changes, request_lists, service_requests
from portal.services.helpdesk.tickets import workflows
from portal.web.desk.room import as_csv, pager
from portal.web.helpdesk.requests.room import blueprint, state
from portal.web.kernel import acted, actor, an_id, may, now, permission, policy, sessions, status_of, today
from workflows.actions import Action
from workflows.client_data import without
from workflows.vocabulary import LEAD

EVERYTHING = 10_000


@blueprint.get("", endpoint="index")
@permission(Action.SERVICE_SEE)
def index() -> Any:
    form, after = RequestFilter(request.args), request.args.get("after", "")
    chosen: dict[str, Any] = {
        "show": form.show.data if form.show.data in SHOWN else "",
        "sent_to": form.of.data if form.of.data in OF_WHOM else "",
        "search": (form.q.data or "").strip()[:100],
        "agency_id": request.args.get("agency", type=an_id),
        "on": today(),
    }
    if request.args.get("format") == "csv":
        return _csv(chosen)
    with reading(sessions()) as session:
        page = request_lists.page(session, actor(), after=after, **chosen)
        return render_template(
            "pages/helpdesk/requests/index.html",
            rows=[_row(row) for (row,) in page.rows],
            form=form,
            page=pager(page, after),
            counts=request_lists.counted(session, actor(), on=today()),
        )


def _row(row: ServiceRequest) -> dict[str, Any]:
    return {
        "request": row,
        "state": state(row),
        "of": OF_WHOM[row.sent_to],
        "priority": PRIORITIES[row.priority],
        "href": url_for("service_requests.one", request_id=row.id),
    }


def _csv(chosen: dict[str, Any]) -> Any:
    with transaction(sessions()) as session:
        page = request_lists.page(session, actor(), limit=EVERYTHING, **chosen)
        rows = [
            (
                each["request"].number, each["request"].title, each["request"].agency.name, each["of"], each["request"].reference,
                each["priority"], each["state"][1], each["request"].due, each["request"].deliverable, each["request"].resolution,
                *_of_change(each["request"]),
            )
            for each in (_row(row) for (row,) in page.rows)
        ]  # fmt: skip
        said = f"Downloaded a list of {len(rows)} service requests."
        audit.record(session, actor=actor(), now=now(), act="service.export", said=said)
    headers = (
        "Number", "Title", "For", "Asked of", "Vendor's number", "Priority", "Status", "Due", "Deliverable", "Resolution",
        "Program", "Holds from", "Business days of notice", "Late notice",
    )  # fmt: skip
    return as_csv("service-requests", headers, rows)


def _of_change(row: ServiceRequest) -> tuple[Any, ...]:
    change = row.change
    if change is None:
        return "", "", "", ""
    return change.program, change.effective_on, change.notice_days, "yes" if change.late else "no"


@blueprint.route("/new", methods=["GET", "POST"], endpoint="new")
@permission(Action.SERVICE_ASK)
def new() -> Any:
    """Asked for one's own Agency, or by the Lead's staff for anybody; with `?ticket=`, begun from what was asked there."""
    number = request.args.get("ticket", type=an_id)
    with reading(sessions()) as session:
        ticket = permissions.find(session, actor(), Action.TICKET_WORK, Ticket, number) if number is not None else None
        agencies = agencies_of(session)
        begun = (
            {
                "title": without(ticket.subject)[:150], "agency": ticket.agency_id or LEAD,
                "description": workflows.text_of_first(session, ticket),
            }
            if ticket
            else {}
        )  # fmt: skip
        asker = ticket.asker if ticket else ""
    form = Ask(agencies=agencies, **begun)

    def ask(session: Session) -> ServiceRequest:
        found = permissions.find(session, actor(), Action.TICKET_WORK, Ticket, number) if number is not None else None
        row = service_requests.ask(
            session, title=form.title.data or "", description=form.description.data or "", sent_to=form.sent_to.data,
            agency_id=form.agency.data, priority=form.priority.data, ticket=found, actor=actor(), now=now(),
        )  # fmt: skip
        if found is not None:
            from_tickets.begun(session, row, found, actor=actor(), now=now())
        return row

    said = "Kept. The HMIS Lead reads it and says what becomes of it."
    if number is not None:
        said = "Kept, and linked with the ticket: your draft of an answer there says so."
    if done := acted(form, ask, said, lambda made: url_for("service_requests.one", request_id=made.id)):
        return done
    return render_template("pages/helpdesk/requests/new.html", form=form, ticket_id=number, asker=asker), status_of(
        form
    )


def agencies_of(session: Session) -> list[tuple[int, str]]:
    """Those for which whoever asks may ask; the Lead's own first, for its staff."""
    query = select(Agency).where(permissions.visible(actor(), Action.SERVICE_ASK, Agency)).order_by(Agency.name_key)
    there = [(agency.id, agency.name) for agency in session.scalars(query)]
    return sorted(there, key=lambda each: each[0] != LEAD)


@blueprint.route("/<int:request_id>", methods=["GET", "POST"], endpoint="one")
@permission(Action.SERVICE_SEE)
def one(request_id: int) -> Any:
    """The request with its log; posting adds to the log."""
    form = Log()

    def say(session: Session) -> None:
        row = permissions.find(session, actor(), Action.SERVICE_ASK, ServiceRequest, request_id)
        service_requests.log(session, row, said=form.said.data or "", actor=actor(), now=now())

    if done := acted(form, say, "It stands in the log.", _to(request_id)):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SERVICE_SEE, ServiceRequest, request_id)
        works = may(Action.SERVICE_WORK, row)
        ticket = from_tickets.ticket_of(session, row)
        tasks = program_changes.tasks(session, row) if row.change else ()
        return render_template(
            "pages/helpdesk/requests/one.html",
            form=form,
            request_=row,
            state=state(row),
            of=OF_WHOM[row.sent_to],
            priority=PRIORITIES[row.priority],
            log=request_lists.activities(session, row),
            logs=may(Action.SERVICE_ASK, row),
            steps=[(STEPS[move][0], _to(request_id, move)) for move in _possible(row, tasks)] if works else [],
            changes=works and row.status in service_requests.LIVING,
            ticket=ticket if ticket is not None and may(Action.TICKET_WORK, ticket) else None,
            change=row.change,
            kind=policy().programs.kind(row.change.kind) if row.change else None,
            tasks=tasks,
            doing=_doing(row, tasks) if works else None,
        ), status_of(form)


def _doing(row: ServiceRequest, tasks: Sequence[ProgramTask]) -> TasksDone | None:
    """The form that ticks off what is done; None where nothing is left."""
    left = [(task.number, task.what) for task in tasks if task.done_at is None]
    return TasksDone(formdata=None, open_=left) if left and row.status in service_requests.LIVING else None


def _possible(row: ServiceRequest, tasks: Sequence[ProgramTask]) -> list[str]:
    """What can be done next; a change of a program is accepted, begun and delivered by its tasks."""
    by_tasks = row.status != "declined" and any(task.done_at is None for task in tasks)
    left_out = ("accept", "begin", "deliver") if by_tasks else ()
    return [move for move in STEPS if move in row.__machine__.possible(row.status) and move not in left_out]


def _to(request_id: int, move: str = "") -> str:
    if move:
        return url_for("service_requests.work", request_id=request_id, do=move)
    return url_for("service_requests.one", request_id=request_id)


@blueprint.route("/<int:request_id>/work", methods=["GET", "POST"], endpoint="work")
@permission(Action.SERVICE_WORK)
def work(request_id: int) -> Any:
    """One step on a request's way, `?do=` accept, begin, deliver, send_back, resolve or decline."""
    move = request.args.get("do", "")
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SERVICE_WORK, ServiceRequest, request_id)
        if move not in STEPS:
            raise not_found()
        _, change, ticket = row.agency.name, row.change, from_tickets.ticket_of(session, row)
        session.expunge_all()
    label, kind = STEPS[move]
    form = _step(kind, row, move, ticket)

    def act(session: Session) -> None:
        found = permissions.find(session, actor(), Action.SERVICE_WORK, ServiceRequest, request_id)
        values = {name: field.data for name, field in form._fields.items() if name not in ("csrf_token", "anyway")}
        if move in from_tickets.ENDINGS:
            from_tickets.end(
                session, found, move=move, resolution=values["resolution"], answer=bool(values.get("answer")), anyway=bool(form.anyway.data),
                actor=actor(), now=now(), policy=policy(),
            )  # fmt: skip
            return
        if move in ("accept", "send_back"):
            values["policy"] = policy()
        getattr(service_requests, move)(session, found, actor=actor(), now=now(), **values)

    if done := acted(form, act, "Done. It stands in the log.", _to(request_id)):
        return done
    return render_template(
        "pages/helpdesk/requests/work.html",
        form=form,
        request_=row,
        label=label,
        state=state(row),
        ends=move == "decline",
        program=change is not None,
    ), status_of(form)


def _step(kind: type[Any], row: ServiceRequest, move: str, ticket: Ticket | None) -> Any:
    """The form of a step, begun with what is likely; the answer of the ticket is offered where the request ends."""
    if move in from_tickets.ENDINGS:
        proposed = row.deliverable if move == "resolve" and row.change else ""
        return kind(ticket=ticket.reference if ticket else "", resolution=proposed, answer=True)
    due = max(row.due or today() + timedelta(policy().front.services.due_days), today())
    return kind(deliverable=row.deliverable, due=due if move == "accept" else None)


@blueprint.route("/<int:request_id>/change", methods=["GET", "POST"], endpoint="change")
@permission(Action.SERVICE_WORK)
def change(request_id: int) -> Any:
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SERVICE_WORK, ServiceRequest, request_id)
        session.expunge_all()
    form = Change(sent_to=row.sent_to, priority=row.priority, due=row.due, reference=row.reference)

    def act(session: Session) -> None:
        found = permissions.find(session, actor(), Action.SERVICE_WORK, ServiceRequest, request_id)
        service_requests.change(
            session, found, priority=form.priority.data, sent_to=form.sent_to.data, due=form.due.data,
            reference=form.reference.data or "", reason=form.reason.data or "", actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    if done := acted(form, act, "Changed. What it was before stands in the log.", _to(request_id)):
        return done
    return render_template("pages/helpdesk/requests/change.html", form=form, request_=row), status_of(form)
