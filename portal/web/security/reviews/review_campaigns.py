"""The yearly campaign: opened after a look at who would be due when, and its lots for anybody to draw again."""

import secrets
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select

from forms.security.reviews import NewCampaign
from portal import permissions
from portal.db import reading
from portal.models import Agency, ReviewCampaign, SecurityReview
from portal.refusals import Refused, not_found
from portal.services.security.reviews import campaigns
from portal.services.security.reviews.reviews import rules
from portal.web.kernel import acted, actor, now, permission, policy, sessions, status_of, today
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.draw import drawn

SAMPLE = 200
"""As many Agencies as the page that asks to check lists by name."""


@blueprint.route("/reviews/campaigns/new", methods=["GET", "POST"], endpoint="review_campaign_new")
@permission(Action.REVIEW_OPEN)
def new(preview: Any = None) -> Any:
    """First shows who would be due when and who would be visited; the second button opens it."""
    form = NewCampaign()
    if request.method == "GET":
        form.name.data, form.spread.data = f"Security review {today().year}", "over_the_year"
        # A seed from the machine where the Lead has no public lottery at hand; it is kept and shown with the lots.
        form.share.data, form.seed.data = rules(policy()).sample / 100, secrets.token_hex(8)
    if form.validate_on_submit():
        values: dict[str, Any] = {
            "spread": form.spread.data, "due": form.due.data, "share": int(form.share.data * 100), "seed": form.seed.data or "",
            "now": now(), "policy": policy(),
        }  # fmt: skip
        if request.form.get("step") == "open":
            done = acted(
                form,
                lambda session: campaigns.open_(session, name=form.name.data, actor=actor(), **values).id,
                "The campaign is open. Every security officer gets a message.",
                lambda made: url_for("security.reviews", campaign=made),
            )
            if done:
                return done
        else:
            preview = _preview(form, values)
    return render_template("pages/security/reviews/campaign_new.html", form=form, preview=preview), status_of(form)


def _preview(form: NewCampaign, values: dict[str, Any]) -> dict[str, Any] | None:
    with reading(sessions()) as session:
        permissions.check(session, actor(), Action.REVIEW_OPEN)
        try:
            made = campaigns.plan(session, **values)
        except Refused as no:
            form.refuse(no.sentence, no.field)
            return None
        names = {agency: name for agency, name in session.execute(select(Agency.id, Agency.name))}  # noqa: C416
    in_order = sorted(made.due.items(), key=lambda each: (each[1], names[each[0]]))
    rows = [{"name": names[agency], "due": day, "visit": agency in made.visited} for agency, day in in_order[:SAMPLE]]
    return {"rows": rows, "total": len(in_order), "visited": len(made.visited), "busy": made.busy}


@blueprint.get("/reviews/campaigns/<int:campaign_id>", endpoint="review_campaign")
@permission(Action.REVIEW_OPEN)
def one(campaign_id: int) -> Any:
    """What was opened, and how the lots were drawn: the seed, the list, and the same draw made again as the page is shown."""
    with reading(sessions()) as session:
        permissions.check(session, actor(), Action.REVIEW_OPEN)
        campaign = session.get(ReviewCampaign, campaign_id) if campaign_id <= permissions.LARGEST_ID else None
        if campaign is None:
            raise not_found()
        rows = session.execute(
            select(SecurityReview, Agency.name)
            .join(Agency, Agency.id == SecurityReview.agency_id)
            .where(SecurityReview.campaign_id == campaign.id)
        ).all()
        again = set(drawn(campaign.seed, campaign.listed, campaign.share))
        lots = [
            {"number": review.agency_id, "name": name, "drawn": review.visit, "again": review.agency_id in again, "href": url_for("security.review", review_id=review.id)}
            for review, name in sorted(rows, key=lambda row: row[0].agency_id)
            if review.agency_id in campaign.listed
        ]  # fmt: skip
        return render_template(
            "pages/security/reviews/campaign.html", campaign=campaign, counts=campaigns.counted(session, campaign.id, on=today()), lots=lots,
            count=len(rows), opener=campaign.opener.name,
        )  # fmt: skip
