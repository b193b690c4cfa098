"""What the Lead's desk looks at: queues with their ages, documents to verify, people, licences, jobs, the record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from forms import documents
from portal import permissions
from portal.actors import Actor
from portal.models import (
    AccessRequest,
    Account,
    Agency,
    AuditEntry,
    Device,
    Document,
    Evidence,
    Grant,
    Job,
    Licence,
    Membership,
    Person,
    Seat,
    Signature,
    TrainingResult,
    WorkOrder,
)
from portal.services import configuration
from portal.services.paperwork import KINDS
from portal.standing.sweep import stand
from workflows.business_time import local_day, start_of_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Action, Kind

PAGE = 50


@dataclass(frozen=True, slots=True)
class Queue:
    """How much waits in one queue, and since when the oldest does."""

    count: int
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list by key: `next` is where the next one begins, empty on the last."""

    rows: Sequence[Any]
    next: str


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted: columns that together are unique, and how each is read back from the address."""

    columns: tuple[tuple[ColumnElement[Any], Callable[[str], Any]], ...]
    down: bool = False

    def page(self, session: Session, query: Select[Any], after: str, key: Callable[[Any], Sequence[Any]], *, limit: int = PAGE) -> Page:
        """The rows after a key; a key that makes no sense begins at the start."""
        columns = tuple(column for column, _ in self.columns)
        place = self._place(after)
        if place is not None:
            here, there = tuple_(*columns), tuple_(*place)
            query = query.where(here < there if self.down else here > there)
        ordered = query.order_by(*(column.desc() if self.down else column for column in columns))
        rows = session.execute(ordered.limit(limit + 1)).unique().all()
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(rows[:limit], "~".join(str(part) for part in key(last)) if last is not None else "")

    def _place(self, after: str) -> list[Any] | None:
        parts = after.split("~")
        if len(parts) != len(self.columns):
            return None
        try:
            return [read(part) for (_, read), part in zip(self.columns, parts, strict=True)]
        except ValueError:
            return None


def like(text: str) -> str:
    """A search word as a pattern in which nothing is special, to be used with escape='/'."""
    plain = text.casefold().replace("/", "//").replace("%", "/%").replace("_", "/_")
    return f"%{plain}%"


# --- documents -------------------------------------------------------------------------------------------------------


def _given() -> Any:
    return (
        select(func.count())
        .where(Signature.document_id == Document.id, Signature.round == Document.round, Signature.capacity != "lead")
        .correlate(Document)
        .scalar_subquery()
    )


def _last_signed() -> Any:
    last = select(func.max(Signature.signed_at)).where(Signature.document_id == Document.id, Signature.round == Document.round)
    return func.coalesce(Document.executed_at, last.correlate(Document).scalar_subquery(), Document.prepared_at)


def _wanted() -> Any:
    """How many signatures of the Agency a document needs, by kind and version."""
    needs = [
        (and_(Document.kind == kind, Document.version == version), sum(1 for signer in text.signers if signer.capacity != "lead"))
        for (kind, version), text in documents.load_all().items()
    ]
    return case(*needs, else_=1)


def to_verify(actor: Actor, *, kind: str = "", agency: str = "") -> Select[Any]:
    """(document, since): what everybody of the Agency has signed and the Lead has not verified, or not countersigned."""
    complete = _given() >= _wanted()
    waits = or_(
        and_(Document.status == "signed", complete),
        Document.status == "scanned",
        and_(Document.status == "executed", Document.verified_at.is_(None)),
    )
    query = (
        select(Document, _last_signed().label("since"))
        .options(joinedload(Document.agency), joinedload(Document.person))
        .where(waits, permissions.visible(actor, Action.DOCUMENT_VERIFY, Document))
    )
    if kind:
        query = query.where(Document.kind == kind)
    if agency:
        query = query.where(Document.agency_id.in_(select(Agency.id).where(Agency.name_key.like(like(agency), escape="/"))))
    return query


def documents_page(session: Session, actor: Actor, *, kind: str, agency: str, after: str) -> Page:
    order = Order(((_last_signed(), datetime.fromisoformat), (Document.id, int)))
    return order.page(session, to_verify(actor, kind=kind, agency=agency), after, lambda row: (row.since.isoformat(), row.Document.id))


def next_document(session: Session, actor: Actor, *, but: int) -> int | None:
    """The oldest document that waits for the desk, another one than this."""
    query = to_verify(actor).with_only_columns(Document.id).options().where(Document.id != but)
    return session.scalar(query.order_by(_last_signed(), Document.id).limit(1))


def waits_for(document: Document) -> str:
    """What the Lead does next with a document, in words."""
    if document.status == "executed":
        return "Verify what was signed electronically"
    if document.status == "scanned":
        return "Compare the scan and verify it"
    return "Verify the form" if KINDS[document.kind].form else "Verify, then countersign"


# --- the first page --------------------------------------------------------------------------------------------------


def queues(session: Session, actor: Actor, *, now: datetime, policy: Policy) -> dict[str, Queue]:
    """Every queue by name; a constant number of statements."""
    waiting = to_verify(actor).with_only_columns(Document.kind, Document.status, _last_signed().label("since")).options().subquery().c
    is_agreement = and_(waiting.kind == "participation_agreement", waiting.status.in_(("signed", "scanned")))
    found = {"documents": Queue(0), "countersign": Queue(0), "certificates": Queue(0), "unmatched": Queue(0)}
    for agreement, count, oldest in session.execute(select(is_agreement.label("a"), func.count(), func.min(waiting.since)).group_by(is_agreement)):
        found["countersign" if agreement else "documents"] = Queue(count, _moment(oldest))
    counted = select(TrainingResult.status, func.count(), func.min(TrainingResult.entered_at)).where(TrainingResult.status.in_(("claimed", "unmatched")))
    for status, count, oldest in session.execute(counted.group_by(TrainingResult.status)):
        found["certificates" if status == "claimed" else "unmatched"] = Queue(count, oldest)
    opened = select(func.count(), func.min(WorkOrder.opened_at), func.count(case((WorkOrder.due_at < now, 1)))).where(WorkOrder.status == "open")
    count, oldest, overdue = session.execute(opened).one()
    found |= {"orders": Queue(count, oldest), "overdue": Queue(overdue, oldest if overdue else None)}
    count, oldest = session.execute(select(func.count(), func.min(Job.ended_at)).where(Job.state == "failed")).one()
    found["jobs"] = Queue(count, oldest)
    return found | _requests(session, now=now, policy=policy)


def _requests(session: Session, *, now: datetime, policy: Policy) -> dict[str, Queue]:
    """Open requests: those that lack nothing any more, those that lack a license alone, and those that wait for something."""
    opened = {row.membership_id: row.requested_at for row in session.execute(select(AccessRequest.membership_id, AccessRequest.requested_at).where(AccessRequest.status == "open"))}
    groups: dict[str, list[datetime]] = {"ready": [], "seatless": [], "waiting": []}
    asked = select(AccessRequest.membership_id).where(AccessRequest.status == "open")
    seats = {p.id for p in policy.prerequisites if p.evidence == Kind.SEAT}
    for standing in stand(session, policy, local_day(now, policy.zone), memberships=asked) if opened else ():
        name = "ready" if standing.permitted else "seatless" if set(standing.unmet) <= seats else "waiting"
        groups[name].append(opened[standing.membership_id])
    return {name: Queue(len(since), min(since, default=None)) for name, since in groups.items()}


def _moment(value: Any) -> datetime | None:
    """SQLite hands an expression's moment back as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def open_requests(session: Session, *, now: datetime, policy: Policy) -> list[dict[str, Any]]:
    """Every open request with how it stands: what lacks by title; ready ones first, then the longest wait. Three statements."""
    query = select(AccessRequest).where(AccessRequest.status == "open").options(
        joinedload(AccessRequest.membership).joinedload(Membership.person), joinedload(AccessRequest.membership).joinedload(Membership.agency)
    )  # fmt: skip
    requests = {request.membership_id: request for request in session.scalars(query)}
    titles = {p.id: p.title for p in policy.prerequisites}
    asked = select(AccessRequest.membership_id).where(AccessRequest.status == "open")
    found = [
        {"request": requests[standing.membership_id], "unmet": [titles[one] for one in standing.unmet], "ready": standing.permitted}
        for standing in (stand(session, policy, local_day(now, policy.zone), memberships=asked) if requests else ())
    ]
    return sorted(found, key=lambda row: (not row["ready"], len(row["unmet"]), row["request"].requested_at))


# --- people, configurations, licences --------------------------------------------------------------------------------


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
    return order.page(session, query, after, lambda row: (row.Person.last_name.lower(), row.Person.first_name.lower(), row.Person.id), limit=limit)


def access_of(session: Session, memberships: Sequence[int]) -> dict[int, str]:
    """The status of the access by membership, where there is or was any."""
    rows = session.execute(select(Grant.membership_id, Grant.status).where(Grant.membership_id.in_(memberships)).order_by(Grant.id)).tuples()
    return dict(rows.all())


def configurations(session: Session, *, on: date) -> list[dict[str, Any]]:
    """Agencies that are not set up yet: what of their package is missing, or the order that is open."""
    live = (Evidence.valid_from <= on, Evidence.valid_until >= on, Evidence.withdrawn_at == datetime.max)
    excluded = exists(select(1).where(Evidence.about == About.AGENCY, Evidence.subject_id == Agency.id, Evidence.kind == Kind.EXCLUDED_PROVIDER, *live))
    agencies = session.scalars(select(Agency).where(Agency.status == "joining", Agency.id != LEAD, ~excluded).order_by(Agency.entered_at, Agency.id)).all()
    begun = _with_agreement(session, [agency.id for agency in agencies], live)
    orders = {order.agency_id: order for order in session.scalars(select(WorkOrder).where(WorkOrder.act == "configure", WorkOrder.status == "open"))}
    found = []
    for agency in agencies:
        if agency.id in orders or agency.id in begun:
            missing = [] if agency.id in orders else configuration.missing(session, agency, on=on)
            found.append({"agency": agency, "order": orders.get(agency.id), "missing": missing})
    return sorted(found, key=lambda row: (row["order"] is not None, len(row["missing"])))


def _with_agreement(session: Session, agencies: Sequence[int], live: tuple[Any, ...]) -> set[int]:
    query = select(Evidence.subject_id).where(
        Evidence.about == About.AGENCY, Evidence.subject_id.in_(agencies), Evidence.kind == Kind.PARTICIPATION_AGREEMENT, *live
    )
    return set(session.scalars(query))


def licences(session: Session, kind: str = "core") -> list[dict[str, Any]]:
    """By Agency: licences granted, seats held and reserved, people whose open request has no seat. Four statements."""
    granted = _counts(session, select(Licence.agency_id, func.count()).where(Licence.kind == kind, Licence.withdrawn_at.is_(None)).group_by(Licence.agency_id))
    seats = select(Seat.agency_id, func.count()).where(Seat.kind == kind).group_by(Seat.agency_id)
    held, reserved = (_counts(session, seats.where(Seat.status == status)) for status in ("held", "reserved"))
    seated = exists(select(1).where(Seat.membership_id == AccessRequest.membership_id, Seat.kind == kind, Seat.status != "returned"))
    queued = select(AccessRequest.agency_id, func.count()).where(AccessRequest.status == "open", ~seated).group_by(AccessRequest.agency_id)
    waiting = _counts(session, queued) if kind == "core" else {}
    ids = {*granted, *held, *reserved, *waiting}
    return [
        {
            "agency": agency, "granted": granted.get(agency.id, 0), "held": held.get(agency.id, 0), "reserved": reserved.get(agency.id, 0),
            "free": granted.get(agency.id, 0) - held.get(agency.id, 0) - reserved.get(agency.id, 0), "waiting": waiting.get(agency.id, 0),
        }
        for agency in session.scalars(select(Agency).where(Agency.id.in_(ids)).order_by(Agency.name_key))
    ]  # fmt: skip


def _counts(session: Session, query: Select[Any]) -> dict[int, int]:
    return dict(session.execute(query).tuples().all())


# --- jobs and the record ---------------------------------------------------------------------------------------------


def late_jobs(session: Session, *, now: datetime) -> list[Job]:
    """Jobs that failed for good, and those that should have been done five minutes ago; the latest first."""
    overdue = and_(Job.state == "waiting", Job.run_at < now - timedelta(minutes=5))
    query = select(Job).where(or_(Job.state == "failed", overdue)).order_by((Job.state == "failed").desc(), Job.run_at.desc(), Job.id.desc())
    return list(session.scalars(query.limit(200)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which entries of the record are asked for; None and empty ask for all."""

    person_id: int | None = None
    agency_id: int | None = None
    act: str = ""
    since: date | None = None
    until: date | None = None


def audit_query(asked: Asked, *, zone: str) -> Select[Any]:
    """The entries that were asked for; what is evidence about an agency or a person counts as theirs."""
    query = select(AuditEntry)
    if asked.person_id is not None:
        query = query.where(or_(AuditEntry.person_id == asked.person_id, AuditEntry.actor_id == asked.person_id, _evidence_of_person(asked.person_id)))
    if asked.agency_id is not None:
        query = query.where(or_(AuditEntry.agency_id == asked.agency_id, _evidence_of_agency(asked.agency_id)))
    if asked.act:
        query = query.where(AuditEntry.act == asked.act)
    if asked.since:
        query = query.where(AuditEntry.at >= start_of_day(asked.since, zone))
    if asked.until:
        query = query.where(AuditEntry.at < start_of_day(asked.until + timedelta(1), zone))
    return query


def audit_page(session: Session, asked: Asked, *, zone: str, after: str, limit: int = PAGE) -> Page:
    """The entries that were asked for, the latest first."""
    return Order(((AuditEntry.id, int),), down=True).page(session, audit_query(asked, zone=zone), after, lambda row: (row.AuditEntry.id,), limit=limit)


def acts(session: Session) -> list[str]:
    return sorted(session.scalars(select(AuditEntry.act).distinct()))


def _evidence_of_agency(agency_id: int) -> ColumnElement[bool]:
    members = select(Membership.id).where(Membership.agency_id == agency_id)
    devices = select(Device.id).where(Device.agency_id == agency_id)
    whose = or_(
        and_(Evidence.about == About.AGENCY, Evidence.subject_id == agency_id),
        and_(Evidence.about == About.MEMBERSHIP, Evidence.subject_id.in_(members)),
        and_(Evidence.about == About.DEVICE, Evidence.subject_id.in_(devices)),
    )
    return and_(AuditEntry.thing == "evidence", AuditEntry.thing_id.in_(select(Evidence.id).where(whose)))


def _evidence_of_person(person_id: int) -> ColumnElement[bool]:
    members = select(Membership.id).where(Membership.person_id == person_id)
    whose = or_(
        and_(Evidence.about == About.PERSON, Evidence.subject_id == person_id),
        and_(Evidence.about == About.MEMBERSHIP, Evidence.subject_id.in_(members)),
    )
    return and_(AuditEntry.thing == "evidence", AuditEntry.thing_id.in_(select(Evidence.id).where(whose)))


def names_of(session: Session, people: Sequence[int]) -> Mapping[int, str]:
    return {person.id: person.name for person in session.scalars(select(Person).where(Person.id.in_(people)))} if people else {}


# --- subjects of evidence --------------------------------------------------------------------------------------------


def subjects(session: Session, about: About, text: str, *, most: int = 30) -> list[tuple[int, str, str]]:
    """(id, name, what else helps to tell it apart) of the agencies, people, memberships or devices that fit a search."""
    words = [like(word) for word in text.split()]
    if not words:
        return []
    if about == About.AGENCY:
        query = select(Agency.id, Agency.name, Agency.status).where(*(Agency.name_key.like(word, escape="/") for word in words)).order_by(Agency.name_key)
        return [(row.id, row.name, row.status) for row in session.execute(query.limit(most))]
    if about == About.DEVICE:
        fits = [or_(func.lower(Device.label).like(word, escape="/"), Agency.name_key.like(word, escape="/")) for word in words]
        devices = select(Device.id, Device.label, Agency.name).join(Agency, Agency.id == Device.agency_id).where(*fits).order_by(Agency.name_key, Device.label)
        return [(row.id, row.label, row.name) for row in session.execute(devices.limit(most))]
    person = (func.lower(Person.first_name), func.lower(Person.last_name), Person.email_key)
    fits = [or_(*(column.like(word, escape="/") for column in person)) for word in words]
    if about == About.PERSON:
        people = session.scalars(select(Person).where(*fits).order_by(Person.last_name, Person.first_name, Person.id).limit(most))
        return [(one.id, one.name, one.email) for one in people]
    at = [or_(*(column.like(word, escape="/") for column in (*person, Agency.name_key))) for word in words]
    members = select(Membership).join(Person, Person.id == Membership.person_id).join(Agency, Agency.id == Membership.agency_id).where(*at)
    members = members.options(joinedload(Membership.person), joinedload(Membership.agency)).order_by(Person.last_name, Person.first_name, Membership.id)
    return [(one.id, one.person.name, one.agency.name) for one in session.scalars(members.limit(most))]
