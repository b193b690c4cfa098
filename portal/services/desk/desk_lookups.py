"""What the desk looks up: all people, Agencies to set up, licences, late jobs, the subjects of evidence."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal import jobs, permissions
from portal.actors import Actor
from portal.models import (
    Account,
    Agency,
    Device,
    Grant,
    Job,
    Membership,
    Person,
)
from portal.services.paging import PAGE, Order, Page, like
from workflows.actions import Action
from workflows.vocabulary import LEAD, About


def people_page(session: Session, actor: Actor, *, search: str, after: str, limit: int = PAGE) -> Page:
    """People by last name, with their memberships; each word of the search stands in name, address or User ID."""
    query = select(Person).where(permissions.visible(actor, Action.PERSON_SEE, Person))
    query = query.options(selectinload(Person.memberships).joinedload(Membership.agency))
    for word in search.split():
        pattern = like(word)
        of_account = exists(select(1).where(Account.person_id == Person.id, Account.user_id.like(pattern, escape="/")))
        names = (func.lower(Person.first_name), func.lower(Person.last_name), Person.email_key)
        query = query.where(or_(of_account, *(name.like(pattern, escape="/") for name in names)))
    order = Order(((func.lower(Person.last_name), str), (func.lower(Person.first_name), str), (Person.id, int)))
    return order.page(
        session,
        query,
        after,
        lambda row: (row.Person.last_name.lower(), row.Person.first_name.lower(), row.Person.id),
        limit=limit,
    )


def access_of(session: Session, memberships: Sequence[int]) -> dict[int, str]:
    """The status of the access by membership, where there is or was any."""
    rows = session.execute(
        select(Grant.membership_id, Grant.status).where(Grant.membership_id.in_(memberships)).order_by(Grant.id)
    )
    return {membership: status for membership, status in rows}  # noqa: C416 (a row is no pair to the type checker)


def late_jobs(session: Session, *, now: datetime) -> list[Job]:
    """A page of jobs that failed for good, the latest first, and one of those that should have been done five minutes ago."""
    return jobs.failed_or_late(session, late_since=now - timedelta(minutes=5), most=PAGE)


def subjects(session: Session, about: About, text: str, *, most: int = 30) -> list[tuple[int, str, str]]:
    """(id, name, what tells it apart) of the agencies, people, memberships or devices that fit a search."""
    words = [like(word) for word in text.split()]
    if not words:
        return []
    if about == About.AGENCY:
        query = (
            select(Agency.id, Agency.name, Agency.status)
            .where(Agency.id != LEAD, *(Agency.name_key.like(word, escape="/") for word in words))
            .order_by(Agency.name_key)
        )
        return [(row.id, row.name, row.status) for row in session.execute(query.limit(most))]
    if about == About.DEVICE:
        fits = [
            or_(func.lower(Device.label).like(word, escape="/"), Agency.name_key.like(word, escape="/"))
            for word in words
        ]
        devices = (
            select(Device.id, Device.label, Agency.name)
            .join(Agency, Agency.id == Device.agency_id)
            .where(*fits)
            .order_by(Agency.name_key, Device.label)
        )
        return [(row.id, row.label, row.name) for row in session.execute(devices.limit(most))]
    person = (func.lower(Person.first_name), func.lower(Person.last_name), Person.email_key)
    fits = [or_(*(column.like(word, escape="/") for column in person)) for word in words]
    if about == About.PERSON:
        people = session.scalars(
            select(Person).where(*fits).order_by(Person.last_name, Person.first_name, Person.id).limit(most)
        )
        return [(one.id, one.name, one.email) for one in people]
    at = [or_(*(column.like(word, escape="/") for column in (*person, Agency.name_key))) for word in words]
    members = (
        select(Membership)
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(*at)
    )
    members = members.options(joinedload(Membership.person), joinedload(Membership.agency)).order_by(
        Person.last_name, Person.first_name, Membership.id
    )
    return [(one.id, one.person.name, one.agency.name) for one in session.scalars(members.limit(most))]


def names_of(session: Session, people: Sequence[int]) -> Mapping[int, str]:
    return (
        {person.id: person.name for person in session.scalars(select(Person).where(Person.id.in_(people)))}
        if people
        else {}
    )
