"""The Lead's queues on the first page: how much waits in each, since when, and until when."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import AccessRequest, Agency, Document, Evidence, Job, Membership, Seat, TrainingResult, WorkOrder
from workflows.vocabulary import LEAD, About, Kind, Role

Queue = dict[str, Any]


def queues(session: Session, *, actor: Actor, now: datetime, on: date) -> list[Queue]:
    """One task for each queue of the actor's roles that is not empty; a fixed number of statements."""
    found: list[Queue] = []
    if actor.lead_roles & {Role.HELP_DESK, Role.LEAD_ADMIN}:
        for read in (_documents, _training, _orders, _to_enrol, _without_seat, _to_configure, _failed):
            found += read(session, actor, now, on)
    elif Role.TRAINER in actor.lead_roles:
        found += _training(session, actor, now, on) + _to_enrol(session, actor, now, on)
    if Role.LEAD_ADMIN in actor.lead_roles:
        found += _approvals(session, actor, now, on)
    return found


def _many(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _documents(session: Session, actor: Actor, _now: datetime, _on: date) -> list[Queue]:
    is_agreement = Document.kind == "participation_agreement"
    rows = session.execute(
        select(is_agreement.label("agreement"), func.count(), func.min(Document.prepared_at))
        .where(Document.status.in_(("signed", "scanned")))
        .group_by(is_agreement)
    )
    found = []
    for agreement, count, oldest in rows:
        if agreement and Role.LEAD_ADMIN in actor.lead_roles:
            found.append(
                {
                    "kind": "desk:documents",
                    "title": _many(count, "participation agreement", "participation agreements") + " to countersign",
                    "since": oldest,
                }
            )
        elif not agreement:
            found.append(
                {
                    "kind": "desk:documents",
                    "title": _many(count, "document", "documents") + " to verify",
                    "since": oldest,
                }
            )
    return found


def _training(session: Session, _actor: Actor, _now: datetime, _on: date) -> list[Queue]:
    says = {
        "claimed": ("certificate to confirm", "certificates to confirm"),
        "unmatched": ("quiz result without a person", "quiz results without a person"),
    }
    rows = session.execute(
        select(TrainingResult.status, func.count(), func.min(TrainingResult.entered_at))
        .where(TrainingResult.status.in_(tuple(says)))
        .group_by(TrainingResult.status)
    )
    return [
        {"kind": "desk:training", "title": _many(count, *says[status]), "since": oldest}
        for status, count, oldest in rows
    ]


def _orders(session: Session, _actor: Actor, now: datetime, _on: date) -> list[Queue]:
    late = func.sum(case((WorkOrder.due_at < now, 1), else_=0))
    count, oldest, due, overdue = session.execute(
        select(func.count(), func.min(WorkOrder.opened_at), func.min(WorkOrder.due_at), late).where(
            WorkOrder.status == "open"
        )
    ).one()
    if not count:
        return []
    title = _many(count, "work order", "work orders") + " for the core HMIS"
    hint = f"{overdue} overdue." if overdue else ""
    return [
        {
            "kind": "orders",
            "title": title,
            "since": oldest,
            "due": due,
            "hint": hint,
            "status": "overdue" if overdue else "to_do",
        }
    ]


def _says(kind: Kind, on: date, detail: str | None = None) -> ColumnElement[bool]:
    """Whether such evidence about the request's membership holds."""
    return exists(
        select(1).where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.subject_id == AccessRequest.membership_id,
            Evidence.kind == kind,
            Evidence.valid_from <= on,
            Evidence.valid_until >= on,
            Evidence.withdrawn_at == datetime.max,
            *([] if detail is None else [Evidence.detail == detail]),
        )
    )


def _open_requests(*where: ColumnElement[bool]) -> Select[int, datetime | None]:
    return select(func.count(), func.min(AccessRequest.requested_at)).where(AccessRequest.status == "open", *where)


def _to_enrol(session: Session, _actor: Actor, _now: datetime, on: date) -> list[Queue]:
    """U2 before U3: only whoever has signed can be enrolled."""
    query = _open_requests(_says(Kind.USER_AGREEMENT, on), ~_says(Kind.COURSE_ASSIGNED, on))
    count, oldest = session.execute(query).one()
    return (
        [
            {
                "kind": "desk:enrolments",
                "title": _many(count, "person", "people") + " to enroll in courses",
                "since": oldest,
            }
        ]
        if count
        else []
    )


def _without_seat(session: Session, _actor: Actor, _now: datetime, _on: date) -> list[Queue]:
    seated = exists(select(1).where(Seat.membership_id == AccessRequest.membership_id, Seat.status != "returned"))
    count, oldest = session.execute(_open_requests(~seated)).one()
    return (
        [
            {
                "kind": "desk:licences",
                "title": _many(count, "person waits", "people wait") + " for a license",
                "since": oldest,
            }
        ]
        if count
        else []
    )


def _to_configure(session: Session, _actor: Actor, _now: datetime, on: date) -> list[Queue]:
    """Agencies that have the Lead's verified forms and no order yet; the page says what else may be missing."""

    def has(kind: Kind) -> ColumnElement[bool]:
        return exists(
            select(1).where(
                Evidence.about == About.AGENCY,
                Evidence.subject_id == Agency.id,
                Evidence.kind == kind,
                Evidence.valid_from <= on,
                Evidence.valid_until >= on,
                Evidence.withdrawn_at == datetime.max,
            )
        )

    ready = and_(*(has(kind) for kind in (Kind.PARTICIPATION_AGREEMENT, Kind.INFORMATION_FORM, Kind.HOUSING_INVENTORY)))
    count, oldest = session.execute(
        select(func.count(), func.min(Agency.entered_at)).where(
            Agency.status == "joining", Agency.id != LEAD, ready, ~has(Kind.CONFIGURATION_ORDERED)
        )
    ).one()
    return (
        [
            {
                "kind": "desk:configurations",
                "title": _many(count, "Agency", "Agencies") + " to set up in the core HMIS",
                "since": oldest,
            }
        ]
        if count
        else []
    )


def _failed(session: Session, _actor: Actor, _now: datetime, _on: date) -> list[Queue]:
    count, oldest = session.execute(select(func.count(), func.min(Job.enqueued_at)).where(Job.state == "failed")).one()
    return (
        [
            {
                "kind": "desk:jobs",
                "title": _many(count, "job", "jobs") + " failed and need a look",
                "since": oldest,
                "status": "overdue",
            }
        ]
        if count
        else []
    )


def _approvals(session: Session, actor: Actor, _now: datetime, on: date) -> list[Queue]:
    """Requests that only a second person of the Lead can let go on; not one's own, nor for oneself."""
    of_lead = and_(AccessRequest.agency_id == LEAD, ~_says(Kind.LEAD_APPROVAL, on))
    self_named = and_(AccessRequest.basis == "designation", ~_says(Kind.REQUEST, on))
    rows = session.execute(
        select(AccessRequest.membership_id, AccessRequest.requested_at, Agency.name)
        .join(Agency, Agency.id == AccessRequest.agency_id)
        .join(Membership, Membership.id == AccessRequest.membership_id)
        .where(AccessRequest.status == "open", of_lead | self_named, Membership.person_id != actor.person_id)
        .where((AccessRequest.requested_by != actor.person_id) | AccessRequest.requested_by.is_(None))
        .order_by(AccessRequest.requested_at)
        .limit(20)
    )
    return [
        {
            "kind": "person",
            "id": membership_id,
            "title": "Approve a request as the second person",
            "hint": name,
            "since": at,
        }
        for membership_id, at, name in rows
    ]
