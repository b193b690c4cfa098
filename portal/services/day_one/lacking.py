"""Inherited people: what each of them lacks until the gate takes over, for the Lead and for their own Agency."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Account, Agency, Evidence, Grant, Membership, Person
from portal.services.people import standing_view
from portal.standing.sweep import stand
from workflows.actions import Action
from workflows.findings import Status
from workflows.policy import Policy
from workflows.questions import Needs, OnLapse
from workflows.vocabulary import About, Kind

PAGE = 50
NAME = (func.lower(Agency.name), func.lower(Person.last_name), func.lower(Person.first_name), Membership.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list shows; `lacks` is the id of a prerequisite, `after` the last membership of the page before."""

    q: str = ""
    agency_id: int | None = None
    lacks: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One inherited membership: from which day the gate rules it, and what it lacks as (id, title, holder of the step).

    `closing` are the ids for which it would be suspended on that day if nothing changes.
    """

    membership: Membership
    person: Person
    agency: Agency
    user_id: str
    status: str
    takes_over: date
    lacking: tuple[tuple[str, str, str], ...]
    closing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Row]
    following: int | None
    total: int


@dataclass(frozen=True, slots=True)
class Summary:
    """How many live accounts are inherited and how many rest on the gate; of the inherited, how many would close, when."""

    inherited: int
    permitted: int
    would_close: int
    takes_over: date | None
    by_prerequisite: tuple[tuple[str, str, int], ...]


def inherited(
    session: Session, wanted: Wanted, *, actor: Actor, on: date, policy: Policy, most: int | None = PAGE
) -> Page:
    """The inherited people whom the actor may see, in a fixed number of statements; `most` None gives all of them."""
    query = _filtered(session, _base(actor, on), wanted, on=on, policy=policy)
    total = session.scalar(
        select(func.count()).select_from(query.with_only_columns(Membership.id).order_by(None).subquery())
    )
    if wanted.after:
        last = session.execute(
            _base(actor, on).with_only_columns(*NAME).where(Membership.id == wanted.after)
        ).one_or_none()
        if last is not None:
            query = query.where(tuple_(*NAME) > tuple_(*last))
    query = query.order_by(*NAME)
    found = session.execute(query.limit(most + 1) if most is not None else query).all()
    more = most is not None and len(found) > most
    found = found[:most] if most is not None else found
    lines = standing_view.lines(session, [row[0] for row in found], now_on=on, policy=policy)
    titles = {p.id: p.title for p in policy.prerequisites}
    shutting = _shutting(policy)
    rows = [
        Row(
            member, person, agency, user_id, status, last_day + timedelta(1),
            tuple((called, titles[called], standing_view.TITLES.get(holder, "")) for called, holder in lines[member.id].steps),
            frozenset(called for called, _ in lines[member.id].steps) & shutting,
        )
        for member, person, agency, user_id, status, last_day in found
    ]  # fmt: skip
    return Page(rows, rows[-1].membership.id if more else None, total or 0)


def summary(session: Session, *, actor: Actor, on: date, policy: Policy) -> Summary:
    """Inherited and permitted apart, of those whom the actor may see."""
    seen = permissions.visible(actor, Action.STANDING_SEE, Membership)
    rows = session.execute(
        select(Grant.outcome, func.count())
        .join(Membership, Membership.id == Grant.membership_id)
        .where(Grant.status == "live", seen)
        .group_by(Grant.outcome)
    )
    live = {outcome: count for outcome, count in rows}  # noqa: C416 (rows, not pairs)
    if not live.get("inherited"):
        return Summary(0, live.get("permitted", 0), 0, None, ())
    ids = _base(actor, on).with_only_columns(Membership.id)
    shutting, lacking, would_close = _shutting(policy), Counter[str](), 0
    for standing in stand(session, policy, on, memberships=ids):
        unmet = set(standing.unmet)
        lacking.update(unmet)
        would_close += bool(unmet & shutting)
    first = session.scalar(select(func.min(Evidence.valid_until)).where(*_inherited(on), Evidence.subject_id.in_(ids)))
    by = tuple((p.id, p.title, lacking[p.id]) for p in policy.prerequisites if lacking[p.id])
    return Summary(
        live["inherited"], live.get("permitted", 0), would_close, first + timedelta(1) if first else None, by
    )


def _shutting(policy: Policy) -> frozenset[str]:
    """What shuts access that exists when it is missing, once the gate rules."""
    return frozenset(p.id for p in policy.prerequisites if p.on_lapse is OnLapse.SUSPEND and p.needs is Needs.HELD)


def _inherited(on: date) -> tuple:
    return (
        Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.INHERITED, *Evidence.in_force(on),
    )  # fmt: skip


def _base(actor: Actor, on: date) -> Select:
    return (
        select(Membership, Person, Agency, Account.user_id, Grant.status, Evidence.valid_until)
        .join(Evidence, and_(Evidence.subject_id == Membership.id, *_inherited(on)))
        .join(Grant, and_(Grant.membership_id == Membership.id, Grant.status != "ended", Grant.outcome == "inherited"))
        .join(Account, Account.id == Grant.account_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(permissions.visible(actor, Action.STANDING_SEE, Membership))
    )


def _filtered(session: Session, query: Select, wanted: Wanted, *, on: date, policy: Policy) -> Select:
    for word in wanted.q.lower().split()[:5]:
        some = f"%{word.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        text = func.lower(Person.first_name + " " + Person.last_name + " " + Person.email_key)
        query = query.where(text.like(some, escape="!"))
    if wanted.agency_id is not None:
        query = query.where(Membership.agency_id == wanted.agency_id)
    if wanted.lacks:
        ids = query.with_only_columns(Membership.id)
        lacking = [
            each.membership_id
            for each in stand(session, policy, on, memberships=ids)
            if each.statuses.get(wanted.lacks) == Status.UNMET
        ]
        query = query.where(Membership.id.in_(lacking))
    return query


def prerequisites(policy: Policy) -> dict[str, str]:
    """What can be asked for, by id."""
    return {p.id: p.title for p in policy.prerequisites}
