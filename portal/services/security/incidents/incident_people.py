"""People involved in an incident: who they are, how they were trained then, what they are asked and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import jobs, permissions
from portal.actors import Actor
from portal.models import Evidence, Incident, IncidentPerson, Membership, Person
from portal.models.security.incidents import PARTS
from portal.refusals import Refused, bad_input
from portal.services.security.incidents.incident_timeline import record, say, some_words
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.client_data import looks_like_client
from workflows.policy import Policy
from workflows.vocabulary import About, Effect, Kind, Reason

OPEN = ("reported", "triaged", "investigating", "reviewing")


@dataclass(frozen=True, slots=True)
class Trained:
    """The last quiz somebody had taken by then: the course, the day, and the score in hundredths of a percent."""

    course: str
    on: date
    score: int
    passed: bool


def name(
    session: Session, incident: Incident, *, person: Person, membership: Membership | None, part: str, actor: Actor, now: datetime
) -> IncidentPerson:  # fmt: skip
    """Names somebody as involved: from then on they see nothing of it as an officer, and do not work on it.

    ALREADY_DONE the second time; SAME_PERSON for whoever investigates it.
    """
    permissions.check(session, actor, Action.INCIDENT_WORK, incident)
    if part not in PARTS:
        raise bad_input("Choose whether it is said of them or they saw it.", "part")
    if person.id in (incident.investigator_id, actor.person_id):
        raise Refused(Reason.SAME_PERSON, "Whoever works on it cannot be involved. Hand it to somebody else first.", "person")  # fmt: skip
    if membership is not None and membership.person_id != person.id:
        raise bad_input("This is another person's place at an Agency.", "person")
    session.get(Incident, incident.id, with_for_update=True, populate_existing=True)
    there = select(IncidentPerson).where(
        IncidentPerson.incident_id == incident.id, IncidentPerson.person_id == person.id
    )
    if session.scalars(there).first() is not None:
        raise Refused(Reason.ALREADY_DONE, f"{person.name} is on the list already.", "person")
    row = IncidentPerson(
        incident_id=incident.id, person_id=person.id, membership_id=membership.id if membership else None, part=part,
        named_at=now, named_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    as_what = "as a witness" if part == "witness" else "as the one of whom it is said"
    say(session, incident, f"{person.name} was named {as_what}.", actor=actor, now=now)
    record(session, incident, "name", "somebody was named as involved.", actor=actor, now=now)
    return row


def open_to(session: Session, row: IncidentPerson, *, asked: str, actor: Actor, now: datetime) -> None:
    """Lets somebody know that there is an incident and what they are asked; they are mailed. Never who reported it."""
    permissions.check(session, actor, Action.INCIDENT_WORK, row)
    incident = row.incident
    if incident.status not in OPEN:
        raise Refused(Reason.ILLEGAL_MOVE, "It is concluded by now. Open it again before you ask anybody.")
    if row.opened_at is not None and row.answered_at is None:
        raise Refused(Reason.ALREADY_DONE, "They are asked already and have not answered yet.")
    words = some_words(asked, "Write what you ask them.", "asked")
    if found := looks_like_client(words):
        raise bad_input(f"{found[0]} Whoever reads this may not know it: reword it.", "asked")
    if row.answered_at is not None:
        say(session, incident, f"{row.person.name} had answered: {row.answer}", actor=actor, now=now, kind="answer")
        row.answer, row.answered_at = "", None
    row.asked, row.opened_at, row.opened_by = words, now, actor.person_id
    session.flush()
    say(session, incident, f"Opened to {row.person.name}, who was asked: {words}", actor=actor, now=now, kind="note")
    record(session, incident, "ask", "somebody involved was asked.", actor=actor, now=now)
    payload = {"mail": "incident_asked", "person_id": row.person_id, "incident_id": incident.id}
    jobs.enqueue(session, Effect.MAIL, key=f"incident_asked:{row.id}", now=now, payload=payload)


def answer(session: Session, row: IncidentPerson, *, text: str, actor: Actor, now: datetime) -> None:
    """What somebody involved answers to what they are asked, once; the investigator sees it in the timeline."""
    permissions.check(session, actor, Action.INCIDENT_ANSWER, row)
    session.refresh(row, with_for_update=True)
    if row.answered_at is not None:
        raise Refused(Reason.ALREADY_DONE, "You have answered already. The investigator asks again if more is needed.")
    row.answer, row.answered_at = some_words(text, "Write your answer.", "text"), now
    session.flush()
    say(session, row.incident, f"{row.person.name} answers: {row.answer}", actor=actor, now=now, kind="answer")
    record(session, row.incident, "answer", "somebody involved answered.", actor=actor, now=now)


def of(session: Session, incident: Incident) -> Sequence[IncidentPerson]:
    """Everybody involved, in the order they were named; one statement."""
    query = select(IncidentPerson).where(IncidentPerson.incident_id == incident.id).order_by(IncidentPerson.id)
    agency = joinedload(IncidentPerson.membership).joinedload(Membership.agency)
    return session.scalars(query.options(joinedload(IncidentPerson.person), agency)).all()


def about_me(session: Session, *, actor: Actor) -> Sequence[IncidentPerson]:
    """What was opened to somebody who is involved, the latest first."""
    mine = permissions.visible(actor, Action.INCIDENT_ANSWER, IncidentPerson)
    query = select(IncidentPerson).where(mine).order_by(IncidentPerson.id.desc()).limit(100)
    return session.scalars(query.options(joinedload(IncidentPerson.incident))).all()


def trained(
    session: Session, incident: Incident, people: Sequence[IncidentPerson], *, policy: Policy
) -> Mapping[int, Trained]:
    """The last quiz that each had taken by the day it occurred (else was discovered, else reported); by person, one statement.

    As it was then: what was taken since does not count, nor what was taken back as never right.
    """
    day = incident.occurred_on or incident.discovered_on or local_day(incident.reported_at, policy.zone)
    rows = session.scalars(
        select(Evidence)
        .where(
            Evidence.about == About.PERSON, Evidence.subject_id.in_([each.person_id for each in people]),
            Evidence.kind == Kind.TRAINING, Evidence.valid_from <= day, Evidence.withdrawn_at == datetime.max,
        )
        .order_by(Evidence.valid_from, Evidence.id)
    )  # fmt: skip
    titles = {course.id: course.title for course in policy.courses}
    return {
        row.subject_id: Trained(
            titles.get(row.detail, row.detail), row.valid_from, row.value, row.value >= policy.mark_for(row.detail)
        )
        for row in rows
    }
