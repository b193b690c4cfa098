"""What the Lead's desk looks at: queues with their ages, documents to verify, people, licences, jobs, the record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from forms import documents
from portal import permissions
from portal.actors import Actor
from portal.models import (
    Agency,
    Document,
    Job,
    Signature,
    TrainingResult,
    WorkOrder,
)
from portal.services.paperwork import KINDS
from workflows.vocabulary import LEAD, Action

PAGE = 50
SHOWN = ("", "verify", "countersign", "all")
"""What the list of documents shows: all that waits for the Lead, one of the two ways it waits, everything signed."""

ONE_BY_ONE = (
    "participation_agreement",
    "receipt_of_manuals",
    "agency_admin_agreement",
    *(kind for kind, paper in KINDS.items() if paper.form),
)


MANY = 200
"""As far as the first pages count a queue whose rows take work to find: more than that is simply many."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How much waits in one queue, and since when the oldest does; beyond MANY, of those that were counted."""

    count: int
    oldest: datetime | None = None

    @property
    def said(self) -> str:
        """The number in words: '7', or 'more than 200'."""
        return said(self.count)


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
            place = [read(part) for (_, read), part in zip(self.columns, parts, strict=True)]
        except ValueError:
            return None
        return None if any(isinstance(part, int) and abs(part) > permissions.LARGEST_ID for part in place) else place


def said(count: int, most: int = MANY) -> str:
    """A number that was counted no further than one more than `most`."""
    return f"{count:,}" if count <= most else f"more than {most:,}"


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


def _of_an_admin(document: Any) -> Any:
    """Whether an Agency Administrator Agreement was begun for whom the document is about."""
    other = aliased(Document)
    return exists(
        select(1).where(
            other.kind == "agency_admin_agreement",
            other.membership_id == document.membership_id,
            other.status != "void",
        )
    )


def _first_admins() -> Any:
    """User agreements of Agency Administrators while their Agency joins and none of these is verified yet."""
    other = aliased(Document)
    verified = exists(
        select(1).where(
            other.kind == "user_agreement",
            other.agency_id == Document.agency_id,
            other.status == "executed",
            other.verified_at.is_not(None),
            _of_an_admin(other),
        )
    )
    joins = Document.agency_id.in_(select(Agency.id).where(Agency.status == "joining", Agency.id != LEAD))
    return and_(Document.kind == "user_agreement", joins, _of_an_admin(Document), ~verified)


def _waiting(show: str) -> list[Select[Any]]:
    """The ids of documents that wait for the Lead, a query for each way to wait, so that each reads an index of its own.

    Of what was executed the Lead verifies one by one ('Setting up a New HMIS Agency') the package, forms, and paper.
    """
    ids = select(Document.id).correlate(None)
    executed = ids.where(Document.status == "executed", Document.verified_at.is_(None))
    found = [ids.where(Document.status == "signed", _given() >= _wanted()), ids.where(Document.status == "scanned")]
    if show in ("all", "countersign"):  # what is executed has the Lead's signature, if it needs one
        return [*found, executed] if show == "all" else found
    return [
        *found,
        executed.where(Document.route == "paper"),
        executed.where(Document.route == "electronic", Document.kind.in_(ONE_BY_ONE)),
        executed.where(Document.route == "electronic", _first_admins()),
    ]


def to_countersign() -> Any:
    """Agreements that lack the Lead's signature alone."""
    return and_(
        Document.kind == "participation_agreement",
        or_(Document.status == "signed", and_(Document.status == "scanned", Document.verified_at.is_not(None))),
    )


def to_verify(actor: Actor, *, kind: str = "", agency: str = "", show: str = "") -> Select[Any]:
    """(document, since): what all of the Agency have signed and the Lead has not verified or countersigned.

    `show` is one of SHOWN: what the Lead has to verify or countersign, either of the two, or everything signed, also
    what was executed electronically and needs nobody's look.
    """
    query = (
        select(Document, _last_signed().label("since"))
        .options(joinedload(Document.agency), joinedload(Document.person))
        .where(
            Document.id.in_(union_all(*_waiting(show))),
            permissions.visible(actor, Action.DOCUMENT_VERIFY, Document),
        )
    )
    if show in ("verify", "countersign"):
        query = query.where(to_countersign() if show == "countersign" else ~to_countersign())
    if kind:
        query = query.where(Document.kind == kind)
    if agency:
        query = query.where(
            Document.agency_id.in_(select(Agency.id).where(Agency.name_key.like(like(agency), escape="/")))
        )
    return query


def documents_page(session: Session, actor: Actor, *, kind: str, agency: str, after: str, show: str = "") -> Page:
    order = Order(((_last_signed(), datetime.fromisoformat), (Document.id, int)))
    return order.page(
        session,
        to_verify(actor, kind=kind, agency=agency, show=show),
        after,
        lambda row: (row.since.isoformat(), row.Document.id),
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


def documents_waiting(session: Session, actor: Actor) -> dict[str, Queue]:
    """How many documents wait to be verified, and how many for the Lead's signature; as the lists show them."""
    found = {}
    for name, shown in (("documents", "verify"), ("countersign", "countersign")):
        waiting = to_verify(actor, show=shown).with_only_columns(_last_signed().label("since")).options()
        some = waiting.limit(MANY + 1).subquery().c
        count, oldest = session.execute(select(func.count(), func.min(some.since))).one()
        found[name] = Queue(count, _moment(oldest))
    return found


def queues(session: Session, actor: Actor, *, now: datetime) -> dict[str, Queue]:
    """Every queue by name; a constant number of statements."""
    found = documents_waiting(session, actor) | {"certificates": Queue(0), "unmatched": Queue(0)}
    counted = select(TrainingResult.status, func.count(), func.min(TrainingResult.entered_at)).where(
        TrainingResult.status.in_(("claimed", "unmatched"))
    )
    for status, count, oldest in session.execute(counted.group_by(TrainingResult.status)):
        found["certificates" if status == "claimed" else "unmatched"] = Queue(count, oldest)
    opened = select(func.count(), func.min(WorkOrder.opened_at), func.count(case((WorkOrder.due_at < now, 1)))).where(
        WorkOrder.status == "open"
    )
    count, opened_at, overdue = session.execute(opened).one()
    found |= {"orders": Queue(count, opened_at), "overdue": Queue(overdue, opened_at if overdue else None)}
    count, failed_at = session.execute(select(func.count(), func.min(Job.ended_at)).where(Job.state == "failed")).one()
    found["jobs"] = Queue(count, failed_at)
    return found


def _moment(value: Any) -> datetime | None:
    """SQLite hands an expression's moment back as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
