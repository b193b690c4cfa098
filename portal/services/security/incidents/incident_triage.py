"""Triage: what a report is about, how severe it is, whom it calls for to be told, and who investigates it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Incident, Person
from portal.refusals import Refused, a_reason, bad_input
from portal.services import holders
from portal.services.security.incidents import incident_chain
from portal.services.security.incidents.incident_reports import involved
from portal.services.security.incidents.incident_timeline import lasting, record, say
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.incident_pack import IncidentKind
from workflows.incident_rules import severities
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Reason, Role

INVESTIGATORS = (Role.LEAD_SECURITY, Role.LEAD_ADMIN)
"""Whose duty it is to investigate: the Lead's ('Enforcement Mechanisms')."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an incident: `agency_id` 0 is the Lead itself, None where no Agency is concerned."""

    title: str
    kind: str
    severity: str
    agency_id: int | None
    agency_sees: bool = True
    occurred_on: date | None = None
    discovered_on: date | None = None
    affected: int | None = None
    elements: tuple[str, ...] = ()
    media: str = ""
    found_how: str = ""
    contained: str = ""


def triage(session: Session, incident: Incident, *, facts: Facts, actor: Actor, now: datetime, policy: Policy) -> None:
    """Says what it is and how severe, and starts the clocks of the chain of communication.

    BAD_INPUT by field, also where privacy or security would be minor; ILLEGAL_MOVE for whoever comes second.
    """
    permissions.check(session, actor, Action.INCIDENT_TRIAGE, incident)
    _refuse_complaint(incident)
    kind = _check(session, facts, now=now, policy=policy)
    transition(session, incident, "triage", actor=actor, now=now)
    incident.triaged_by, incident.triaged_at = actor.person_id, now
    _put(incident, facts, kind)
    session.flush()
    say(session, incident, f"Triaged as {incident.severity}: {_kind_title(incident, policy)}.", actor=actor, now=now)
    incident_chain.begin(session, incident, now=now, policy=policy)


def correct(session: Session, incident: Incident, *, facts: Facts, actor: Actor, now: datetime, policy: Policy) -> None:
    """Corrects what is known after triage; who is to be told besides, since it is graver, gets a clock from now on."""
    permissions.check(session, actor, Action.INCIDENT_WORK, incident)
    if incident.triaged_at is None:
        raise Refused(Reason.CONFLICT, "It has not been triaged yet. Triage it first.")
    kind = _check(session, facts, now=now, policy=policy)
    before = _graded(incident, policy)
    _put(incident, facts, kind)
    session.flush()
    after = _graded(incident, policy)
    said = f"Facts corrected: {after}, before it was {before}." if after != before else "Facts corrected."
    say(session, incident, said, actor=actor, now=now)
    record(session, incident, "correct", said, actor=actor, now=now)
    incident_chain.begin(session, incident, now=now, policy=policy)


def assign(
    session: Session, incident: Incident, *, person_id: int, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Has it investigated by somebody of the Lead: not by who reported it, nor by anybody involved (SAME_PERSON)."""
    permissions.check(session, actor, Action.INCIDENT_TRIAGE, incident)
    if person_id not in possible(session, incident, now=now, policy=policy):
        if person_id == incident.reporter_id or person_id in involved(session, incident):
            raise Refused(
                Reason.SAME_PERSON, "Whoever reported it or is involved in it does not investigate it.", "person"
            )
        raise bad_input("Choose somebody from the list.", "person")
    if incident.status == "triaged":
        transition(session, incident, "investigate", actor=actor, now=now)
    elif incident.status != "investigating":
        raise Refused(Reason.ILLEGAL_MOVE, "Nobody can be assigned to it as it stands now. Load the page again.")
    incident.investigator_id = person_id
    session.flush()
    name = session.get_one(Person, person_id).name
    say(session, incident, f"{name} investigates it.", actor=actor, now=now)
    record(session, incident, "assign", f"is investigated by {name}.", actor=actor, now=now)


def possible(session: Session, incident: Incident, *, now: datetime, policy: Policy) -> Mapping[int, str]:
    """Who may investigate it, by id: the Lead's, but for the reporter and whoever is involved. Three statements."""
    people = set(holders.of_the_lead(session, *INVESTIGATORS, on=local_day(now, policy.zone)))
    people -= {incident.reporter_id, *involved(session, incident)}
    named = session.scalars(select(Person).where(Person.id.in_(people)).order_by(Person.last_key, Person.first_key, Person.id))  # fmt: skip
    return {person.id: person.name for person in named}


def set_aside(session: Session, incident: Incident, *, reason: str, actor: Actor, now: datetime) -> None:
    """Sets aside what is no report of a possible violation, or stands here twice; it can be taken up again."""
    transition(session, incident, "set_aside", actor=actor, now=now)
    why = a_reason(reason, "Say why there is nothing to investigate.")
    say(session, incident, f"Set aside: {why}", actor=actor, now=now)


def take_up(session: Session, incident: Incident, *, reason: str, actor: Actor, now: datetime) -> None:
    """Takes up what was set aside: it waits to be triaged again."""
    why = a_reason(reason, "Say why it is taken up after all.")
    transition(session, incident, "take_up", actor=actor, now=now)
    say(session, incident, f"Taken up again: {why}", actor=actor, now=now)


def _check(session: Session, facts: Facts, *, now: datetime, policy: Policy) -> IncidentKind:
    """The kind that the facts name; refuses what cannot be, by field."""
    kind = policy.incidents.kind(facts.kind)
    if kind is None:
        raise bad_input("Choose what kind of incident it is.", "kind")
    allowed = severities(kind.category)
    if facts.severity not in allowed:
        raise bad_input(
            f"What is about {kind.category} is never minor. Choose {' or '.join(allowed)}."
            if facts.severity == "minor"
            else f"Choose one of: {', '.join(allowed)}.",
            "severity",
        )
    lasting(facts.title, "Give it a short title, without anybody's name.", "title")
    if facts.agency_id not in (None, LEAD) and session.get(Agency, facts.agency_id) is None:
        raise bad_input("Choose the Agency from the list.", "agency")
    known = {each.id for each in policy.incidents.elements}
    if unknown := sorted(set(facts.elements) - known):
        raise bad_input(f"{unknown[0][:40]!r} is not on the list.", "elements")
    today = local_day(now, policy.zone)
    for field, day in (("occurred_on", facts.occurred_on), ("discovered_on", facts.discovered_on)):
        if day is not None and day > today:
            raise bad_input(f"This day is not here yet. Enter {us_date(today)} or an earlier day.", field)
    if facts.occurred_on and facts.discovered_on and facts.discovered_on < facts.occurred_on:
        raise bad_input("It cannot have been discovered before it occurred. Check the two days.", "discovered_on")
    return kind


def _put(incident: Incident, facts: Facts, kind: IncidentKind) -> None:
    incident.title, incident.kind = " ".join(facts.title.split())[:200], kind.id
    incident.category, incident.severity = kind.category.value, facts.severity
    incident.agency_id, incident.agency_sees = facts.agency_id, facts.agency_sees
    incident.occurred_on, incident.discovered_on = facts.occurred_on, facts.discovered_on
    incident.affected, incident.elements = facts.affected, list(facts.elements)
    incident.media, incident.found_how, incident.contained = facts.media, facts.found_how, facts.contained


def _kind_title(incident: Incident, policy: Policy) -> str:
    kind = policy.incidents.kind(incident.kind)
    return kind.title if kind else incident.kind


def _graded(incident: Incident, policy: Policy) -> str:
    return f"{incident.severity}, {_kind_title(incident, policy)}"


def _refuse_complaint(incident: Incident) -> None:
    if incident.nature == "complaint":
        raise Refused(Reason.CONFLICT, "This is a complaint. Make it an incident first, then triage it.")
