"""The list of incidents, or of complaints, as far as somebody may see them: the latest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, false, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Incident, IncidentPerson, IncidentStep
from portal.services.desk.desk_lists import PAGE, Order, Page, like
from workflows.actions import Action

IN_ORDER = Order(((Incident.id, int),), down=True)
OPEN = ("reported", "triaged", "investigating", "concluded", "reviewing")
STATES: Mapping[str, tuple[str, ...]] = {
    "new": ("reported",), "open": ("triaged", "investigating", "reviewing"), "concluded": ("concluded",),
    "over": ("closed", "answered", "set_aside"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of them: of a state ('' all that are not over), a severity, a kind, an Agency, a person; by a word."""

    nature: str = "incident"
    show: str = ""
    severity: str = ""
    kind: str = ""
    word: str = ""
    agency_id: int | None = None
    person_id: int | None = None


def page(session: Session, actor: Actor, *, wanted: Wanted, now: datetime, after: str = "", limit: int = PAGE) -> Page:
    """Rows of (incident, whether a step of its chain is overdue), with Agency and investigator; one statement."""
    late = exists(
        select(1).where(
            IncidentStep.incident_id == Incident.id, IncidentStep.done_at.is_(None), IncidentStep.due_at <= now
        )
    )
    query = (
        select(Incident, late.label("late"))
        .outerjoin(Incident.agency)
        .where(permissions.visible(actor, Action.INCIDENT_SEE, Incident), Incident.nature == wanted.nature)
        .options(contains_eager(Incident.agency), joinedload(Incident.investigator))
    )
    query = _narrowed(query, wanted, late)
    return IN_ORDER.page(session, query, after, lambda row: (row[0].id,), limit=limit)


def _narrowed(query: Any, wanted: Wanted, late: ColumnElement[bool]) -> Any:
    if wanted.show == "late":
        query = query.where(late, Incident.status.not_in(STATES["over"]))
    elif wanted.show == "redact":
        query = query.where(Incident.to_redact)
    elif wanted.show != "all":
        query = query.where(Incident.status.in_(STATES.get(wanted.show, OPEN)))
    if wanted.severity:
        query = query.where(Incident.severity == wanted.severity)
    if wanted.kind:
        query = query.where(Incident.kind == wanted.kind)
    if wanted.agency_id is not None:
        query = query.where(Incident.agency_id == wanted.agency_id)
    if wanted.person_id is not None:
        named = select(1).where(IncidentPerson.incident_id == Incident.id, IncidentPerson.person_id == wanted.person_id)
        query = query.where(exists(named))
    return query.where(_word(wanted.word)) if wanted.word else query


def _word(word: str) -> ColumnElement[bool]:
    """By its reference, its title, or the Agency's name."""
    number = word.rsplit("-", 1)[-1]
    by_number = Incident.id == int(number) if number.isdecimal() and len(number) < 10 else false()
    pattern = like(word)
    return or_(
        by_number, func.lower(Incident.title).like(pattern, escape="/"), Agency.name_key.like(pattern, escape="/")
    )
