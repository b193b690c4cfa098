"""What is done with a ticket: sorted, moved, followed, about somebody, merged, split, redacted, linked to an outage."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request
from sqlalchemy.orm import Session

from forms.helpdesk.tickets import About, Follow, MadeSure, MergeTicket, OutageOf, RedactTicket, SortTicket, SplitTicket
from portal import permissions
from portal.db import reading
from portal.models import Outage, Person, Ticket, TicketEntry, TicketFollower
from portal.refusals import bad_input, not_found
from portal.services.helpdesk.outages import linked
from portal.services.helpdesk.tickets import (
    beside,
    conversation,
    entries,
    following,
    joining,
    listing,
    moves,
    redaction,
    senders,
)
from portal.web.helpdesk.tickets.one import staff
from portal.web.helpdesk.tickets.room import blueprint, found, kinds, named, one_url
from portal.web.kernel import acted, actor, now, permission, policy, pressed, saved, sessions, status_of
from workflows.actions import Action
from workflows.client_data import without

Verb = Callable[[Session, Ticket], None]


@blueprint.post("/<int:ticket_id>/sort", endpoint="sort")
@permission(Action.TICKET_WORK)
def sort(ticket_id: int) -> Any:
    """Who has it, what it is about, its priority and tags, all in one press."""
    with reading(sessions()) as session:
        found(session, ticket_id)
        form = SortTicket(staff=staff(session), kinds=kinds())

    def put(session: Session) -> None:
        ticket = found(session, ticket_id)
        chosen = form.assignee.data or ""
        to = named(session, Person, chosen)
        if chosen and to is None:
            raise bad_input("Choose one of the HMIS Lead's staff.", "assignee")
        more: dict[str, Any] = {"actor": actor(), "now": now()}
        moves.set_kind(session, ticket, kind=form.kind.data or "", policy=policy(), **more)
        moves.set_priority(session, ticket, priority=form.priority.data or "", policy=policy(), **more)
        moves.assign(session, ticket, to=to, policy=policy(), **more)
        following.set_tags(session, ticket, tags=following.tags_of(form.tags.data or ""), **more)

    if not form.validate_on_submit() or not saved(form, put):
        _first_error(form)
    else:
        flash("Kept.", "success")
    return redirect(one_url(ticket_id))


def _first_error(form: Any) -> None:
    errors = [message for field in form for message in field.errors] + list(form.form_errors)
    flash(" ".join(map(str, errors)) or "Nothing was changed. Load the page again.", "error")


MOVES: dict[str, tuple[Verb, str]] = {
    "take": (
        lambda s, t: moves.assign(s, t, to=s.get_one(Person, actor().person_id), actor=actor(), now=now(), policy=policy()),
        "You have this ticket now.",
    ),
    "wait": (lambda s, t: moves.wait(s, t, last_seen=_last_seen(), actor=actor(), now=now(), policy=policy()), "It waits for who asked; its clock stands."),
    "resume": (lambda s, t: moves.resume(s, t, actor=actor(), now=now(), policy=policy()), "It goes on; its clock runs again."),
    "solve": (lambda s, t: moves.solve(s, t, last_seen=_last_seen(), actor=actor(), now=now(), policy=policy()), "Solved. An answer of the sender opens it again."),
    "reopen": (lambda s, t: moves.reopen(s, t, actor=actor(), now=now(), policy=policy()), "The ticket is open again."),
    "lead": (lambda s, t: moves.pass_on(s, t, to="lead", actor=actor(), now=now()), "The HMIS Lead has it now."),
    "agency_admin": (
        lambda s, t: moves.pass_on(s, t, to="agency_admin", actor=actor(), now=now()), "The Agency Administrator has it now.",
    ),
    "unlink": (lambda s, t: linked.unlink(s, t, actor=actor(), now=now()), "It is linked to no outage any more."),
}  # fmt: skip


def _last_seen() -> int | None:
    """The newest entry that stood on the page whose button was pressed."""
    return permissions.row_id(request.form.get("last_seen", ""))


@blueprint.post("/<int:ticket_id>/move", endpoint="move")
@permission(Action.TICKET_WORK)
def move(ticket_id: int) -> Any:
    """One press of a button: taking it, waiting, going on, solving, opening again, the other step of the ladder."""
    verb, said = MOVES.get(request.form.get("to", ""), (None, ""))
    if verb is None:
        raise not_found()
    return pressed(lambda session: verb(session, found(session, ticket_id)), said, one_url(ticket_id))


@blueprint.post("/<int:ticket_id>/outage", endpoint="link")
@permission(Action.TICKET_WORK)
def link(ticket_id: int) -> Any:
    form = OutageOf(outages=())
    with reading(sessions()) as session:
        found(session, ticket_id)

    def put(session: Session) -> None:
        chosen = form.outage_id.data or ""
        outage = named(session, Outage, chosen)
        if outage is None:
            raise bad_input("Choose the outage.", "outage")
        linked.link(session, outage, [found(session, ticket_id)], actor=actor(), now=now())

    return pressed(
        put, "It is linked to the outage, and answered together with the others about it.", one_url(ticket_id)
    )


@blueprint.post("/<int:ticket_id>/follow", endpoint="follow")
@permission(Action.TICKET_WORK)
def follow(ticket_id: int) -> Any:
    form = Follow()
    with reading(sessions()) as session:
        found(session, ticket_id)

    def put(session: Session) -> str:
        row = following.follow(
            session, found(session, ticket_id), email=form.email.data or "", actor=actor(), now=now()
        )
        return f"{row.email} gets every answer from now on." if row else "That address gets every answer already."

    if not form.validate_on_submit():
        _first_error(form)
        return redirect(one_url(ticket_id))
    return pressed(put, str, one_url(ticket_id))


@blueprint.post("/<int:ticket_id>/unfollow", endpoint="unfollow")
@permission(Action.TICKET_WORK)
def unfollow(ticket_id: int) -> Any:
    def put(session: Session) -> str:
        chosen = request.form.get("follower", "")
        row = named(session, TicketFollower, chosen)
        if row is None:
            raise not_found()
        email = row.email
        following.unfollow(session, found(session, ticket_id), row, actor=actor(), now=now())
        return f"{email} gets no more answers of this ticket."

    return pressed(put, str, one_url(ticket_id))


@blueprint.route("/<int:ticket_id>/about", methods=["GET", "POST"], endpoint="about")
@permission(Action.TICKET_WORK)
def about(ticket_id: int) -> Any:
    """Whom the ticket is about, where that is not the sender."""
    form = About()

    def put(session: Session) -> str:
        return beside.set_about(
            session, found(session, ticket_id), email=form.email.data or "", actor=actor(), now=now()
        ).person.name

    said = "The ticket is about {}.".format
    return acted(form, put, said, one_url(ticket_id)) or _with_form("about", ticket_id, form)


@blueprint.route("/<int:ticket_id>/merge", methods=["GET", "POST"], endpoint="merge")
@permission(Action.TICKET_WORK)
def merge(ticket_id: int) -> Any:
    """Chosen first, then shown what will happen to whom, then done."""
    form = MergeTicket()
    with reading(sessions()) as session:
        into = listing.numbered(session, actor(), form.into.data or "") if form.is_submitted() else None

    def put(session: Session) -> int:
        if into is None or into == ticket_id:
            raise bad_input("There is no such other ticket. Enter a number like HD-123.", "into")
        target = found(session, into)
        joining.merge(session, found(session, ticket_id), into=target, actor=actor(), now=now(), policy=policy())
        return target.id

    checking = form.validate_on_submit() and into is not None and into != ticket_id and request.form.get("step") != "do"
    if not checking and (done := acted(form, put, "Merged. The conversation is read here from now on.", one_url)):
        return done
    with reading(sessions()) as session:
        target = found(session, into) if checking and into is not None else None
        return _with_form("merge", ticket_id, form, target=target)


@blueprint.route("/<int:ticket_id>/split", methods=["GET", "POST"], endpoint="split")
@permission(Action.TICKET_WORK)
def split(ticket_id: int) -> Any:
    with reading(sessions()) as session:
        ticket = found(session, ticket_id)
        rows = [
            each
            for each in entries.of(session, ticket, notes=True)
            if each.kind != "act" and each.ticket_id == ticket.id
        ]
        offered = [
            (each.id, f"{each.author_name}: {' '.join(each.shown.split())[:120]}")
            for each in rows
            if not each.redacted_at
        ]
    form = SplitTicket(entries=offered)

    def put(session: Session) -> int:
        return joining.split(
            session, found(session, ticket_id), entries=form.entries.data or (), subject=form.subject.data or "", actor=actor(), now=now(),
            policy=policy(),
        ).id  # fmt: skip

    return acted(form, put, "This is the new ticket. Both say where the other is.", one_url) or _with_form(
        "split", ticket_id, form
    )


@blueprint.route("/<int:ticket_id>/redact", methods=["GET", "POST"], endpoint="redact")
@permission(Action.TICKET_REDACT)
def redact(ticket_id: int) -> Any:
    """Redacts one message (`?entry=`), or without one the subject."""
    form, chosen = RedactTicket(), request.args.get("entry", "")
    with reading(sessions()) as session:
        entry = _entry(session, found(session, ticket_id, Action.TICKET_REDACT), chosen)
        if not form.is_submitted():
            form.text.data = without(entry.body if entry else found(session, ticket_id, Action.TICKET_REDACT).subject)
        files = bool(entry and (entry.original_file_id or entry.files))

    def put(session: Session) -> None:
        ticket = found(session, ticket_id, Action.TICKET_REDACT)
        redaction.redact(
            session, ticket, entry=_entry(session, ticket, chosen), text=form.text.data or "", actor=actor(), now=now()
        )

    said = "Redacted. What stood there is gone for good."
    return acted(form, put, said, one_url(ticket_id)) or _with_form("redact", ticket_id, form, entry=entry, files=files)


@blueprint.post("/<int:ticket_id>/looked-at", endpoint="looked_at")
@permission(Action.TICKET_REDACT)
def looked_at(ticket_id: int) -> Any:
    def put(session: Session) -> None:
        ticket = found(session, ticket_id, Action.TICKET_REDACT)
        entry = _entry(session, ticket, request.form.get("entry", "none"))
        if entry is None:
            raise not_found()
        redaction.cleared(session, ticket, entry=entry, actor=actor(), now=now())

    return pressed(put, "It is on record that you looked: nothing of a client's stands there.", one_url(ticket_id))


@blueprint.post("/<int:ticket_id>/send-again", endpoint="send_again")
@permission(Action.TICKET_WORK)
def send_again(ticket_id: int) -> Any:
    def put(session: Session) -> None:
        entry = _entry(session, found(session, ticket_id), request.form.get("entry", "none"))
        if entry is None:
            raise not_found()
        conversation.send_again(session, entry, actor=actor(), now=now())

    return pressed(put, "The answer is sent once more.", one_url(ticket_id))


@blueprint.post("/<int:ticket_id>/arrived", endpoint="arrived")
@permission(Action.TICKET_WORK)
def arrived(ticket_id: int) -> Any:
    """An answer of which nobody knew is known to have arrived."""

    def put(session: Session) -> None:
        entry = _entry(session, found(session, ticket_id), request.form.get("entry", "none"))
        if entry is None:
            raise not_found()
        conversation.arrived(session, entry, actor=actor(), now=now())

    return pressed(put, "The answer counts as sent now.", one_url(ticket_id))


@blueprint.post("/<int:ticket_id>/vouch", endpoint="vouch")
@permission(Action.TICKET_WORK)
def vouch(ticket_id: int) -> Any:
    """Somebody made sure, in another way than by mail, who wrote."""
    form = MadeSure()
    with reading(sessions()) as session:
        found(session, ticket_id)

    def put(session: Session) -> None:
        senders.vouch(
            session, found(session, ticket_id), how=form.how.data or "", last_seen=permissions.row_id(form.last_seen.data or ""),
            actor=actor(), now=now(),
        )  # fmt: skip

    if not form.validate_on_submit() or not saved(form, put):
        _first_error(form)
    else:
        flash("It is on record that you made sure, and how.", "success")
    return redirect(one_url(ticket_id))


def _entry(session: Session, ticket: Ticket, chosen: str) -> TicketEntry | None:
    """One entry of this ticket, or of one merged into it; None for an empty choice, NOT_FOUND for what is not of it."""
    if not chosen:
        return None
    entry = named(session, TicketEntry, chosen)
    home = session.get(Ticket, entry.ticket_id) if entry else None
    if entry is None or home is None or ticket.id not in (home.id, home.merged_into_id):
        raise not_found()
    return entry


def _with_form(template: str, ticket_id: int, form: Any, **shown: Any) -> Any:
    with reading(sessions()) as session:
        ticket = found(session, ticket_id)
        page = render_template(
            f"pages/helpdesk/tickets/{template}.html", form=form, ticket=ticket, back=one_url(ticket_id), **shown
        )
        return page, status_of(form)
