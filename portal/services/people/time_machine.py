"""The time machine: any membership, any day, as known at any moment: what held, what was known, what was decided (G3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Decision, Evidence, Membership
from portal.refusals import bad_input
from portal.services.decisions import member_of
from portal.services.people import access_then, waivers
from portal.services.people.access_then import Details, History, Spell
from portal.services.people.learned import Learned, learned
from portal.services.people.packs_then import PackThen, pack_at
from portal.services.people.proof import Proof, prove
from portal.standing.facts import facts_of
from workflows import gate
from workflows.actions import Action
from workflows.business_time import end_of_day, local_day, start_of_day
from workflows.policy import Policy

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)


class Known(StrEnum):
    """As known when: at the end of the day itself, now, or at a moment that is named."""

    THEN = "then"
    TODAY = "today"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a day of the Lead's, and as known when; `at` is naive UTC, for Known.MOMENT alone."""

    day: date
    known: Known = Known.THEN
    at: datetime | None = None

    def known_at(self, now: datetime, zone: str) -> datetime:
        """The moment whose knowledge counts, never later than now."""
        wanted = {Known.THEN: end_of_day(self.day, zone), Known.TODAY: now, Known.MOMENT: self.at or now}
        return min(wanted[self.known], now)


@dataclass(frozen=True, slots=True)
class Then:
    """The answer to a Question about one membership.

    `moment` is the last one that was looked at: the end of the day, or what was known by then, or now. `said` is the
    gate's answer about the day as known at `known_at`, under the pack in force at `moment`; `said_today` the answer under
    today's pack where that is another one. `spells` are the stretches of access on the day up to `moment`.
    """

    question: Question
    known_at: datetime
    moment: datetime
    now: datetime
    zone: str
    pack: PackThen
    said: gate.Decision
    said_today: gate.Decision | None
    learned: Sequence[Learned]
    history: History
    spells: Sequence[Spell]
    details: Details | None
    decision: Decision | None
    proof: Proof | None
    waived: Sequence[str] = ()

    @property
    def day(self) -> date:
        return self.question.day

    @property
    def ahead(self) -> bool:
        """The day had not begun at the moment that was looked at: what is said about it is a forecast."""
        return self.moment < start_of_day(self.day, self.zone)

    @property
    def unfinished(self) -> bool:
        """The day had begun and was not over."""
        return not self.ahead and self.moment < end_of_day(self.day, self.zone)

    @property
    def state(self) -> Spell:
        """How access stood at the last moment that was looked at."""
        return self.spells[-1]


def ask(
    session: Session, *, membership: Membership, question: Question, actor: Actor, now: datetime, policy: Policy
) -> Then:
    """What held, what was known and what was decided about a membership on a day; for whoever may see its standing.

    `policy` is the pack in force today. Costs the same number of statements whatever is on record, and one more where something was waived. Refuses by BAD_INPUT a
    day that no calendar of ours has and a moment to come; NOT_ALLOWED for others. Manual: 'Audit reports'.
    """
    permissions.check(session, actor, Action.STANDING_SEE, membership)
    check(question, now)
    known_at = question.known_at(now, policy.zone)
    moment = min(end_of_day(question.day, policy.zone), known_at)
    pack = pack_at(session, membership_id=membership.id, at=moment, policy=policy)
    member, zone = member_of(membership), policy.zone
    rows = facts_of(session, member, pack.policy)
    said = gate.decide(pack.policy, member, rows, question.day, known_at)
    same = pack.policy.version == policy.version
    today = None if same else gate.decide(policy, member, facts_of(session, member, policy), question.day, known_at)
    later = gate.decide(pack.policy, member, rows, question.day, now) if known_at < now else said
    history = access_then.history(session, membership.id)
    decision = last_decision(session, membership.id, moment)
    return Then(
        question=question,
        known_at=known_at,
        moment=moment,
        now=now,
        zone=zone,
        pack=pack,
        said=said,
        said_today=today,
        learned=learned(said, later, rows, zone=zone, reasons=_reasons(session, actor, membership, rows, known_at)),
        history=history,
        spells=history.between(min(start_of_day(question.day, zone), moment), moment),
        details=history.details(moment),
        decision=decision,
        proof=prove(session, decision, membership, policy=policy) if decision else None,
        waived=waivers.behind(session, said),
    )


def last_decision(session: Session, membership_id: int, moment: datetime) -> Decision | None:
    """The last decision about a membership that had been made by a moment."""
    query = select(Decision).where(Decision.membership_id == membership_id, Decision.made_at <= moment)
    return session.scalars(query.order_by(Decision.made_at.desc(), Decision.id.desc()).limit(1)).first()


def days_worth_asking(
    session: Session, membership: Membership, history: History, *, zone: str, most: int = 8
) -> list[tuple[date, str]]:
    """The days on which something about access was decided or done, newest first, each with what it was."""
    said = {"live": "Access began", "suspended": "Access was suspended", "ended": "Access ended"}
    said["asked"] = "Access was asked for"
    days: dict[date, str] = {}
    for before, spell in zip((None, *history.spells), history.spells, strict=False):
        if spell.status in said:
            restored = spell.status == access_then.LIVE and before and before.status == access_then.SUSPENDED
            days[local_day(spell.since, zone)] = "Access was restored" if restored else said[spell.status]
    made = select(Decision.made_at, Decision.made_for).where(Decision.membership_id == membership.id)
    for at, made_for in session.execute(made.order_by(Decision.id.desc()).limit(most)):
        days.setdefault(local_day(at, zone), "Access was changed" if made_for == "change" else "The gate was asked")
    return sorted(days.items(), reverse=True)[:most]


def check(question: Question, now: datetime) -> None:
    """Refuses by BAD_INPUT a day that no calendar of ours has, and a moment that is missing or still to come."""
    if not EARLIEST <= question.day <= LATEST:
        raise bad_input(f"Choose a day from {EARLIEST.year} to {LATEST.year}.", "day")
    if question.known is Known.MOMENT:
        if question.at is None:
            raise bad_input("Enter the day and the time whose knowledge counts.", "at")
        if question.at > now:
            raise bad_input("That moment is still to come: nobody knows yet what will be known.", "at")


def _reasons(
    session: Session, actor: Actor, membership: Membership, rows: Sequence[gate.Evidence], known_at: datetime
) -> dict[int, str]:
    """Why rows were taken back since, for whoever may read the evidence itself."""
    if not permissions.allows(session, actor, Action.EVIDENCE_SEE, membership):
        return {}
    since = [row.id for row in rows if known_at < row.withdrawn_at < gate.NEVER]
    if not since:
        return {}
    query = select(Evidence.id, Evidence.withdrawn_reason).where(Evidence.id.in_(since))
    return {row.id: row.withdrawn_reason for row in session.execute(query)}
