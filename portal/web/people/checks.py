"""The background check of one person: entered with check answers, and nothing of what it found."""

from typing import Any

from flask import flash, redirect, render_template, url_for

from forms.access_request import said
from forms.people import Background
from portal.db import reading, transaction
from portal.refusals import Refused
from portal.services.people import background as checks
from portal.web.kernel import actor, now, permission, policy, sessions
from portal.web.people.room import blueprint, find, step, typed
from workflows.actions import Action
from workflows.business_time import us_date


@blueprint.route("/<int:membership_id>/background", methods=["GET", "POST"], endpoint="background")
@permission(Action.BACKGROUND_ENTER)
def background(membership_id: int) -> Any:
    form = Background()
    with reading(sessions()) as session:
        membership = find(session, Action.BACKGROUND_ENTER, membership_id)
        person, agency = membership.person, membership.agency
        known = [check for check in checks.checks_of(session, person.id) if check.membership_id == membership.id]
        session.expunge_all()
    shown: dict[str, Any] = {
        "form": form,
        "about": person,
        "agency": agency,
        "known": known,
        "membership_id": membership_id,
    }
    if not form.is_submitted():
        if known and known[0].status in {"ordered", "pending"}:
            form.ordered_on.data, form.reference.data = known[0].ordered_on, known[0].reference
        return render_template("pages/people/background.html", **shown)
    if step() == "change" or not form.validate():
        return render_template("pages/people/background.html", **shown), 200 if step() == "change" else 400
    try:
        with transaction(sessions()) as session:
            checks.enter(
                session,
                membership=find(session, Action.BACKGROUND_ENTER, membership_id),
                status=form.status.data,
                ordered_on=form.ordered_on.data,
                decided_on=form.decided_on.data,
                reference=form.reference.data or "",
                decider=form.decider.data or "",
                actor=actor(),
                now=now(),
                policy=policy(),
            )
            if step() != "send":
                raise _Rehearsed
    except _Rehearsed:
        return render_template("pages/people/background_check.html", hidden=typed(), rows=_to_check(form), **shown)
    except Refused as no:
        form.refuse(no.sentence, no.field)
        return render_template("pages/people/background.html", **shown), 400
    flash("Entered. The HMIS Lead sees the status; the report stays with your Agency.", "success")
    return redirect(url_for("people.one", membership_id=membership_id))


class _Rehearsed(Exception):
    """Ends a rehearsal, so that nothing of it is kept."""


def _to_check(form: Background) -> list[dict[str, Any]]:
    decided = form.status.data in checks.DECIDED
    rows = [
        ("Status", said(form.status)[form.status.data]),
        ("Ordered", us_date(form.ordered_on.data) if form.ordered_on.data else ""),
        ("Decided", us_date(form.decided_on.data) if decided and form.decided_on.data else ""),
        ("Provider's reference", form.reference.data),
        ("Decided by", form.decider.data if decided else ""),
    ]
    return [{"key": key, "value": value} for key, value in rows if value]
