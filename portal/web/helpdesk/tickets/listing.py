"""The list of tickets: filters in the address, words, an HD-number that jumps, views that are kept, the way to the other queues."""

from typing import Any
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.helpdesk.tickets import SHOWN, SORTED, KeepView, OpenForSomebody, TicketFilter
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Agency, Outage, Person, WorkOrder
from portal.services import searching
from portal.services.desk import desk_requests
from portal.services.helpdesk.tickets import listing, opening, views
from portal.services.helpdesk.tickets.listing import Wanted
from portal.services.people.people import by_email
from portal.web.components import address
from portal.web.desk.room import as_csv, pager
from portal.web.helpdesk.tickets.room import blueprint, kinds, one_url, row_of
from portal.web.kernel import acted, actor, an_id, may_open, now, permission, policy, pressed, sessions, status_of
from workflows.actions import Action

EVERYTHING = 10_000
ANY = 1_000


@blueprint.get("", endpoint="index")
@permission(Action.TICKET_WORK)
def index() -> Any:
    form, after = TicketFilter(request.args, kinds=kinds()), request.args.get("after", "")
    wanted = _wanted(form)
    if request.args.get("format") == "csv":
        kept = urlencode([(key, value) for key, value in request.args.items() if key != "format"])
        return redirect(f"{url_for('tickets.export')}?{kept}")
    with reading(sessions()) as session:
        if wanted.words and (number := listing.numbered(session, actor(), wanted.words)) is not None:
            return redirect(one_url(number))
        counts = listing.counts(session, actor(), now=now(), policy=policy())
        page = listing.page(session, actor(), wanted=wanted, now=now(), policy=policy(), after=after)
        return render_template(
            "pages/helpdesk/tickets/index.html",
            form=form,
            rows=[row_of(ticket) for (ticket,) in page.rows],
            page=pager(page, after),
            shown_tabs=_tabs(wanted, counts),
            queues=_queues(session),
            counts=counts,
            views=views.of(session, actor=actor()),
            keep=KeepView(formdata=None),
            keeps=views.query_of(request.query_string.decode()),
            all_chosen=request.args.get("chosen") == "all",
            about=_about(session, wanted),
        )


def _wanted(form: TicketFilter) -> Wanted:
    return Wanted(
        show=form.show.data if form.show.data in SHOWN else "",
        kind=form.kind.data if form.kind.data in kinds() else "",
        priority=form.priority.data or "",
        agency_id=request.args.get("agency", type=an_id),
        requester_id=request.args.get("who", type=an_id),
        outage_id=request.args.get("outage", type=an_id),
        tag=(form.tag.data or "").strip().lower()[:40],
        words=(form.q.data or "").strip()[:100],
        sort=form.sort.data if form.sort.data in SORTED else "",
    )


def _tabs(wanted: Wanted, counts: listing.Counts) -> list[dict[str, Any]]:
    counted = {"": counts.living, "mine": counts.mine, "unassigned": counts.unassigned, "new": counts.new,
               "waiting": counts.waiting, "soon": counts.soon, "overdue": counts.overdue}  # fmt: skip
    return [
        {
            "label": SHOWN[show],
            "href": address(show=show or None, after=None, chosen=None),
            "current": wanted.show == show,
            "count": f"{ANY:,}+" if count > ANY else count,
        }
        for show, count in counted.items()
    ]


def _queues(session: Session) -> list[dict[str, Any]]:
    """The other queues of the same desk, with how many wait in each."""
    ready = desk_requests.queues(session, now=now(), policy=policy())["ready"]
    orders = searching.counted(session, select(WorkOrder).where(WorkOrder.status == "open"), WorkOrder.id)
    offered = (
        ("Open work orders", "orders.index", f"{ANY:,}+" if orders > ANY else orders),
        ("Ready to issue", "desk.requests", ready.said),
    )
    return [
        {"label": label, "href": url_for(endpoint), "count": count}
        for label, endpoint, count in offered
        if may_open(endpoint)
    ]


def _about(session: Session, wanted: Wanted) -> list[str]:
    """What the address asks beside the fields of the filter, in words."""
    said = []
    if wanted.agency_id is not None:
        agency = permissions.find(session, actor(), Action.AGENCY_SEE, Agency, wanted.agency_id)
        said.append(f"of {agency.name}")
    if wanted.requester_id is not None:
        person = permissions.find(session, actor(), Action.PERSON_SEE, Person, wanted.requester_id)
        said.append(f"that {person.name} sent")
    if wanted.outage_id is not None and (outage := session.get(Outage, wanted.outage_id)):
        said.append(f"linked to {outage.title}")
    return said


@blueprint.get("/export", endpoint="export")
@permission(Action.TICKET_EXPORT)
def export() -> Any:
    """The list as it is shown, to take away; that it was, goes on record."""
    form = TicketFilter(request.args, kinds=kinds())
    with transaction(sessions()) as session:
        permissions.check(session, actor(), Action.TICKET_EXPORT)
        page = listing.page(session, actor(), wanted=_wanted(form), now=now(), policy=policy(), limit=EVERYTHING)
        rows = [
            (
                ticket.reference, ticket.subject, each["status"][1], each["kind"], ticket.priority, ticket.asker, ticket.requester_email,
                each["agency"], each["assignee"], ticket.opened_at, ticket.first_answered_at, ticket.solved_at, ticket.next_due,
                ", ".join(each["tags"]), ticket.rating,
            )
            for ticket, each in ((ticket, row_of(ticket)) for (ticket,) in page.rows)
        ]  # fmt: skip
        audit.record(
            session, actor=actor(), now=now(), act="tickets.export", said=f"Downloaded a list of {len(rows)} tickets."
        )
    headers = (
        "Number", "Subject", "Status", "About", "Priority", "Asked by", "E-mail", "Agency", "Who has it", "Opened (UTC)",
        "First answered (UTC)", "Solved (UTC)", "Due (UTC)", "Tags", "Rating",
    )  # fmt: skip
    return as_csv("tickets", headers, rows)


@blueprint.post("/views", endpoint="keep_view")
@permission(Action.TICKET_WORK)
def keep_view() -> Any:
    """Keeps the filter that the list was shown with under a name."""
    form, query = KeepView(), views.query_of(request.form.get("query", ""))
    back = f"{url_for('tickets.index')}?{query}"

    def keep(session: Session) -> str:
        row = views.save(
            session, name=form.name.data or "", query=query, shared=bool(form.shared.data), actor=actor(), now=now()
        )
        return f"This filter is kept as '{row.name}'{', for the whole desk' if row.owner_id is None else ''}."

    return pressed(keep, str, back)


@blueprint.post("/views/<int:view_id>/remove", endpoint="remove_view")
@permission(Action.TICKET_WORK)
def remove_view(view_id: int) -> Any:
    return pressed(
        lambda session: views.remove(session, view_id, actor=actor(), now=now()),
        lambda name: f"The view '{name}' is removed. No ticket was changed.", url_for("tickets.index"),
    )  # fmt: skip


@blueprint.route("/new", methods=["GET", "POST"], endpoint="new")
@permission(Action.TICKET_WORK)
def new() -> Any:
    """A ticket for somebody who called or came by."""
    form = OpenForSomebody(kinds=kinds())
    if request.method == "GET":
        form.email.data = request.args.get("email", "")[:320]

    def put(session: Session) -> int:
        email = form.email.data or ""
        person = by_email(session, email)
        return opening.open_ticket(
            session, subject=form.subject.data or "", text=form.text.data or "", kind=form.kind.data or "", channel="staff",
            requester=person, email=email, name=form.name.data or "", agency_id=opening.agency_of(session, person) if person else None,
            priority=form.priority.data or None, actor=actor(), now=now(), policy=policy(),
        ).id  # fmt: skip

    said = "The ticket is open. An answer from here goes to the sender by e-mail."
    if done := acted(form, put, said, one_url):
        return done
    return render_template("pages/helpdesk/tickets/new.html", form=form), status_of(form)


def list_url(**wanted: Any) -> str:
    """The list with a filter, for other pages to link to."""
    return f"{url_for('tickets.index')}?{urlencode({k: v for k, v in wanted.items() if v not in (None, '')})}"
