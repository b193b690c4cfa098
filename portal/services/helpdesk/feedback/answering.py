"""Answers to surveys: taken in without asking who, each once, and kept without anything that leads to somebody."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Survey, SurveyAnswer, SurveyInvite
from portal.refusals import Refused, a_reason, bad_input, not_found
from portal.secrets import Keys, hash_of
from portal.services.account import limits
from portal.services.helpdesk.feedback.surveys import OPEN_TO_ALL, questions_of
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.client_data import looks_like_client, without
from workflows.policy import Policy
from workflows.survey_questions import AnswerError, Question, checked_answers
from workflows.vocabulary import Reason

PURPOSE = "survey"
_EVERYBODY = "survey:all"
_LARGEST = 2**31 - 1
_PAGE_WORKS = limits.KEPT
SLOW_DOWN = "Many answers came from your network within the hour. Wait a while, or answer from somewhere else."
OVER = "This survey is closed. Thank you for wanting to answer."
ANSWERED = "This link was used to answer already. Thank you."


def link(keys: Keys, invite: SurveyInvite) -> str:
    """The envelope of somebody's own link."""
    return keys.envelope(PURPOSE, [invite.survey_id, invite.id])


def by_link(
    session: Session, envelope: str, *, keys: Keys, now: datetime, policy: Policy
) -> tuple[Survey, SurveyInvite]:
    """The survey that a link opens, as often as it is used until it is answered; LINK_SPENT otherwise."""
    content = keys.open(PURPOSE, envelope, max_age=int(policy.links.survey / timedelta(seconds=1)))
    if not isinstance(content, list) or len(content) != 2 or not all(isinstance(each, int) for each in content):
        raise Refused(Reason.LINK_SPENT, "This link opens no survey. Use the newest one that was mailed to you.")
    invite = session.get(SurveyInvite, content[1])
    survey = session.get(Survey, content[0])
    if invite is None or survey is None or invite.survey_id != survey.id:
        raise Refused(Reason.LINK_SPENT, "This link opens no survey. Use the newest one that was mailed to you.")
    if invite.used:
        raise Refused(Reason.LINK_SPENT, ANSWERED)
    _refuse_closed(survey, now, policy)
    return survey, invite


def in_public(session: Session, survey_id: int, *, now: datetime, policy: Policy) -> Survey | None:
    """A survey that everybody may answer, where it is open; None otherwise."""
    survey = session.get(Survey, survey_id)
    if survey is None or survey.asked != OPEN_TO_ALL or not takes_answers(survey, now=now, policy=policy):
        return None
    return survey


def takes_answers(survey: Survey, *, now: datetime, policy: Policy) -> bool:
    return survey.status == "open" and survey.opens_on <= local_day(now, policy.zone) <= survey.closes_on


def answer(
    session: Session,
    survey: Survey,
    *,
    given: Mapping[str, str],
    invite: SurveyInvite | None,
    address: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
    once: str = "",
) -> bool:
    """Takes one answer in; false where the same page was sent before. What is kept names nobody and no moment but the month.

    `once` is a word drawn for the page. The record says nothing of an answer. LINK_SPENT where the link was used meanwhile, CONFLICT where
    too many came from one network, BAD_INPUT by question.
    """
    permissions.check(session, actor, Action.SURVEY_ANSWER, survey)
    _refuse_closed(survey, now, policy)
    if (invite is None) != (survey.asked == OPEN_TO_ALL):
        raise Refused(Reason.NOT_ALLOWED, "This survey is answered by the link in its mail.")
    try:
        answers = checked_answers(questions_of(survey), given)
    except AnswerError as wrong:
        raise bad_input(wrong.sentence, wrong.field) from None
    if not answers:
        raise bad_input("Answer at least one of the questions.")
    if invite is None:
        if once and not _first_time(session, once, now):
            return False
        _take_turn(session, address, now, policy)
    else:
        _use(session, invite)
    words = "\n".join(answers[question.id] for question in _free(survey) if question.id in answers)
    session.add(
        SurveyAnswer(
            id=_an_id(session), survey_id=survey.id, month=local_day(now, policy.zone).replace(day=1), answers=answers,
            to_redact=bool(looks_like_client(words)),
        )
    )  # fmt: skip
    session.flush()
    return True


def redact(session: Session, survey: Survey, number: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Blacks out for good what looks like a client's data in the words of one answer."""
    permissions.check(session, actor, Action.SURVEY_ASK, survey)
    why, row = a_reason(reason), _doubted(session, survey, number)
    free = {question.id for question in _free(survey)}
    row.answers = {key: without(said) if key in free else said for key, said in row.answers.items()}
    row.to_redact = False
    session.flush()
    said = f"Blacked out a client's data in an answer to “{survey.title}”. Reason: {why}"
    audit.record(session, actor=actor, now=now, act="survey.redact", thing=survey, said=said)


def keep(session: Session, survey: Survey, number: int, *, actor: Actor, now: datetime) -> None:
    """Lets the words of one answer stand: somebody has read them, and they hold no client's data."""
    permissions.check(session, actor, Action.SURVEY_ASK, survey)
    _doubted(session, survey, number).to_redact = False
    session.flush()
    said = f"Read an answer to “{survey.title}” and found no client's data in it."
    audit.record(session, actor=actor, now=now, act="survey.keep", thing=survey, said=said)


def _doubted(session: Session, survey: Survey, number: int) -> SurveyAnswer:
    query = select(SurveyAnswer).where(SurveyAnswer.id == number, SurveyAnswer.survey_id == survey.id)
    row = session.scalars(query.with_for_update()).one_or_none()
    if row is None:
        raise not_found()
    return row


def _first_time(session: Session, once: str, now: datetime) -> bool:
    """Whether a page is sent for the first time. What is kept of it is a digest and the day: neither leads to the answer."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    key = f"survey-page:{hash_of(once)}"
    return limits.take(session, key, most=1, within=_PAGE_WORKS, now=day) == 1


def _free(survey: Survey) -> list[Question]:
    return [question for question in questions_of(survey) if question.kind == "words"]


def _use(session: Session, invite: SurveyInvite) -> None:
    """Marks a link as used: of two who answer by it at once, one does."""
    mark = update(SurveyInvite).where(SurveyInvite.id == invite.id, SurveyInvite.used.is_(False)).values(used=True)
    if session.scalar(mark.returning(SurveyInvite.id)) is None:
        raise Refused(Reason.LINK_SPENT, ANSWERED)


def _refuse_closed(survey: Survey, now: datetime, policy: Policy) -> None:
    if not takes_answers(survey, now=now, policy=policy):
        raise Refused(Reason.LINK_SPENT, OVER)


def _an_id(session: Session) -> int:
    """An id that says nothing about when its row came."""
    while session.get(SurveyAnswer, drawn := secrets.randbelow(_LARGEST) + 1) is not None:
        pass
    return drawn


def _take_turn(session: Session, address: str, now: datetime, policy: Policy) -> None:
    pack = policy.front.surveys
    within = timedelta(minutes=pack.address_minutes)
    key = limits.of_unnamed(PURPOSE, address)
    if not limits.take(session, key, most=pack.address_answers, within=within, now=now) or not limits.take(
        session, _EVERYBODY, most=pack.all_answers, within=within, now=now
    ):
        raise Refused(Reason.CONFLICT, SLOW_DOWN)
