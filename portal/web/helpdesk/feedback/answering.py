"""Answering a survey: by the public link, or by somebody's own; and what was done about former ones, for everybody."""

from typing import Any

from flask import redirect, render_template, url_for
from sqlalchemy.orm import Session

from forms.helpdesk import feedback as forms
from portal.db import reading, transaction
from portal.models import Survey, SurveyInvite
from portal.refusals import Refused, not_found
from portal.secrets import new_token
from portal.services.helpdesk.feedback import answering, survey_lists, surveys
from portal.web import kernel
from portal.web.helpdesk.feedback.room import blueprint
from portal.web.kernel import keys, now, policy, public, sessions, status_of
from workflows.vocabulary import Reason

UNNAMED = kernel.NOBODY
"""Whoever answers, also where somebody is signed in: the record and the answer name nobody."""


@blueprint.get("", endpoint="index")
@public("open surveys and what was done about former ones are for everybody; nobody is named")
def index() -> Any:
    with reading(sessions()) as session:
        open_ones, done = survey_lists.for_everybody(session, now=now(), policy=policy())
        told = surveys.follow_ups(session, [each.id for each in done], public=True)
        return render_template("pages/helpdesk/feedback/index.html", open_ones=open_ones, done=done, told=told)


@blueprint.route("/open/<int:survey_id>", methods=["GET", "POST"], endpoint="answer")
@public("people with lived experience answer without an account; neither name nor address is kept")
def answer(survey_id: int) -> Any:
    def found(session: Session) -> tuple[Survey, None]:
        survey = answering.in_public(session, survey_id, now=now(), policy=policy())
        if survey is None:
            raise not_found()
        return survey, None

    return _answered(found, url_for("feedback.answer", survey_id=survey_id))


@blueprint.route("/<envelope>", methods=["GET", "POST"], endpoint="by_link")
@public("the signed envelope was mailed to whoever is asked")
def by_link(envelope: str) -> Any:
    """Opening the link uses nothing up; answering does."""

    def found(session: Session) -> tuple[Survey, SurveyInvite]:
        return answering.by_link(session, envelope, keys=keys(), now=now(), policy=policy())

    return _answered(found, url_for("feedback.by_link", envelope=envelope))


@blueprint.get("/thanks", endpoint="thanks")
@public("says thank you to whoever has answered")
def thanks() -> Any:
    return render_template("pages/helpdesk/feedback/thanks.html")


def _answered(found: Any, here: str) -> Any:
    with reading(sessions()) as session:
        survey, invite = found(session)
        form = forms.answering(surveys.questions_of(survey))
        session.expunge_all()
    if not form.is_submitted():
        form.once.data = new_token()
    status = 200
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                again, link = found(session)
                answering.answer(
                    session, again, given=form.given(), invite=link, address=kernel.address(), actor=UNNAMED, now=now(),
                    policy=policy(), once=form.once.data or "",
                )  # fmt: skip
        except Refused as no:
            if no.reason is Reason.LINK_SPENT:
                raise
            form.refuse(no.sentence, no.field)
            status = 429 if no.reason is Reason.CONFLICT else 400
        else:
            return redirect(url_for("feedback.thanks"))
    questions = [form[question.id] for question in surveys.questions_of(survey)]
    return render_template(
        "pages/helpdesk/feedback/answer.html", form=form, survey=survey, questions=questions, here=here, linked=invite is not None,
        fewest=policy().front.surveys.fewest,
    ), max(status, status_of(form))  # fmt: skip
