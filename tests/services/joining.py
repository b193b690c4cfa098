"""An Agency on its way in, for the tests of this room: entered by the Lead, its director invited, everybody signing by their links."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import documents
from portal.actors import Actor, actor_of
from portal.models import Agency, Document, Link, Membership, Person
from portal.services import evidence, links, paperwork
from portal.services.agencies import agencies, directors, officers
from portal.services.people.particulars import PersonFields
from tests.services.world import World
from workflows.vocabulary import LEAD, About, Kind, Role

AGREEMENT = {
    "agency_address": "1 Sample Street, Portland, ME 04101", "effective_on": "2026-11-23", "ends_on": "2027-11-22", "participation_option": "Voluntary",
    "sharing_option": "No sharing", "health_privacy_status": "Neither", "participation_fee": "$0", "notices_email": "notices@example.org",
}  # fmt: skip
MANUALS = dict.fromkeys(
    (
        "manual_version",
        "governance_model_version",
        "data_quality_plan_version",
        "data_standards_manual_version",
        "data_dictionary_version",
    ),
    "2026",
)
DIRECTOR = PersonFields(
    first_name="Dana", last_name="Sample", email="dana@example.org", title="Executive director", phone="207-555-0100"
)
ADMIN = PersonFields(
    first_name="Ada", last_name="Sample", email="ada@example.org", title="Coordinator", phone="207-555-0101"
)
OFFICER = PersonFields(
    first_name="Olu", last_name="Sample", email="olu@example.org", title="IT lead", phone="207-555-0102"
)
KINDS = ("participation_agreement", "user_agreement", "agency_admin_agreement")


@dataclass
class Joining:
    """The community, one Agency in it, and who may do what."""

    world: World
    agency: Agency
    director: Membership

    @property
    def now(self) -> Any:
        return self.world.now

    def actor(self, who: PersonFields, via: str = "password") -> Actor:
        with self.world.look() as session:
            person = session.scalars(select(Person).where(Person.email_key == who.email)).one()
            return actor_of(session, person, self.world.today, via=via, address="192.0.2.1", agent="A browser")

    def terms(self, who: Actor | None = None) -> dict[str, Any]:
        """What every verb is handed."""
        return {"actor": who or self.world.desk, "now": self.world.now, "policy": self.world.policy}

    def documents(self, kind: str) -> list[Document]:
        with self.world.look() as session:
            return list(
                session.scalars(
                    select(Document)
                    .where(Document.agency_id == self.agency.id, Document.kind == kind)
                    .order_by(Document.id)
                )
            )

    def sign(self, kind: str, who: PersonFields) -> Document:
        """Signs the newest document of a kind by the link that was sent, with the code proven."""
        actor = self.actor(who)
        with self.world.change() as session:
            document = session.get_one(Document, self.documents(kind)[-1].id)
            link = session.scalars(
                select(Link).where(
                    Link.document_id == document.id,
                    Link.person_id == actor.person_id,
                    Link.used_at.is_(None),
                    Link.revoked_at.is_(None),
                )
            ).one()
            link.code_proven_at = self.world.now
            text = paperwork.text_of(document)
            initials = {clause: "".join(part[0] for part in actor.name.split()) for clause in text.initialled}
            paperwork.sign(
                session, document=document, link=link, name=actor.name, title="Director", authority=True, initials=initials, consent=True,
                actor=actor, now=self.world.now, policy=self.world.policy,
            )  # fmt: skip
        return self.documents(kind)[-1]

    def countersign(self) -> None:
        with self.world.change() as session:
            document = session.get_one(Document, self.documents("participation_agreement")[-1].id)
            name = session.get_one(Person, self.world.admin.person_id).name
            paperwork.countersign(
                session,
                document=document,
                name=name,
                title="HMIS Director",
                authority=True,
                consent=True,
                **self.terms(self.world.admin),
            )

    def evidence(self, kind: Kind, about: About = About.AGENCY, subject_id: int | None = None) -> list[tuple[str, str]]:
        """(detail, version) of what is in force today."""
        with self.world.look() as session:
            rows = evidence.in_force(
                session, about, self.agency.id if subject_id is None else subject_id, kind, on=self.world.today
            )
            return [(row.detail, row.version) for row in rows]

    def name_officers(self, **more: Any) -> officers.Named:
        given = {"admin": ADMIN, "security_officer": OFFICER} | more
        who = self.actor(DIRECTOR)
        with self.world.change() as session:
            return officers.name_officers(
                session, agency=session.get_one(Agency, self.agency.id), **given, **self.terms(who)
            )


def joining(world: World, name: str = "Sample Harbor House", **about: Any) -> Joining:
    """An Agency entered by the help desk, whose director has been invited to sign."""
    with world.change() as session:
        publish(session, world)
        agency = agencies.enter(
            session,
            name=name,
            about=agencies.AgencyFields(**about),
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
        invited = directors.invite_director(
            session,
            agency=agency,
            person=DIRECTOR,
            agreement=AGREEMENT,
            manuals=MANUALS,
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
    return Joining(world, agency, invited.membership)


def publish(session: Session, world: World) -> None:
    """The Lead has published the newest text of everything that asks for a version, and opened this year's inventory."""
    for kind in KINDS:
        _publish(session, world, kind, documents.latest(kind).version)
    _publish(session, world, "housing_inventory", str(world.today.year))


def _publish(session: Session, world: World, detail: str, version: str) -> None:
    there = evidence.in_force(session, About.LEAD, LEAD, Kind.PUBLISHED, on=world.today, detail=detail)
    if all(row.version != version for row in there):
        evidence.record(
            session, actor=world.desk, now=world.now, kind=Kind.PUBLISHED, about=About.LEAD, subject_id=LEAD, detail=detail, version=version,
            valid_from=world.today,
        )  # fmt: skip


def jobs_of(world: World, mail: str) -> list[dict[str, Any]]:
    """The payloads of the messages of a kind that are to be sent."""
    from portal.models import Job

    with world.look() as session:
        return [
            job.payload
            for job in session.scalars(select(Job).where(Job.effect == "mail").order_by(Job.id))
            if job.payload.get("mail") == mail
        ]


__all__ = [
    "ADMIN",
    "AGREEMENT",
    "DIRECTOR",
    "MANUALS",
    "OFFICER",
    "Joining",
    "Role",
    "jobs_of",
    "joining",
    "links",
    "publish",
]
