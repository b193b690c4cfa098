"""Signing again: whoever signed an older version of an agreement is asked, once, to sign the one that was published since."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from forms import documents
from portal.actors import PORTAL
from portal.models import AccessRequest, Agency, Document, Evidence, Grant, Membership, Person
from portal.refusals import Refused
from portal.services import locks
from portal.services.paperwork import signers
from portal.services.paperwork.prepare import prepare, send_to_sign
from portal.services.paperwork.texts import checked, known
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.questions import OnLapse, Prerequisite
from workflows.vocabulary import LEAD, About, Kind, Role

AGAIN = (Kind.PARTICIPATION_AGREEMENT, Kind.AGENCY_ADMIN_AGREEMENT, Kind.USER_AGREEMENT)
"""What is signed anew when a version is published; both the kind of document and the evidence it gives."""

BATCH = 25
"""How many are asked in one transaction, so that nobody waits long for their Agencies' locks."""

Whom = tuple[str, int, int | None]
"""What was to be signed, at which Agency, by which of its memberships; None: by the Agency itself."""

_NOT_CARRIED = frozenset({"effective_on", "ends_on"})


@dataclass(frozen=True, slots=True)
class Again:
    """What a document stands in for: the version signed before, what changed since, until when that one still counts."""

    signed: str
    changes: tuple[str, ...]
    last_day: date
    consequence: str


def ask(
    session: Session, *, now: datetime, policy: Policy, most: int = BATCH, stuck: dict[Whom, str] | None = None
) -> int:
    """Prepares the version in force for those who have neither signed nor been asked for it, and mails each the link.

    At most `most` of them; how many that were, so that 0 means that nobody is left. Whoever was asked for a version is
    never asked for it again, even if the document was set aside. Whose document cannot be prepared is left out, noted in
    `stuck` with the reason, and left out from then on. Source: 'Agency Admins & End User Requirements'.
    """
    today = local_day(now, policy.zone)
    stuck = {} if stuck is None else stuck
    asked = 0
    for kind in AGAIN:
        version = version_to_sign(session, kind, on=today)
        if version is None or asked >= most:
            continue
        query = _but(_lacking(kind, version, on=today), kind, stuck).limit(most - asked)
        found = session.execute(query).all()
        agencies, people = {row.agency_id for row in found}, {row.person_id for row in found} - {None}
        # Somebody may have prepared one of these while we waited for the locks: read again, among the same Agencies.
        locks.lock(session, agencies=agencies, people=people, lead=LEAD in agencies)
        for row in session.execute(query.where(Agency.id.in_(agencies))).all() if found else ():
            try:
                with session.begin_nested():
                    _ask_one(session, kind, version, row, now=now, policy=policy)
            except Exception as fault:  # whatever is wrong with one of them, the others are asked all the same
                stuck[kind, row.agency_id, row.membership_id] = f"{type(fault).__name__}: {fault}"
            asked += 1
    return asked


def _but(query: Any, kind: Kind, stuck: Iterable[Whom]) -> Any:
    of_kind = [(agency, membership) for stuck_kind, agency, membership in stuck if stuck_kind == kind]
    members = [membership for _, membership in of_kind if membership is not None]
    agencies = [agency for agency, membership in of_kind if membership is None]
    query = query.where(Membership.id.not_in(members)) if members else query
    return query.where(Agency.id.not_in(agencies)) if agencies else query


def to_ask(session: Session, kind: str, version: str, *, on: date) -> int:
    """How many would be asked to sign if this version came into force: whoever has not signed it and was not asked."""
    if kind not in AGAIN:
        return 0
    return session.scalar(select(func.count()).select_from(_lacking(Kind(kind), version, on=on).subquery())) or 0


def whom_to_ask(session: Session, kind: str, version: str, *, on: date) -> list[tuple[int, int | None]]:
    """The same by name: (agency, membership), without a membership where an Agency signs."""
    if kind not in AGAIN:
        return []
    return [(row.agency_id, row.membership_id) for row in session.execute(_lacking(Kind(kind), version, on=on))]


def version_to_sign(session: Session, kind: str, *, on: date) -> str | None:
    """The version published last; None where none is in force, or where the portal does not have its text."""
    latest = session.scalars(
        select(Evidence.version)
        .where(*_published(), Evidence.detail == kind, Evidence.valid_from <= on)
        .order_by(Evidence.valid_from.desc(), Evidence.id.desc())
        .limit(1)
    ).first()
    return latest if latest in documents.versions(kind) else None


def last_day(policy: Policy, kind: str, in_force_from: date) -> date | None:
    """The last day on which the version before still counts; None where the pack asks for no particular version."""
    stanzas = _stanzas(policy, kind)
    return min((p.grace.after(in_force_from) for p in stanzas), default=date.max) - timedelta(1) if stanzas else None


def consequence(policy: Policy, kind: str) -> str:
    """What becomes of access after the last day, in a sentence; empty where nothing does."""
    reactions = {p.on_lapse for p in _stanzas(policy, kind)}
    if OnLapse.SUSPEND in reactions:
        whose = (
            "everybody's access at the Agency" if kind == Kind.PARTICIPATION_AGREEMENT else "access to the core HMIS"
        )
        return f"After that day, {whose} is suspended until this version is signed."
    return (
        "After that day, no new access is issued until this version is signed." if OnLapse.HOLD_NEW in reactions else ""
    )


def of(session: Session, papers: Iterable[Document], policy: Policy) -> dict[int, Again]:
    """By document: what it replaces, for those that do; two statements, however many documents there are."""
    asked = [document for document in papers if document.kind in AGAIN and document.status != "executed"]
    if not asked:
        return {}
    rows = session.execute(
        select(Evidence.detail, Evidence.version, func.min(Evidence.valid_from))
        .where(*_published(), Evidence.detail.in_(AGAIN))
        .group_by(Evidence.detail, Evidence.version)
    )
    begins = {(kind, version): day for kind, version, day in rows}
    signed = _signed(session, asked)
    found = {}
    for document in asked:
        before = [row.version for row in signed if _is_of(row, document) and row.version != document.version]
        begun = begins.get((document.kind, document.version))
        until = last_day(policy, document.kind, begun) if begun else None
        if before and until:
            changes = _changes(document.kind, before[-1], document.version)
            found[document.id] = Again(before[-1], changes, until, consequence(policy, document.kind))
    return found


def _ask_one(session: Session, kind: Kind, version: str, row: Any, *, now: datetime, policy: Policy) -> None:
    agency = session.get_one(Agency, row.agency_id)
    membership = session.get_one(Membership, row.membership_id) if row.membership_id is not None else None
    answers = _carried(session, kind, version, agency, membership, now=now)
    document = prepare(
        session,
        kind=kind,
        agency=agency,
        membership=membership,
        version=version,
        answers=answers,
        actor=PORTAL,
        now=now,
    )
    first = documents.text(kind, version).signers[0].capacity
    able = signers.people_for(session, document, first, on=local_day(now, policy.zone))
    if able:  # an Agency without a director finds the document when it has one again
        send_to_sign(session, document=document, person=able[0], actor=PORTAL, now=now, policy=policy)


def _carried(
    session: Session, kind: str, version: str, agency: Agency, membership: Membership | None, *, now: datetime
) -> dict[str, Any]:
    """What was filled in before and still fits, but what the record itself knows better, and the term of an agreement."""
    before = session.scalars(
        select(Document)
        .where(
            Document.kind == kind, Document.agency_id == agency.id,
            Document.membership_id == (membership.id if membership else None), Document.status.in_(("executed", "prepared")),
        )
        .order_by(Document.id.desc()).limit(1)
    ).first()  # fmt: skip
    if before is None:
        return {}
    text = documents.text(kind, version)
    person = session.get_one(Person, membership.person_id) if membership else None
    better = known(session, text, agency=agency, person=person, device=None, now=now).keys() | _NOT_CARRIED
    kept: dict[str, Any] = {}
    for name, value in before.answers.items():
        if name not in better:
            try:
                kept |= checked(text, {name: value})
            except Refused:  # the new text has no such field, or no such choice: the signer fills in what is empty
                continue
    return kept


def _lacking(kind: Kind, version: str, *, on: date) -> Any:
    """Whom a version concerns who has neither evidence nor a document of it, by Agency: (agency, membership, person)."""
    if kind == Kind.PARTICIPATION_AGREEMENT:
        has_one = _evidence(kind, About.AGENCY, Agency.id)
        query = select(Agency.id.label("agency_id"), *_NOBODY).where(
            Agency.id != LEAD, or_(Agency.status == "participating", and_(Agency.status == "joining", exists(has_one)))
        )
        return _without(query, kind, version, About.AGENCY, Agency.id, Document.agency_id == Agency.id).order_by(
            Agency.id
        )
    query = select(
        Agency.id.label("agency_id"), Membership.id.label("membership_id"), Membership.person_id.label("person_id")
    ).join(Agency, Agency.id == Membership.agency_id)
    query = query.where(Agency.status != "ended", _concerned(kind, on=on))
    query = _without(query, kind, version, About.MEMBERSHIP, Membership.id, Document.membership_id == Membership.id)
    return query.order_by(Agency.id, Membership.id)


_NOBODY = (func.nullif(0, 0).label("membership_id"), func.nullif(0, 0).label("person_id"))


def _concerned(kind: Kind, *, on: date) -> ColumnElement[bool]:
    if kind == Kind.USER_AGREEMENT:
        return or_(
            exists().where(Grant.membership_id == Membership.id, Grant.status != "ended"),
            exists().where(AccessRequest.membership_id == Membership.id, AccessRequest.status == "open"),
        )
    holds = _evidence(Kind.ROLE, About.MEMBERSHIP, Membership.id).where(
        Evidence.detail == Role.AGENCY_ADMIN, Evidence.valid_from <= on, Evidence.valid_until >= on
    )
    return and_(Membership.agency_id != LEAD, exists(holds))


def _without(query: Any, kind: Kind, version: str, about: About, subject: Any, its_paper: ColumnElement[bool]) -> Any:
    signed = _evidence(kind, about, subject).where(Evidence.version == version)
    asked = select(Document.id).where(its_paper, Document.kind == kind, Document.version == version)
    return query.where(~exists(signed), ~exists(asked))


def _evidence(kind: Kind, about: About, subject: Any) -> Select[int]:
    return select(Evidence.id).where(
        Evidence.about == about,
        Evidence.subject_id == subject,
        Evidence.kind == kind,
        Evidence.withdrawn_at == datetime.max,
    )


def _published() -> tuple[ColumnElement[bool], ...]:
    return (
        Evidence.about == About.LEAD,
        Evidence.subject_id == LEAD,
        Evidence.kind == Kind.PUBLISHED,
        Evidence.withdrawn_at == datetime.max,
    )


def _signed(session: Session, papers: list[Document]) -> list[Evidence]:
    of_people = {document.membership_id for document in papers if document.membership_id}
    of_agencies = {document.agency_id for document in papers if not document.membership_id}
    whose = or_(
        and_(Evidence.about == About.MEMBERSHIP, Evidence.subject_id.in_(of_people)),
        and_(Evidence.about == About.AGENCY, Evidence.subject_id.in_(of_agencies)),
    )
    query = select(Evidence).where(whose, Evidence.kind.in_(AGAIN), Evidence.withdrawn_at == datetime.max)
    return list(session.scalars(query.order_by(Evidence.valid_from, Evidence.id)))


def _is_of(row: Evidence, document: Document) -> bool:
    subject = document.membership_id or document.agency_id
    about = About.MEMBERSHIP if document.membership_id else About.AGENCY
    return (row.kind, row.about, row.subject_id) == (document.kind, about, subject)


def _changes(kind: str, signed: str, version: str) -> tuple[str, ...]:
    known_versions = documents.versions(kind)
    return documents.changes_since(kind, signed, version) if {signed, version} <= set(known_versions) else ()


def _stanzas(policy: Policy, kind: str) -> list[Prerequisite]:
    return [p for p in policy.prerequisites if p.evidence == kind and p.version]


__all__ = [
    "AGAIN",
    "BATCH",
    "Again",
    "ask",
    "consequence",
    "last_day",
    "of",
    "to_ask",
    "version_to_sign",
    "whom_to_ask",
]
