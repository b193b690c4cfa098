"""One act on several tickets: chosen in the list, shown by number and subject with how many they are, then done."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.helpdesk.tickets import PRIORITIES, BulkAct
from portal import permissions
from portal.db import reading
from portal.models import Outage, Ticket
from portal.models.helpdesk.tickets import LIVING
from portal.refusals import bad_input
from portal.services.helpdesk.outages import linked
from portal.services.helpdesk.tickets import bulk
from portal.web.helpdesk.tickets.one import staff
from portal.web.helpdesk.tickets.room import blueprint, kinds, named, state
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of
from workflows.actions import Action

ACTS = bulk.ACTS | {"link": "Link them to an outage"}


@blueprint.route("/bulk", methods=["GET", "POST"], endpoint="bulk")
@permission(Action.TICKET_WORK)
def several() -> Any:
    """First what to do is chosen (`?t=1&t=2&act=assign`), then whom or what with, then it is done."""
    ids, act = _ids(), request.values.get("act", "")
    if not ids:
        flash("Choose at least one ticket first.", "error")
        return redirect(url_for("tickets.index"))
    with reading(sessions()) as session:
        rows = bulk.chosen(session, ids, actor=actor())
        form = BulkAct(acts=ACTS, values=_values(session, act, rows))
        if request.method == "GET":
            form.act.data = act
        shown = {
            "rows": rows,
            "shown_rows": [
                {
                    "subject": {"text": row.subject, "note": row.reference},
                    "status": {"status": state(row)[0], "text": state(row)[1]},
                }
                for row in rows
            ],
            "tickets": len(rows),
            "living": sum(row.status in LIVING for row in rows),
            "what": ACTS.get(act, ""),
            "act": act,
        }
        session.expunge_all()

    def put(session: Session) -> tuple[int, int]:
        chosen = bulk.chosen(session, ids, actor=actor())
        if act == "link":
            return _linked(session, chosen, form.value.data or ""), len(chosen)
        done = bulk.carry_out(
            session, chosen, act=act, value=form.value.data or "", actor=actor(), now=now(), policy=policy()
        )
        return done, len(chosen)

    def said(done: tuple[int, int]) -> str:
        changed, of = done
        rest = of - changed
        return f"Done for {changed:,} {'ticket' if changed == 1 else 'tickets'}." + (
            f" {rest:,} {'was' if rest == 1 else 'were'} so already." if rest and act != "merge" else ""
        )

    if done := acted(form, put, said, url_for("tickets.index")):
        return done
    return render_template("pages/helpdesk/tickets/bulk.html", form=form, **shown), status_of(form)


def _linked(session: Session, rows: list[Ticket], value: str) -> int:
    outage = named(session, Outage, value)
    if outage is None:
        raise bad_input("Choose the outage.", "value")
    return linked.link(session, outage, rows, actor=actor(), now=now())


def _ids() -> list[int]:
    return [number for each in request.values.getlist("t") if (number := permissions.row_id(each)) is not None]


def _values(session: Session, act: str, rows: list[Ticket]) -> list[tuple[str, str]]:
    """What can be chosen beside the act."""
    match act:
        case "assign":
            return [("", "Nobody"), *staff(session)]
        case "priority":
            return list(PRIORITIES.items())
        case "kind":
            return list(kinds().items())
        case "link":
            live = select(Outage).where(Outage.status.in_(("announced", "going_on"))).order_by(Outage.starts_at.desc())
            return [(str(row.id), row.title) for row in session.scalars(live.limit(20))]
        case "merge":
            return [(str(row.id), f"{row.reference}: {row.subject}") for row in rows]
    return []
