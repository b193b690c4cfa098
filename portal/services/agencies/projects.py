"""The projects of an Agency: entered, changed, and taken over from its information form ('Setting up a New HMIS Agency')."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Agency, Project
from portal.refusals import bad_input
from portal.services.locks import lock
from portal.services.people import particulars
from workflows.actions import Action

PROJECT_TYPES = {
    0: "Emergency shelter: entry/exit", 1: "Emergency shelter: night-by-night", 2: "Transitional housing", 3: "Permanent supportive housing",
    4: "Street outreach", 6: "Services only", 7: "Other", 8: "Safe haven", 9: "Permanent housing: housing only",
    10: "Permanent housing: housing with services", 11: "Day shelter", 12: "Homelessness prevention", 13: "Rapid re-housing",
    14: "Coordinated entry",
}  # fmt: skip
"""The project types of the HMIS CSV format, in the words of the Agency information form."""

LODGING = frozenset({0, 1, 2, 3, 8, 9, 10, 13})
TYPE_OF = {title: code for code, title in PROJECT_TYPES.items()}


def proposed_name(agency: Agency, name: str) -> str:
    """'Agency name: Project', the name a project gets in the core HMIS; proposed there, never forced on a record."""
    return name if name.casefold().startswith(f"{agency.name_key}:") else f"{agency.name}: {name}"


def own_name(agency: Agency, name: str) -> str:
    """A project's name without its Agency's before it."""
    plain = " ".join(name.split())
    head, colon, rest = plain.partition(":")
    return rest.strip() if colon and rest.strip() and head.strip().casefold() == agency.name_key else plain


def add(
    session: Session, *, agency: Agency, name: str, project_type: int | None, starts_on: date | None = None, ends_on: date | None = None,
    actor: Actor, now: datetime,
) -> Project:  # fmt: skip
    """Enters a project; the name may be given with or without the Agency's before it. BAD_INPUT for one that exists."""
    permissions.check(session, actor, Action.AGENCY_CHANGE, agency)
    lock(session, agencies=[agency.id])
    values = _checked(agency, name, project_type, starts_on, ends_on)
    _refuse_known(session, agency, values["name"])
    project = Project(agency_id=agency.id, cells={}, **values)
    session.add(project)
    session.flush()
    audit.record(
        session,
        actor=actor,
        now=now,
        act="project.enter",
        thing=project,
        said=f"Entered the project {project.name} of {agency.name}.",
    )
    return project


def change(
    session: Session,
    *,
    project: Project,
    name: str,
    project_type: int | None,
    starts_on: date | None,
    ends_on: date | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Changes a project. Its provider ids stay: they are the core HMIS's."""
    agency = session.get_one(Agency, project.agency_id)
    permissions.check(session, actor, Action.AGENCY_CHANGE, agency)
    lock(session, agencies=[agency.id])
    values = _checked(agency, name, project_type, starts_on, ends_on)
    if values["name"].casefold() != project.name.casefold():
        _refuse_known(session, agency, values["name"])
    before = {field: getattr(project, field) for field in values}
    changed = {field: value for field, value in values.items() if value != before[field]}
    if not changed:
        raise bad_input("Nothing is different from what is on record. Change a field, or go back.", "name")
    for field, value in changed.items():
        setattr(project, field, value)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="project.change", thing=project, before={f: str(before[f] or "") for f in changed},
        after={f: str(v or "") for f, v in changed.items()}, said=f"Changed the project {project.name} of {agency.name}.",
    )  # fmt: skip


def from_form(
    session: Session, *, agency: Agency, entries: Iterable[Mapping[str, str]], actor: Actor, now: datetime
) -> list[Project]:
    """Enters the projects that an information form names and the record lacks: each is to get a provider id of its own."""
    known = {project.name.casefold() for project in of(session, agency.id)}
    entered = []
    for entry in entries:
        name = own_name(agency, entry.get("project_name", ""))
        if not name or name.casefold() in known:
            continue
        known.add(name.casefold())
        entered.append(
            add(
                session, agency=agency, name=name, project_type=TYPE_OF.get(entry.get("project_type", "")),
                starts_on=_day(entry.get("project_starts_on")), ends_on=_day(entry.get("project_ends_on")), actor=actor, now=now,
            )
        )  # fmt: skip
    return entered


def of(session: Session, agency_id: int) -> list[Project]:
    """An Agency's projects by name."""
    return list(session.scalars(select(Project).where(Project.agency_id == agency_id).order_by(Project.name)))


def _checked(agency: Agency, name: str, project_type: int | None, starts_on: date | None, ends_on: date | None) -> dict:
    called = own_name(agency, particulars.short(name, 300, "name"))
    if not called:
        raise bad_input("Enter the project's name.", "name")
    if len(called) > 200:
        raise bad_input(f"A project's name may have 200 characters; this has {len(called)}.", "name")
    if project_type is not None and project_type not in PROJECT_TYPES:
        raise bad_input("Choose a project type from the list.", "project_type")
    for field, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        if day and not 1950 <= day.year <= 2100:
            raise bad_input("Check the year: it should lie between 1950 and 2100.", field)
    if starts_on and ends_on and ends_on < starts_on:
        raise bad_input("The last day is before the first day.", "ends_on")
    return {"name": called, "project_type": project_type, "starts_on": starts_on, "ends_on": ends_on}


def _refuse_known(session: Session, agency: Agency, name: str) -> None:
    there = next((project for project in of(session, agency.id) if project.name.casefold() == name.casefold()), None)
    if there is not None:
        raise bad_input(
            f"{agency.name} has a project {there.name} already. Change that one, or enter another name.", "name"
        )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
