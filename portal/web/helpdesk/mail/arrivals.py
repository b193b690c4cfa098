"""What came in by mail: the state of the mailbox, a list by what became of each message, and what the staff do with one."""

from typing import Any

from flask import Response, render_template, request, url_for

from forms.helpdesk.mail import FindMail
from portal import audit, permissions
from portal.db import reading, transaction
from portal.effects.fetch_mail import own_addresses
from portal.effects.mail_reading import incoming
from portal.models import MailArrival
from portal.refusals import not_found
from portal.services.helpdesk.mail import mailbox, sorting
from portal.services.helpdesk.mail.sorting import SHOWN
from portal.web import kernel
from portal.web.components import address
from portal.web.desk.room import as_csv, pager
from portal.web.helpdesk.mail.room import OUTCOMES, blueprint
from portal.web.kernel import actor, now, permission, policy, pressed, sessions
from portal.web.uploads import download, fetched, storage
from workflows.actions import Action

EVERYTHING = 10_000
EVERY_KIND = ("person", "list", "auto_reply", "bounce", "own_loop")


@blueprint.get("", endpoint="index")
@permission(Action.TICKET_WORK)
def index() -> Any:
    form, after = FindMail(request.args), request.args.get("after", "")
    show = request.args.get("show", "")
    show = show if show in SHOWN else ""
    box = kernel.context().inbox
    with reading(sessions()) as session:
        page = sorting.page(session, actor(), show=show, sender=form.sender.data or "", after=after)
        standing = mailbox.standing(session, box.name) if box else None
        return render_template(
            "pages/helpdesk/mail/index.html",
            form=form,
            box=box,
            standing=standing,
            late=box is not None and mailbox.is_late(standing, now=now()),
            waiting=mailbox.waiting(session),
            unsent=sorting.unsent(session, actor()),
            tabs_=[{"label": label, "href": address(show=word or None, after=None), "current": word == show} for word, label in SHOWN.items()],
            rows=[{"mail": row, "outcome": OUTCOMES[row.outcome]} for (row,) in page.rows],
            page=pager(page, after),
            show=show,
        )  # fmt: skip


@blueprint.get("/list.csv", endpoint="export")
@permission(Action.TICKET_EXPORT)
def export() -> Any:
    """The list as it is filtered, without what stands in the messages."""
    show, sender = request.args.get("show", ""), request.args.get("sender", "")
    with transaction(sessions()) as session:
        page = sorting.page(session, actor(), show=show if show in SHOWN else "", sender=sender, limit=EVERYTHING)
        rows = [
            (row.arrived_at, row.from_email, row.from_name, row.subject, OUTCOMES[row.outcome][1], row.said,
             row.ticket.reference if row.ticket else "", row.size)
            for (row,) in page.rows
        ]  # fmt: skip
        said = f"Downloaded a list of {len(rows)} messages of the mailbox."
        audit.record(session, actor=actor(), now=now(), act="mail.export", said=said)
    return as_csv("mail", ("Arrived (UTC)", "From", "Name", "Subject", "What became of it", "Why", "Ticket", "Bytes"), rows)  # fmt: skip


@blueprint.get("/<int:arrival_id>/original", endpoint="original")
@permission(Action.TICKET_WORK)
def original(arrival_id: int) -> Response:
    """The message as it came, always as a download."""
    with transaction(sessions()) as session:
        arrival = _found(session, arrival_id)
        if arrival.raw_file is None:
            raise not_found()
        said = f"Downloaded a message from {arrival.from_email or 'nobody named'} as it came."
        audit.record(session, actor=actor(), now=now(), act="mail.download", thing=arrival, said=said)
        sha256 = arrival.raw_file.sha256
    return download(fetched(sha256), "application/octet-stream", f"mail-{arrival_id}.eml")


@blueprint.post("/<int:arrival_id>/ticket", endpoint="ticket")
@permission(Action.TICKET_WORK)
def ticket(arrival_id: int) -> Any:
    """Makes a ticket of a message that became none; it is read anew, outside any transaction."""
    settings = kernel.context().settings
    own = own_addresses(settings.mail_from)
    with reading(sessions()) as session:
        arrival = _found(session, arrival_id)
        place: dict[str, Any] = {"mailbox": arrival.mailbox, "uidvalidity": arrival.uidvalidity, "uid": arrival.uid}
        sha256 = arrival.raw_file.sha256 if arrival.raw_file else ""
    raw = fetched(sha256) if sha256 else b""
    mail = incoming(raw, **place, own=own, servers=settings.inbox_servers, storage=storage(), files_of=EVERY_KIND)
    return pressed(
        lambda session: sorting.make_ticket(
            session, _found(session, arrival_id), mail, own=own, keys=kernel.keys(), actor=actor(), now=now(), policy=policy()
        ),
        lambda made: f"The message is part of {made.reference} now. Nobody was mailed.",
        url_for("ticket_mail.index", show=request.form.get("show") or None),
    )  # fmt: skip


@blueprint.post("/<int:arrival_id>/put-away", endpoint="put_away")
@permission(Action.TICKET_WORK)
def put_away(arrival_id: int) -> Any:
    return pressed(
        lambda session: sorting.put_away(session, _found(session, arrival_id), actor=actor(), now=now()),
        "The message is put away. It stays on record, and its original with it.",
        url_for("ticket_mail.index"),
    )


def _found(session: Any, arrival_id: int) -> MailArrival:
    return permissions.find(session, actor(), Action.TICKET_WORK, MailArrival, arrival_id)
