"""Who acts: a person with roles as of now, a person who came by a link, or the portal itself."""

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Date, Integer, Select, String, bindparam, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from portal.models import Delegation, Evidence, Membership, Person
from workflows.vocabulary import LEAD, ONLOOKERS, About, Kind, Role

OPERATES = " (command line)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever does something. `roles` are (agency id, role) pairs in force; `via` is how the person came in.

    `delegated` holds (agency id, scope, name of the director) of what executive directors let this person do in their
    place; `on_behalf` says in words for whom somebody acts throughout.
    """

    person_id: int | None
    name: str
    roles: frozenset[tuple[int, str]] = field(default_factory=frozenset)
    via: str = "password"
    document_id: int | None = None
    address: str = ""
    agent: str = ""
    on_behalf: str = ""
    delegated: frozenset[tuple[int, str, str]] = field(default_factory=frozenset)

    def at(self, role: str) -> frozenset[int]:
        """The agencies where the actor holds this role."""
        return frozenset(agency for agency, held in self.roles if held == role)

    def let(self, *scopes: str) -> frozenset[int]:
        """The agencies whose director lets the actor do any of these things; without one, anything at all."""
        return frozenset(agency for agency, scope, _ in self.delegated if not scopes or scope in scopes)

    @property
    def lead_roles(self) -> frozenset[str]:
        """The roles among the Lead's staff; whoever only looks on has none of them."""
        return frozenset(role for agency, role in self.roles if agency == LEAD and role not in ONLOOKERS)

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
    roles, delegated = held_by(session, person.id, on)
    return Actor(
        person_id=person.id,
        name=person.name,
        roles=roles,
        delegated=delegated,
        via=via,
        document_id=document_id,
        address=address[:64],
        agent=agent[:300],
    )


def held_by(
    session: Session, person_id: int, on: date
) -> tuple[frozenset[tuple[int, str]], frozenset[tuple[int, str, str]]]:
    """The roles, and what directors let the person do, as in Actor. One statement: every request asks it."""
    rows = session.execute(_held(), {"person_id": person_id, "on": on}).all()
    return (
        frozenset((agency, word) for agency, word, first, last in rows if not first + last),
        frozenset((agency, word, f"{first} {last}") for agency, word, first, last in rows if first + last),
    )


def roles_of(session: Session, person_id: int, on: date) -> frozenset[tuple[int, str]]:
    rows = session.execute(_roles(), {"person_id": person_id, "on": on})
    return frozenset((agency, role) for agency, role in rows)


# Written once: putting such a statement together takes ten times as long as asking it, and every request does.
_WHO, _ON = bindparam("person_id", type_=Integer), bindparam("on", type_=Date)


@cache
def _held() -> CompoundSelect[Any]:
    nobody = literal("", String)
    return union_all(_roles().add_columns(nobody, nobody), _delegations())


@cache
def _roles() -> Select[int, str]:
    return (
        select(Membership.agency_id, Evidence.detail)
        .join(Evidence, (Evidence.subject_id == Membership.id) & (Evidence.about == About.MEMBERSHIP))
        .where(Membership.person_id == _WHO, Evidence.kind == Kind.ROLE, *Evidence.in_force(_ON))
    )


def _delegations() -> Select[int, str, str, str]:
    """Given to the person by whoever is still director there; nothing where the person has left the Agency."""
    directs, belongs = aliased(Membership), aliased(Membership)
    of_membership = (Evidence.about == About.MEMBERSHIP, *Evidence.in_force(_ON))
    still = (
        select(1)
        .select_from(Evidence)
        .join(directs, directs.id == Evidence.subject_id)
        .where(
            directs.agency_id == Delegation.agency_id, directs.person_id == Delegation.from_id, Evidence.kind == Kind.ROLE,
            Evidence.detail == Role.EXECUTIVE_DIRECTOR, *of_membership,
        )
    )  # fmt: skip
    left = (
        select(1)
        .select_from(Evidence)
        .join(belongs, belongs.id == Evidence.subject_id)
        .where(
            belongs.agency_id == Delegation.agency_id, belongs.person_id == _WHO, Evidence.kind == Kind.DEPARTURE,
            *of_membership,
        )
    )  # fmt: skip
    return (
        select(Delegation.agency_id, Delegation.scope, Person.first_name, Person.last_name)
        .join(Person, Person.id == Delegation.from_id)
        .where(
            Delegation.to_id == _WHO, Delegation.revoked_at.is_(None), Delegation.starts_on <= _ON,
            Delegation.ends_on >= _ON, still.exists(), ~left.exists(),
        )
    )  # fmt: skip
