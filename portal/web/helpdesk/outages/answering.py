"""The tickets about an outage: linked, taken off again, and answered together with one text."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from forms.helpdesk.outages import AnswerAll, LinkTickets
from portal import permissions
from portal.db import reading
from portal.models import Outage, Ticket
from portal.models.helpdesk.tickets import LIVING
from portal.refusals import bad_input
from portal.services.helpdesk.outages import linked
from portal.services.helpdesk.tickets.conversation import LooksLikeClient
from portal.web.helpdesk.outages.managing import to_managed
from portal.web.helpdesk.outages.room import blueprint
from portal.web.kernel import acted, actor, now, permission, policy, pressed, sessions, status_of
from workflows.actions import Action


@blueprint.route("/manage/<int:outage_id>/tickets", methods=["GET", "POST"], endpoint="link")
@permission(Action.OUTAGE_WORK)
def link(outage_id: int) -> Any:
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.OUTAGE_WORK, Outage, outage_id)
        found = linked.suggested(session, actor(), row)
        session.expunge_all()
    form = LinkTickets(tickets=[(each.id, f"{each.reference}: {each.subject} ({each.asker})") for each in found])

    def do(session: Session) -> int:
        there = permissions.find(session, actor(), Action.OUTAGE_WORK, Outage, outage_id)
        chosen = [
            permissions.find(session, actor(), Action.TICKET_WORK, Ticket, each) for each in form.tickets.data or []
        ]
        if form.number.data:
            chosen.append(_by_number(session, form.number.data))
        return linked.link(session, there, chosen, actor=actor(), now=now())

    back = f"{to_managed(outage_id)}#tickets"
    if done := acted(form, do, lambda count: f"{count:,} {'ticket is' if count == 1 else 'tickets are'} linked.", back):
        return done
    return render_template(
        "pages/helpdesk/outages/link.html", form=form, outage=row, found=found, back=back
    ), status_of(form)


def _by_number(session: Session, number: int) -> Ticket:
    known = permissions.visible(actor(), Action.TICKET_WORK, Ticket)
    row = None
    if 0 < number <= permissions.LARGEST_ID:
        row = session.query(Ticket).where(Ticket.id == number, known).one_or_none()
    if row is None:
        raise bad_input("There is no such ticket. Check the number.", "number")
    return row


@blueprint.post("/manage/<int:outage_id>/tickets/<int:ticket_id>/unlink", endpoint="unlink")
@permission(Action.TICKET_WORK)
def unlink(outage_id: int, ticket_id: int) -> Any:
    def do(session: Session) -> None:
        linked.unlink(
            session, permissions.find(session, actor(), Action.TICKET_WORK, Ticket, ticket_id), actor=actor(), now=now()
        )

    return pressed(do, "The ticket is no longer linked to this outage.", f"{to_managed(outage_id)}#tickets")


@blueprint.route("/manage/<int:outage_id>/answer", methods=["GET", "POST"], endpoint="answer")
@permission(Action.OUTAGE_WORK)
def answer(outage_id: int) -> Any:
    """One text to every open ticket linked to it; how many that is stands on the page, and is asked about when it is sent."""
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.OUTAGE_WORK, Outage, outage_id)
        tickets = [each for each in linked.of(session, actor(), row) if each.status in LIVING]
        session.expunge_all()
    over = row.status in ("ended", "called_off")
    form = AnswerAll()
    if not form.is_submitted():
        form.expected.data, form.solve.data = str(len(tickets)), over
        form.text.data = _first_words(row, over)
    doubtful: list[bool] = []

    def do(session: Session) -> linked.Answered:
        there = permissions.find(session, actor(), Action.OUTAGE_WORK, Outage, outage_id)
        try:
            return linked.answer_all(
                session, there, text=form.text.data or "", solve=bool(form.solve.data), anyway=bool(form.anyway.data),
                expected=_expected(form), actor=actor(), now=now(), policy=policy(),
            )  # fmt: skip
        except LooksLikeClient:
            doubtful.append(True)
            raise

    def said(done: linked.Answered) -> str:
        also = ", and solved" if done.solved else ""
        return f"{done.answered:,} {'ticket is' if done.answered == 1 else 'tickets are'} answered{also}. Each asker gets an e-mail."

    if done := acted(form, do, said, f"{to_managed(outage_id)}#tickets"):
        return done
    if form.is_submitted():
        form.expected.data = str(len(tickets))
    return render_template(
        "pages/helpdesk/outages/answer.html", form=form, outage=row, tickets=tickets, over=over, doubtful=bool(doubtful),
        back=url_for("outages.managed", outage_id=outage_id),
    ), status_of(form)  # fmt: skip


def _expected(form: AnswerAll) -> int:
    shown = form.expected.data or ""
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 6 else -1


def _first_words(row: Outage, over: bool) -> str:
    what = f"{row.title[:1].lower()}{row.title[1:]}"
    if over:
        return f"The outage you told us about is over: {what}. Please try again, and answer this mail if it still does not work."
    return (
        f"Thank you for telling us. We know of this outage ({row.reference}): {what}. We write again when it is over."
    )
