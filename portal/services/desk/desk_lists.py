"""What the Lead's desk looks at: queues with their ages, documents to verify, people, licences, jobs, the record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from forms import documents
from portal import permissions
from portal.actors import Actor
from portal.models import (
    AccessRequest,
    Agency,
    Document,
    Job,
    Membership,
    Signature,
    TrainingResult,
    WorkOrder,
)
from portal.services.paperwork import KINDS
from portal.standing.sweep import stand
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Action, Kind

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

    columns: tuple[tuple[Any, Callable[[str], Any]], ...]
    down: bool = False

    def page(
        self,
        session: Session,
        query: Select[Any],
        after: str,
        key: Callable[[Any], Sequence[Any]],
        *,
        limit: int = PAGE,
    ) -> Page:
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
    last = select(func.max(Signature.signed_at)).where(
        Signature.document_id == Document.id, Signature.round == Document.round
    )
    return func.coalesce(Document.executed_at, last.correlate(Document).scalar_subquery(), Document.prepared_at)


def _wanted() -> Any:
    """How many signatures of the Agency a document needs, by kind and version."""
    needs = [
        (
            and_(Document.kind == kind, Document.version == version),
            sum(1 for signer in text.signers if signer.capacity != "lead"),
        )
        for (kind, version), text in documents.load_all().items()
    ]
    return case(*needs, else_=1)


def to_verify(actor: Actor, *, kind: str = "", agency: str = "") -> Select[Any]:
    """(document, since): what all of the Agency have signed and the Lead has not verified or countersigned."""
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
        query = query.where(
            Document.agency_id.in_(select(Agency.id).where(Agency.name_key.like(like(agency), escape="/")))
        )
    return query


def documents_page(session: Session, actor: Actor, *, kind: str, agency: str, after: str) -> Page:
    order = Order(((_last_signed(), datetime.fromisoformat), (Document.id, int)))
    return order.page(
        session, to_verify(actor, kind=kind, agency=agency), after, lambda row: (row.since.isoformat(), row.Document.id)
    )


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
    waiting = (
        to_verify(actor)
        .with_only_columns(Document.kind, Document.status, _last_signed().label("since"))
        .options()
        .subquery()
        .c
    )
    is_agreement = and_(waiting.kind == "participation_agreement", waiting.status.in_(("signed", "scanned")))
    found = {"documents": Queue(0), "countersign": Queue(0), "certificates": Queue(0), "unmatched": Queue(0)}
    for agreement, count, oldest in session.execute(
        select(is_agreement.label("a"), func.count(), func.min(waiting.since)).group_by(is_agreement)
    ):
        found["countersign" if agreement else "documents"] = Queue(count, _moment(oldest))
    counted = select(TrainingResult.status, func.count(), func.min(TrainingResult.entered_at)).where(
        TrainingResult.status.in_(("claimed", "unmatched"))
    )
    for status, count, oldest in session.execute(counted.group_by(TrainingResult.status)):
        found["certificates" if status == "claimed" else "unmatched"] = Queue(count, oldest)
    opened = select(func.count(), func.min(WorkOrder.opened_at), func.count(case((WorkOrder.due_at < now, 1)))).where(
        WorkOrder.status == "open"
    )
    count, oldest, overdue = session.execute(opened).one()
    found |= {"orders": Queue(count, oldest), "overdue": Queue(overdue, oldest if overdue else None)}
    count, oldest = session.execute(select(func.count(), func.min(Job.ended_at)).where(Job.state == "failed")).one()
    found["jobs"] = Queue(count, oldest)
    return found | _requests(session, now=now, policy=policy)


def _requests(session: Session, *, now: datetime, policy: Policy) -> dict[str, Queue]:
    """Open requests: those that lack nothing any more, those that lack a license alone, and all others."""
    opened = {
        row.membership_id: row.requested_at
        for row in session.execute(
            select(AccessRequest.membership_id, AccessRequest.requested_at).where(AccessRequest.status == "open")
        )
    }
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
    """Every open request and what it lacks; ready ones first, then the longest wait. Three statements."""
    query = (
        select(AccessRequest)
        .where(AccessRequest.status == "open")
        .options(
            joinedload(AccessRequest.membership).joinedload(Membership.person),
            joinedload(AccessRequest.membership).joinedload(Membership.agency),
        )
    )
    requests = {request.membership_id: request for request in session.scalars(query)}
    titles = {p.id: p.title for p in policy.prerequisites}
    asked = select(AccessRequest.membership_id).where(AccessRequest.status == "open")
    found = [
        {
            "request": requests[standing.membership_id],
            "unmet": [titles[one] for one in standing.unmet],
            "ready": standing.permitted,
        }
        for standing in (stand(session, policy, local_day(now, policy.zone), memberships=asked) if requests else ())
    ]
    return sorted(found, key=lambda row: (not row["ready"], len(row["unmet"]), row["request"].requested_at))
