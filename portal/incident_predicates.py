"""What the permission table says of incidents alone: who is involved, who reported it, who investigates, who may look by now."""

from typing import Any

from sqlalchemy import ColumnElement, exists, false, select, true
from sqlalchemy.orm import Session, aliased

from portal.actors import Actor
from portal.models import Incident, IncidentPerson
from portal.predicates import ANYBODY, Predicate


def _incident_id(thing: Any) -> int | None:
    """The incident that a thing is, or belongs to; None for what belongs to none."""
    if isinstance(thing, Incident):
        return thing.id
    return getattr(thing, "incident_id", None)


def _reporter(thing: Any) -> int | None:
    """Of a thing that nobody reports, the person it is about: so a menu can ask without a thing at hand."""
    reporter: int | None = getattr(thing, "reporter_id", getattr(thing, "person_id", None))
    return reporter


def _column(model: Any) -> Any:
    return model.id if model is Incident else model.incident_id


def _is_involved(session: Session, actor: Actor, thing: Any) -> bool:
    incident_id = _incident_id(thing)
    if incident_id is None or actor.person_id is None:
        return False
    named = (IncidentPerson.incident_id == incident_id, IncidentPerson.person_id == actor.person_id)
    return session.scalar(select(IncidentPerson.id).where(*named)) is not None


def _not_involved(actor: Actor, model: Any) -> ColumnElement[bool]:
    if actor.person_id is None:
        return true()
    there = aliased(IncidentPerson)
    return ~exists(select(1).where(there.incident_id == _column(model), there.person_id == actor.person_id))


ANYONE = Predicate(
    "everybody, also without signing in", lambda _s, _actor, _t: True, lambda _a, _m: true(), frozenset({ANYBODY})
)
NOT_INVOLVED = Predicate(
    "who is not involved in it",
    lambda session, actor, thing: not _is_involved(session, actor, thing),
    _not_involved,
)
ITS_REPORTER = Predicate(
    "who reported it in their own name",
    lambda _s, actor, thing: actor.person_id is not None and _reporter(thing) == actor.person_id,
    lambda actor, model: false() if actor.person_id is None else model.reporter_id == actor.person_id,
    frozenset({ANYBODY}),
)
ITS_INVESTIGATOR = Predicate(
    "who investigates it",
    lambda _s, actor, thing: getattr(thing, "investigator_id", actor.person_id) == actor.person_id,
    lambda actor, model: model.investigator_id == actor.person_id,
)
SHOWN_TO_THE_AGENCY = Predicate(
    "once it is shown to the Agency",
    lambda _s, _actor, thing: bool(getattr(thing, "agency_sees", True)),
    lambda _actor, model: model.agency_sees.is_(True),
)
OPENED_TO_THEM = Predicate(
    "once the investigator has opened it to them",
    lambda _s, _actor, thing: getattr(thing, "opened_at", True) is not None,
    lambda _actor, model: model.opened_at.is_not(None),
)
A_COMPLAINT = Predicate(
    "as long as it is a complaint",
    lambda _s, _actor, thing: getattr(thing, "nature", "complaint") == "complaint",
    lambda _actor, model: model.nature == "complaint",
)
