"""Reports of whoever saw something: with a name or without, and what the reporter may see and add afterwards."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import jobs, permissions
from portal.actors import Actor
from portal.models import Incident, IncidentEntry, IncidentPerson
from portal.refusals import Refused, bad_input
from portal.secrets import Keys, hash_of, new_token
from portal.services import holders
from portal.services.account import limits
from portal.services.security.incidents.incident_timeline import record, say, some_words
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.client_data import looks_like_client
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason, Role

UNNAMED = Actor(person_id=None, name="Somebody who is not named", via="nobody")
"""Whoever reports without a name: neither the person nor the address goes on record."""

PURPOSE = "report"
EVERYBODY = "report:all"
SLOW_DOWN = "Too many reports came in from your network, or from everywhere. Wait an hour, or call the help desk."
GONE = "This link does not open a report. Use the newest one that you were shown, whole."
STATES = {
    "reported": "Received. Somebody of the HMIS Lead reads it next.",
    "triaged": "Read. It will be investigated.",
    "investigating": "It is being investigated.",
    "concluded": "The investigation is concluded.",
    "closed": "It is closed.",
    "set_aside": "It was read and set aside. If you know more, add it below.",
    "reviewing": "It is being reviewed.",
    "answered": "It was answered.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a reporter says. No client's name belongs in it; `affected` is a number of people."""

    said: str
    place: str = ""
    occurred_on: date | None = None
    discovered_on: date | None = None
    affected: int | None = None
    contact: str = ""


def report(
    session: Session, *, told: Told, named: bool, address: str, actor: Actor, now: datetime, policy: Policy
) -> tuple[Incident, str]:
    """Takes in a report and mails the Lead's security officers; the incident, and the token of the reporter's own link.

    Not `named`, or not signed in: nothing on record says who it was. CONFLICT where too many came in.
    """
    permissions.check(session, actor, Action.INCIDENT_REPORT)
    _take_turn(session, address, now=now, policy=policy)
    who = actor if named and actor.person_id is not None else UNNAMED
    words = some_words(told.said, "Say what happened, in a few words.", "said")
    today = local_day(now, policy.zone)
    for field, day in (("occurred_on", told.occurred_on), ("discovered_on", told.discovered_on)):
        if day is not None and day > today:
            raise bad_input(f"This day is not here yet. Enter {us_date(today)} or an earlier day.", field)
    token = new_token()
    row = Incident(
        said=words, to_redact=bool(looks_like_client(words)), place=told.place[:200], occurred_on=told.occurred_on,
        discovered_on=told.discovered_on, affected=told.affected, contact=told.contact[:320], reported_at=now,
        reporter_id=who.person_id, token_hash=hash_of(token),
    )  # fmt: skip
    session.add(row)
    session.flush()
    say(session, row, "Reported." if who.person_id else "Reported without a name.", actor=UNNAMED, now=now)
    record(session, row, "report", "was reported.", actor=who, now=now)
    tell_guards(session, row, "incident_reported", now=now, policy=policy)
    return row, token


def by_link(session: Session, *, keys: Keys, envelope: str, policy: Policy) -> Incident:
    """The incident that a reporter's link opens, as often as it is used; LINK_SPENT for any other envelope."""
    content = keys.open(PURPOSE, envelope, max_age=int(policy.incidents.link / timedelta(seconds=1)))
    incident_id, token = content if isinstance(content, list) and len(content) == 2 else (0, "")
    row = session.get(Incident, incident_id) if isinstance(incident_id, int) else None
    if row is None or not row.token_hash or not hmac.compare_digest(row.token_hash, hash_of(str(token))):
        raise Refused(Reason.LINK_SPENT, GONE)
    return row


def add(
    session: Session, incident: Incident, *, text: str, address: str, named: bool, actor: Actor, now: datetime, policy: Policy
) -> IncidentEntry:  # fmt: skip
    """What the reporter adds, by the link (`named` false) or signed in as whoever reported it."""
    if named:
        permissions.check(session, actor, Action.INCIDENT_OWN, incident)
    _take_turn(session, address, now=now, policy=policy)
    words = some_words(text, "Write what you want to add.", "text")
    entry = say(session, incident, words, actor=UNNAMED, now=now, kind="reporter")
    record(session, incident, "add", "the reporter added something.", actor=actor if named else UNNAMED, now=now)
    tell_guards(session, incident, "incident_added", now=now, policy=policy)
    return entry


def own(session: Session, *, actor: Actor) -> Sequence[Incident]:
    """What somebody reported in their own name, the latest first."""
    mine = permissions.visible(actor, Action.INCIDENT_OWN, Incident)
    return session.scalars(select(Incident).where(mine).order_by(Incident.id.desc()).limit(100)).all()


def written(session: Session, incident: Incident) -> Sequence[IncidentEntry]:
    """What the reporter added afterwards: with the report itself all that the reporter is shown."""
    mine = (IncidentEntry.incident_id == incident.id, IncidentEntry.kind == "reporter")
    return session.scalars(select(IncidentEntry).where(*mine).order_by(IncidentEntry.id)).all()


def tell_guards(session: Session, incident: Incident, mail: str, *, now: datetime, policy: Policy) -> None:
    """Mails the Lead's security officers, the administrators where there is none; nobody who is involved in it."""
    today = local_day(now, policy.zone)
    people = holders.of_the_lead(session, Role.LEAD_SECURITY, on=today)
    people = people or holders.of_the_lead(session, Role.LEAD_ADMIN, on=today)
    from_whom = {incident.reporter_id, *involved(session, incident)}
    for person_id in sorted(set(people) - from_whom):
        payload = {"mail": mail, "person_id": person_id, "incident_id": incident.id}
        jobs.enqueue(session, Effect.MAIL, key=f"{mail}:{incident.id}:{person_id}", now=now, payload=payload)


def involved(session: Session, incident: Incident) -> set[int]:
    """The ids of everybody named as involved."""
    return set(session.scalars(select(IncidentPerson.person_id).where(IncidentPerson.incident_id == incident.id)))


def _take_turn(session: Session, address: str, *, now: datetime, policy: Policy) -> None:
    pack = policy.incidents
    own_key = limits.of_address(PURPOSE, address)
    if not limits.take(
        session, own_key, most=pack.address_reports, within=timedelta(minutes=pack.address_minutes), now=now
    ) or not limits.take(
        session, EVERYBODY, most=pack.all_reports, within=timedelta(minutes=pack.all_minutes), now=now
    ):
        raise Refused(Reason.CONFLICT, SLOW_DOWN)
