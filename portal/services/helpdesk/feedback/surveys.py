"""Surveys: written, opened, sent off in slices, closed, and what was done about them ('Lead Agency', 'Maine HMIS Data Committee')."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from portal import audit, jobs, permissions
from portal.actors import PORTAL, Actor
from portal.models import Membership, Person, Survey, SurveyFollowUp, SurveyInvite
from portal.models.helpdesk.feedback import ASKED
from portal.refusals import Refused, a_reason, bad_input
from portal.services import holders
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import add_business_hours, local_day, start_of_day
from workflows.policy import Policy
from workflows.survey_questions import Question, checked_questions, read_questions
from workflows.vocabulary import LEAD, Effect, Reason, Role

LONGEST = timedelta(days=366)
OPEN_TO_ALL = "lived_experience"
"""Whoever is asked by a public link, and of whom nothing at all is known."""

WHOM = {
    "users": (Role.END_USER, Role.AGENCY_ADMIN),
    "managers": (Role.AGENCY_ADMIN, Role.SECURITY_OFFICER),
    "directors": (Role.EXECUTIVE_DIRECTOR,),
}
"""Whose offices make somebody one of those who are asked by mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A survey as somebody wrote it."""

    title: str
    asked: str
    questions: Sequence[Question]
    opens_on: date
    closes_on: date
    intro: str = ""


def draft(
    session: Session, survey: Survey | None, *, drafted: Drafted, actor: Actor, now: datetime, policy: Policy
) -> Survey:
    """Writes a survey, or writes a draft anew; once it is open its questions stay. BAD_INPUT by field."""
    permissions.check(session, actor, Action.SURVEY_ASK, survey)
    new = survey is None
    if survey is None:
        survey = Survey(
            created_by=actor.person_id,
            created_at=now,
            title="",
            asked=drafted.asked,
            questions=[],
            opens_on=drafted.opens_on,
            closes_on=drafted.closes_on,
        )
    elif survey.status != "draft":
        raise Refused(Reason.ILLEGAL_MOVE, "This survey is open, so its questions stay. Write another one.")
    today = local_day(now, policy.zone)
    if drafted.asked not in ASKED:
        raise bad_input("Choose who is asked.", "asked")
    if drafted.closes_on < max(drafted.opens_on, today):
        raise bad_input("The last day comes after the first, and is still to come.", "closes_on")
    if drafted.closes_on - drafted.opens_on > LONGEST:
        raise bad_input("A survey may be open for a year at most.", "closes_on")
    if len(drafted.intro) > 1000:
        raise bad_input("At most 1,000 characters. Shorten it.", "intro")
    survey.title = a_reason(drafted.title, "Enter a title.", field="title", most=150)
    survey.asked, survey.intro = drafted.asked, drafted.intro.strip()
    survey.opens_on, survey.closes_on = drafted.opens_on, drafted.closes_on
    try:
        survey.questions = [question.kept() for question in checked_questions(drafted.questions)]
    except ValueError as wrong:
        raise bad_input(str(wrong), "questions") from None
    session.add(survey)
    session.flush()
    said = f"{'Wrote' if new else 'Changed'} the survey “{survey.title}” with {len(survey.questions)} questions."
    audit.record(session, actor=actor, now=now, act="survey.draft", thing=survey, said=said)
    return survey


def open_survey(session: Session, survey: Survey, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Opens it: from now on, or from its first day, answers are taken; whoever is asked by mail gets it in slices."""
    if survey.closes_on < local_day(now, policy.zone):
        raise bad_input("Its last day is past. Choose another one first.", "closes_on")
    transition(session, survey, "open", actor=actor, now=now)
    survey.opened_at = now
    session.flush()
    if survey.asked != OPEN_TO_ALL:
        first = max(now, _morning_of(survey.opens_on, now, policy))
        run_at = add_business_hours(first, 0, policy.hours, policy.holidays)  # nobody is mailed at night
        jobs.enqueue(session, Effect.SURVEY_MAIL, key=f"survey:{survey.id}", now=now, run_at=run_at)


def close(session: Session, survey: Survey, *, reason: str, actor: Actor, now: datetime) -> None:
    """Closes it before its last day: no further answer is taken, no further mail goes out."""
    transition(session, survey, "close", actor=actor, now=now, why=a_reason(reason))


def drop(session: Session, survey: Survey, *, reason: str, actor: Actor, now: datetime) -> None:
    """Drops a draft."""
    transition(session, survey, "drop", actor=actor, now=now, why=a_reason(reason))


def run_out(session: Session, *, now: datetime, policy: Policy) -> int:
    """Closes the surveys whose last day is over; how many."""
    over = select(Survey).where(Survey.status == "open", Survey.closes_on < local_day(now, policy.zone))
    rows = session.scalars(over.order_by(Survey.id)).all()
    for row in rows:
        transition(session, row, "run_out", actor=PORTAL, now=now)
    return len(rows)


def invite_some(session: Session, survey_id: int, *, now: datetime, policy: Policy) -> bool:
    """Invites the next slice of those who are asked, each once, with their mails; whether somebody may be left.

    Invitation and mail are one transaction: whoever is cut off in the middle goes on where the last slice ended.
    """
    survey = session.scalars(select(Survey).where(Survey.id == survey_id).with_for_update()).one_or_none()
    if survey is None or survey.status != "open" or survey.asked == OPEN_TO_ALL:
        return False
    size = policy.front.surveys.slice
    people = session.scalars(
        _whom(survey.asked, local_day(now, policy.zone)).where(Membership.person_id > survey.sent_until).limit(size)
    ).all()
    for person_id in people:
        invite = SurveyInvite(survey_id=survey.id, person_id=person_id)
        session.add(invite)
        session.flush()
        jobs.enqueue(
            session, Effect.MAIL, key=f"survey:{survey.id}:{person_id}", now=now,
            payload={"mail": "survey", "person_id": person_id, "invite_id": invite.id},
        )  # fmt: skip
    if people:
        survey.sent_until = people[-1]
        session.flush()
    return len(people) == size


def how_many(session: Session, asked: str, *, on: date) -> int:
    """How many people would be asked by mail; one statement."""
    if asked == OPEN_TO_ALL:
        return 0
    return len(session.scalars(_whom(asked, on)).all())


def tell(session: Session, survey: Survey, *, said: str, public: bool, actor: Actor, now: datetime) -> SurveyFollowUp:
    """Says what was done about what people answered; for everybody to read where it is `public`."""
    permissions.check(session, actor, Action.SURVEY_ASK, survey)
    if survey.status not in ("open", "closed"):
        raise Refused(Reason.ILLEGAL_MOVE, "Nobody was asked yet.")
    words = a_reason(said, "Say what was done.", field="said")
    row = SurveyFollowUp(survey_id=survey.id, said=words, public=public, by=actor.person_id, at=now)
    session.add(row)
    session.flush()
    audit.record(session, actor=actor, now=now, act="survey.tell", thing=survey, said=f"“{survey.title}”: {words}")
    return row


def follow_ups(session: Session, surveys: Iterable[int], *, public: bool) -> dict[int, list[SurveyFollowUp]]:
    """What was done about these surveys, the latest first; of `public` ones only what everybody may read. One statement."""
    query = select(SurveyFollowUp).where(SurveyFollowUp.survey_id.in_(list(surveys)))
    if public:
        query = query.where(SurveyFollowUp.public)
    found: dict[int, list[SurveyFollowUp]] = {}
    for row in session.scalars(query.options(joinedload(SurveyFollowUp.writer)).order_by(SurveyFollowUp.id.desc())):
        found.setdefault(row.survey_id, []).append(row)
    return found


def questions_of(survey: Survey) -> list[Question]:
    return read_questions(survey.questions)


def _morning_of(day: date, now: datetime, policy: Policy) -> datetime:
    return now if day <= local_day(now, policy.zone) else start_of_day(day, policy.zone)


def _whom(asked: str, on: date) -> Select[Any]:
    """The people who are asked, by id: who holds one of the offices at an Agency, belongs to it and has an address."""
    held = holders.holds(on, *WHOM[asked])
    query = select(Membership.person_id).join(Person, Person.id == Membership.person_id).distinct()
    return query.where(Membership.agency_id != LEAD, held, ~holders.left(on)).order_by(Membership.person_id)
