"""Outages for the staff: all of them, the evenings of weekly maintenance ahead, one with everything that was said and who was told."""

from typing import Any

from flask import render_template, request, url_for

from forms.helpdesk.outages import PutAway
from portal import permissions
from portal.db import reading
from portal.models import Outage
from portal.models.helpdesk.tickets import LIVING
from portal.refusals import bad_input
from portal.services.helpdesk.outages import banners, linked, shown
from portal.services.helpdesk.outages.shown import Filtered
from portal.web.desk.room import pager
from portal.web.helpdesk.outages.room import blueprint, line, said_word
from portal.web.kernel import actor, an_id, may, now, permission, policy, pressed, safe_next, sessions
from workflows.actions import Action
from workflows.outage_pack import OutageKind

TOLD = {"": "Nobody", "admins": "Agency Administrators", "everybody": "Agency Administrators and all users"}


@blueprint.get("/manage", endpoint="manage")
@permission(Action.OUTAGE_WORK)
def manage() -> Any:
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        permissions.check(session, actor(), Action.OUTAGE_WORK)
        on, coming = shown.current(session, now=now(), policy=policy())
        page = shown.history(session, Filtered(everything=True), now=now(), policy=policy(), after=after)
        session.expunge_all()
    return render_template(
        "pages/helpdesk/outages/manage.html",
        on=[line(each) for each in on if each.id],
        evenings=[(line(each), each.on) for each in coming if each.on],
        rows=[line(shown.shown(row, now())) for (row,) in page.rows],
        page=pager(page, after),
    )


@blueprint.get("/manage/<int:outage_id>", endpoint="managed")
@permission(Action.OUTAGE_WORK)
def managed(outage_id: int) -> Any:
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.OUTAGE_WORK, Outage, outage_id)
        said = shown.updates(session, outage_id, public=False)
        tickets = linked.of(session, actor(), row)
        each = shown.shown(row, now())
        return render_template(
            "pages/helpdesk/outages/managed.html",
            row=line(each),
            outage=row,
            said=said,
            words={each.id: said_word(each.kind, row.kind) for each in said},
            told=TOLD,
            tickets=tickets,
            open_tickets=sum(ticket.status in LIVING for ticket in tickets),
            late_notice=row.kind == OutageKind.PLANNED and row.announced_at > row.starts_at - policy().outages.notice,
            before_in_days=policy().outages.notice.days,
            is_over=each.phase in ("ended", "called_off"),
            begun=row.starts_at <= now(),
            takes_back=each.phase == "coming" or (each.phase == "on" and row.kind == OutageKind.UNPLANNED),
            sees_tickets=may(Action.TICKET_WORK),
        )


@blueprint.post("/put-away", endpoint="put_away")
@permission(Action.OUTAGE_PUT_AWAY)
def put_away() -> Any:
    """The notice of the outage, or of the evening of weekly maintenance, that the form names."""
    form = PutAway()

    def read(session: Any) -> None:
        on = next((each for each in _evenings_ahead() if each.isoformat() == form.on.data), None)
        if on is not None:
            banners.put_evening_away(session, on, actor=actor(), now=now(), policy=policy())
        else:
            banners.put_away(session, _number(form.outage.data), actor=actor(), now=now())

    return pressed(read, "The notice is put away. It comes back when there is news.", safe_next(form.back.data))


def _evenings_ahead() -> list[Any]:
    return [each.on for each in shown.evenings(policy(), now=now(), apart_from=set(), days=8)]


def _number(text: str | None) -> int:
    try:
        return an_id(text or "")
    except ValueError:
        raise bad_input("This notice is about nothing that is on or near any more.") from None


def to_managed(outage_id: int) -> str:
    return url_for("outages.managed", outage_id=outage_id)
