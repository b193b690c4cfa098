"""Waivers: asked for, given by another, bounded, ended (G1). What the gate reads is evidence that rests on them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import AccessRequest, Agency, Evidence, Membership, Waiver
from portal.refusals import Refused, a_reason, bad_input
from portal.services import decisions, evidence, holders
from portal.services.locks import lock
from portal.services.transition import transition
from portal.standing.facts import facts_of
from portal.standing.sweep import stand
from workflows import gate
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.findings import Decision
from workflows.policy import Policy
from workflows.questions import Prerequisite
from workflows.vocabulary import LEAD, About, Effect, Kind, Reason, Role

LONGEST = timedelta(days=366)
TABLE = "waiver"
DECIDED = "Say why: it is shown wherever this decision is shown."
PREVIEWED = 200
"""How many open requests of an Agency are asked about for 'who would be let in': more than any has waiting."""


def waivable(policy: Policy) -> Mapping[str, Prerequisite]:
    """The prerequisites that the pack lets be waived, by id, in its order."""
    return {p.id: p for p in policy.prerequisites if p.waivable}


def ask(
    session: Session,
    *,
    agency: Agency,
    membership: Membership | None,
    prerequisite: str,
    until: date,
    reason: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Waiver:
    """Asks for a waiver, for one membership of the Agency or for all of it; the Lead's administrators are mailed.

    Refuses BAD_INPUT for what the pack does not let be waived, a last day before today or more than a year away, no
    reason; ALREADY_DONE where the same is asked for or in force until then.
    """
    permissions.check(session, actor, Action.WAIVER_ASK, membership or agency)
    lock(session, agencies=[agency.id])
    today = local_day(now, policy.zone)
    if prerequisite not in waivable(policy):
        raise bad_input("The policy pack in force does not let this be waived. Choose another.", "prerequisite")
    if actor.person_id is None:
        raise bad_input("A waiver is asked for by a person.", "")
    why = a_reason(reason, "Say why it should be waived, for whoever decides and for whoever reads it later.")
    _refuse_days(until, today)
    _refuse_doubled(session, agency, membership, prerequisite, until, today)
    row = Waiver(
        agency_id=agency.id, membership_id=membership.id if membership else None,
        person_id=membership.person_id if membership else None, prerequisite=prerequisite, reason=why, until=until,
        asked_by=actor.person_id, asked_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="waiver.ask", thing=row, after={"prerequisite": prerequisite, "until": until.isoformat()},
        said=f"Asked for a waiver until {us_date(until)} for {row.subject}: {_title(policy, prerequisite)}. Reason: {why}",
    )  # fmt: skip
    for admin in set(holders.of_the_lead(session, Role.LEAD_ADMIN, on=today)) - {actor.person_id, row.person_id}:
        _tell(session, "waiver_asked", row, admin, now=now)
    return row


def give(
    session: Session, row: Waiver, *, until: date, reason: str, actor: Actor, now: datetime, policy: Policy
) -> Evidence:
    """Gives a waiver until a day no later than was asked for: evidence from today on, and whom it concerns is reconsidered.

    SAME_PERSON for whoever belongs to the Agency or requested this person's access.
    """
    permissions.check(session, actor, Action.WAIVER_DECIDE, row)
    lock(session, agencies=[row.agency_id])
    _refuse_own_place(session, row, actor)
    today, why = local_day(now, policy.zone), a_reason(reason, DECIDED)
    if row.prerequisite not in waivable(policy):
        raise Refused(Reason.CONFLICT, "The policy pack in force does not let this be waived any more. Refuse it.")
    _refuse_days(until, today)
    if until > row.until:
        raise bad_input(f"It was asked for until {us_date(row.until)}. Give it until then at most.", "until")
    about, subject = _subject(row)
    held = evidence.record(
        session, actor=actor, now=now, kind=Kind.WAIVER, about=about, subject_id=subject, detail=row.prerequisite,
        valid_from=today, valid_until=until, rests_on=TABLE, rests_on_id=row.id, verified_how="decided by the Lead",
        note=why,
    )  # fmt: skip
    _decide(session, row, "give", why, actor=actor, now=now, until=until, evidence_id=held.id)
    return held


def refuse(session: Session, row: Waiver, *, reason: str, actor: Actor, now: datetime) -> None:
    """Refuses a waiver; whoever asked is told why."""
    permissions.check(session, actor, Action.WAIVER_DECIDE, row)
    _refuse_own_place(session, row, actor)
    _decide(session, row, "refuse", a_reason(reason, DECIDED), actor=actor, now=now, until=row.until, evidence_id=None)


def withdraw(session: Session, row: Waiver, *, actor: Actor, now: datetime) -> None:
    """Takes the question back before it is decided."""
    transition(session, row, "withdraw", actor=actor, now=now)


def end(session: Session, row: Waiver, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Ends a waiver before its last day, from today on; the gate asks again of everybody it carried."""
    permissions.check(session, actor, Action.WAIVER_END, row)
    lock(session, agencies=[row.agency_id])
    why = a_reason(reason, DECIDED)
    transition(session, row, "end", actor=actor, now=now, why=why)
    held = session.get_one(Evidence, row.evidence_id)
    if held.withdrawn_at == datetime.max:
        yesterday = local_day(now, policy.zone) - timedelta(1)
        evidence.end(session, held, actor=actor, now=now, last_day=min(yesterday, held.valid_until), reason=why)
    _tell(session, "waiver_decided", row, row.asked_by, now=now)


def lets_in(session: Session, row: Waiver, *, now: datetime, policy: Policy) -> list[Membership]:
    """Who waits for access and would be let in by this waiver alone, as the gate stands now; the longest waiting first.

    One statement for all who wait; the gate itself is asked of those alone who lack nothing but what one subject answers
    together with the prerequisite (of several devices or colleagues, the waiver may make another one the best).
    """
    today = local_day(now, policy.zone)
    query = (
        select(Membership)
        .join(AccessRequest, AccessRequest.membership_id == Membership.id)
        .where(AccessRequest.status == "open", Membership.agency_id == row.agency_id)
        .order_by(AccessRequest.requested_at, Membership.id)
        .limit(PREVIEWED)
    )
    if row.membership_id is not None:
        query = query.where(Membership.id == row.membership_id)
    waiting = session.scalars(query.options(joinedload(Membership.person))).all()
    asked = waivable(policy).get(row.prerequisite)
    if not waiting or asked is None:
        return []
    together = {p.id for p in policy.prerequisites if p.about == asked.about}
    standings = stand(session, policy, today, memberships=[each.id for each in waiting])
    near = {each.membership_id for each in standings if each.unmet and together.issuperset(each.unmet)}
    about, subject = _subject(row)
    waiver = gate.Evidence(
        id=0, about=about, subject_id=subject, kind=Kind.WAIVER, detail=row.prerequisite, valid_from=today,
        valid_until=row.until, recorded_at=now,
    )  # fmt: skip
    return [each for each in waiting if each.id in near and _opens(session, each, waiver, policy, today)]


def behind(session: Session, said: Decision) -> list[str]:
    """The waivers that a decision rests on, a sentence each, with who gave them and why: for wherever it is shown."""
    waived = {e: f.title for f in said.findings if f.status is gate.Status.WAIVED for e in f.evidence}
    if not waived:
        return []
    rows = session.execute(
        select(Evidence, Waiver)
        .join(Waiver, (Evidence.rests_on == TABLE) & (Evidence.rests_on_id == Waiver.id))
        .where(Evidence.id.in_(waived))
        .options(joinedload(Waiver.agency), joinedload(Waiver.whom), joinedload(Waiver.decider))
        .order_by(Evidence.id)
    ).all()
    by = {waiver.id: waiver.decider.name if waiver.decider else "the Lead" for _, waiver in rows}
    return [
        f"{waived[row.id]}: waived for {waiver.subject} until {us_date(row.valid_until)} by {by[waiver.id]}. {waiver.decided_reason}"
        for row, waiver in rows
    ]


def counted(session: Session, *, on: date, soon: timedelta = timedelta(days=30)) -> dict[str, int]:
    """How many waivers are asked for, in force, and in force but over within `soon`; one statement."""
    given = (Waiver.status == "given") & (Waiver.until >= on)
    asked, held, ending = session.execute(
        select(
            func.count().filter(Waiver.status == "asked"),
            func.count().filter(given),
            func.count().filter(given & (Waiver.until < on + soon)),
        ).where(Waiver.status.in_(("asked", "given")))
    ).one()
    return {"asked": asked, "in_force": held, "ending": ending}


def _opens(session: Session, member: Membership, waiver: gate.Evidence, policy: Policy, on: date) -> bool:
    facts = facts_of(session, member, policy)
    return gate.decide(policy, decisions.member_of(member), [*facts, waiver], on).permitted


def _decide(
    session: Session, row: Waiver, move: str, why: str, *, actor: Actor, now: datetime, until: date, evidence_id: int | None
) -> None:  # fmt: skip
    transition(session, row, move, actor=actor, now=now, why=why)
    # With the status in one statement: the database keeps them together.
    row.decided_by, row.decided_at, row.decided_reason = actor.person_id, now, why
    row.until, row.evidence_id = until, evidence_id
    session.flush()
    _tell(session, "waiver_decided", row, row.asked_by, now=now)


def _subject(row: Waiver) -> tuple[About, int]:
    return (About.AGENCY, row.agency_id) if row.membership_id is None else (About.MEMBERSHIP, row.membership_id)


def _refuse_days(until: date, today: date) -> None:
    if until < today:
        raise bad_input(f"The last day is past. Choose {us_date(today)} or a later day.", "until")
    if until > today + LONGEST:
        raise bad_input(f"A waiver lasts a year at most: until {us_date(today + LONGEST)}.", "until")


def _refuse_doubled(
    session: Session, agency: Agency, membership: Membership | None, prerequisite: str, until: date, today: date
) -> None:
    same = select(Waiver).where(
        Waiver.agency_id == agency.id,
        Waiver.prerequisite == prerequisite,
        Waiver.membership_id.is_(None) if membership is None else Waiver.membership_id == membership.id,
    )
    if session.scalars(same.where(Waiver.status == "asked")).first() is not None:
        raise Refused(Reason.ALREADY_DONE, "This waiver is asked for already and waits for the Lead.", "prerequisite")
    held = session.scalars(same.where(Waiver.status == "given", Waiver.until >= max(today, until))).first()
    if held is not None:
        raise Refused(
            Reason.ALREADY_DONE, f"This is waived already until {us_date(held.until)}. Ask for a later day.", "until"
        )


def _refuse_own_place(session: Session, row: Waiver, actor: Actor) -> None:
    """G1: never by the person who asked or the person it is for; nor by one of theirs, or who requested the access."""
    if row.agency_id != LEAD and any(agency == row.agency_id for agency, _ in actor.roles):
        raise Refused(
            Reason.SAME_PERSON, "You belong to this Agency yourself, so another person of the Lead has to decide."
        )
    if row.membership_id is not None and actor.person_id in set(
        session.scalars(select(AccessRequest.requested_by).where(AccessRequest.membership_id == row.membership_id))
    ):
        raise Refused(
            Reason.SAME_PERSON, "You requested this person's access, so another person of the Lead has to decide."
        )


def _tell(session: Session, mail: str, row: Waiver, person_id: int, *, now: datetime) -> None:
    payload = {"mail": mail, "person_id": person_id, "waiver_id": row.id, "agency_id": row.agency_id}
    jobs.enqueue(
        session, Effect.MAIL, key=f"{mail}:{row.id}:{row.status}:{person_id}", now=now, payload=payload
    )  # fmt: skip


def _title(policy: Policy, prerequisite: str) -> str:
    return next((p.title for p in policy.prerequisites if p.id == prerequisite), prerequisite)
