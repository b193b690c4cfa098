"""One question as its asker sees it, and as the Agency Administrator answers it: no notes, every answer, what happens next."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from forms.helpdesk.help import AddTo, AnswerAsAdmin, PassOn, Rate
from portal import permissions
from portal.db import reading
from portal.models import Person, Ticket, TicketEntry
from portal.refusals import Refused, not_found
from portal.services.helpdesk.tickets import asking, clock, closing, conversation, entries, ladder, rating
from portal.services.helpdesk.tickets.entries import Attached
from portal.web import kernel
from portal.web.helpdesk.help.asking import row
from portal.web.helpdesk.help.room import attached, blueprint, open_now, take_in, with_phone
from portal.web.kernel import acted, actor, may, now, permission, policy, pressed, sessions, status_of
from portal.web.uploads import download, fetched
from workflows.actions import Action
from workflows.ticket_clock import span_in_words

Act = Callable[[Session, Ticket, list[Attached]], Any]


@blueprint.get("/help/<int:ticket_id>", endpoint="one")
@permission(Action.TICKET_SEE)
def one(ticket_id: int) -> Any:
    return _page(ticket_id)


def _page(ticket_id: int, **forms: Any) -> Any:
    with reading(sessions()) as session:
        ticket = permissions.find(session, actor(), Action.TICKET_SEE, Ticket, ticket_id)
        calendar = clock.calendar(session, policy=policy())
        said = entries.of(session, ticket, notes=False)
        mine = ticket.requester_id == actor().person_id
        living = ticket.status in ("new", "open", "waiting")
        admins = ladder.admins_of(session, ticket.agency_id, now=now(), policy=policy()) if ticket.rung == ladder.AGENCY_ADMIN else []  # fmt: skip
        form = next(iter(forms.values()), None)
        return render_template(
            "pages/helpdesk/help/one.html",
            **row(ticket),
            entries=said,
            files={each.id: _files(ticket, each) for each in said},
            mine=mine,
            may_add=may(Action.TICKET_ADD, ticket) and ticket.status != "merged",
            living=living,
            answers=living and not mine and may(Action.TICKET_ANSWER, ticket) and ticket.rung == ladder.AGENCY_ADMIN,
            explained=clock.explained(session, ticket, policy=policy(), calendar=calendar) if living else [],
            closes_on=closing.closes_on(ticket, calendar=calendar, policy=policy()),
            admins=with_phone(admins),
            opening=open_now(session, now()),
            adding=forms.get("adding") or AddTo(formdata=None),
            answering=forms.get("answering") or AnswerAsAdmin(formdata=None),
            passing=forms.get("passing") or PassOn(formdata=None),
            form=form,
        ), status_of(form) if form else 200


def _files(ticket: Ticket, entry: TicketEntry) -> list[dict[str, Any]]:
    """What hangs on an entry; nothing on one that was redacted."""
    return [
        {
            "name": each.name,
            "size": f"{max(1, each.size // 1024):,} KB",
            "href": url_for("help.file", ticket_id=ticket.id, attached_id=each.id) if each.file else "",
            "refused": each.refused,
        }
        for each in (() if entry.redacted_at else entry.files)
    ]


@blueprint.get("/help/<int:ticket_id>/sent", endpoint="sent")
@permission(Action.TICKET_SEE)
def sent(ticket_id: int) -> Any:
    """That it is sent, who has it, and when it is due at the latest."""
    with reading(sessions()) as session:
        ticket = permissions.find(session, actor(), Action.TICKET_SEE, Ticket, ticket_id)
        calendar = clock.calendar(session, policy=policy())
        with_admin = ticket.rung == ladder.AGENCY_ADMIN
        there = _to_call(session, ticket)
        return render_template(
            "pages/helpdesk/help/sent.html",
            **row(ticket),
            admins=with_phone(ladder.admins_of(session, ticket.agency_id, now=now(), policy=policy()))
            if with_admin
            else [],
            callable_admins=with_phone(there),
            steps=_next(ticket, ladder.minutes_here(ticket, policy()) if with_admin else 0),
            explained=clock.explained(session, ticket, policy=policy(), calendar=calendar)[0],
            opening=open_now(session, now()),
            after_hours=policy().helpdesk.after_hours,
        )


def _to_call(session: Session, ticket: Ticket) -> Sequence[Person]:
    about = policy().helpdesk.kind(ticket.kind)
    if about is None:
        return []
    return asking.to_call(
        session, kind=about, agency_id=ticket.agency_id, rung=ticket.rung, direct=False, actor=actor(), now=now(), policy=policy()
    )  # fmt: skip


def _next(ticket: Ticket, minutes: int) -> list[str]:
    """What happens next, in the order in which it does."""
    first = (
        f"Your Agency Administrator answers, or passes it on. After {span_in_words(minutes)} of business time without an answer it goes on to the HMIS Team by itself."
        if minutes
        else "The HMIS Team reads it and answers."
    )  # fmt: skip
    how = f"Every answer comes to {ticket.requester_email} and stands under 'Help'. You can answer by e-mail."
    return [first, how, "When it is solved, say so; whatever you add later opens it again."]


def _done(ticket_id: int, name: str, form: Any, do: Act, said: str, action: Action) -> Any:
    """One form of the page: what it says is done, or the page comes back with it, and nothing typed is lost."""

    def act(session: Session) -> Any:
        ticket = permissions.find(session, actor(), action, Ticket, ticket_id)
        return do(session, ticket, attached(session, kept, agency_id=ticket.agency_id))

    kept: list[str] = []
    if "files" in form and form.is_submitted():
        try:
            kept = take_in(form.files.data or ())
        except Refused as no:
            form.validate()
            form.refuse(no.sentence, no.field)
            return _page(ticket_id, **{name: form})
    return acted(form, act, said, url_for("help.one", ticket_id=ticket_id)) or _page(ticket_id, **{name: form})


@blueprint.post("/help/<int:ticket_id>/add", endpoint="add")
@permission(Action.TICKET_ADD)
def add(ticket_id: int) -> Any:
    form = AddTo()

    def do(session: Session, ticket: Ticket, files: list[Attached]) -> None:
        conversation.receive(
            session, ticket, text=form.text.data or "", files=files, actor=actor(), now=now(), policy=policy()
        )

    return _done(ticket_id, "adding", form, do, "Added. Whoever works on it sees it at once.", Action.TICKET_ADD)


@blueprint.post("/help/<int:ticket_id>/solved", endpoint="solved")
@permission(Action.TICKET_SOLVE)
def solved(ticket_id: int) -> Any:
    def do(session: Session) -> None:
        ticket = permissions.find(session, actor(), Action.TICKET_SOLVE, Ticket, ticket_id)
        asking.solved_it(session, ticket, actor=actor(), now=now(), policy=policy())

    return pressed(do, "Thank you. It is taken as solved; whatever you add opens it again.", url_for("help.one", ticket_id=ticket_id))  # fmt: skip


@blueprint.post("/help/<int:ticket_id>/team", endpoint="to_the_team")
@permission(Action.TICKET_ADD)
def to_the_team(ticket_id: int) -> Any:
    def do(session: Session) -> None:
        ticket = permissions.find(session, actor(), Action.TICKET_ADD, Ticket, ticket_id)
        asking.to_the_team(session, ticket, actor=actor(), now=now())

    return pressed(do, "The HMIS Team has your question now.", url_for("help.one", ticket_id=ticket_id))


@blueprint.post("/help/<int:ticket_id>/answer", endpoint="answer")
@permission(Action.TICKET_ANSWER)
def answer(ticket_id: int) -> Any:
    form = AnswerAsAdmin()

    def do(session: Session, ticket: Ticket, _files: list[Attached]) -> None:
        last = request.form.get("last", type=kernel.an_id)
        conversation.answer(
            session, ticket, text=form.text.data or "", after=form.after.data or "", last_seen=last, anyway=bool(form.anyway.data),
            actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    return _done(ticket_id, "answering", form, do, "Answered. They get a message.", Action.TICKET_ANSWER)


@blueprint.post("/help/<int:ticket_id>/pass-on", endpoint="pass_on")
@permission(Action.TICKET_ANSWER)
def pass_on(ticket_id: int) -> Any:
    form = PassOn()
    said = "The HMIS Team has it now, with your word. Whoever asked gets a message."

    def act(session: Session) -> None:
        ticket = permissions.find(session, actor(), Action.TICKET_ANSWER, Ticket, ticket_id)
        asking.pass_on(session, ticket, words=form.words.data or "", actor=actor(), now=now())

    return acted(form, act, said, url_for("help.index", whose="agency")) or _page(ticket_id, passing=form)


@blueprint.route("/help/<int:ticket_id>/rate", methods=["GET", "POST"], endpoint="rate")
@permission(Action.TICKET_RATE)
def rate(ticket_id: int) -> Any:
    form = Rate()

    def act(session: Session) -> None:
        ticket = permissions.find(session, actor(), Action.TICKET_RATE, Ticket, ticket_id)
        rating.rate(session, ticket, rating=form.rating.data, said=form.said.data or "", actor=actor(), now=now())

    if done := acted(form, act, "Thank you. The HMIS Team reads it.", url_for("help.one", ticket_id=ticket_id)):
        return done
    with reading(sessions()) as session:
        ticket = permissions.find(session, actor(), Action.TICKET_RATE, Ticket, ticket_id)
        if not form.is_submitted():
            form.rating.data, form.said.data = ticket.rating or None, ticket.rating_said
        return render_template("pages/helpdesk/help/rate.html", form=form, **row(ticket)), status_of(form)


@blueprint.get("/help/<int:ticket_id>/files/<int:attached_id>", endpoint="file")
@permission(Action.TICKET_SEE)
def file(ticket_id: int, attached_id: int) -> Any:
    """A file of the conversation, to be kept and never shown in the page; none of a note, and none that was redacted."""
    with reading(sessions()) as session:
        ticket = permissions.find(session, actor(), Action.TICKET_SEE, Ticket, ticket_id)
        for entry in entries.of(session, ticket, notes=False):
            for each in entry.files:
                if each.id == attached_id and each.file is not None and entry.redacted_at is None:
                    return download(fetched(each.file.sha256), each.file.media_type, each.name)
    raise not_found()
