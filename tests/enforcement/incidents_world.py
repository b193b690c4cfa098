"""A small world with a Lead security officer and a report that somebody made without a name: for the tests of incidents."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.actors import Actor
from portal.models import Agency, Containment, Incident, IncidentEntry, IncidentPerson, Job, Membership, Person
from portal.refusals import Refused
from portal.services.security.incidents import (
    complaints,
    containment,
    incident_people,
    incident_reports,
    incident_triage,
)
from portal.services.security.incidents.containment import Target
from portal.services.security.incidents.incident_reports import UNNAMED, Told
from portal.services.security.incidents.incident_triage import Facts
from tests.services.world import World
from workflows.vocabulary import Reason, Role

SAID = "Two people at the front desk work under one user ID."


class Incidents:
    """What people do with incidents, each a transaction of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.guard = world.staff(Role.LEAD_SECURITY)

    def report(self, actor: Actor | None = None, *, named: bool = True, **told: Any) -> tuple[Incident, str]:
        world = self.world
        with world.change() as session:
            return incident_reports.report(
                session, told=Told(**{"said": SAID, **told}), named=named and actor is not None, address="203.0.113.9",
                actor=actor or UNNAMED, now=world.now, policy=world.policy,
            )  # fmt: skip

    def facts(self, **more: Any) -> Facts:
        values = {
            "title": "Shared user ID at the front desk",
            "kind": "shared_login",
            "severity": "major",
            "agency_id": None,
        }
        return Facts(**{**values, **more})

    def triage(self, row: Incident, actor: Actor | None = None, **facts: Any) -> None:
        world = self.world
        with world.change() as session:
            incident_triage.triage(
                session, session.get_one(Incident, row.id), facts=self.facts(**facts), actor=actor or self.guard, now=world.now,
                policy=world.policy,
            )  # fmt: skip

    def assign(self, row: Incident, who: Actor | None = None, actor: Actor | None = None) -> None:
        world = self.world
        with world.change() as session:
            incident_triage.assign(
                session, session.get_one(Incident, row.id), person_id=(who or self.guard).person_id or 0, actor=actor or self.guard,
                now=world.now, policy=world.policy,
            )  # fmt: skip

    def name(
        self, row: Incident, member: Membership, part: str = "accused", actor: Actor | None = None
    ) -> IncidentPerson:
        with self.world.change() as session:
            return incident_people.name(
                session, session.get_one(Incident, row.id), person=session.get_one(Person, member.person_id),
                membership=session.get_one(Membership, member.id), part=part, actor=actor or self.guard, now=self.world.now,
            )  # fmt: skip

    def investigated(self, agency: Agency, *members: Membership, **facts: Any) -> Incident:
        """A report, triaged as one of this Agency's, with people named and the security officer at work on it."""
        row, _ = self.report()
        self.triage(row, agency_id=agency.id, **facts)
        for member in members:
            self.name(row, member)
        self.assign(row)
        return row

    def contain(
        self, row: Incident, *targets: Target, actor: Actor | None = None, reason: str = "Still signed in."
    ) -> list[Containment]:
        world = self.world
        with world.change() as session:
            return containment.contain(
                session, session.get_one(Incident, row.id), targets=targets, reason=reason, actor=actor or self.guard, now=world.now,
                policy=world.policy,
            )  # fmt: skip

    def act(self, verb: Any, row: Any, *, actor: Actor | None = None, **more: Any) -> Any:
        """Any other verb on a row, as the security officer unless somebody else is said."""
        with self.world.change() as session:
            fresh = session.get_one(type(row), row.id)
            return verb(session, fresh, actor=actor or self.guard, now=self.world.now, **more)

    def read_incident(self, of: Any) -> Incident:
        """The incident that something belongs to."""
        with self.world.look() as session:
            return session.get_one(Incident, of.incident_id)

    def read(self, row: Any) -> Any:
        with self.world.look() as session:
            return session.get_one(type(row), row.id)


def complain(made: Incidents, agency: Agency, actor: Actor, **more: Any) -> Incident:
    """A complaint that this Agency received today."""
    values = {"title": "Posted notice was missing", "said": "The notice hangs nowhere.", "from_whom": "A visitor"}
    values |= {"received_on": made.world.today} | more
    with made.world.change() as session:
        return complaints.enter(
            session, agency=session.get_one(type(agency), agency.id), received=complaints.Received(**values), actor=actor,
            now=made.world.now, policy=made.world.policy,
        )  # fmt: skip


def refusal(act: Any, *args: Any, **more: Any) -> tuple[Reason, str]:
    """Why an act is refused, and at which field."""
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field


def said(world: World, row: Incident) -> list[str]:
    """The timeline, line by line."""
    with world.look() as session:
        return list(
            session.scalars(
                select(IncidentEntry.text).where(IncidentEntry.incident_id == row.id).order_by(IncidentEntry.id)
            )
        )


def mails(world: World, mail: str) -> set[int]:
    """Whom this mail is queued for."""
    with world.look() as session:
        return {job.payload["person_id"] for job in session.query(Job) if job.payload.get("mail") == mail}
