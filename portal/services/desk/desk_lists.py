"""What the Lead's desk looks at: queues with their ages, documents to verify, people, licences, jobs, the record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from forms import documents
from portal import permissions
from portal.actors import Actor
from portal.jobs import looking
from portal.models import (
    Agency,
    Document,
    Signature,
    TrainingResult,
    WorkOrder,
)
from portal.services.paging import PAGE as PAGE  # noqa: PLC0414 - handed on to those who ask here
from portal.services.paging import Order as Order  # noqa: PLC0414 - handed on to those who ask here
from portal.services.paging import Page as Page  # noqa: PLC0414 - handed on to those who ask here
from portal.services.paging import like as like  # noqa: PLC0414 - handed on to those who ask here
from portal.services.paperwork import KINDS
from workflows.actions import Action
from workflows.vocabulary import LEAD

SHOWN = ("", "verify", "countersign", "all")
"""What the list of documents shows: all that waits for the Lead, one of the two ways it waits, everything signed."""

ONE_BY_ONE = (
    "participation_agreement",
    "receipt_of_manuals",
    "agency_admin_agreement",
    *(kind for kind, paper in KINDS.items() if paper.form),
)


MANY = 100
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


def said(count: int, most: int = MANY) -> str:
    """A number that was counted no further than one more than `most`."""
    return f"{count:,}" if count <= most else f"more than {most:,}"


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
    admin = aliased(Document)
    joining = select(Agency.id).where(Agency.status == "joining", Agency.id != LEAD)
    admins = select(admin.membership_id).where(
        admin.agency_id.in_(joining), admin.kind == "agency_admin_agreement", admin.status != "void"
    )
    # The few administrators are looked up: with the bare column SQLite would walk through everybody's user agreement.
    is_one = (Document.kind + "") == "user_agreement"
    return and_(is_one, Document.membership_id.in_(admins), Document.agency_id.in_(joining), ~verified)


def _waiting(show: str) -> list[tuple[Select[Any], Any]]:
    """The ids of documents that wait for the Lead, a query for each way to wait, so that each reads an index of its own.

    With each query the id as it is asked for and put in order: not the bare column where that index would be the wrong one.

    Of what was executed the Lead verifies one by one ('Setting up a New HMIS Agency') the package, forms, and paper. No
    document is in two of them, and each gives its documents in the order of their ids without reading the rest.
    """
    ids = select(Document.id).correlate(None)
    signed, scanned = ids.where(Document.status == "signed"), ids.where(Document.status == "scanned")
    found = [signed.where(_given() >= _wanted()), scanned]
    if show in ("verify", "countersign"):
        found = [each.where(to_countersign() if show == "countersign" else ~to_countersign()) for each in found]
    if show == "countersign":  # what is executed has the Lead's signature, if it needs one
        return [(each, Document.id) for each in found]
    executed = ids.where(Document.status == "executed", Document.verified_at.is_(None))
    electronic = executed.where(Document.route == "electronic")
    kinds = KINDS if show == "all" else ONE_BY_ONE
    found += [executed.where(Document.route == "paper", Document.kind == kind) for kind in KINDS]
    found += [electronic.where(Document.kind == kind) for kind in kinds]
    each: list[tuple[Select[Any], Any]] = [(ways, Document.id) for ways in found]
    return each if show == "all" else [*each, (electronic.where(_first_admins()), Document.id + 0)]


def to_countersign() -> Any:
    """Agreements that lack the Lead's signature alone."""
    return and_(
        Document.kind == "participation_agreement",
        or_(Document.status == "signed", and_(Document.status == "scanned", Document.verified_at.is_not(None))),
    )


def to_verify(
    actor: Actor, *, kind: str = "", agency: str = "", show: str = "", after: int = 0, but: int = 0, limit: int = PAGE
) -> Select[Any]:
    """(document, since): what all of the Agency have signed and the Lead has not verified or countersigned, in order.

    `show` is one of SHOWN: what the Lead has to verify or countersign, either of the two, or everything signed, also
    what was executed electronically and needs nobody's look. At most `limit` after an id, `but` one.
    """
    asked = [permissions.visible(actor, Action.DOCUMENT_VERIFY, Document)]
    if but:
        asked.append(Document.id != but)
    if kind:
        asked.append(Document.kind == kind)
    if agency:
        named = select(Agency.id).where(Agency.name_key.like(like(agency), escape="/"))
        asked.append(Document.agency_id.in_(named))
    each = [ids.where(*asked, key > after).order_by(key).limit(limit).subquery() for ids, key in _waiting(show)]
    return (
        select(Document, _last_signed().label("since"))
        .options(joinedload(Document.agency), joinedload(Document.person))
        .where(Document.id.in_(union_all(*(select(some.c.id) for some in each))))
        .order_by(Document.id + 0)  # by the bare column SQLite would walk through all documents in search of these
        .limit(limit)
    )


def documents_page(session: Session, actor: Actor, *, kind: str, agency: str, after: str, show: str = "") -> Page:
    """A page of to_verify(), in the order in which the documents were prepared."""
    start = int(after) if after.isdecimal() and len(after) < 10 else 0
    query = to_verify(actor, kind=kind, agency=agency, show=show, after=start, limit=PAGE + 1)
    rows = session.execute(query).unique().all()
    return Page(rows[:PAGE], str(rows[PAGE - 1].Document.id) if len(rows) > PAGE else "")


def next_document(session: Session, actor: Actor, *, but: int) -> int | None:
    """The first document that waits for the desk, another one than this."""
    return session.scalar(to_verify(actor, but=but, limit=1).with_only_columns(Document.id).options())


def waits_for(document: Document) -> str:
    """What the Lead does next with a document, in words."""
    if document.status == "executed":
        return "Verify what was signed electronically"
    if document.status == "scanned":
        return "Compare the scan and verify it"
    return "Verify the form" if KINDS[document.kind].form else "Verify, then countersign"


# --- the first page --------------------------------------------------------------------------------------------------


def counted(session: Session, *queues: tuple[Select[Any], Any]) -> list[Queue]:
    """How much waits in each of some queues and since when, in one statement; counted no further than one more than MANY.

    A queue is a query of what waits and the column of its moment; beyond MANY the first ones by that column are counted.
    """
    each = [
        query.with_only_columns(moment.label("since")).order_by(moment).limit(MANY + 1).subquery()
        for query, moment in queues
    ]
    rows = session.execute(
        union_all(
            *(
                select(literal(n).label("n"), func.count(), func.min(some.c.since)).select_from(some)
                for n, some in enumerate(each)
            )
        )
    )
    return [Queue(count, moment_of(oldest)) for _, count, oldest in sorted(rows, key=lambda row: row[0])]


def documents_waiting(session: Session, actor: Actor) -> dict[str, Queue]:
    """How many documents wait to be verified, and how many for the Lead's signature; as the lists show them."""
    found = {}
    for name, shown in (("documents", "verify"), ("countersign", "countersign")):
        some = to_verify(actor, show=shown, limit=MANY + 1).with_only_columns(_last_signed().label("since")).options()
        since = some.subquery().c.since
        count, oldest = session.execute(select(func.count(), func.min(since))).one()
        found[name] = Queue(count, moment_of(oldest))
    return found


def results_waiting(session: Session) -> dict[str, Queue]:
    """How many certificates wait to be confirmed, and how many quiz results for their person."""
    moment = TrainingResult.entered_at
    claimed, unmatched = counted(
        session,
        *(
            (select(TrainingResult).where(TrainingResult.status == status), moment)
            for status in ("claimed", "unmatched")
        ),
    )
    return {"certificates": claimed, "unmatched": unmatched}


def orders_waiting(session: Session, *, now: datetime) -> dict[str, Queue]:
    """How many work orders are open, and how many overdue; as moment of `due` the first by which one has to be done."""
    is_open = select(WorkOrder).where(WorkOrder.status == "open")
    found = counted(
        session,
        (is_open, WorkOrder.opened_at),
        (is_open.where(WorkOrder.due_at < now), WorkOrder.due_at),
        (is_open, WorkOrder.due_at),
    )
    return dict(zip(("orders", "overdue", "due"), found, strict=True))


def failed_jobs(session: Session) -> Queue:
    """How many jobs failed for good, and since when the first of those that are looked at."""
    failed = looking.failed(session, most=MANY + 1)
    return Queue(len(failed), min((job.ended_at for job in failed if job.ended_at), default=None))


def queues(session: Session, actor: Actor, *, now: datetime) -> dict[str, Queue]:
    """Every queue by name; a constant number of statements."""
    found = documents_waiting(session, actor) | results_waiting(session) | orders_waiting(session, now=now)
    return found | {"jobs": failed_jobs(session)}


def moment_of(value: Any) -> datetime | None:
    """SQLite hands an expression's moment back as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
