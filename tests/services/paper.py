"""A small world for the tests of paperwork: the Lead with two people, one Agency with its offices, a device."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal import actors
from portal.actors import PORTAL, Actor
from portal.models import Agency, Device, Document, Job, Link, Membership, Person
from portal.secrets import Keys
from portal.services import evidence, links, paperwork
from workflows.policy import MAINE, Policy, load
from workflows.vocabulary import LEAD, About, Kind, Role

NOW = datetime(2026, 11, 23, 15, 0)
TODAY = date(2026, 11, 23)
KEYS = Keys(["k" * 40])
POLICY: Policy = load(MAINE)
AGREEMENT = {
    "agency_address": "1 Sample Street, Portland, ME 04101", "effective_on": "2026-11-01", "ends_on": "2027-10-31",
    "participation_option": "Voluntary", "sharing_option": "No sharing", "health_privacy_status": "Neither", "participation_fee": "$100",
    "notices_email": "notices@example.org",
}  # fmt: skip
USER = {
    "job_title": "Case manager", "supervisor_name": "Robin Sample", "purpose": "Enters intake records", "projects": "Sample House",
    "access_level": "Agency staff", "courses": "Security, End user",
}  # fmt: skip


@dataclass
class World:
    session: Session
    lead: Agency
    agency: Agency
    people: dict[str, Person] = field(default_factory=dict)
    memberships: dict[str, Membership] = field(default_factory=dict)
    device: Device | None = None

    def actor(self, who: str, via: str = "password", document: Document | None = None) -> Actor:
        person = self.people[who]
        return actors.actor_of(
            self.session,
            person,
            TODAY,
            via=via,
            address="192.0.2.1",
            agent="A browser",
            document_id=document.id if document else None,
        )

    def person(self, who: str, first: str, last: str, agency: Agency, *roles: Role) -> Person:
        made = Person(
            first_name=first, last_name=last, email=f"{who}@example.org", email_key=f"{who}@example.org", named_at=NOW
        )
        self.session.add(made)
        self.session.flush()
        membership = Membership(agency_id=agency.id, person_id=made.id, created_at=NOW)
        self.session.add(membership)
        self.session.flush()
        self.people[who], self.memberships[who] = made, membership
        for role in roles:
            evidence.record(
                self.session, actor=PORTAL, now=NOW - timedelta(10), kind=Kind.ROLE, about=About.MEMBERSHIP, subject_id=membership.id,
                detail=role.value, valid_from=TODAY - timedelta(10),
            )  # fmt: skip
        return made

    def prepare(
        self, kind: str, who: str | None = None, answers: dict[str, Any] | None = None, *, device: bool = False
    ) -> Document:
        return paperwork.prepare(
            self.session, kind=kind, agency=self.agency, membership=self.memberships[who] if who else None,
            device=self.device if device else None, answers=answers or {}, actor=self.actor("desk"), now=NOW,
        )  # fmt: skip

    def link(self, document: Document, who: str, *, proven: bool = True, now: datetime = NOW) -> Link:
        """A signing link whose code was entered, the way the pages do it."""
        link = paperwork.send_to_sign(
            self.session, document=document, person=self.people[who], actor=self.actor("desk"), now=now, policy=POLICY
        )
        if proven:
            prove(self.session, link, now)
        return link

    def sign(self, document: Document, who: str, link: Link | None = None, **changes: Any) -> Any:
        person = self.people[who]
        link = link or self.link(document, who)
        text = paperwork.text_of(document)
        values: dict[str, Any] = {
            "name": person.name, "title": "Director", "authority": True, "consent": True,
            "initials": dict.fromkeys(text.initialled, "JS"), "now": NOW,
        } | changes  # fmt: skip
        return paperwork.sign(
            self.session, document=document, link=link, actor=self.actor(who, "link", document), policy=POLICY, **values
        )

    def kinds(self, document: Document) -> list[tuple[str, str]]:
        """The evidence that rests on a document and holds, as (kind, detail), in order."""
        from portal.services.paperwork.produce import resting_on

        self.session.flush()
        return sorted((row.kind, row.detail) for row in resting_on(self.session, document))

    def jobs(self, effect: str = "mail") -> list[Job]:
        return [job for job in self.session.query(Job).order_by(Job.id) if job.effect == effect]


def prove(session: Session, link: Link, now: datetime = NOW) -> None:
    links.mail_code(session, link=link, now=now, policy=POLICY)
    assert links.prove_code(session, link=link, code=links.code_of(link, digits=6), now=now, policy=POLICY).proven


def build(session: Session) -> World:
    lead = session.get(Agency, LEAD) or Agency(
        id=LEAD, name="The Sample Lead", name_key="the sample lead", mandated_by=[], cells={}, entered_at=NOW
    )
    agency = Agency(
        name="Sample Shelter", name_key="sample shelter", mandated_by=[], cells={}, entered_at=NOW, street="1 Sample Street", city="Portland",
        state="ME", zip="04101", phone="207-555-0100", email="office@example.org",
    )  # fmt: skip
    session.add_all([lead, agency])
    session.flush()
    world = World(session, lead, agency)
    world.person("admin", "Lee", "Leader", lead, Role.LEAD_ADMIN)
    world.person("desk", "Dana", "Desk", lead, Role.HELP_DESK)
    world.person("director", "Jamie", "Sample", agency, Role.EXECUTIVE_DIRECTOR)
    world.person("manager", "Jordan", "Samson", agency, Role.AGENCY_ADMIN)
    world.person("user", "Jesse", "Simple", agency)
    world.device = Device(agency_id=agency.id, label="Laptop 7", entered_at=NOW)
    session.add(world.device)
    session.flush()
    return world
