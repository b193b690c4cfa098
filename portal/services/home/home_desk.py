"""The Lead's queues on the first page: how much waits in each, since when, and until when."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, select
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import (
    AccessRequest,
    Agency,
    Evidence,
    Job,
    Lapse,
    Membership,
    PackActivation,
    TrainingResult,
    WorkOrder,
)
from portal.services import brake, lapses
from portal.services.desk import desk_lists, desk_lookups
from portal.services.desk.desk_lists import MANY, said
from portal.services.home import home_day_one
from portal.services.people import enrolment
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
        found += _approvals(session, actor, now, on) + _pack(session, actor)
    if actor.lead_roles & {Role.HELP_DESK, Role.LEAD_ADMIN}:
        found += home_day_one.queues(session, on=on)
    if actor.lead_roles & {Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY}:
        found += _brake(session) + _lapses(session, policy, on)
    return found


def _brake(session: Session) -> list[Queue]:
    stop = brake.pulled(session)
    if stop is None:
        return []
    title = _many(len(brake.held(session)), "person", "people") + " would lose access: the brake is pulled"
    hint = "Nobody is suspended for a lapse until a Lead administrator has decided."
    return [{"kind": "desk:brake", "title": title, "since": stop.pulled_at, "hint": hint, "status": "overdue"}]


def _lapses(session: Session, policy: Policy, on: date) -> list[Queue]:
    """What runs out within the pack's time of warning, and has; the most frequent named."""
    came = func.sum(case((Lapse.due <= on, 1), else_=0))
    rows = session.execute(
        select(Lapse.prerequisite, func.count(), came, func.min(case((Lapse.due > on, Lapse.due))))
        .where(Lapse.settled_at.is_(None), Lapse.due <= on + timedelta(policy.warnings.days[0]))
        .group_by(Lapse.prerequisite)
    ).all()
    if not rows:
        return []
    most = sorted(rows, key=lambda row: (-row[1], row[0]))[:3]
    lapsed, whole = sum(row[2] for row in rows), sum(row[1] for row in rows)
    ahead = _many(whole - lapsed, "prerequisite runs", "prerequisites run")
    title = f"{ahead} out within {policy.warnings.days[0]} days" if whole > lapsed else f"{lapsed:,} have lapsed"
    first = min((_day(row[3]) for row in rows if row[3]), default=None)
    return [
        {
            "kind": "desk:lapses",
            "title": title + (f", {lapsed:,} have lapsed" if whole > lapsed > 0 else ""),
            "since": None,
            "due": first - timedelta(1) if first else None,
            "hint": "; ".join(f"{lapses.title(policy, name)}: {count:,}" for name, count, _, _ in most) + ".",
            "status": "due_soon",
        }
    ]


def _day(value: date | str) -> date:
    """SQLite hands an expression's day back as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


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


def _many(count: int, one: str, many: str, *, most: int | None = None) -> str:
    number = f"{count:,}" if most is None else said(count, most)
    return f"{number} {one if count == 1 else many}"


def _documents(session: Session, actor: Actor, _now: datetime, _on: date) -> list[Queue]:
    """The same two queues as the desk's."""
    waiting = desk_lists.documents_waiting(session, actor)
    found = []
    if Role.LEAD_ADMIN in actor.lead_roles and (agreements := waiting["countersign"]).count:
        title = (
            _many(agreements.count, "participation agreement", "participation agreements", most=MANY)
            + " to countersign"
        )
        found.append({"kind": "desk:countersign", "title": title, "since": agreements.oldest})
    if (documents := waiting["documents"]).count:
        title = _many(documents.count, "document", "documents", most=MANY) + " to verify"
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
    count, oldest = enrolment.unassigned(session, on=on, most=MANY)
    if not count:
        return []
    title = _many(count, "person", "people", most=MANY) + " to enroll in courses"
    return [{"kind": "desk:enrolments", "title": title, "since": oldest}]


def _without_seat(session: Session, _actor: Actor, _now: datetime, _on: date) -> list[Queue]:
    """Where more people wait than licenses are free; whose reservation ran out takes a free one when the rest is settled."""
    count, oldest = desk_lookups.without_seat(session)
    if not count:
        return []
    title = _many(count, "person waits", "people wait") + " for a license"
    return [{"kind": "desk:licences", "title": title, "since": oldest}]


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


def _pack(session: Session, actor: Actor) -> list[Queue]:
    """A policy pack that only a second person can put in force; its proposer waits."""
    row = session.scalars(
        select(PackActivation).where(PackActivation.status == "proposed", PackActivation.proposed_by != actor.label)
    ).one_or_none()
    if row is None:
        return []
    title = "Decide on a policy pack as the second person"
    return [
        {"kind": "desk:pack", "title": title, "hint": f"Proposed by {row.proposed_name}.", "since": row.proposed_at}
    ]


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
