"""Asking for help: what kind of question, does one of these articles answer it, the question itself, checked and sent."""

from collections.abc import Callable
from typing import Any

from flask import jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms.access_request import said
from forms.helpdesk.help import Ask, Look, Own, ask_form
from portal import audit
from portal.db import reading, transaction
from portal.models import Ticket
from portal.refusals import Refused, not_found
from portal.services.helpdesk.knowledge import searching
from portal.services.helpdesk.tickets import asking, clock, ladder, own_lists
from portal.services.paging import Page
from portal.web.desk.room import as_csv, pager
from portal.web.helpdesk.help.room import attached, blueprint, named, open_now, take_in, with_phone
from portal.web.kernel import actor, now, permission, policy, sessions, status_of
from workflows.actions import Action
from workflows.helpdesk_pack import TicketKind
from workflows.ticket_clock import due, explain
from workflows.vocabulary import Role

EVERYTHING = 10_000
STATES = {
    "new": ("new", "Not answered yet"), "open": ("in_progress", "Being worked on"), "waiting": ("waiting", "Waits for whoever asked"),
    "solved": ("done", "Solved"), "closed": ("closed", "Closed"), "merged": ("closed", "Part of another question"),
}  # fmt: skip
"""A ticket's status as whoever asked reads it: the tone of its tag, and the words."""


@blueprint.get("/help", endpoint="index")
@permission(Action.TICKET_OPEN)
def index() -> Any:
    form, after = Own(request.args), request.args.get("after", "")
    chosen: dict[str, Any] = {
        "show": form.show.data if form.show.data in own_lists.SHOWN else "",
        "search": (form.q.data or "").strip(),
    }
    whose = request.args.get("whose") if own_lists.is_admin(actor()) else ""
    listed = own_lists.with_the_admin if whose == "agency" else own_lists.mine
    if request.args.get("format") == "csv":
        return _csv(listed, chosen)
    with reading(sessions()) as session:
        page = listed(session, actor(), after=after, **chosen)
        return render_template(
            "pages/helpdesk/help/index.html",
            rows=[row(ticket) for (ticket,) in page.rows],
            form=form,
            page=pager(page, after),
            whose=whose,
            is_admin=own_lists.is_admin(actor()),
            counts=own_lists.counted(session, actor()),
            opening=open_now(session, now()),
            steps=policy().helpdesk.steps,
            after_hours=policy().helpdesk.after_hours,
        )


def _csv(listed: Callable[..., Page], chosen: dict[str, Any]) -> Any:
    with transaction(sessions()) as session:
        found = [row(ticket) for (ticket,) in listed(session, actor(), limit=EVERYTHING, **chosen).rows]
        rows = [
            (
                each["ticket"].reference, each["ticket"].subject, each["kind"], each["ticket"].asker, each["state"][1], each["has_it"],
                each["ticket"].opened_at, each["due"], each["ticket"].solved_at,
            )
            for each in found
        ]  # fmt: skip
        audit.record(
            session, actor=actor(), now=now(), act="help.export", said=f"Downloaded a list of {len(rows)} questions."
        )
    headers = (
        "Number",
        "Subject",
        "About",
        "Asked by",
        "Status",
        "Who has it",
        "Asked (UTC)",
        "Due (UTC)",
        "Solved (UTC)",
    )
    return as_csv("questions", headers, rows)


def row(ticket: Ticket) -> dict[str, Any]:
    """A ticket as its asker's lists show it, and the Agency Administrator's."""
    mine = ticket.requester_id == actor().person_id
    tone, words = STATES[ticket.status]
    return {
        "ticket": ticket,
        "kind": policy().helpdesk.title_of(ticket.kind),
        "state": (tone, "Waits for your answer" if mine and ticket.status == "waiting" else words),
        "has_it": who_has_it(ticket, mine=mine),
        "due": clock.next_due(ticket) if ticket.status in ("new", "open") else None,
        "href": url_for("help.one", ticket_id=ticket.id),
    }


def who_has_it(ticket: Ticket, *, mine: bool) -> str:
    """In a word, who has to do something next; nothing where nobody has."""
    if ticket.status not in ("new", "open"):
        return ("You" if mine else "Whoever asked") if ticket.status == "waiting" else ""
    if ticket.rung == ladder.AGENCY_ADMIN:
        if ticket.agency_id in actor().at(Role.AGENCY_ADMIN) and not mine:
            return "You, as Agency Administrator"
        return "Your Agency Administrator" if mine else "The Agency Administrator"
    return "The HMIS Team"


@blueprint.get("/help/ask", endpoint="kinds")
@permission(Action.TICKET_OPEN)
def kinds() -> Any:
    """What kind of question it is; with `?q=` also the articles that may answer it, before anything is asked."""
    form = Look(request.args)
    words = (form.q.data or "").strip()[:200]
    with reading(sessions()) as session:
        found = searching.suggest(session, actor(), words, policy=policy()) if words else []
        offered = [kind for kind in policy().helpdesk.kinds if kind.public]
        return render_template("pages/helpdesk/help/kinds.html", form=form, kinds=offered, found=found, words=words)


@blueprint.get("/help/suggest", endpoint="suggest")
@permission(Action.TICKET_OPEN)
def suggest() -> Any:
    """The articles that may answer what is being typed, for the page's script: titles, first words, addresses."""
    words = request.args.get("q", "").strip()[:1000]
    with reading(sessions()) as session:
        found = searching.suggest(session, actor(), words, policy=policy()) if words else []
    return jsonify(
        [{"title": f.title, "summary": f.summary, "href": url_for("knowledge.article", article_id=f.id)} for f in found]
    )


@blueprint.route("/help/ask/<kind>", methods=["GET", "POST"], endpoint="ask")
@permission(Action.TICKET_OPEN)
def ask(kind: str) -> Any:
    """Filled in, shown again with what may answer it and who will have it, and sent; nothing typed is lost on the way."""
    about = policy().helpdesk.kind(kind)
    if about is None or not about.public:
        raise not_found()
    form = _form(about)
    kept = request.form.getlist("kept")
    if not form.is_submitted():
        form.subject.data = request.args.get("q", "").strip()[:200]
        form.priority.data = about.priority
        return _fill_in(about, form, kept)
    try:
        if not form.validate():
            return _fill_in(about, form, take_in(form.files.data or (), kept))
        kept = take_in(form.files.data or (), kept)
        if request.form.get("step") == "send":
            return redirect(url_for("help.sent", ticket_id=_send(about, form, kept)))
    except Refused as no:
        form.refuse(no.sentence, no.field)
        return _fill_in(about, form, kept)
    return _fill_in(about, form, kept) if request.form.get("step") == "change" else _check(about, form, kept)


def _form(about: TicketKind) -> Ask:
    questions = tuple(policy().helpdesk.question(each) for each in about.asks)
    with reading(sessions()) as session:
        mine = asking.agencies_of(session, actor(), on=now(), policy=policy())
        agencies = [(str(each.id), each.name) for each in mine]
    priorities = [(each.id, f"{each.title}: {each.says[:1].lower()}{each.says[1:]}") for each in policy().helpdesk.priorities]  # fmt: skip
    made = ask_form(questions, first_to_the_admin=about.agency_admin_first and not own_lists.is_admin(actor()))
    return made(agencies=agencies, priorities=priorities)


def _agency(form: Ask) -> int | None:
    return int(form.agency.data) if "agency" in form and form.agency.data else None


def _direct(form: Ask) -> bool:
    return bool("direct" in form and form.direct.data)


def _fill_in(about: TicketKind, form: Ask, kept: list[str]) -> Any:
    with reading(sessions()) as session:
        return render_template(
            "pages/helpdesk/help/ask.html",
            kind=about,
            form=form,
            kept=named(kept),
            opening=open_now(session, now()),
            after_hours=policy().helpdesk.after_hours,
        ), status_of(form)


def _check(about: TicketKind, form: Ask, kept: list[str]) -> Any:
    desk = policy().helpdesk
    whole = asking.put_together(form.text.data or "", form.answers(), policy())
    with reading(sessions()) as session:
        calendar = clock.calendar(session, policy=policy())
        minutes = desk.answer_minutes(about.id, form.priority.data)
        rung, admins = asking.rung_of(
            session, kind=about.id, agency_id=_agency(form), text=f"{form.subject.data}\n{whole}", direct=_direct(form), actor=actor(),
            now=now(), policy=policy(),
        )  # fmt: skip
        there = asking.to_call(session, kind=about, agency_id=_agency(form), rung=rung, direct=_direct(form), actor=actor(), now=now(), policy=policy())  # fmt: skip
        return render_template(
            "pages/helpdesk/help/check.html",
            kind=about,
            form=form,
            typed=_typed(form),
            shown=_shown(form, named(kept), with_phone(admins) if rung == ladder.AGENCY_ADMIN else ["The HMIS Team"]),
            until=due(now(), minutes, calendar),
            kept=named(kept),
            doubts=asking.doubts(form.subject.data or "", whole),
            found=searching.suggest(session, actor(), f"{form.subject.data} {form.text.data}", policy=policy()),
            admins=with_phone(there),
            explained=explain(now(), minutes, calendar),
            opening=open_now(session, now()),
            after_hours=desk.after_hours,
        )


def _typed(form: Ask) -> list[tuple[str, str]]:
    """Everything typed, for the hidden fields of the page that shows it once more."""
    asked = [(field.name, field.data or "") for field in form.questions()]
    agency = [("agency", form.agency.data or "")] if form.agency else []
    direct = [("direct", "y")] if _direct(form) else []
    return [("subject", form.subject.data or ""), ("text", form.text.data or ""), *asked, *agency, *direct, ("priority", form.priority.data)]  # fmt: skip


def _shown(form: Ask, kept: list[dict[str, Any]], has_it: list[str]) -> list[dict[str, Any]]:
    """What will be sent, who will have it, and by when it is answered."""
    agency = [{"key": "Agency", "value": said(form.agency).get(form.agency.data, "")}] if form.agency else []
    asked = [{"key": field.label.text, "value": field.data.splitlines()} for field in form.questions() if field.data]
    return [
        {"key": "In a few words", "value": form.subject.data},
        {"key": "Question", "value": (form.text.data or "").splitlines()},
        *asked,
        *agency,
        *([{"key": "Files", "value": [each["name"] for each in kept]}] if kept else []),
        {"key": "How pressing", "value": policy().helpdesk.priority(form.priority.data).title},
        {"key": "Who will have it", "value": has_it},
    ]


def _send(about: TicketKind, form: Ask, kept: list[str]) -> int:
    with transaction(sessions()) as session:
        return _open(session, about, form, kept).id


def _open(session: Session, about: TicketKind, form: Ask, kept: list[str]) -> Ticket:
    return asking.ask(
        session, kind=about.id, subject=form.subject.data or "", text=form.text.data or "", answers=form.answers(), agency_id=_agency(form),
        priority=form.priority.data, direct=_direct(form), files=attached(session, kept, agency_id=_agency(form)), actor=actor(), now=now(),
        policy=policy(),
    )  # fmt: skip
