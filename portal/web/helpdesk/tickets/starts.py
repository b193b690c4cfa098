"""What a ticket starts: each page asks what its service needs, does it, and leads back to the draft that says so."""

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from forms.base import Form
from forms.helpdesk.tickets import Depart, IncidentOf, MadeSure, TakeAgreement, WhyHelped
from portal import permissions
from portal.db import reading
from portal.models import Document, Membership, Ticket
from portal.refusals import Refused, bad_input, not_found
from portal.services.account import lockout
from portal.services.helpdesk.tickets import senders, workflows
from portal.services.helpdesk.tickets.workflows import Sure
from portal.services.paperwork import KINDS
from portal.services.people import departures
from portal.web.helpdesk.tickets.room import blueprint, doubt_of, found, one_url
from portal.web.kernel import (
    APART,
    acted,
    actor,
    address,
    now,
    permission,
    policy,
    pressed,
    sessions,
    status_of,
    tell,
    today,
)
from portal.web.uploads import fetched, taken_from
from workflows.actions import Action
from workflows.vocabulary import Reason

Act = Callable[[Session, Ticket], Any]


@blueprint.post("/<int:ticket_id>/start/why", endpoint="start_why")
@permission(Action.TICKET_WORK)
def why(ticket_id: int) -> Any:
    return pressed(
        lambda session: workflows.answer_why(session, found(session, ticket_id), actor=actor(), now=now(), policy=policy()),
        "Your draft says what is still missing, as of now. Read it before you send it.", one_url(ticket_id, "answer"),
    )  # fmt: skip


@blueprint.route("/<int:ticket_id>/start/unlock", methods=["GET", "POST"], endpoint="start_lockout")
@permission(Action.TICKET_WORK)
def unlock(ticket_id: int) -> Any:
    form = WhyHelped()
    return _start(
        ticket_id, "lockout", form,
        lambda session, ticket: workflows.unlock(
            session, ticket, reason=form.reason.data or "", sure=_sure(form), actor=actor(), now=now(), policy=policy()
        ),
        "The account is unlocked. Your draft says so.",
        _if_locked,
    )  # fmt: skip


def _if_locked(session: Session, member: Membership) -> list[str]:
    lockout.refuse_others(session, person=member.person, actor=actor(), on=today())
    if not lockout.is_locked(session, member.person_id):
        raise Refused(Reason.ALREADY_DONE, f"The account of {member.person.name} is not locked.")
    return [
        f"{member.person.name} can sign in again with the password they have, and is told by e-mail.",
        "Speak with them first, at a number that you know: an e-mail proves nothing.",
    ]


@blueprint.route("/<int:ticket_id>/start/reset", methods=["GET", "POST"], endpoint="start_reset")
@permission(Action.TICKET_WORK)
def reset(ticket_id: int) -> Any:
    form = WhyHelped()
    return _start(
        ticket_id, "reset", form,
        lambda session, ticket: workflows.reset(
            session, ticket, reason=form.reason.data or "", sure=_sure(form), actor=actor(), now=now(), policy=policy()
        ),
        "The link for a new password is on its way. Your draft says so.",
        lambda _s, member: [f"A link goes to {member.person.email}, the address on record, wherever this ticket came from."],
    )  # fmt: skip


@blueprint.route("/<int:ticket_id>/start/departure", methods=["GET", "POST"], endpoint="start_departure")
@permission(Action.TICKET_WORK)
def departure(ticket_id: int) -> Any:
    form = Depart()
    return _start(
        ticket_id, "departure", form,
        lambda session, ticket: workflows.depart(
            session, ticket, last_day=form.last_day.data, reason=form.reason.data or "", sure=_sure(form),
            actor=actor(), now=now(), policy=policy(),
        ),
        "The departure is recorded. Your draft says so.",
        lambda session, member: departures.consequences(session, member, on=today()),
    )  # fmt: skip


@blueprint.get("/<int:ticket_id>/start/programs", endpoint="start_programs")
@permission(Action.TICKET_WORK)
def programs(ticket_id: int) -> Any:
    """Other programs are asked for on the page that asks for access: the whole gate stands behind it."""
    with reading(sessions()) as session:
        member = workflows.about(session, found(session, ticket_id))
        if member is None:
            raise bad_input(workflows.NOBODY)
        return redirect(url_for("people.change", membership_id=member.id))


@blueprint.get("/<int:ticket_id>/start/program-change", endpoint="start_program_change")
@permission(Action.TICKET_WORK)
def program_change(ticket_id: int) -> Any:
    """A change of a program is a service request of its own kind, announced on its page."""
    return _to_request(ticket_id, "service_requests.announce")


@blueprint.get("/<int:ticket_id>/start/service-request", endpoint="start_service_request")
@permission(Action.TICKET_WORK)
def service_request(ticket_id: int) -> Any:
    return _to_request(ticket_id, "service_requests.new")


def _to_request(ticket_id: int, endpoint: str) -> Any:
    with reading(sessions()) as session:
        return redirect(url_for(endpoint, ticket=found(session, ticket_id).id))


@blueprint.route("/<int:ticket_id>/start/incident", methods=["GET", "POST"], endpoint="start_incident")
@permission(Action.TICKET_WORK)
def incident(ticket_id: int) -> Any:
    form = IncidentOf()
    if request.method == "GET":
        with reading(sessions()) as session:
            form.said.data = workflows.text_of_first(session, found(session, ticket_id))

    def put(session: Session) -> str:
        return workflows.report_incident(
            session, found(session, ticket_id), said=form.said.data or "", address=address(), actor=actor(), now=now(), policy=policy()
        ).reference  # fmt: skip

    said = "The incident report {} is made; the Lead's security officers get a message. Your draft thanks the sender.".format
    if done := acted(form, put, said, one_url(ticket_id, "answer")):
        return done
    return _page(ticket_id, "incident", form, None, [])


@blueprint.route("/<int:ticket_id>/start/agreement", methods=["GET", "POST"], endpoint="start_user_agreement")
@permission(Action.TICKET_WORK)
def agreement(ticket_id: int) -> Any:
    """The attachment is looked at again as every scan is, before it becomes one."""
    with reading(sessions()) as session:
        ticket = found(session, ticket_id)
        papers = [
            (row.id, f"{KINDS[row.kind].title}, version {row.version}")
            for row in workflows.papers(session, ticket, actor=actor())
        ]
        attached = [(row.id, row.name) for row in workflows.attachments(session, ticket)]
        member = workflows.about(session, ticket)
        name = member.person.name if member else ""
    form = TakeAgreement(documents=papers, attached=attached)
    if request.method == "GET":
        form.name.data = name
        form.document.data, form.file.data = (
            (papers[0][0] if len(papers) == 1 else None),
            (attached[0][0] if len(attached) == 1 else None),
        )

    if form.validate_on_submit():
        try:
            with reading(sessions()) as session:
                stored = workflows.attachment(session, found(session, ticket_id), form.file.data)
                sha256, called = stored.sha256, stored.name
            scan = taken_from(fetched(sha256), called, "file")
        except Refused as no:
            if no.reason in APART:
                raise
            form.refuse(no.sentence, no.field)
        else:
            said = "The attachment is the scan of the document now. Your draft says so."
            if done := acted(
                form, lambda session: _take(session, ticket_id, form, scan), said, one_url(ticket_id, "answer")
            ):
                return done
    return _page(ticket_id, "user_agreement", form, None, [], papers=papers, attached=attached)


def _take(session: Session, ticket_id: int, form: TakeAgreement, scan: Any) -> None:
    document = permissions.find(session, actor(), Action.DOCUMENT_SCAN, Document, form.document.data)
    workflows.agreement(
        session, found(session, ticket_id), document, scan=scan, signed_on=form.signed_on.data, verified=bool(form.verified.data),
        sure=_sure(form), signed=form.name.data or "", actor=actor(), now=now(), policy=policy(),
    )  # fmt: skip


def _sure(form: MadeSure) -> Sure:
    return Sure(form.how.data or "", permissions.row_id(form.last_seen.data or ""))


def _start(
    ticket_id: int, what: str, form: Form, act: Act, said: str, foreseen: Callable[[Session, Membership], list[str]]
) -> Any:  # fmt: skip
    """Says what will happen to whom; then does it and leads back to the draft."""
    if done := acted(form, lambda session: act(session, found(session, ticket_id)), said, one_url(ticket_id, "answer")):
        return done
    try:
        return _page(ticket_id, what, form, foreseen, [])
    except Refused as no:
        if no.reason is not Reason.ALREADY_DONE or request.method != "GET":
            raise
        tell(no)  # there is nothing to do: the ticket says so
        return redirect(one_url(ticket_id))


def _page(
    ticket_id: int, what: str, form: Form, foreseen: Callable[[Session, Membership], list[str]] | None, sentences: list[str], **shown: Any
) -> Any:  # fmt: skip
    with reading(sessions()) as session:
        ticket = found(session, ticket_id)
        start = workflows.STARTS[what]
        if start.id not in {
            offer.start.id for offer in workflows.offered(session, ticket, actor=actor(), policy=policy())
        }:
            if workflows.about(session, ticket) is None:
                raise bad_input(workflows.NOBODY)
            raise not_found()
        member = workflows.about(session, ticket)
        if foreseen is not None and member is not None:
            sentences = foreseen(session, member)
        doubt = None
        if isinstance(form, MadeSure):
            doubt = doubt_of(ticket, senders.standing(session, ticket))
            form.last_seen.data = str(ticket.last_entry_id)
        page = render_template(
            "pages/helpdesk/tickets/start.html", form=form, ticket=ticket, start=start, member=member, sentences=sentences,
            doubt=doubt, back=one_url(ticket_id), **shown,
        )  # fmt: skip
        return page, status_of(form)
