"""The record as it is read: its entries by person, Agency, act and days, the latest first."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, select, union_all
from sqlalchemy.orm import Session

from portal.models import AuditEntry, Device, Evidence, Membership
from portal.services.paging import PAGE, Order, Page
from workflows.business_time import start_of_day
from workflows.vocabulary import About


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which entries of the record are asked for; None and empty ask for all. `words` say it to people."""

    person_id: int | None = None
    agency_id: int | None = None
    act: str = ""
    thing: str = ""
    thing_id: int | None = None
    refused: bool = False
    since: date | None = None
    until: date | None = None
    words: str = "all of it"


def audit_query(asked: Asked, *, zone: str) -> Select[Any]:
    """The entries that were asked for; what is evidence about an agency or a person counts as theirs."""
    query = select(AuditEntry)
    if asked.person_id is not None:
        query = query.where(
            _any_of(
                AuditEntry.person_id == asked.person_id,
                AuditEntry.actor_id == asked.person_id,
                _of_evidence(_evidence_of_person(asked.person_id)),
            )
        )
    if asked.agency_id is not None:
        query = query.where(
            _any_of(AuditEntry.agency_id == asked.agency_id, _of_evidence(_evidence_of_agency(asked.agency_id)))
        )
    if asked.act:
        query = query.where(AuditEntry.act == asked.act)
    if asked.thing:
        query = query.where(AuditEntry.thing == asked.thing)
    if asked.thing_id is not None:
        query = query.where(AuditEntry.thing_id == asked.thing_id)
    if asked.refused:
        query = query.where(AuditEntry.refused != "")
    if asked.since:
        query = query.where(AuditEntry.at >= start_of_day(asked.since, zone))
    if asked.until:
        query = query.where(AuditEntry.at < start_of_day(asked.until + timedelta(1), zone))
    return query


def audit_page(session: Session, asked: Asked, *, zone: str, after: str, limit: int = PAGE) -> Page:
    """The entries that were asked for, the latest first."""
    return Order(((AuditEntry.id, int),), down=True).page(
        session, audit_query(asked, zone=zone), after, lambda row: (row.AuditEntry.id,), limit=limit
    )


def acts(session: Session) -> list[str]:
    """Every act that is on record, in order: from one to the next by their index, however many entries there are."""
    return _each(session, AuditEntry.act)


def things(session: Session) -> list[str]:
    """Every kind of thing that something is on record about, in order."""
    return [each for each in _each(session, AuditEntry.thing) if each]


def _each(session: Session, column: Any) -> list[str]:
    first = select(func.min(column).label("one")).cte("each", recursive=True)
    following = select(func.min(column)).where(column > first.c.one).correlate(first).scalar_subquery()
    each = first.union_all(select(following).where(first.c.one.is_not(None)))
    return sorted(session.scalars(select(each.c.one).where(each.c.one.is_not(None))))


def _any_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """One branch for each condition, so that each reads an index of its own; with OR, PostgreSQL reads the whole record."""
    return AuditEntry.id.in_(union_all(*(select(AuditEntry.id).correlate(None).where(each) for each in conditions)))


def _of_evidence(ids: CompoundSelect[Any]) -> ColumnElement[bool]:
    return and_(AuditEntry.thing == "evidence", AuditEntry.thing_id.in_(ids))


def _about(about: About, subjects: Any) -> Select[Any]:
    return select(Evidence.id).where(Evidence.about == about, Evidence.subject_id.in_(subjects))


def _evidence_of_agency(agency_id: int) -> CompoundSelect[Any]:
    members = select(Membership.id).where(Membership.agency_id == agency_id)
    devices = select(Device.id).where(Device.agency_id == agency_id)
    return union_all(
        _about(About.AGENCY, [agency_id]), _about(About.MEMBERSHIP, members), _about(About.DEVICE, devices)
    )


def _evidence_of_person(person_id: int) -> CompoundSelect[Any]:
    members = select(Membership.id).where(Membership.person_id == person_id)
    return union_all(_about(About.PERSON, [person_id]), _about(About.MEMBERSHIP, members))
