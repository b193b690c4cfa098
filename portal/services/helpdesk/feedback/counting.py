"""The answers to a survey counted, by question and month: nothing that fewer people answered than the pack asks for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Survey, SurveyAnswer, SurveyInvite
from portal.services.helpdesk.feedback.surveys import questions_of
from workflows.actions import Action
from workflows.policy import Policy
from workflows.survey_questions import Months, Question, Tally, by_month, tally

Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a survey. `answers` is None where there are some but too few to say how many.

    `months` are of a question that is not answered in words, by its id; left out where there is but one.
    """

    answers: int | None
    asked: int
    tallies: Sequence[Tally]
    months: Mapping[str, Sequence[Months]]


@dataclass(frozen=True, slots=True)
class Doubtful:
    """An answer in which a client's data seems to stand; `words` is empty where too few answered to show anybody's."""

    id: int
    words: Sequence[str]


def results(session: Session, survey: Survey, *, actor: Actor, policy: Policy) -> Results:
    """The answers counted; nothing of fewer than the pack's number of them, of no question and of no month. Two statements.

    Words in which a client's data seems to stand are left out until somebody has looked at them.
    """
    permissions.check(session, actor, Action.SURVEY_SEE, survey)
    fewest, questions = policy.front.surveys.fewest, questions_of(survey)
    found: dict[date, list[Answers]] = defaultdict(list)
    query = select(SurveyAnswer.month, SurveyAnswer.answers, SurveyAnswer.to_redact)
    rows = session.execute(
        query.where(SurveyAnswer.survey_id == survey.id).order_by(SurveyAnswer.month, SurveyAnswer.id)
    )
    for month, answers, doubtful in rows:
        found[month].append(_without_words(questions, answers) if doubtful else answers)
    everything = [each for month in found.values() for each in month]
    asked = session.scalar(select(func.count()).where(SurveyInvite.survey_id == survey.id)) or 0
    if len(everything) < fewest:
        return Results(None if everything else 0, asked, (), {})
    tallies = [_enough(each, fewest) for each in tally(questions, everything)]
    months = {question.id: by_month(question, found, fewest) for question in questions if question.kind != "words"}
    return Results(len(everything), asked, tallies, {key: row for key, row in months.items() if len(row) > 1})


def to_redact(session: Session, survey: Survey, *, actor: Actor, policy: Policy) -> list[Doubtful]:
    """The answers in which a client's data seems to stand: for whoever may black it out, unseen where too few answered."""
    permissions.check(session, actor, Action.SURVEY_ASK, survey)
    rows = session.scalars(
        select(SurveyAnswer).where(SurveyAnswer.survey_id == survey.id).order_by(SurveyAnswer.id)
    ).all()
    free = [question.id for question in questions_of(survey) if question.kind == "words"]
    shown = [key for key in free if sum(key in row.answers for row in rows) >= policy.front.surveys.fewest]
    return [
        Doubtful(row.id, [row.answers[key] for key in shown if key in row.answers]) for row in rows if row.to_redact
    ]


def _without_words(questions: Sequence[Question], answers: Answers) -> Answers:
    free = {question.id for question in questions if question.kind == "words"}
    return {key: said for key, said in answers.items() if key not in free}


def _enough(one: Tally, fewest: int) -> Tally:
    """What fewer people than that answered is not shown, though others answered the other questions."""
    return one if one.answered >= fewest else Tally(one.question, one.answered)
