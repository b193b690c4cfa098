"""Complaints: received, reviewed, answered ('Accountability for the Maine HMIS Policy'); one of them may become an incident."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Incident
from portal.refusals import Refused, a_reason, bad_input
from portal.services.security.incidents.incident_reports import tell_guards
from portal.services.security.incidents.incident_timeline import lasting, record, say, some_words
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.client_data import looks_like_client
from workflows.policy import Policy
from workflows.vocabulary import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A complaint as it came in. `title` says what about; `from_whom` is 'a client' or 'a neighbor', never a client's name."""

    title: str
    said: str
    from_whom: str
    received_on: date


def enter(
    session: Session, *, agency: Agency, received: Received, actor: Actor, now: datetime, policy: Policy
) -> Incident:
    """Enters a complaint that an Agency (or the Lead) received, with the day by which it is to be answered."""
    permissions.check(session, actor, Action.COMPLAINT_ENTER, agency)
    today = local_day(now, policy.zone)
    if received.received_on > today:
        raise bad_input(f"This day is not here yet. Enter {us_date(today)} or an earlier day.", "received_on")
    title = lasting(received.title, "Say what it is about, in a few words.", "title")
    from_whom = lasting(received.from_whom, "Say who complained: a client, a neighbor, another agency. No name.", "from_whom")  # fmt: skip
    words = some_words(received.said, "Say what was complained of.", "said")
    row = Incident(
        nature="complaint", agency_id=agency.id, agency_sees=True, title=title[:200], said=words, received_from=from_whom[:200],
        to_redact=bool(looks_like_client(words)), received_on=received.received_on, reported_at=now, reporter_id=actor.person_id,
        answer_due=received.received_on + timedelta(policy.incidents.answer_days),
    )  # fmt: skip
    session.add(row)
    session.flush()
    say(session, row, "Complaint entered.", actor=actor, now=now)
    record(session, row, "complain", "a complaint was entered.", actor=actor, now=now)
    return row


def review(session: Session, row: Incident, *, note: str, actor: Actor, now: datetime) -> None:
    """Says that somebody looks into it, with a first word on what."""
    words = some_words(note, "Say what you look into.", "note")
    transition(session, row, "review", actor=actor, now=now)
    say(session, row, f"Being reviewed: {words}", actor=actor, now=now)


def answer(session: Session, row: Incident, *, text: str, actor: Actor, now: datetime) -> None:
    """How it was answered, which ends it unless it becomes an incident."""
    words = some_words(text, "Say what was found and how the complaint was answered.", "answer")
    if found := looks_like_client(words):
        raise bad_input(f"{found[0]} Reword it.", "answer")
    transition(session, row, "answer", actor=actor, now=now)
    row.answer, row.answered_by, row.answered_at = words, actor.person_id, now
    session.flush()
    say(session, row, "Answered.", actor=actor, now=now)


def raise_it(session: Session, row: Incident, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Makes an incident of a complaint: the Lead triages it, and its timeline goes on."""
    if row.nature != "complaint":
        raise Refused(Reason.ALREADY_DONE, "This is an incident already.")
    why = a_reason(reason, "Say why this is a possible violation.")
    before = row.reference
    transition(session, row, "raise", actor=actor, now=now)
    row.nature = "incident"
    session.flush()
    say(session, row, f"Raised from the complaint {before} to an incident: {why}", actor=actor, now=now)
    tell_guards(session, row, "incident_reported", now=now, policy=policy)
