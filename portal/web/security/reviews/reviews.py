"""Security reviews: the board of where each stands, one review at a glance, and its beginning ('Annual security review')."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from forms.security.reviews import SHOWN, ReviewFilter
from forms.sign_in import Nothing
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Agency, SecurityReview
from portal.services.review_content import answers, open_items, summary
from portal.services.security.reviews import campaigns, helping, review_lists, reviews
from portal.web.desk.room import as_csv, pager, to_agency
from portal.web.kernel import actor, an_id, may, now, permission, policy, sessions, today
from portal.web.security.reviews.review_shown import found, groups, mine, name_of, state, title_of, trail
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.vocabulary import LEAD

EVERYTHING = 10_000
COLUMNS = (
    {"key": "agency", "label": "Agency"}, {"key": "status", "label": "Status"}, {"key": "answered", "label": "Answered"},
    {"key": "due", "label": "Due"}, {"key": "campaign", "label": "Campaign"},
)  # fmt: skip


@blueprint.get("/reviews", endpoint="reviews")
@permission(Action.REVIEW_SEE)
def board() -> Any:
    form, after = ReviewFilter(request.args), request.args.get("after", "")
    chosen: dict[str, Any] = {
        "show": form.show.data if form.show.data in SHOWN else "",
        "agency": (form.q.data or "").strip(),
        "agency_id": request.args.get("agency", type=an_id),
        "campaign_id": request.args.get("campaign", type=an_id),
    }
    if request.args.get("format") == "csv":
        return _csv(chosen)
    with reading(sessions()) as session:
        page = review_lists.page(session, actor(), on=today(), after=after, **chosen)
        lead = bool(actor().lead_roles)
        return render_template(
            "pages/security/reviews/index.html",
            form=form,
            columns=COLUMNS,
            rows=[_row(*row) for row in page.rows],
            page=pager(page, after),
            counts=campaigns.counted(session, chosen["campaign_id"], on=today()) if lead else None,
            campaigns=review_lists.campaigns(session) if lead else [],
            chosen=chosen["campaign_id"],
            opens=may(Action.REVIEW_OPEN),
            starts=[] if lead else _to_begin(),
        )


def _to_begin() -> list[int]:
    """The Agencies for which whoever looks may begin a review."""
    return sorted(agency for agency in actor().at("security_officer") if agency != LEAD)


def _row(review: SecurityReview, answered: int, items: int) -> dict[str, Any]:
    return {
        "review": review,
        "name": name_of(review),
        "href": url_for("security.review", review_id=review.id),
        "status": state(review, today()),
        "answered": f"{answered} of {items}",
        "campaign": review.campaign.name if review.campaign else "",
    }


def _csv(chosen: dict[str, Any]) -> Any:
    with transaction(sessions()) as session:
        page = review_lists.page(session, actor(), on=today(), limit=EVERYTHING, **chosen)
        rows = [
            (
                row["name"], row["status"][1], row["answered"], row["review"].due, row["campaign"], row["review"].attested_at,
                row["review"].signed_off_at, "yes" if row["review"].visit else "", row["review"].visited_on,
            )
            for row in (_row(*each) for each in page.rows)
        ]  # fmt: skip
        said = f"Downloaded a list of {len(rows)} security reviews."
        audit.record(session, actor=actor(), now=now(), act="security reviews.export", said=said)
    headers = (
        "Agency",
        "Status",
        "Answered",
        "Due",
        "Campaign",
        "Attested",
        "Signed off",
        "To be visited",
        "Visited on",
    )
    return as_csv("security-reviews", headers, rows)


@blueprint.get("/reviews/of/<int:agency_id>", endpoint="review_of")
@permission(Action.REVIEW_SEE)
def of_agency(agency_id: int) -> Any:
    """The Agency's review that is open, where its checklist is answered; else the way to begin one."""
    with reading(sessions()) as session:
        agency = permissions.find(session, actor(), Action.REVIEW_SEE, Agency, agency_id)
        there = reviews.open_one(session, agency.id)
        if there is not None:
            return redirect(url_for("security.review", review_id=there.id))
        return render_template(
            "pages/security/reviews/begin.html",
            agency=agency,
            form=Nothing(formdata=None),
            begins=permissions.allows(session, actor(), Action.REVIEW_BEGIN, agency),
        )


@blueprint.post("/reviews/of/<int:agency_id>/begin", endpoint="review_begin")
@permission(Action.REVIEW_BEGIN)
def begin(agency_id: int) -> Any:
    if not Nothing().validate_on_submit():
        return redirect(url_for("security.review_of", agency_id=agency_id))
    with transaction(sessions()) as session:
        agency = permissions.find(session, actor(), Action.REVIEW_BEGIN, Agency, agency_id)
        review = reviews.begin(session, agency=agency, actor=actor(), now=now(), policy=policy())
        number = review.id
    flash("The checklist is open. Answer it in any order; each answer is saved by itself.", "success")
    return redirect(url_for("security.review", review_id=number))


@blueprint.get("/reviews/<int:review_id>", endpoint="review")
@permission(Action.REVIEW_SEE)
def one(review_id: int) -> Any:
    with reading(sessions()) as session:
        review = found(session, review_id)
        every = answers(session, review)
        shown = mine(review, every)
        counts = summary(shown)
        return render_template(
            "pages/security/reviews/one.html",
            review=review,
            name=name_of(review),
            title=title_of(review),
            status=state(review, today()),
            groups=groups(review, shown),
            counts=counts,
            done=len(shown) - counts[""],
            total=len(shown),
            left=open_items(shown),
            whole=helping.sees_all(actor(), review),
            way=trail(review),
            agency_href=to_agency(review.agency_id)
            if review.agency_id != LEAD and may("agency.see", review.agency)
            else "",
            document_href=_document(review),
            deeds=_deeds(session, review),
            me=actor().person_id,
        )


def _document(review: SecurityReview) -> str:
    if review.document is None or not may(Action.DOCUMENT_SEE, review.document):
        return ""
    return url_for("documents.show", document_id=review.document.id)


def _deeds(session: Any, review: SecurityReview) -> dict[str, bool]:
    """What whoever looks may do with the review as it stands."""
    sends = permissions.allows(session, actor(), Action.REVIEW_SEND, review)
    rules = policy().review
    editable, is_open = review.status in reviews.EDITABLE, review.status not in ("signed_off", "called_off")
    return {
        "answer": editable and permissions.allows(session, actor(), Action.REVIEW_ANSWER, review),
        "send": sends and review.status in ("answering", "returned"),
        "hand_over": sends and editable and rules is not None and rules.hand_over,
        "reopen": sends and review.status in ("sent", "attested"),
        "sign_off": review.status == "attested"
        and permissions.allows(session, actor(), Action.REVIEW_SIGN_OFF, review),
        "visit": is_open and permissions.allows(session, actor(), Action.REVIEW_VISIT, review),
        "call_off": is_open and permissions.allows(session, actor(), Action.REVIEW_OPEN, review),
    }
