"""Fetches what the gate needs to know about one membership, and asks it."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Protocol

from sqlalchemy import CompoundSelect, Integer, bindparam, select, union_all
from sqlalchemy.orm import Session

from portal.models import Evidence, Membership
from workflows import gate
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind

E = Evidence.__table__.c
M = Membership.__table__.c
READ = tuple(E[name] for name in gate.Evidence.__dataclass_fields__)
"""The columns that the gate reads, in the order of its own evidence."""


class AMember(Protocol):
    """A membership, as a row or as the gate's own word for it."""

    @property
    def id(self) -> int: ...
    @property
    def agency_id(self) -> int: ...
    @property
    def person_id(self) -> int: ...


def facts_of(session: Session, member: AMember, policy: Policy) -> list[gate.Evidence]:
    """All that bears on one membership, in one query: history too, and of colleagues only what their roles need."""
    statement = _statement(_asked_of_colleagues(policy))
    values = {"membership": member.id, "agency": member.agency_id, "person": member.person_id}
    return [gate.Evidence(**row) for row in session.execute(statement, values).mappings()]


def standing_of(
    session: Session, member: AMember, policy: Policy, on: date, known_at: datetime | None = None
) -> gate.Decision:
    """The gate's decision about one membership on a day, as known at a moment; None: with all that is committed."""
    asked = gate.Member(member.id, member.agency_id, member.person_id)
    return gate.decide(policy, asked, facts_of(session, asked, policy), on, known_at or gate.EVERYTHING)


def published(session: Session) -> Sequence[gate.Evidence]:
    """Every version of a document that the Lead ever published, withdrawn ones too: sweep() needs them beforehand."""
    rows = session.execute(select(*READ).where(E.about == About.LEAD, E.subject_id == LEAD, E.kind == Kind.PUBLISHED))
    return [gate.Evidence(**row) for row in rows.mappings()]


def _asked_of_colleagues(policy: Policy) -> frozenset[str]:
    return frozenset({Kind.ROLE.value, *(p.evidence for p in policy.prerequisites if p.about not in set(About))})


@lru_cache(maxsize=8)
def _statement(of_colleagues: frozenset[str]) -> CompoundSelect:
    """One branch for each kind of subject: with OR between them, PostgreSQL reads the whole table."""
    member, agency, person = (bindparam(name, type_=Integer()) for name in ("membership", "agency", "person"))
    mine = {About.LEAD: LEAD, About.AGENCY: agency, About.PERSON: person, About.MEMBERSHIP: member}
    devices = select(E.value).where(E.about == About.MEMBERSHIP, E.subject_id == member, E.kind == Kind.DEVICE_IN_USE)
    colleagues = select(M.id).where(M.agency_id == agency, M.id != member)
    return union_all(
        *(select(*READ).where(E.about == about, E.subject_id == subject) for about, subject in mine.items()),
        select(*READ).where(E.about == About.DEVICE, E.subject_id.in_(devices)),
        select(*READ).where(
            E.about == About.MEMBERSHIP, E.subject_id.in_(colleagues), E.kind.in_(sorted(of_colleagues))
        ),
    )
