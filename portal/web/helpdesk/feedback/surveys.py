"""The staff's surveys: the list, writing one, opening, closing, and saying what was done about it."""

from collections.abc import Callable
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from forms.helpdesk.feedback import ASKED, Close, Draft, Tell, drafting
from forms.sign_in import Nothing
from portal import permissions
from portal.db import reading
from portal.models import Survey
from portal.services.helpdesk.feedback import answering, survey_lists, surveys
from portal.services.helpdesk.feedback.surveys import Drafted
from portal.web.desk.room import pager
from portal.web.helpdesk.feedback.room import blueprint, state
from portal.web.kernel import acted, actor, now, permission, policy, pressed, sessions, status_of, today
from workflows.actions import Action
from workflows.survey_questions import MOST

AT_FIRST, MORE = 5, 2


@blueprint.get("/surveys", endpoint="surveys")
@permission(Action.SURVEY_SEE)
def index() -> Any:
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        page, numbers = survey_lists.page(session, actor(), after=after)
        rows = [
            {
                "survey": survey,
                "state": state(survey),
                "asked": ASKED[survey.asked],
                "numbers": numbers[survey.id],
                "href": url_for("feedback.survey", survey_id=survey.id),
            }
            for (survey,) in page.rows
        ]
        return render_template(
            "pages/helpdesk/feedback/surveys.html",
            rows=rows,
            page=pager(page, after),
            fewest=policy().front.surveys.fewest,
        )


@blueprint.route("/surveys/new", methods=["GET", "POST"], endpoint="new")
@permission(Action.SURVEY_ASK)
def new() -> Any:
    return _drafted(None, drafting(_rows(AT_FIRST), opens_on=today()))


@blueprint.route("/surveys/<int:survey_id>/write", methods=["GET", "POST"], endpoint="write")
@permission(Action.SURVEY_ASK)
def write(survey_id: int) -> Any:
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey_id)
        begun = surveys.questions_of(row)
        session.expunge_all()
    form = drafting(
        _rows(max(AT_FIRST, len(begun) + 1)), begun, title=row.title, asked=row.asked, intro=row.intro, opens_on=row.opens_on,
        closes_on=row.closes_on,
    )  # fmt: skip
    return _drafted(row, form)


def _rows(least: int) -> int:
    """How many questions the form shows: what it was sent with, some more where they were asked for, but never fewer."""
    sent = sum(1 for name in request.form if name.startswith("text_"))
    return min(MOST, max(least, sent + (MORE if _wants_more() else 0)))


def _wants_more() -> bool:
    return request.form.get("step") == "more"


def _drafted(survey: Survey | None, form: Draft) -> Any:
    def keep(session: Session) -> Survey:
        row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey.id) if survey else None
        drafted = Drafted(
            title=form.title.data or "", asked=form.asked.data, intro=form.intro.data or "", questions=form.questions(),
            opens_on=form.opens_on.data or today(), closes_on=form.closes_on.data or today(),
        )  # fmt: skip
        return surveys.draft(session, row, drafted=drafted, actor=actor(), now=now(), policy=policy())

    said = "Kept. Nobody is asked until you open it."
    if _wants_more():
        return render_template("pages/helpdesk/feedback/write.html", form=form, survey=survey, most=MOST)
    if done := acted(form, keep, said, lambda made: url_for("feedback.survey", survey_id=made.id)):
        return done
    return render_template("pages/helpdesk/feedback/write.html", form=form, survey=survey, most=MOST), status_of(form)


@blueprint.route("/surveys/<int:survey_id>/open", methods=["GET", "POST"], endpoint="open")
@permission(Action.SURVEY_ASK)
def open_(survey_id: int) -> Any:
    """Says how many people get a mail before any is sent."""
    form = Nothing()

    def act(session: Session) -> None:
        row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey_id)
        surveys.open_survey(session, row, actor=actor(), now=now(), policy=policy())

    if done := acted(form, act, "The survey is open.", _to(survey_id)):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey_id)
        return render_template(
            "pages/helpdesk/feedback/open.html",
            form=form,
            survey=row,
            asked=ASKED[row.asked],
            people=surveys.how_many(session, row.asked, on=today()),
            questions=surveys.questions_of(row),
        ), status_of(form)


@blueprint.route("/surveys/<int:survey_id>/close", methods=["GET", "POST"], endpoint="close")
@permission(Action.SURVEY_ASK)
def close(survey_id: int) -> Any:
    """Closes an open one, or drops a draft."""
    form = Close()

    def act(session: Session) -> None:
        row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey_id)
        end: Callable[..., None] = surveys.drop if row.status == "draft" else surveys.close
        end(session, row, reason=form.reason.data or "", actor=actor(), now=now())

    if done := acted(form, act, "Nobody can answer it any more.", _to(survey_id)):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey_id)
        return render_template("pages/helpdesk/feedback/close.html", form=form, survey=row), status_of(form)


@blueprint.route("/surveys/<int:survey_id>/tell", methods=["GET", "POST"], endpoint="tell")
@permission(Action.SURVEY_ASK)
def tell(survey_id: int) -> Any:
    form = Tell()

    def act(session: Session) -> None:
        row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey_id)
        surveys.tell(session, row, said=form.said.data or "", public=bool(form.public.data), actor=actor(), now=now())

    if done := acted(form, act, "It is said. Public entries are for everybody to read.", _to(survey_id)):
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey_id)
        return render_template("pages/helpdesk/feedback/tell.html", form=form, survey=row), status_of(form)


@blueprint.post("/surveys/<int:survey_id>/redact/<int:number>", endpoint="redact")
@permission(Action.SURVEY_ASK)
def redact(survey_id: int, number: int) -> Any:
    """Blacks out what looks like a client's data in an answer or, with `keep`, lets its words stand."""
    keeps = request.form.get("keep") == "yes"

    def act(session: Session) -> None:
        row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey_id)
        if keeps:
            answering.keep(session, row, number, actor=actor(), now=now())
        else:
            reason = "It looks like a client's data."
            answering.redact(session, row, number, reason=reason, actor=actor(), now=now())

    return pressed(act, "The words stand as they are." if keeps else "Blacked out for good.", _to(survey_id))


def _to(survey_id: int) -> str:
    return url_for("feedback.survey", survey_id=survey_id)
