"""The Lead's queues on the first page: how much waits in each, since when, and until when."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import AccessRequest, Agency, Evidence, Job, Membership, TrainingResult, WorkOrder
from portal.services.desk import desk_lists, desk_lookups
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Role

Queue = dict[str, Any]


def queues(session: Session, *, actor: Actor, now: datetime, on: date, policy: Policy) -> list[Queue]:
    """One task for each queue of the actor's roles that is not empty; a fixed number of statements."""
    found: list[Queue] = _unpublished(session, policy, on) if Role.LEAD_ADMIN in actor.lead_roles else []
    if actor.lead_roles & {Role.HELP_DESK, Role.LEAD_ADMIN}:
        for read in (_documents, _training, _orders, _to_enrol, _without_seat, _to_configure, _failed):
            found += read(session, actor, now, on)
    elif Role.TRAINER in actor.lead_roles:
        found += _training(session, actor, now, on) + _to_enrol(session, actor, now, on)
    if Role.LEAD_ADMIN in actor.lead_roles:
        found += _approvals(session, actor, now, on)
    return found


def _unpublished(session: Session, policy: Policy, on: date) -> list[Queue]:
    """What the gate asks for 'in the version in force' while no version is: until then it stays shut for everybody."""
    asked = {str(p.evidence) for p in policy.prerequisites if p.version}
    there = session.scalars(
        select(Evidence.detail).where(
            Evidence.about == About.LEAD,
            Evidence.subject_id == LEAD,
            Evidence.kind == Kind.PUBLISHED,
            Evidence.valid_from <= on,
            Evidence.valid_until >= on,
            Evidence.withdrawn_at == datetime.max,
        )
    )
    missing = asked - set(there)
    if not missing:
        return []
    title = f"Publish the documents in force: {len(missing)} of {len(asked)} have no version yet"
    return [{"kind": "desk:in_force", "title": title, "since": None}]


def _many(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _documents(session: Session, actor: Actor, _now: datetime, _on: date) -> list[Queue]:
    """The same two queues as the desk's."""
    waiting = desk_lists.documents_waiting(session, actor)
    found = []
    if Role.LEAD_ADMIN in actor.lead_roles and (agreements := waiting["countersign"]).count:
        title = _many(agreements.count, "participation agreement", "participation agreements") + " to countersign"
        found.append({"kind": "desk:countersign", "title": title, "since": agreements.oldest})
    if (documents := waiting["documents"]).count:
        title = _many(documents.count, "document", "documents") + " to verify"
        found.append({"kind": "desk:documents", "title": title, "since": documents.oldest})
    return found


def _training(session: Session, _actor: Actor, _now: datetime, _on: date) -> list[Queue]:
    says = {
        "claimed": ("certificates", "certificate to confirm", "certificates to confirm"),
        "unmatched": ("unmatched", "quiz result without a person", "quiz results without a person"),
    }
    rows = session.execute(
        select(TrainingResult.status, func.count(), func.min(TrainingResult.entered_at))
        .where(TrainingResult.status.in_(tuple(says)))
        .group_by(TrainingResult.status)
    )
    return [
        {"kind": f"desk:{queue}", "title": _many(count, one, many), "since": oldest}
        for status, count, oldest in rows
        for queue, one, many in (says[status],)
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
        select(1)
        .where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.subject_id == AccessRequest.membership_id,
            Evidence.kind == kind,
            Evidence.valid_from <= on,
            Evidence.valid_until >= on,
            Evidence.withdrawn_at == datetime.max,
            *([] if detail is None else [Evidence.detail == detail]),
        )
        .correlate(AccessRequest)
    )


def _to_enrol(session: Session, _actor: Actor, _now: datetime, on: date) -> list[Queue]:
    """U2 before U3: only whoever has signed can be enrolled; they wait since they signed."""
    signed = and_(
        Evidence.about == About.MEMBERSHIP,
        Evidence.subject_id == AccessRequest.membership_id,
        Evidence.kind == Kind.USER_AGREEMENT,
        Evidence.valid_from <= on,
        Evidence.valid_until >= on,
        Evidence.withdrawn_at == datetime.max,
    )
    count, oldest = session.execute(
        select(func.count(func.distinct(AccessRequest.id)), func.min(Evidence.recorded_at))
        .select_from(AccessRequest)
        .join(Evidence, signed)
        .where(AccessRequest.status == "open", ~_says(Kind.COURSE_ASSIGNED, on))
    ).one()
    if not count:
        return []
    title = _many(count, "person", "people") + " to enroll in courses"
    return [{"kind": "desk:enrolments", "title": title, "since": oldest}]


def _without_seat(session: Session, _actor: Actor, _now: datetime, _on: date) -> list[Queue]:
    """Where more people wait than licenses are free; whose reservation ran out takes a free one when the rest is settled."""
    rows = [row for row in desk_lookups.licences(session) if row["waiting"]]
    if not rows:
        return []
    title = _many(sum(row["waiting"] for row in rows), "person waits", "people wait") + " for a license"
    return [{"kind": "desk:licences", "title": title, "since": min(row["since"] for row in rows)}]


def _to_configure(session: Session, _actor: Actor, _now: datetime, on: date) -> list[Queue]:
    """Agencies whose package is complete and that are not on order, since the last of it was verified."""
    ready = desk_lookups.to_set_up(session, on=on)
    if not ready:
        return []
    title = _many(len(ready), "Agency", "Agencies") + " to set up in the core HMIS"
    return [{"kind": "desk:configurations", "title": title, "since": min(row["since"] for row in ready)}]


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
