"""Where everybody stands before the gate: the stanzas of a policy pack as one SQL statement for all memberships."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, reduce
from operator import add
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    Select,
    and_,
    bindparam,
    case,
    distinct,
    false,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql import FromClause

from portal.models import Evidence, Membership
from portal.standing.facts import published as all_published
from workflows import gate
from workflows.gate import Needs, OnLapse, Prerequisite, Status
from workflows.policy import Policy
from workflows.questions import answers, holds, known, says
from workflows.vocabulary import LEAD, About, Kind

membership, evidence = Membership.__table__, Evidence.__table__
E = evidence.c
OWN = {About.AGENCY: membership.c.agency_id, About.PERSON: membership.c.person_id, About.MEMBERSHIP: membership.c.id}
SINGLE = (*OWN, About.LEAD)
"""The kinds of subject of which a membership has just one."""

# Written into the statement as literals: PostgreSQL plans a prepared statement without looking at its values, takes
# these four comparisons to let one row in eighty through, and then reads the evidence a hundred thousand times over.
ON = bindparam("on_day", type_=Date(), literal_execute=True)
KNOWN_AT = bindparam("known_at", type_=DateTime(), literal_execute=True)

Columns = dict[str, dict[str, ColumnElement[Any]]]
Found = Callable[[str, str], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one membership stands: the same answers as the gate's Decision about it."""

    membership_id: int
    inherited: bool
    statuses: dict[str, str]
    permitted: bool
    closes: bool
    held_new: bool

    @property
    def unmet(self) -> list[str]:
        return [called for called, status in self.statuses.items() if status == Status.UNMET]


def sweep(
    policy: Policy,
    on: date,
    known_at: datetime | None,
    published: Sequence[gate.Evidence],
    *,
    memberships: Collection[int] | Select[Any] | None = None,
) -> Select[Any]:
    """One row a membership: id, inherited, a status for each prerequisite, permitted, closes, held_new.

    `on` is a day of the Lead's, `known_at` naive UTC (None: all that is committed), `published` what
    facts.published() gives, `memberships` the ids (or a query for them) of those to ask about, else all. The evidence
    about each kind of subject is read once and folded into one row a subject, one column a question; memberships then
    pick up their agency's row, their person's, their own, and that of the device or colleague who lacks least.
    """
    moment = known_at or gate.EVERYTHING
    questions = tuple(p.asked_on(on, [e for e in published if known(e, moment)]) for p in policy.prerequisites)
    values: dict[str, Any] = {"on_day": on, "known_at": moment}
    if memberships is None:
        statement = _for_all(questions)
    elif isinstance(memberships, Select):
        statement = _for_query(questions, memberships)
    else:
        statement, values["memberships"] = _for_some(questions), list(memberships)
    return statement.params(values)


def stand(
    session: Session,
    policy: Policy,
    on: date,
    known_at: datetime | None = None,
    *,
    memberships: Collection[int] | Select[Any] | None = None,
    published: Sequence[gate.Evidence] | None = None,
) -> Iterator[Standing]:
    """Everybody's standing on a day, as known at a moment, in two queries; the rows come as they are read.

    `published` says which versions of documents shall be taken as published, where that is not what the record says.
    """
    there = all_published(session) if published is None else published
    statement = sweep(policy, on, known_at, there, memberships=memberships)
    called = [p.id for p in policy.prerequisites]
    for membership_id, inherited, *statuses, permitted, closes, held_new in session.execute(statement):
        yield Standing(membership_id, inherited, dict(zip(called, statuses, strict=True)), permitted, closes, held_new)


def tally(session: Session, policy: Policy, on: date, known_at: datetime | None = None) -> dict[str, Any]:
    """How many memberships there are, how many would be permitted, and how many lack each prerequisite."""
    each = sweep(policy, on, known_at, all_published(session)).subquery("everybody").c
    lacking = [func.count(case((each[p.id] == Status.UNMET.value, 1))).label(p.id) for p in policy.prerequisites]
    row = session.execute(select(func.count(), func.count(case((each.permitted, 1))), *lacking)).one()
    called = [p.id for p in policy.prerequisites]
    return {"memberships": row[0], "permitted": row[1], "by_prerequisite": dict(zip(called, row[2:], strict=True))}


@lru_cache(maxsize=16)  # building it takes as long as sweeping a thousand memberships
def _for_all(questions: tuple[Prerequisite, ...]) -> Select[Any]:
    return _statement(questions, None)


@lru_cache(maxsize=16)
def _for_some(questions: tuple[Prerequisite, ...]) -> Select[Any]:
    wanted: BindParameter[Any] = bindparam("memberships", expanding=True)
    return _statement(questions, select(membership.c.id).where(membership.c.id.in_(wanted)))


@lru_cache(maxsize=16)  # a query is known again by its identity: a caller who keeps it pays for the building once
def _for_query(questions: tuple[Prerequisite, ...], ids: Select[Any]) -> Select[Any]:
    return _statement(questions, ids)


def _statement(questions: tuple[Prerequisite, ...], ids: Select[Any] | None) -> Select[Any]:
    asked = _asked(questions)
    rows: dict[str, FromClause] = {
        about: select(E.subject_id, *(column.label(name) for name, column in columns.items()))
        .where(E.about == about, *_live(E), *([] if ids is None else _bearing(about, ids)))
        .group_by(E.subject_id)
        .cte(f"{about}_answers")
        for about, columns in asked.items()
        if about != About.DEVICE
    }
    if About.DEVICE in asked:
        rows[About.DEVICE] = _used_devices(asked[About.DEVICE], ids)
    source = _joined(questions, rows, ids)

    def found(about: str, name: str) -> ColumnElement[bool]:
        return func.coalesce(rows.get(name, rows[about]).c[name], 0) == 1

    statuses = [_status(q, found).label(q.id) for q in questions]
    inherited = found(About.MEMBERSHIP, "inherited").label("inherited")
    wanted = select(membership.c.id, inherited, *statuses).select_from(source)
    each = wanted.subquery("each_membership").c
    unmet = {q: each[q.id] == Status.UNMET.value for q in questions}

    def lapsed(on_lapse: OnLapse, *needs: Needs) -> ColumnElement[bool]:
        return or_(false(), *(yes for q, yes in unmet.items() if q.on_lapse is on_lapse and q.needs in needs))

    against, missing = lapsed(OnLapse.SUSPEND, Needs.ABSENT), lapsed(OnLapse.SUSPEND, Needs.HELD)
    return select(
        *each,
        not_(or_(false(), *unmet.values())).label("permitted"),
        or_(against, and_(missing, not_(each.inherited))).label("closes"),
        lapsed(OnLapse.HOLD_NEW, *Needs).label("held_new"),
    )


def _bearing(about: str, ids: Select[Any]) -> list[ColumnElement[bool]]:
    """Only the evidence that bears on some memberships: with them, all the colleagues at their agencies."""
    match about:
        case About.LEAD:
            return []
        case About.MEMBERSHIP:
            asked = membership.alias("asked")
            agencies = select(asked.c.agency_id).where(asked.c.id.in_(ids))
            whose = select(membership.c.id).where(membership.c.agency_id.in_(agencies))
        case _:
            whose = select(OWN[About(about)]).where(membership.c.id.in_(ids))
    return [E.subject_id.in_(whose)]


def _joined(questions: Sequence[Prerequisite], rows: dict[str, FromClause], ids: Select[Any] | None) -> FromClause:
    """Every membership with its rows of answers; what is chosen among several, or asked by name, joins `rows`."""
    source: FromClause = membership
    if ids is not None:
        # Joined first: as a condition at the end, PostgreSQL would put everybody together before it picks these out.
        these = ids.distinct().subquery("asked_about")
        source = source.join(these, these.c[0] == membership.c.id)
    for single in SINGLE:
        if single in rows:
            own = true() if single is About.LEAD else rows[single].c.subject_id == OWN[single]
            source = source.outerjoin(rows[single], own)
    for about in dict.fromkeys(q.about for q in questions if q.about not in SINGLE):
        group = [q for q in questions if q.about == about]
        of_device = about == About.DEVICE
        best = _best_device(group, rows[About.DEVICE]) if of_device else _best_colleague(group, rows[About.MEMBERSHIP])
        source = source.outerjoin(best, best.c.key == (membership.c.id if of_device else membership.c.agency_id))
        rows[about] = best
    for q in questions:
        if q.each and not q.detail:
            rows[q.id] = _every(q, ids)
            source = source.outerjoin(rows[q.id], rows[q.id].c.key == membership.c.id)
    return source


def _status(q: Prerequisite, found: Found) -> ColumnElement[Any]:
    """The same four answers, in the same order, as the gate gives for one."""
    aside: list[ColumnElement[bool]] = []
    if q.at:
        aside.append(membership.c.agency_id != LEAD if q.at == "lead" else membership.c.agency_id == LEAD)
    if q.applies_to:
        aside.append(not_(or_(*(found(About.MEMBERSHIP, f"has {named}") for named in q.applies_to))))
    if q.when:
        aside.append(not_(found(q.about, f"trait {q.when}")))
    answered = found(q.about, q.id)
    if q.alternative:
        answered = or_(answered, found(q.alternative.about, f"or {q.id}"))
    then = [(condition, Status.NOT_APPLICABLE.value) for condition in aside]
    then.append((answered if q.needs is Needs.HELD else not_(answered), Status.MET.value))
    if q.waivable:
        waived = (found(about, f"waiver {q.id}") for about in (About.MEMBERSHIP, About.AGENCY))
        then.append((or_(*waived), Status.WAIVED.value))
    return case(*then, else_=Status.UNMET.value)


def _asked(questions: Sequence[Prerequisite]) -> Columns:
    """Of each kind of subject, everything that is asked about it: the columns of its folded row."""
    asked: Columns = defaultdict(dict)
    asked[About.MEMBERSHIP]["inherited"] = _any(says(E, Kind.INHERITED))
    for q in questions:
        home = q.about if q.about in set(About) else About.MEMBERSHIP
        if not q.each:
            asked[home][q.id] = _any(answers(E, q))
        elif q.detail:
            several = func.count(distinct(case((answers(E, q), E.detail))))
            asked[home][q.id] = case((several == len(q.detail), 1), else_=0)
        if home != q.about:
            asked[home][f"has role={q.about}"] = _any(says(E, Kind.ROLE, q.about))
        if q.when:
            asked[home][f"trait {q.when}"] = _any(says(E, Kind.TRAIT, q.when))
        if other := q.alternative:
            asked[other.about][f"or {q.id}"] = _any(says(E, other.evidence, *other.detail))
        for named in q.applies_to:
            asked[About.MEMBERSHIP][f"has {named}"] = _any(says(E, named.kind, *named.details))
        for about in (About.MEMBERSHIP, About.AGENCY) if q.waivable else ():
            asked[about][f"waiver {q.id}"] = _any(says(E, Kind.WAIVER, q.id))
    return asked


def _live(e: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return known(e, KNOWN_AT), holds(e, ON)


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0))


def _used_devices(columns: Mapping[str, ColumnElement[Any]], ids: Select[Any] | None) -> FromClause:
    """A folded row for each device that a membership uses.

    Read from the memberships on, through the index: where SQLite was never told to ANALYZE, it takes two derived tables
    for small ones and joins them by reading the one for every row of the other.
    """
    use = evidence.alias("use")
    uses = and_(
        use.c.about == About.MEMBERSHIP,
        use.c.subject_id == membership.c.id,
        use.c.kind == Kind.DEVICE_IN_USE,
        *_live(use.c),
    )
    about_it = and_(E.about == About.DEVICE, E.subject_id == use.c.value, *_live(E))
    return (
        select(membership.c.id.label("key"), E.subject_id, *(column.label(name) for name, column in columns.items()))
        .select_from(membership.join(use, uses).join(evidence, about_it))
        .where(*([] if ids is None else [membership.c.id.in_(ids)]))
        .group_by(membership.c.id, E.subject_id)
        .subquery("used_devices")
    )


def _best_device(group: Sequence[Prerequisite], used: FromClause) -> FromClause:
    return _best(used.c.key, group, used, used)


def _best_colleague(group: Sequence[Prerequisite], member: FromClause) -> FromClause:
    holder = and_(member.c.subject_id == membership.c.id, member.c[f"has role={group[0].about}"] == 1)
    return _best(membership.c.agency_id, group, member, membership.join(member, holder))


def _best(
    key: ColumnElement[Any], group: Sequence[Prerequisite], subject: FromClause, source: FromClause
) -> FromClause:
    """For each key what the one subject says that lacks least: folded, since SQLite takes what is filtered for few."""
    order = (_lacking(group, subject.c), subject.c.subject_id)
    place = func.row_number().over(partition_by=key, order_by=order).label("place")
    asked = dict.fromkeys([q.id for q in group] + [f"trait {q.when}" for q in group if q.when])
    ranked = select(key.label("key"), place, *(subject.c[name] for name in asked)).select_from(source).subquery()
    first = (func.max(case((ranked.c.place == 1, ranked.c[name]))).label(name) for name in asked)
    return select(ranked.c.key, *first).group_by(ranked.c.key).subquery()


def _lacking(group: Sequence[Prerequisite], c: Any) -> ColumnElement[int]:
    fails = (
        and_(c[q.id] != int(q.needs is Needs.HELD), c[f"trait {q.when}"] == 1 if q.when else true()) for q in group
    )
    return reduce(add, (case((failed, 1), else_=0) for failed in fails))


def _every(q: Prerequisite, ids: Select[Any] | None) -> FromClause:
    """For each membership of which something is asked: whether all of it is answered."""
    asked, given = evidence.alias("asked"), evidence.alias("given")
    owner = given.c.subject_id == (LEAD if q.about == About.LEAD else OWN[About(q.about)])
    fits = and_(given.c.about == q.about, owner, given.c.detail == asked.c.detail, answers(given.c, q), *_live(given.c))
    wanted, answered = asked.c.detail, case((given.c.id.is_not(None), asked.c.detail))
    complete = case((func.count(distinct(wanted)) == func.count(distinct(answered)), 1), else_=0)
    return (
        select(asked.c.subject_id.label("key"), complete.label(q.id))
        .select_from(asked.join(membership, membership.c.id == asked.c.subject_id).outerjoin(given, fits))
        .where(asked.c.about == About.MEMBERSHIP, asked.c.kind == q.each, *_live(asked.c))
        .where(*([] if ids is None else [asked.c.subject_id.in_(ids)]))
        .group_by(asked.c.subject_id)
        .subquery()
    )
