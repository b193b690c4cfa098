"""What access a membership had at any moment, read from the record of what was done: no row of its own, nothing guessed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from portal.models import AccessRequest, Account, AuditEntry, Decision, Grant
from workflows.vocabulary import Outcome

NONE, ASKED, LIVE, SUSPENDED, ENDED = "none", "asked", "live", "suspended", "ended"
STATES = (LIVE, SUSPENDED, ASKED, ENDED, NONE)
UNDER_WAY = frozenset({"ordered", "suspending", "restoring", "removing"})
LETS_IN = (Outcome.PERMITTED.value, Outcome.INHERITED.value)


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time in which access stood unchanged, from `since` until just before `until` (naive UTC; None: still).

    `status` is one of STATES, `why` what was written when it came about, `grant_id` the grant that it is about.
    """

    status: str
    since: datetime
    until: datetime | None
    why: str = ""
    grant_id: int | None = None

    def holds(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Details:
    """What belonged to access at a moment: `core` is what the core HMIS had been told of the account, by its status."""

    user_id: str
    access_level: str
    issued_at: datetime
    inherited: bool
    confirmed_at: datetime | None
    core: str
    decision_id: int

    @property
    def core_agrees(self) -> bool:
        """Whether the core HMIS had confirmed all that it had been told by then."""
        return self.core not in UNDER_WAY


@dataclass(frozen=True, slots=True)
class Basis:
    """A decision that let a membership in, or let its access be changed."""

    id: int
    outcome: str
    made_at: datetime


@dataclass(slots=True)
class History:
    """All that is on record about the access of one membership."""

    grants: list[Grant] = field(default_factory=list)
    bases: list[Basis] = field(default_factory=list)
    accounts: dict[int, Account] = field(default_factory=dict)
    told: Mapping[int, Sequence[tuple[datetime, str]]] = field(default_factory=dict)
    renamed: Mapping[int, Sequence[tuple[datetime, str]]] = field(default_factory=dict)
    levels: Mapping[int, str] = field(default_factory=dict)
    spells: tuple[Spell, ...] = ()

    def at(self, moment: datetime) -> Spell:
        """The spell that a moment falls into: what was done at that very moment counts, as `known` has it for evidence."""
        for spell in reversed(self.spells):
            if spell.holds(moment):
                return spell
        return Spell(NONE, datetime.min, self.spells[0].since if self.spells else None)

    def between(self, first: datetime, last: datetime) -> list[Spell]:
        """Every spell that touches the time from `first` to `last`, both of them included."""
        inside = [s for s in self.spells if first < s.since <= last]
        return [self.at(first), *inside]

    def details(self, moment: datetime) -> Details | None:
        """User ID, level and the rest at a moment; None where no grant had been made by then."""
        spell = self.at(moment)
        known = [g for g in self.grants if g.issued_at <= moment]
        grant = next((g for g in known if g.id == spell.grant_id), known[-1] if known else None)
        if grant is None:
            return None
        basis = self._basis(grant, moment)
        account = self.accounts[grant.account_id]
        return Details(
            user_id=next((was for at, was in self.renamed.get(account.id, ()) if at > moment), account.user_id),
            access_level=grant.access_level if basis.id == grant.decision_id else self.levels.get(basis.id, ""),
            issued_at=grant.issued_at,
            inherited=basis.outcome == Outcome.INHERITED,
            confirmed_at=grant.confirmed_at if grant.confirmed_at and grant.confirmed_at <= moment else None,
            core=([status for at, status in self.told.get(account.id, ()) if at <= moment] or ["ordered"])[-1],
            decision_id=basis.id,
        )

    def _basis(self, grant: Grant, moment: datetime) -> Basis:
        """The decision that the grant rested on at a moment: changed access rests on the decision about the change."""
        following = next((g.issued_at for g in self.grants if g.id > grant.id), datetime.max)
        mine = [b for b in self.bases if grant.issued_at <= b.made_at <= moment and b.made_at < following]
        return mine[-1] if mine else Basis(grant.decision_id, grant.outcome, grant.issued_at)


def history(session: Session, membership_id: int) -> History:
    """The history of one membership, in seven statements at most."""
    return histories(session, [membership_id]).get(membership_id, History())


def histories(session: Session, memberships: Collection[int] | Select[Any]) -> dict[int, History]:
    """The histories by membership id, in seven statements whatever their number; who never asked is not among them."""
    found: dict[int, History] = defaultdict(History)
    mine = Grant.membership_id.in_(memberships)
    grants = session.scalars(select(Grant).where(mine).order_by(Grant.id)).all()
    asked: dict[int, list[AccessRequest]] = defaultdict(list)
    for request in session.scalars(
        select(AccessRequest).where(AccessRequest.membership_id.in_(memberships)).order_by(AccessRequest.id)
    ):
        asked[request.membership_id].append(request)
    moves = _moves(session, select(Grant.id).where(mine)) if grants else {}
    accounts, told, renamed = _accounts(session, select(Grant.account_id).where(mine)) if grants else ({}, {}, {})
    bases: dict[int, list[Basis]] = defaultdict(list)
    for row in session.execute(_bases(memberships)) if grants else ():
        bases[row.membership_id].append(Basis(row.id, row.outcome, row.made_at))
    for grant in grants:
        found[grant.membership_id].grants.append(grant)
    levels = _levels(session, grants, bases)
    for membership_id in {*found, *asked}:
        one = found[membership_id]
        one.accounts, one.told, one.renamed, one.levels = accounts, told, renamed, levels
        one.bases = bases[membership_id]
        one.spells = _spells(one.grants, moves, asked[membership_id])
    return dict(found)


def _moves(session: Session, grants: Select[Any]) -> dict[int, list[Row[Any]]]:
    """Every transition of the grants: transition() writes the status and this row in one transaction, and nobody else does."""
    moves: dict[int, list[Row[Any]]] = defaultdict(list)
    query = select(AuditEntry.thing_id, AuditEntry.at, AuditEntry.after, AuditEntry.said).where(
        AuditEntry.thing == Grant.__tablename__, AuditEntry.thing_id.in_(grants), AuditEntry.act.like("grant.%")
    )
    for row in session.execute(query.order_by(AuditEntry.id)):
        moves[row.thing_id].append(row)
    return moves


def _accounts(session: Session, ids: Select[Any]) -> tuple[dict[int, Account], dict[int, list], dict[int, list]]:
    accounts = {a.id: a for a in session.scalars(select(Account).where(Account.id.in_(ids)))}
    told: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    renamed: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    query = select(AuditEntry).where(AuditEntry.thing == Account.__tablename__, AuditEntry.thing_id.in_(ids))
    for entry in session.scalars(query.order_by(AuditEntry.id)):
        if "status" in entry.after:
            told[entry.thing_id or 0].append((entry.at, entry.after["status"]))
        elif entry.act == "account.rename":
            renamed[entry.thing_id or 0].append((entry.at, entry.before["user_id"]))
    return accounts, told, renamed


def _bases(memberships: Collection[int] | Select[Any]) -> Select[int, int, str, datetime]:
    return (
        select(Decision.membership_id, Decision.id, Decision.outcome, Decision.made_at)
        .where(Decision.membership_id.in_(memberships), Decision.outcome.in_(LETS_IN))
        .order_by(Decision.id)
    )


def _levels(session: Session, grants: Iterable[Grant], bases: Mapping[int, Sequence[Basis]]) -> dict[int, str]:
    """The level of every decision that a later one replaced: the grant's row keeps the last one alone."""
    last = {grant.decision_id for grant in grants}
    older = [basis.id for each in bases.values() for basis in each if basis.id not in last]
    if not older:
        return {}
    query = select(Decision.id, Decision.membership_id, Decision.on, Decision.facts).where(Decision.id.in_(older))
    return {row.id: level_in(row.facts, row.membership_id, row.on.isoformat()) for row in session.execute(query)}


def level_in(facts: Iterable[Mapping[str, Any]], membership_id: int, on: str) -> str:
    """The access level that stood in a decision's facts; days are ISO dates, as they are kept."""
    held = [
        (fact["id"], fact["detail"])
        for fact in facts
        if (fact["kind"], fact["about"], fact["subject_id"]) == ("access_level", "membership", membership_id)
        and fact["valid_from"] <= on <= fact["valid_until"]
    ]
    return str(max(held)[1]) if held else ""


def _spells(
    grants: Iterable[Grant], moves: Mapping[int, Sequence[Row[Any]]], asked: Sequence[AccessRequest]
) -> tuple[Spell, ...]:
    happened: list[tuple[datetime, str, str, int]] = []
    for grant in grants:
        happened.append((grant.issued_at, LIVE, "", grant.id))
        happened += [(m.at, m.after["status"], _reason(m.said), grant.id) for m in moves.get(grant.id, ())]
    moments = {at for at, *_ in happened} | {at for r in asked for at in (r.requested_at, r.closed_at) if at}
    spells: list[Spell] = []
    for at in sorted(moments):
        # The last thing done by then counts; what was done at one moment stands in the order in which it was done.
        _, status, why, grant_id = next((h for h in reversed(happened) if h[0] <= at), (at, NONE, "", 0))
        if status in (NONE, ENDED):
            waits = any(r.requested_at <= at and (r.closed_at is None or at < r.closed_at) for r in asked)
            if waits:
                status, why = ASKED, ""
            elif status == NONE:
                why = next((r.closed_reason for r in reversed(asked) if r.closed_at and r.closed_at <= at), "")
        new = Spell(status, at, None, why, grant_id or None)
        if spells and (spells[-1].status, spells[-1].grant_id, spells[-1].why) == (status, new.grant_id, why):
            continue
        if spells:
            spells[-1] = Spell(spells[-1].status, spells[-1].since, at, spells[-1].why, spells[-1].grant_id)
        spells.append(new)
    return tuple(spells)


def _reason(said: str) -> str:
    """Why, from the sentence on record: 'The grant was suspended. Reason: a sanction is open.'"""
    return said.partition(" Reason: ")[2].removesuffix(".")
