"""Saying whether it was solved well by the link of a message, without signing in: opening it says nothing, its button does."""

from typing import Any

from flask import redirect, render_template, request, url_for

from forms.helpdesk.help import Rate
from portal.db import reading, transaction
from portal.refusals import Refused
from portal.services.helpdesk.tickets import rating
from portal.web.helpdesk.help.room import blueprint
from portal.web.kernel import keys, now, policy, public, sessions, status_of

WHY = "the signed link was sent to whoever asked, and says nothing of what was asked"


@blueprint.route("/help/rate/<envelope>", methods=["GET", "POST"], endpoint="rate_by_link")
@public(WHY)
def rate_by_link(envelope: str) -> Any:
    form = Rate()
    with reading(sessions()) as session:
        ticket = rating.by_link(session, keys=keys(), envelope=envelope, policy=policy())
        if not form.is_submitted():
            form.rating.data = (
                request.args.get("said") if request.args.get("said") in ("good", "bad") else ticket.rating or None
            )
        reference = ticket.reference
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                rating.rate(
                    session, rating.by_link(session, keys=keys(), envelope=envelope, policy=policy()), rating=form.rating.data,
                    said=form.said.data or "", actor=rating.BY_LINK, now=now(),
                )  # fmt: skip
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            return redirect(url_for("help.rated", envelope=envelope))
    return render_template("pages/helpdesk/help/rate_by_link.html", form=form, reference=reference), status_of(form)


@blueprint.get("/help/rate/<envelope>/thanks", endpoint="rated")
@public(WHY)
def rated(envelope: str) -> Any:
    with reading(sessions()) as session:
        ticket = rating.by_link(session, keys=keys(), envelope=envelope, policy=policy())
        return render_template(
            "pages/helpdesk/help/rated.html", reference=ticket.reference, good=ticket.rating == "good"
        )
