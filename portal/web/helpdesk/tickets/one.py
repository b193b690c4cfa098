"""One ticket: its conversation, what stands beside it, and the form in which an answer or a note is written."""

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.helpdesk.tickets import AnswerTicket, Follow, MadeSure, OutageOf, SortTicket
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Outage, Person, SenderProof, Ticket, TicketEntry, TicketFile
from portal.refusals import Refused, not_found
from portal.services import holders
from portal.services.helpdesk.requests import from_tickets
from portal.services.helpdesk.tickets import beside, clock, conversation, entries, listing, senders, writing
from portal.services.helpdesk.tickets.conversation import LooksLikeClient
from portal.services.helpdesk.tickets.entries import Attached
from portal.services.helpdesk.tickets.moves import STAFF, TO_LEAD
from portal.services.helpdesk.tickets.workflows import offered
from portal.services.security.kept_files import keep
from portal.web.desk.room import to_agency, to_person
from portal.web.helpdesk.requests.room import state as request_state
from portal.web.helpdesk.requests.room import to_request
from portal.web.helpdesk.tickets.room import PROOFS, blueprint, doubt_of, found, kinds, one_url, row_of, state
from portal.web.kernel import actor, may, now, permission, policy, sessions, status_of, today
from portal.web.uploads import download, fetched, is_there, taken_in
from workflows.actions import Action
from workflows.vocabulary import LEAD, Reason

MOST_FILES = 5
DELIVERED = {
    "queued": ("waiting", "On its way"), "sent": ("sent", "Sent"), "uncertain": ("warning", "Nobody knows whether it arrived"),
    "failed": ("error", "Not delivered"),
}  # fmt: skip


@blueprint.route("/<int:ticket_id>", methods=["GET", "POST"], endpoint="one")
@permission(Action.TICKET_WORK)
def one(ticket_id: int) -> Any:
    """Looking writes nothing: who is here is said by the page's script, and by whoever keeps a draft or writes."""
    with reading(sessions()) as session:
        ticket = found(session, ticket_id)
        if ticket.merged_into_id is not None and request.method == "GET" and not request.args.get("stay"):
            flash(f"{ticket.reference} was merged into this ticket.", "info")
            return redirect(one_url(ticket.merged_into_id))
        form = AnswerTicket(ready=[(str(row.id), row.title) for row in writing.ready(session, ticket)])
    if form.validate_on_submit() and (done := _pressed(ticket_id, form)):
        return done
    return _page(ticket_id, form)


def _pressed(ticket_id: int, form: AnswerTicket) -> Any:
    """What one of the buttons below the text asks for; None where the page is to be shown again."""
    step = request.form.get("step", "send")
    try:
        if step == "insert":
            _insert(ticket_id, form)
            return None
        if step == "draft":
            with transaction(sessions()) as session:
                ticket = found(session, ticket_id)
                writing.save_draft(session, ticket, text=form.text.data or "", actor=actor(), now=now())
                writing.here(session, ticket, writing=bool(form.text.data), actor=actor(), now=now())
            flash("Your draft is kept. Nobody else sees it.", "success")
            return redirect(one_url(ticket_id, "answer"))
        files = _taken_in(form)
        with transaction(sessions()) as session:
            said = _write(session, found(session, ticket_id), form, step, files)
    except LooksLikeClient as no:
        form.doubtful = True
        form.refuse(no.sentence, "text")
        return None
    except Refused as no:
        form.refuse(no.sentence, no.field)
        form.last_seen.raw_data = None
        return None
    flash(said, "success")
    return redirect(one_url(ticket_id))


def _write(session: Session, ticket: Ticket, form: AnswerTicket, step: str, files: list[Any]) -> str:
    kept = [Attached(name=file.name, file=keep(session, file, actor=actor(), now=now())) for file in files]
    text, anyway = form.text.data or "", bool(form.anyway.data)
    if step == "note":
        conversation.note(session, ticket, text=text, anyway=anyway, files=kept, actor=actor(), now=now())
        said = "The note is kept. Only the staff read it."
    else:
        seen, ready = (permissions.row_id(each.data or "") for each in (form.last_seen, form.ready))
        entry = conversation.answer(
            session, ticket, text=text, files=kept, after=form.after.data or "", last_seen=seen, anyway=anyway,
            canned_id=ready, actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip
        said = f"The answer goes to {ticket.requester_email}." if entry.delivery else "The answer is kept. Nobody left an address, so it goes to nobody."  # fmt: skip
    writing.drop_draft(session, ticket, actor=actor())
    writing.here(session, ticket, writing=False, actor=actor(), now=now())
    return said


def _insert(ticket_id: int, form: AnswerTicket) -> None:
    """Puts the ready answer that was chosen below what was typed, its fields filled."""
    if (chosen := permissions.row_id(form.ready.data or "")) is None:
        form.refuse("Choose the ready answer first.", "ready")
        return
    with reading(sessions()) as session:
        row, ticket = writing.ready_one(session, chosen), found(session, ticket_id)
        text = writing.filled(session, row, ticket, actor=actor(), now=now(), policy=policy())
    form.text.data = f"{(form.text.data or '').rstrip()}\n\n{text}".strip()


def _taken_in(form: AnswerTicket) -> list[Any]:
    chosen = [file for file in form.files.data or () if is_there(file)]
    if len(chosen) > MOST_FILES:
        raise Refused(Reason.BAD_INPUT, f"At most {MOST_FILES} files with one answer.", "files")
    return [taken_in(file, "files") for file in chosen]


def _page(ticket_id: int, form: AnswerTicket) -> Any:
    with reading(sessions()) as session:
        ticket = found(session, ticket_id)
        draft = writing.draft_of(session, ticket, actor=actor())
        if not form.is_submitted() and draft is not None:
            form.text.data = draft.body
        form.last_seen.data = str(ticket.last_entry_id)
        rows, proofs = entries.of(session, ticket, notes=True), senders.of(session, ticket)
        vouch = MadeSure(formdata=None)
        vouch.last_seen.data = form.last_seen.data
        return render_template(
            "pages/helpdesk/tickets/one.html",
            form=form,
            sort=sort_form(session, ticket),
            follow=Follow(formdata=None),
            outage=_outage_form(session, ticket),
            entries=[_shown(entry, ticket, proofs.get(entry.id)) for entry in rows],
            doubt=doubt_of(ticket, senders.worst(proofs)),
            vouch=vouch,
            last_seen=ticket.last_entry_id,
            draft=draft,
            others=writing.others(session, ticket, actor=actor(), now=now()),
            due_said=clock.explained(session, ticket, policy=policy())
            if ticket.status in ("new", "open", "waiting")
            else [],
            known=_known(session, ticket),
            starts=offered(session, ticket, actor=actor(), policy=policy()),
            joined=_joined(session, ticket),
            next_href=_next(session, ticket),
            redacts=may(Action.TICKET_REDACT, ticket),
            **row_of(ticket),
        ), status_of(form)


def sort_form(session: Session, ticket: Ticket) -> SortTicket:
    """The form for who has it, what it is about, its priority and tags, as they are now."""
    form = SortTicket(formdata=None, staff=staff(session), kinds=kinds())
    form.assignee.data = str(ticket.assignee_id or "")
    form.kind.data, form.priority.data = ticket.kind, ticket.priority
    form.tags.data = ", ".join(tag.tag for tag in ticket.tags)
    return form


def staff(session: Session) -> list[tuple[str, str]]:
    """Who may have a ticket, by name."""
    query = select(Person).where(Person.id.in_(holders.of_the_lead(session, *STAFF, on=today())))
    return [(str(each.id), each.name) for each in session.scalars(query.order_by(Person.last_key, Person.first_key))]


def _outage_form(session: Session, ticket: Ticket) -> OutageOf | None:
    rows = session.scalars(select(Outage).where(Outage.status.in_(("announced", "going_on"))).order_by(Outage.starts_at.desc()).limit(20)).all()  # fmt: skip
    if not rows and ticket.outage_id is None:
        return None
    form = OutageOf(formdata=None, outages=[(str(row.id), row.title) for row in rows])
    form.outage_id.data = str(ticket.outage_id or "")
    return form


def _shown(entry: TicketEntry, ticket: Ticket, proof: SenderProof | None) -> dict[str, Any]:
    state_ = DELIVERED.get(entry.delivery) if entry.kind == "out" else None
    if proof is not None:
        state_ = PROOFS["proven" if proof.vouched_at else proof.proof]
    return {
        "id": entry.id,
        "kind": entry.kind,
        "who": entry.author_name or "Somebody unknown",
        "at": entry.at,
        "shown": entry.shown,
        "folded": entry.folded,
        "state": ("warning", "Redacted") if entry.redacted_at else state_,
        "from_merged": f"HD-{entry.ticket_id}" if entry.ticket_id != ticket.id else "",
        "doubtful": entry.to_redact,
        "with_buttons": entry.kind == "act" and entry.body.startswith(f"{TO_LEAD} "),
        "redacted": entry.redacted_at is not None,
        "vouched": f"{proof.voucher.name} made sure: {proof.how}" if proof is not None and proof.voucher else "",
        "arrived": entry.delivery == "uncertain",
        "again": entry.delivery in ("uncertain", "failed") and entry.redacted_at is None,
        "original": url_for("tickets.original", ticket_id=ticket.id, said_id=entry.id)
        if entry.original_file_id
        else "",
        "files": [
            {
                "name": file.name,
                "size": f"{max(1, file.size // 1024):,} kB",
                "refused": file.refused,
                "href": url_for("tickets.file", ticket_id=ticket.id, attached_id=file.id) if file.file_id else "",
            }
            for file in entry.files
        ],
    }


def _known(session: Session, ticket: Ticket) -> dict[str, Any] | None:
    known = beside.known(session, ticket, actor=actor(), now=now(), policy=policy())
    if known is None:
        return None
    return {
        "person": known.person,
        "requester": known.requester,
        "places": [
            {"place": place, "href": to_person(place.membership.id), "agency": "The HMIS Lead" if place.membership.agency_id == LEAD else place.membership.agency.name,
             "to_agency": to_agency(place.membership.agency_id)}
            for place in known.places
        ],
        "earlier": [{"ticket": each, "href": one_url(each.id), "status": state(each)} for each in known.earlier],
    }  # fmt: skip


def _joined(session: Session, ticket: Ticket) -> dict[str, Any]:
    """Where else this ticket goes on: merged into it, split from it, its outage."""
    merged = session.scalars(select(Ticket).where(Ticket.merged_into_id == ticket.id).order_by(Ticket.id)).all()
    split = session.scalars(select(Ticket).where(Ticket.split_from_id == ticket.id).order_by(Ticket.id)).all()
    return {
        "merged": [{"text": f"{each.reference}: {each.subject}", "href": url_for("tickets.one", ticket_id=each.id, stay=1)} for each in merged],
        "split": [{"text": f"{each.reference}: {each.subject}", "href": one_url(each.id)} for each in split],
        "from": {"text": f"HD-{ticket.split_from_id}", "href": one_url(ticket.split_from_id)} if ticket.split_from_id else None,
        "into": {"text": f"HD-{ticket.merged_into_id}", "href": one_url(ticket.merged_into_id)} if ticket.merged_into_id else None,
        "outage": session.get(Outage, ticket.outage_id) if ticket.outage_id else None,
        "requests": [
            {"text": f"{each.number}: {each.title}", "state": request_state(each), "href": to_request(each) if may(Action.SERVICE_SEE, each) else ""}
            for each in from_tickets.of_ticket(session, ticket)
        ],
    }  # fmt: skip


def _next(session: Session, ticket: Ticket) -> str:
    """The way on by keyboard; nothing where no other ticket waits."""
    found_id = listing.next_after(session, actor(), ticket, now=now(), policy=policy())
    return one_url(found_id) if found_id is not None else ""


@blueprint.post("/<int:ticket_id>/draft", endpoint="draft")
@permission(Action.TICKET_WORK)
def draft(ticket_id: int) -> Any:
    """Keeps what the script sends while somebody types."""
    with transaction(sessions()) as session:
        writing.save_draft(
            session, found(session, ticket_id), text=request.form.get("text", ""), actor=actor(), now=now()
        )
    return Response(status=204, mimetype="application/json")


@blueprint.post("/<int:ticket_id>/here", endpoint="here")
@permission(Action.TICKET_WORK)
def here(ticket_id: int) -> Any:
    """Says who else is at it, to the page that asks every few seconds; such a look keeps no session alive."""
    with transaction(sessions()) as session:
        ticket = found(session, ticket_id)
        writing.here(session, ticket, writing=bool(request.form.get("writing")), actor=actor(), now=now())
        others = writing.others(session, ticket, actor=actor(), now=now())
        return jsonify(others=[said_of(each) for each in others], last_entry=ticket.last_entry_id)


def said_of(other: writing.Other) -> str:
    return f"{other.name} is writing an answer." if other.writing else f"{other.name} has this ticket open."


@blueprint.get("/<int:ticket_id>/files/<int:attached_id>", endpoint="file")
@permission(Action.TICKET_WORK)
def file(ticket_id: int, attached_id: int) -> Response:
    """A file that came with a message, always as a download."""
    with transaction(sessions()) as session:
        ticket, row = found(session, ticket_id), session.get(TicketFile, attached_id)
        if row is None or row.file is None or not _belongs(session, ticket, row.entry):
            raise not_found()
        _downloaded(session, ticket, "a file")
        stored, name = row.file, row.name
    return download(fetched(stored.sha256), stored.media_type, name)


@blueprint.get("/<int:ticket_id>/originals/<int:said_id>", endpoint="original")
@permission(Action.TICKET_WORK)
def original(ticket_id: int, said_id: int) -> Response:
    """The message as it came, always as a download."""
    with transaction(sessions()) as session:
        ticket, entry = found(session, ticket_id), session.get(TicketEntry, said_id)
        if entry is None or entry.original is None or not _belongs(session, ticket, entry):
            raise not_found()
        _downloaded(session, ticket, "a message as it came")
        stored = entry.original
    return download(fetched(stored.sha256), "application/octet-stream", f"{ticket.reference}-{said_id}.eml")


def _belongs(session: Session, ticket: Ticket, entry: TicketEntry) -> bool:
    home = session.get_one(Ticket, entry.ticket_id)
    return ticket.id in (home.id, home.merged_into_id)


def _downloaded(session: Session, ticket: Ticket, what: str) -> None:
    audit.record(session, actor=actor(), now=now(), act="ticket.download", thing=ticket, said=f"{ticket.reference}: downloaded {what}.")  # fmt: skip
