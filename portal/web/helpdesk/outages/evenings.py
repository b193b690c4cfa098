"""One evening of the weekly maintenance departs from the others: it is called off, or takes longer."""

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from forms.helpdesk import outages as forms
from portal.db import reading
from portal.models import Outage
from portal.refusals import not_found
from portal.services.helpdesk.outages import entering, moves, telling
from portal.services.helpdesk.outages.moves import Said
from portal.web.helpdesk.outages.acts import Act, chosen_moment, mailed
from portal.web.helpdesk.outages.managing import to_managed
from portal.web.helpdesk.outages.room import blueprint
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of, today
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.outage_pack import OutageKind
from workflows.recurrence import Occurrence

AHEAD = 366
OFF = Act(
    "Call this evening off",
    "The other evenings stay. Calendars leave it out, and the page says why.",
    "Call it off",
    danger=True,
)
LONGER = Act("Another end for this evening", "The other evenings stay. Somebody says when it is over.", "Say so")


def _evening() -> Occurrence:
    """The evening that the address names; NOT_FOUND for any other day."""
    try:
        on = date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        raise not_found() from None
    found = [each for each in entering.next_evenings(policy(), now=now(), days=AHEAD) if each.on == on]
    if not found:
        raise not_found()
    return found[0]


@blueprint.route("/manage/weekly/call-off", methods=["GET", "POST"], endpoint="evening_off")
@permission(Action.OUTAGE_ANNOUNCE)
def evening_off() -> Any:
    one, form = _evening(), _form(forms.CallOff)

    def do(session: Session) -> Outage:
        return moves.call_off_evening(
            session, one.on, said=Said(form.text.data or "", form.audience), actor=actor(), now=now(), policy=policy()
        )

    return _page(one, form, OFF, do, "This evening is called off.")


@blueprint.route("/manage/weekly/longer", methods=["GET", "POST"], endpoint="evening_longer")
@permission(Action.OUTAGE_ANNOUNCE)
def evening_longer() -> Any:
    one, form = _evening(), _form(forms.AnotherEnd)
    if not form.is_submitted():
        forms.fill(form, "ends_on", "ends_at", one.ends_at, policy().zone)

    def do(session: Session) -> Outage:
        return moves.prolong_evening(
            session, one.on, until=chosen_moment(form, "ends_on", "ends_at") or one.ends_at, said=Said(form.text.data or "", form.audience),
            actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip

    return _page(one, form, LONGER, do, "It is said when this evening ends.")


def _form(make: type[Any]) -> Any:
    with reading(sessions()) as session:
        counts = telling.counted(session, on=today())
    return make(counts=counts, proposed=telling.proposed(OutageKind.WEEKLY, "", policy()))


def _page(one: Occurrence, form: Any, act: Act, do: Any, said: str) -> Any:
    if done := acted(form, do, lambda outage: f"{said} {mailed(outage)}", lambda outage: to_managed(outage.id)):
        return done
    return render_template(
        "pages/helpdesk/outages/act.html",
        form=form,
        act=act,
        outage=None,
        caption=f"Weekly maintenance, {us_date(one.on)}",
        back=url_for("outages.manage"),
    ), status_of(form)
