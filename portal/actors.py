"""Who acts: a person with roles as of now, a person who came by a link, or the portal itself."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Evidence, Membership, Person
from workflows.vocabulary import LEAD, About, Kind

OPERATES = " (command line)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever does something. `roles` are (agency id, role) pairs in force; `via` is how the person came in."""

    person_id: int | None
    name: str
    roles: frozenset[tuple[int, str]] = field(default_factory=frozenset)
    via: str = "password"
    document_id: int | None = None
    address: str = ""
    agent: str = ""

    def at(self, role: str) -> frozenset[int]:
        """The agencies where the actor holds this role."""
        return frozenset(agency for agency, held in self.roles if held == role)

    @property
    def lead_roles(self) -> frozenset[str]:
        return frozenset(role for agency, role in self.roles if agency == LEAD)

    @property
    def label(self) -> str:
        """One word for whoever this is, the same each time: two acts by two people have two of them."""
        if self.person_id is not None:
            return f"person:{self.person_id}"
        return f"operator:{self.name.removesuffix(OPERATES)}" if self.name.endswith(OPERATES) else self.via

    @property
    def is_portal(self) -> bool:
        return self.via == "portal"


PORTAL = Actor(person_id=None, name="The portal", via="portal")
"""The worker and the services acting on what somebody else's act entails."""


def operator(name: str) -> Actor:
    """Whoever runs a command on the server: named in the record, allowed what the table allows the portal."""
    return Actor(person_id=None, name=f"{name}{OPERATES}", via="portal")


def actor_of(
    session: Session,
    person: Person,
    on: date,
    *,
    via: str,
    address: str = "",
    agent: str = "",
    document_id: int | None = None,
) -> Actor:
    """The person as an actor, with the roles that evidence says are held on this day. One statement."""
    return Actor(
        person_id=person.id,
        name=person.name,
        roles=roles_of(session, person.id, on),
        via=via,
        document_id=document_id,
        address=address[:64],
        agent=agent[:300],
    )


def roles_of(session: Session, person_id: int, on: date) -> frozenset[tuple[int, str]]:
    held = session.execute(
        select(Membership.agency_id, Evidence.detail)
        .join(Evidence, (Evidence.subject_id == Membership.id) & (Evidence.about == About.MEMBERSHIP))
        .where(
            Membership.person_id == person_id,
            Evidence.kind == Kind.ROLE,
            Evidence.valid_from <= on,
            Evidence.valid_until >= on,
            Evidence.withdrawn_at == datetime.max,
        )
    )
    return frozenset((agency, role) for agency, role in held)
