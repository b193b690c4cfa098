"""What the desk looks up: all people, Agencies to set up, licences, late jobs, the subjects of evidence."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal import permissions
from portal.actors import Actor
from portal.models import (
    AccessRequest,
    Account,
    Agency,
    Device,
    Evidence,
    Grant,
    Job,
    Licence,
    Membership,
    Person,
    Seat,
    WorkOrder,
)
from portal.services.desk import configuration
from portal.services.desk.desk_lists import MANY, PAGE, Order, Page, like
from workflows.vocabulary import LEAD, About, Action, Kind


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


def configurations(session: Session, *, on: date) -> list[dict[str, Any]]:
    """Agencies that are not set up yet: what of their package is missing, or the order that is open."""
    live = (Evidence.valid_from <= on, Evidence.valid_until >= on, Evidence.withdrawn_at == datetime.max)
    excluded = exists(
        select(1).where(
            Evidence.about == About.AGENCY,
            Evidence.subject_id == Agency.id,
            Evidence.kind == Kind.EXCLUDED_PROVIDER,
            *live,
        )
    )
    agencies = session.scalars(
        select(Agency)
        .where(Agency.status == "joining", Agency.id != LEAD, ~excluded)
        .order_by(Agency.entered_at, Agency.id)
    ).all()
    begun = _with_agreement(session, [agency.id for agency in agencies], live)
    orders = {
        order.agency_id: order
        for order in session.scalars(select(WorkOrder).where(WorkOrder.act == "configure", WorkOrder.status == "open"))
    }
    missing = configuration.missing_of(session, begun - set(orders), on=on)
    found = [
        {"agency": agency, "order": orders.get(agency.id), "missing": missing.get(agency.id, [])}
        for agency in agencies
        if agency.id in orders or agency.id in begun
    ]
    return sorted(found, key=lambda row: (row["order"] is not None, len(row["missing"])))


def to_set_up(session: Session, *, on: date) -> list[dict[str, Any]]:
    """The Agencies whose package is complete and that are not on order, with `since`: when the last of it was verified."""
    live = (Evidence.valid_from <= on, Evidence.valid_until >= on, Evidence.withdrawn_at == datetime.max)
    agency = select(1).where(Evidence.about == About.AGENCY, Evidence.subject_id == Agency.id, *live).correlate(Agency)
    order = select(1).where(
        WorkOrder.agency_id == Agency.id, WorkOrder.act == "configure", WorkOrder.status == "open"
    ).correlate(Agency)  # fmt: skip
    # What every complete package has, asked of the database; who is left is looked at piece by piece.
    begun = session.scalars(
        select(Agency).where(
            Agency.status == "joining",
            Agency.id != LEAD,
            ~exists(order),
            ~exists(agency.where(Evidence.kind == Kind.EXCLUDED_PROVIDER)),
            *(
                exists(agency.where(Evidence.kind == piece.kind))
                for piece in configuration.PACKAGE
                if not piece.of_admin
            ),
        )
    ).all()
    missing = configuration.missing_of(session, [each.id for each in begun], on=on)
    ready = [each for each in begun if not missing[each.id]]
    since = configuration.verified_since(session, [each.id for each in ready], on=on)
    found = [{"agency": each, "since": since.get(each.id, each.entered_at)} for each in ready]
    return sorted(found, key=lambda row: row["since"])


def _with_agreement(session: Session, agencies: Sequence[int], live: tuple[Any, ...]) -> set[int]:
    query = select(Evidence.subject_id).where(
        Evidence.about == About.AGENCY,
        Evidence.subject_id.in_(agencies),
        Evidence.kind == Kind.PARTICIPATION_AGREEMENT,
        *live,
    )
    return set(session.scalars(query))


def licences(session: Session, kind: str = "core") -> list[dict[str, Any]]:
    """By Agency: licences granted, seats held and reserved, and who waits for one. Five statements.

    Waiting are open requests without a seat beyond the seats that are free: whoever has let a reservation run out takes
    a free one when the rest is settled. `since` is the oldest of their requests.
    """
    granted = _counts(
        session,
        select(Licence.agency_id, func.count())
        .where(Licence.kind == kind, Licence.withdrawn_at.is_(None))
        .group_by(Licence.agency_id),
    )
    seats = select(Seat.agency_id, func.count()).where(Seat.kind == kind).group_by(Seat.agency_id)
    held, reserved = (_counts(session, seats.where(Seat.status == status)) for status in ("held", "reserved"))
    queued = (
        select(AccessRequest.agency_id, func.count(), func.min(AccessRequest.requested_at))
        .where(AccessRequest.status == "open", ~_seated(kind))
        .group_by(AccessRequest.agency_id)
    )
    asked = {row[0]: (row[1], row[2]) for row in session.execute(queued)} if kind == "core" else {}
    ids = {*granted, *held, *reserved, *asked}
    found = []
    for agency in session.scalars(select(Agency).where(Agency.id.in_(ids)).order_by(Agency.name_key)):
        count, oldest = asked.get(agency.id, (0, None))
        free = granted.get(agency.id, 0) - held.get(agency.id, 0) - reserved.get(agency.id, 0)
        waiting = max(0, count - max(0, free))
        found.append(
            {
                "agency": agency,
                "granted": granted.get(agency.id, 0),
                "held": held.get(agency.id, 0),
                "reserved": reserved.get(agency.id, 0),
                "free": free,
                "waiting": waiting,
                "since": oldest if waiting else None,
            }
        )
    return found


def without_seat(session: Session, kind: str = "core") -> tuple[int, datetime | None]:
    """How many wait for a licence, and since when the first: of the MANY oldest requests without a seat, as licences() counts."""
    oldest = (
        select(AccessRequest.agency_id, AccessRequest.requested_at)
        .where(AccessRequest.status == "open", ~_seated(kind))
        .order_by(AccessRequest.requested_at, AccessRequest.id)
        .limit(MANY)
    )
    asked: dict[int, list[datetime]] = {}
    for agency_id, requested_at in session.execute(oldest):
        asked.setdefault(agency_id, []).append(requested_at)
    there = Licence.agency_id.in_(asked), Licence.kind == kind, Licence.withdrawn_at.is_(None)
    granted = _counts(session, select(Licence.agency_id, func.count()).where(*there).group_by(Licence.agency_id))
    taken = Seat.agency_id.in_(asked), Seat.kind == kind, Seat.status.in_(("held", "reserved"))
    held = _counts(session, select(Seat.agency_id, func.count()).where(*taken).group_by(Seat.agency_id))
    count, since = 0, []
    for agency_id, moments in asked.items():
        waiting = len(moments) - max(0, granted.get(agency_id, 0) - held.get(agency_id, 0))
        if waiting > 0:
            count += waiting
            since.append(min(moments))
    return count, min(since, default=None)


def _seated(kind: str) -> ColumnElement[bool]:
    return exists(
        select(1)
        .where(Seat.membership_id == AccessRequest.membership_id, Seat.kind == kind, Seat.status != "returned")
        .correlate(AccessRequest)
    )


def _counts(session: Session, query: Any) -> dict[int, int]:
    return {agency: count for agency, count in session.execute(query)}  # noqa: C416 (a row is no pair to the type checker)


def late_jobs(session: Session, *, now: datetime) -> list[Job]:
    """A page of jobs that failed for good, and one of those that should have been done five minutes ago; the latest first."""
    latest = select(Job).order_by(Job.run_at.desc(), Job.id.desc()).limit(PAGE)
    overdue = latest.where(Job.state == "waiting", Job.run_at < now - timedelta(minutes=5))
    return [*session.scalars(latest.where(Job.state == "failed")), *session.scalars(overdue)]


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
