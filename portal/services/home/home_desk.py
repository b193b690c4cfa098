"""The Lead's queues on the first page: how much waits in each, since when, and until when."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, literal, select, text, union_all
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import (
    AccessRequest,
    Agency,
    CoreDifference,
    Evidence,
    Lapse,
    Membership,
    PackActivation,
)
from portal.models.access import SELF_NAMED
from portal.services import brake, lapses, record_checks
from portal.services.desk import configuration_lists, desk_lists, enrolment_lists, licence_lists, sign_in_lists
from portal.services.desk.desk_lists import MANY, said
from portal.services.desk.reconcile import Found
from portal.services.home import home_actions, home_day_one, home_incidents, home_sanctions
from portal.services.people import waivers
from portal.services.searching import absent
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Role

Queue = dict[str, Any]


def queues(session: Session, *, actor: Actor, now: datetime, on: date, policy: Policy) -> list[Queue]:
    """One task for each queue of the actor's roles that is not empty; a fixed number of statements."""
    found: list[Queue] = _unpublished(session, policy, on) if Role.LEAD_ADMIN in actor.lead_roles else []
    if actor.lead_roles & {Role.HELP_DESK, Role.LEAD_ADMIN}:
        found += (
            _documents(session, actor) + _training(session) + _orders(session, now) + _to_enrol(session, policy, on)
        )
        found += _without_seat(session) + _to_configure(session, on) + _failed(session) + _differences(session)
    elif Role.TRAINER in actor.lead_roles:
        found += _training(session) + _to_enrol(session, policy, on)
    if Role.LEAD_ADMIN in actor.lead_roles:
        found += (
            _approvals(session, actor, on)
            + _pack(session, actor)
            + _signing_in(session, now, policy)
            + _waivers(session, on)
        )
    if actor.lead_roles & {Role.HELP_DESK, Role.LEAD_ADMIN}:
        found += home_day_one.queues(session, on=on)
    found += home_sanctions.queues(session, actor)
    found += home_incidents.queues(session, actor)
    if actor.lead_roles & {Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY}:
        found += _record(session) + _brake(session) + _lapses(session, policy, on)
    if actor.lead_roles & {Role.LEAD_ADMIN, Role.LEAD_SECURITY, Role.AUDITOR}:
        found += home_actions.queues(session, actor=actor, on=on)
    return found


def _record(session: Session) -> list[Queue]:
    check = record_checks.last(session)
    if check is None or not check.broken:
        return []
    hint = f"{check.broken} Have whoever runs the portal look into it; keep the database as it is."
    return [
        {
            "kind": "desk:record",
            "title": "The record is broken",
            "since": check.checked_at,
            "hint": hint,
            "status": "overdue",
        }
    ]


def _signing_in(session: Session, now: datetime, policy: Policy) -> list[Queue]:
    alarm = sign_in_lists.alarm(session, now=now, policy=policy)
    if not alarm.locked and not alarm.everywhere:
        return []
    title = (
        f"{_many(alarm.locked, 'account', 'accounts')} locked within a day"
        if alarm.locked
        else "Very many wrong passwords"
    )
    hint = "Somebody may be trying to get in, or to keep people out." if alarm.rings else "Somebody has to unlock it."
    return [
        {
            "kind": "desk:sign_in",
            "title": title,
            "since": None,
            "hint": hint,
            "status": "overdue" if alarm.rings else "to_do",
        }
    ]


def _brake(session: Session) -> list[Queue]:
    stop = brake.pulled(session)
    if stop is None:
        return []
    title = _many(len(brake.held(session)), "person", "people") + " would lose access: the brake is pulled"
    hint = "Nobody is suspended for a lapse until a Lead administrator has decided."
    return [{"kind": "desk:brake", "title": title, "since": stop.pulled_at, "hint": hint, "status": "overdue"}]


def _waivers(session: Session, on: date) -> list[Queue]:
    """What is asked for; what is in force is counted beside it, since nothing else on this page shows it (G1)."""
    counts = waivers.counted(session, on=on)
    if not counts["asked"] and not counts["in_force"]:
        return []
    asks, holds = counts["asked"], _many(counts["in_force"], "waiver is", "waivers are") + " in force"
    ending = f", {counts['ending']:,} of them for less than 30 days more" if counts["ending"] else ""
    title = _many(asks, "waiver", "waivers") + " to decide about" if asks else holds
    hint = holds + ending + "." if asks else f"None waits for a decision{ending}."
    return [
        {"kind": "desk:waivers", "title": title, "since": None, "hint": hint, "status": "to_do" if asks else "waived"}
    ]


def _lapses(session: Session, policy: Policy, on: date) -> list[Queue]:
    """What runs out within the pack's time of warning, and what has; the most frequent of what was counted named."""
    until = on + timedelta(policy.warnings.days[0])
    each = [
        select(Lapse.prerequisite, Lapse.due)
        .where(Lapse.settled_at.is_(None), *days)
        .order_by(Lapse.due)
        .limit(MANY + 1)
        .subquery()
        for days in ((Lapse.due <= on,), (Lapse.due > on, Lapse.due <= until))
    ]
    rows = session.execute(union_all(*(select(found.c.prerequisite, found.c.due) for found in each))).all()
    if not rows:
        return []
    coming = [_day(row.due) for row in rows if _day(row.due) > on]
    lapsed, ahead = len(rows) - len(coming), len(coming)
    most = sorted(Counter(row.prerequisite for row in rows).items(), key=lambda row: (-row[1], row[0]))[:3]
    runs = (
        _many(ahead, "prerequisite runs", "prerequisites run", most=MANY)
        + f" out within {policy.warnings.days[0]} days"
    )
    have = f"{said(lapsed)} {'has' if lapsed == 1 else 'have'} lapsed"
    hint = "; ".join(f"{lapses.title(policy, name)}: {count:,}" for name, count in most) + "."
    return [
        {
            "kind": "desk:lapses",
            "title": f"{runs}, {have}" if ahead and lapsed else (runs if ahead else have.capitalize()),
            "since": None,
            "due": min(coming) - timedelta(1) if coming else None,
            "hint": f"Of the {len(rows)} that come first: {hint}" if max(lapsed, ahead) > MANY else hint,
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
            *Evidence.in_force(on),
        )
    )
    missing = asked - set(there)
    if not missing:
        return []
    title = f"Publish the documents in force: {len(missing)} of {len(asked)} have no version yet"
    return [{"kind": "desk:in_force", "title": title, "since": None}]


def _many(count: int, one: str, many: str, *, most: int | None = None) -> str:
    number = f"{count:,}" if most is None else said(count, most).capitalize()
    return f"{number} {one if count == 1 else many}"


def _documents(session: Session, actor: Actor) -> list[Queue]:
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


def _training(session: Session) -> list[Queue]:
    says = {
        "certificates": ("certificate to confirm", "certificates to confirm"),
        "unmatched": ("quiz result without a person", "quiz results without a person"),
    }
    return [
        {"kind": f"desk:{name}", "title": _many(waiting.count, *says[name], most=MANY), "since": waiting.oldest}
        for name, waiting in desk_lists.results_waiting(session).items()
        if waiting.count
    ]


def _orders(session: Session, now: datetime) -> list[Queue]:
    found = desk_lists.orders_waiting(session, now=now)
    waiting, overdue = found["orders"], found["overdue"]
    if not waiting.count:
        return []
    title = _many(waiting.count, "work order", "work orders", most=MANY) + " for the core HMIS"
    return [
        {
            "kind": "orders",
            "title": title,
            "since": waiting.oldest,
            "due": found["due"].oldest,
            "hint": f"{overdue.said.capitalize()} overdue." if overdue.count else "",
            "status": "overdue" if overdue.count else "to_do",
        }
    ]


def _says(kind: Kind, on: date, detail: str | None = None) -> Select[int]:
    """Such evidence about the request's membership as holds."""
    return (
        select(literal(1))
        .where(
            Evidence.about == About.MEMBERSHIP,
            Evidence.subject_id == AccessRequest.membership_id,
            Evidence.kind == kind,
            *Evidence.in_force(on),
            *([] if detail is None else [Evidence.detail == detail]),
        )
        .correlate(AccessRequest)
    )


def _to_enrol(session: Session, policy: Policy, on: date) -> list[Queue]:
    """U2 before U3: only whoever has signed can be enrolled; they wait since they signed."""
    waiting = enrolment_lists.queue(session, on=on, policy=policy)
    if not waiting.count:
        return []
    title = _many(waiting.count, "person", "people", most=MANY) + " to enroll in courses"
    return [{"kind": "desk:enrolments", "title": title, "since": waiting.oldest}]


def _without_seat(session: Session) -> list[Queue]:
    """Where more people wait than licenses are free; whose reservation ran out takes a free one when the rest is settled."""
    waiting = licence_lists.without_seat(session)
    if not waiting.count:
        return []
    title = _many(waiting.count, "person waits", "people wait", most=MANY) + " for a license"
    return [{"kind": "desk:licences", "title": title, "since": waiting.oldest}]


def _to_configure(session: Session, on: date) -> list[Queue]:
    """Agencies whose package is complete and that are not on order, since the last of it was verified."""
    ready = configuration_lists.ready(session, on=on)
    if not ready:
        return []
    title = _many(len(ready), "Agency", "Agencies", most=configuration_lists.LOOKED_AT) + " to set up in the core HMIS"
    return [{"kind": "desk:configurations", "title": title, "since": min(row["since"] for row in ready)}]


def _failed(session: Session) -> list[Queue]:
    failed = desk_lists.failed_jobs(session)
    if not failed.count:
        return []
    title = _many(failed.count, "job", "jobs", most=MANY) + " failed and need a look"
    return [{"kind": "desk:jobs", "title": title, "since": failed.oldest, "status": "overdue"}]


def _differences(session: Session) -> list[Queue]:
    """What the core HMIS has otherwise than the portal, where telling it again or somebody there can mend it."""
    open_there, others, since = session.execute(
        select(
            func.count().filter(CoreDifference.found == Found.OPEN_THERE),
            func.count().filter(CoreDifference.found != Found.OPEN_THERE),
            func.min(CoreDifference.first_seen_at),
        ).where(CoreDifference.settled_at.is_(None), CoreDifference.found != Found.UNKNOWN)
    ).one()
    if not open_there + others:
        return []
    title = _many(open_there + others, "account differs", "accounts differ") + " in the core HMIS"
    hint = (
        f"{open_there} of them can sign in there and should not." if open_there else "None can sign in that should not."
    )
    return [
        {
            "kind": "desk:core_hmis",
            "title": title,
            "since": since,
            "hint": hint,
            "status": "overdue" if open_there else "to_do",
        }
    ]


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


def _approvals(session: Session, actor: Actor, on: date) -> list[Queue]:
    """Requests that only a second person of the Lead can let go on; not one's own, nor for oneself."""
    ids = select(AccessRequest.id).correlate(None)
    of_lead = ids.where(
        AccessRequest.agency_id == LEAD, AccessRequest.status == "open", absent(_says(Kind.LEAD_APPROVAL, on))
    )
    self_named = ids.where(text(SELF_NAMED), absent(_says(Kind.REQUEST, on)))
    rows = session.execute(
        select(AccessRequest.membership_id, AccessRequest.requested_at, Agency.name)
        .join(Agency, Agency.id == AccessRequest.agency_id)
        .join(Membership, Membership.id == AccessRequest.membership_id)
        .where(AccessRequest.id.in_(union_all(of_lead, self_named)), Membership.person_id != actor.person_id)
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
