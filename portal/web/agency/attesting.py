"""What an Agency attests: its security protocols, and the notices that are posted."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session

from forms import documents as texts
from forms.agency import PostedForm
from forms.agency_documents import filled_part, topics_form
from portal.db import reading
from portal.refusals import not_found
from portal.services.agencies import agency_forms
from portal.web.agency import blueprint
from portal.web.agency.common import found, may, page, saved, trail
from portal.web.kernel import actor, now, permission, policy, sessions, today
from workflows.actions import Action


@blueprint.route("/<int:agency_id>/protocols", methods=["GET", "POST"])
@permission(Action.AGENCY_SEE)
def protocols(agency_id: int) -> Any:
    """The ten topics, each with the title and the date of the document that holds the Agency's rule; then it is signed."""
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        document = agency_forms.latest(session, agency.id, "security_protocols")
        attested = agency_forms.protocols_attested(session, agency.id, on=today())
        may_fill = may(session, Action.DOCUMENT_PREPARE, agency) and agency.status != "ended"
        may_sign = may(session, Action.PROTOCOL_ATTEST, agency) or may(session, Action.OFFICER_NAME, agency)
        session.expunge_all()
    if request.method == "POST" and not may_fill:
        raise not_found()
    open_now = document is None or document.status in (*agency_forms.DRAFT, "executed")
    topics = [(topic.id, topic.title, topic.sentence) for topic in policy().protocols]
    made = filled_part(topics_form(topics, texts.latest("security_protocols")), document.answers if document else {})
    if made.validate_on_submit() and saved(made, lambda session: _keep_topics(session, agency_id, made.values())):
        return redirect(url_for("agency.protocols", agency_id=agency_id, _anchor="sign"))
    missing = [
        title
        for topic, title, _ in topics
        if not (document and document.answers.get(f"{topic}_document") and document.answers.get(f"{topic}_date"))
    ]
    return page(
        "protocols.html", agency, 400 if made.errors else 200, form=made, topics=topics, attested=attested, document=document, open_now=open_now,
        may_fill=may_fill, may_sign=may_sign, missing=missing, way=trail(agency, ("Security protocols", "")),
    )  # fmt: skip


@blueprint.route("/<int:agency_id>/posted", methods=["GET", "POST"])
@permission(Action.AGENCY_SEE)
def posted(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        there = agency_forms.posted_since(session, agency.id, on=today())
        may_attest = may(session, Action.PROTOCOL_ATTEST, agency)
        session.expunge_all()
    if request.method == "POST" and not may_attest:
        raise not_found()
    made = PostedForm()
    made.what.choices = [choice for choice in made.what.choices if choice.value not in there]
    if made.validate_on_submit() and saved(made, lambda session: _attest_posted(session, agency_id, made)):
        flash("The attestation is on record.", "success")
        return redirect(url_for("agency.show", agency_id=agency_id))
    return page(
        "posted.html",
        agency,
        400 if made.errors else 200,
        form=made,
        there=there,
        may_attest=may_attest,
        way=trail(agency, ("Posted notices", "")),
    )


def _keep_topics(session: Session, agency_id: int, values: dict[str, Any]) -> None:
    agency = found(session, agency_id)
    document = agency_forms.begin(
        session, agency=agency, kind="security_protocols", actor=actor(), now=now(), policy=policy()
    )
    agency_forms.save(session, document=document, answers=values, actor=actor(), now=now())


def _attest_posted(session: Session, agency_id: int, made: PostedForm) -> None:
    agency_forms.attest_posted(
        session,
        agency=found(session, agency_id),
        what=made.what.data or (),
        on=made.on.data or today(),
        actor=actor(),
        now=now(),
        policy=policy(),
    )
