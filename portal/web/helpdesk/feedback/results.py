"""What came of a survey: charted with a table behind, by question and month, to take away, and what was done about it."""

from typing import Any

from flask import render_template, request

from forms.helpdesk.feedback import ASKED, SCALE
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import Survey
from portal.services.helpdesk.feedback import counting, surveys
from portal.services.helpdesk.feedback.counting import Results
from portal.web.desk.room import as_csv
from portal.web.helpdesk.feedback.room import blueprint, state
from portal.web.kernel import actor, context, may, now, permission, policy, sessions
from workflows.actions import Action
from workflows.business_time import MONTHS
from workflows.survey_questions import Months, Tally


@blueprint.get("/surveys/<int:survey_id>", endpoint="survey")
@permission(Action.SURVEY_SEE)
def one(survey_id: int) -> Any:
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.SURVEY_SEE, Survey, survey_id)
        asks = may(Action.SURVEY_ASK, row)
        if not asks and row.status in ("draft", "dropped"):
            row = permissions.find(session, actor(), Action.SURVEY_ASK, Survey, survey_id)
        found = counting.results(session, row, actor=actor(), policy=policy())
        if request.args.get("format") != "csv":
            return render_template(
                "pages/helpdesk/feedback/survey.html",
                survey=row,
                state=state(row),
                asked=ASKED[row.asked],
                results=found,
                parts=[_part(each, found) for each in found.tallies],
                questions=surveys.questions_of(row),
                fewest=policy().front.surveys.fewest,
                told=surveys.follow_ups(session, [row.id], public=False).get(row.id, []),
                doubtful=counting.to_redact(session, row, actor=actor(), policy=policy()) if asks else [],
                asks=asks,
                public=row.asked == surveys.OPEN_TO_ALL,
                base_url=context().settings.base_url,
            )
        session.expunge_all()
    return _csv(row, found)


def _part(one: Tally, found: Results) -> dict[str, Any]:
    """One question as bars, with its mean and how it went from month to month."""
    shown = sum(count for _, count in one.counts)
    return {
        "tally": one,
        "bars": [
            {"label": SCALE.get(option, option) if one.question.kind == "scale" else option, "value": count, "text": _share(count, shown)}
            for option, count in one.counts
        ],
        "most": max((count for _, count in one.counts), default=0),
        "mean": f"{one.mean / 100:.2f}" if one.mean is not None else "",
        "trend": _trend(one, found),
    }  # fmt: skip


def _share(count: int, of: int) -> str:
    return f"{count} ({round(100 * count / of)} %)" if of else str(count)


def _trend(one: Tally, found: Results) -> dict[str, Any] | None:
    """The mean of a scale from month to month, where there is more than one."""
    months = found.months.get(one.question.id, ())
    if one.question.kind != "scale" or not months:
        return None
    return {
        "label": one.question.text,
        "values": [each.tally.mean for each in months],
        "shown": [f"{each.tally.mean / 100:.2f}" for each in months if each.tally.mean is not None],
        "times": [_named(each) for each in months],
    }


def _named(each: Months) -> str:
    first, last = (f"{MONTHS[month.month - 1][:3]} {month.year}" for month in (each.first, each.last))
    return first if each.first == each.last else f"{first} to {last}"


def _csv(survey: Survey, found: Results) -> Any:
    rows: list[tuple[object, ...]] = []
    for each in found.tallies:
        rows += [("All", each.question.text, option, count) for option, count in each.counts]
        rows += [("All", each.question.text, said, 1) for said in each.said]
        for month in found.months.get(each.question.id, ()):
            rows += [(_named(month), each.question.text, option, count) for option, count in month.tally.counts]
    with transaction(sessions()) as session:
        said = f"Downloaded the results of the survey “{survey.title}”."
        audit.record(session, actor=actor(), now=now(), act="survey.export", said=said)
    return as_csv(f"survey-{survey.id}", ("Month", "Question", "Answer", "Answers"), rows)
