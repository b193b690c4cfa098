"""Access: issued when the gate opens, suspended, restored and ended as the pack says (G1, G4, U8, U9, U15)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs
from portal.actors import PORTAL, Actor
from portal.models import AccessRequest, Account, Evidence, Grant, Membership, Person, Seat
from portal.services import brake, decisions, lapses, packs
from portal.services.locks import lock
from portal.services.people import accounts, licences
from portal.services.transition import transition
from workflows import gate
from workflows.business_time import FRIDAY, add_business_hours, business_morning, local_day, start_of_day
from workflows.policy import Policy
from workflows.vocabulary import About, Effect, Kind, Outcome


def reconsider(session: Session, *, membership_id: int, now: datetime, policy: Policy) -> Outcome | None:
    """Asks the gate about one membership and issues, changes, suspends or restores; None where nothing follows.

    Locks the Agency and the person first and reads afterwards, so that no sanction or withdrawal committed meanwhile is
    missed, and decides under the pack that is in force then, whatever `policy` says; that one rules where none ever was
    put in force. Everything it does is in the caller's transaction.
    """
    membership = session.get(Membership, membership_id)
    if membership is None:
        return None
    lock(session, agencies=[membership.agency_id], people=[membership.person_id])
    policy = packs.in_force(session, policy)
    request = open_request(session, membership_id)
    grant = live_grant(session, membership_id)
    if grant is None and request is None:
        return None
    said = decisions.ask(session, membership, now=now, policy=policy)
    if grant is None:
        return _issue_or_wait(session, membership, request, said, now=now, policy=policy)
    wrong = decisions.found_wrong(session, membership, grant, said, policy=policy)
    shut = bool(wrong) or _shuts(grant, said)
    if grant.status == "suspended":
        return None if shut else _restore(session, membership, grant, said, now=now, policy=policy)
    if shut:
        return _suspend_when_due(session, membership, grant, said, wrong, now=now, policy=policy)
    brake.off_the_list(session, membership.id, now=now)
    lapses.settle(session, membership, said, now=now)
    if said.permitted and request is not None:
        return _change(session, membership, grant, request, said, now=now, policy=policy)
    if said.permitted and grant.outcome == Outcome.INHERITED:
        return _admit(session, membership, grant, said, now=now, policy=policy)
    return None


def open_request(session: Session, membership_id: int) -> AccessRequest | None:
    return session.scalars(
        select(AccessRequest)
        .where(AccessRequest.membership_id == membership_id, AccessRequest.status == "open")
        .with_for_update()
    ).one_or_none()


def live_grant(session: Session, membership_id: int) -> Grant | None:
    """The grant that is live or suspended; a membership has one at most."""
    return session.scalars(
        select(Grant).where(Grant.membership_id == membership_id, Grant.status != "ended").with_for_update()
    ).one_or_none()


def _issue_or_wait(
    session: Session,
    membership: Membership,
    request: AccessRequest | None,
    said: gate.Decision,
    *,
    now: datetime,
    policy: Policy,
) -> Outcome | None:
    if request is None:
        return None
    # A pack may ask for no seat, or waive it: without one there is still no license to work under.
    if not said.permitted or request.start_on > said.on or not licences.has_place(session, membership):
        decisions.keep_refusal(session, membership, said, now=now, made_for="issue", policy=policy)
        if request.start_on > said.on:
            jobs.enqueue(
                session,
                Effect.RECONSIDER,
                key=f"membership:{membership.id}",
                now=now,
                run_at=start_of_day(request.start_on, policy.zone),
            )
        return Outcome.REFUSED
    return issue(session, membership, request, said, now=now, policy=policy)


def issue(
    session: Session,
    membership: Membership,
    request: AccessRequest,
    said: gate.Decision,
    *,
    now: datetime,
    policy: Policy,
) -> Outcome:
    """Lets a membership in: decision, seat, account, grant, audit row and job, all in the caller's transaction."""
    person = session.get_one(Person, membership.person_id)
    decision = decisions.keep(session, membership, said, Outcome.PERMITTED, now=now, made_for="issue", policy=policy)
    seat = licences.take(session, membership, now=now, policy=policy)
    account = accounts.account_for(session, person, now=now)
    grant = Grant(
        account_id=account.id,
        person_id=person.id,
        membership_id=membership.id,
        decision_id=decision.id,
        outcome=decision.outcome,
        seat_id=seat.id,
        request_id=request.id,
        access_level=level_of(said),
        issued_at=now,
    )
    session.add(grant)
    session.flush()
    request.closed_at = now
    transition(session, request, "issue", actor=PORTAL, now=now, decision_id=decision.id)
    audit.record(
        session,
        actor=PORTAL,
        now=now,
        act="access.issue",
        thing=membership,
        decision_id=decision.id,
        after={"user_id": account.user_id, "grant": grant.id},
        said=f"Access issued to {person.name} as {account.user_id}: every prerequisite was met.",
    )
    accounts.order(session, account, now=now, policy_version=policy.version)
    return Outcome.PERMITTED


def _change(
    session: Session,
    membership: Membership,
    grant: Grant,
    request: AccessRequest,
    said: gate.Decision,
    *,
    now: datetime,
    policy: Policy,
) -> Outcome:
    """A changed level or projects reach the core HMIS only once the gate permits them as they are asked for."""
    decision = decisions.keep(session, membership, said, Outcome.PERMITTED, now=now, made_for="change", policy=policy)
    grant.access_level, grant.decision_id, grant.outcome, grant.request_id = (
        level_of(said),
        decision.id,
        decision.outcome,
        request.id,
    )
    request.closed_at = now
    transition(session, request, "issue", actor=PORTAL, now=now, decision_id=decision.id)
    accounts.order(session, session.get_one(Account, grant.account_id), now=now, policy_version=policy.version)
    return Outcome.PERMITTED


def _admit(
    session: Session, membership: Membership, grant: Grant, said: gate.Decision, *, now: datetime, policy: Policy
) -> Outcome:
    """What was older than the portal rests on the gate from now on: everything that it asks for is there."""
    decision = decisions.keep(
        session, membership, said, Outcome.PERMITTED, now=now, made_for="inherited", policy=policy
    )
    grant.decision_id, grant.outcome = decision.id, decision.outcome
    audit.record(
        session,
        actor=PORTAL,
        now=now,
        act="access.admit",
        thing=membership,
        decision_id=decision.id,
        said="This access was older than the portal. Every prerequisite is met, so it rests on the gate from now on.",
    )
    return Outcome.PERMITTED


def _shuts(grant: Grant, said: gate.Decision) -> bool:
    """Access that nobody has been let in with yet is new access: it needs the whole gate, to the moment of the call."""
    return said.closes if grant.confirmed_at else not said.permitted


def _suspend_when_due(
    session: Session,
    membership: Membership,
    grant: Grant,
    said: gate.Decision,
    wrong: list[gate.Finding],
    *,
    now: datetime,
    policy: Policy,
) -> Outcome | None:
    """What speaks against somebody, or was never right, closes at once; a mere lapse on a business morning."""
    due = now if wrong else _due(grant, said, now, policy)
    if due > now:
        jobs.enqueue(session, Effect.RECONSIDER, key=f"membership:{membership.id}", now=now, run_at=due)
        return None
    if not wrong and _is_mere_lapse(grant, said):
        lacks = [finding.id for finding in said.closing]
        if not brake.admits(session, membership.id, lacks, now=now, policy=policy):
            return None
    brake.off_the_list(session, membership.id, now=now)
    lapses.over(session, membership.id, now=now)
    decision = decisions.keep(session, membership, said, Outcome.CLOSED, now=now, made_for="suspend", policy=policy)
    grant.suspended_at, grant.suspended_for = now, _in_words(said, wrong)
    transition(session, grant, "suspend", actor=PORTAL, now=now, why=f"{grant.suspended_for}.", decision_id=decision.id)
    accounts.order(session, session.get_one(Account, grant.account_id), now=now, policy_version=policy.version)
    _tell(session, "suspended", membership, now=now)
    return Outcome.CLOSED


def _in_words(said: gate.Decision, wrong: list[gate.Finding], longest: int = 400) -> str:
    """What is wrong, whole sentences only; without the last full stop, since mails and pages go on after it."""
    findings = [said.finding(finding.id) for finding in wrong] + said.closing or said.unmet
    words = ""
    for sentence in dict.fromkeys(finding.sentence for finding in findings):
        if len(words) + len(sentence) < longest:
            words = f"{words} {sentence}".strip()
    return (words or findings[0].sentence[:longest]).removesuffix(".")


def _due(grant: Grant, said: gate.Decision, now: datetime, policy: Policy) -> datetime:
    return next_closing(now, policy) if _is_mere_lapse(grant, said) else now


def _is_mere_lapse(grant: Grant, said: gate.Decision) -> bool:
    """Nothing speaks against somebody who has been let in; something only holds no longer."""
    against = any(finding.prerequisite.needs is gate.Needs.ABSENT for finding in said.closing)
    return grant.confirmed_at is not None and not against


def next_closing(now: datetime, policy: Policy) -> datetime:
    """When a mere lapse that is known now closes access: at once while the desk is open, Monday to Thursday.

    What becomes known at night, or on a Friday, waits for the next business morning, although its day is past.
    """
    weekday = local_day(now, policy.zone).weekday()
    open_ = weekday < FRIDAY and add_business_hours(now, 0, policy.hours, policy.holidays) == now
    return now if open_ else business_morning(now, policy.hours, policy.holidays)


def _restore(
    session: Session, membership: Membership, grant: Grant, said: gate.Decision, *, now: datetime, policy: Policy
) -> Outcome:
    decision = decisions.keep(session, membership, said, Outcome.KEPT, now=now, made_for="restore", policy=policy)
    grant.suspended_at, grant.suspended_for = None, ""
    transition(session, grant, "restore", actor=PORTAL, now=now, decision_id=decision.id)
    accounts.order(session, session.get_one(Account, grant.account_id), now=now, policy_version=policy.version)
    _tell(session, "restored", membership, now=now)
    return Outcome.KEPT


def end(session: Session, grant: Grant, *, actor: Actor, now: datetime, reason: str, policy: Policy) -> None:
    """Ends a grant for good: the seat goes back, the account follows what other grants are left."""
    grant.ended_at = now
    brake.off_the_list(session, grant.membership_id, now=now)
    lapses.over(session, grant.membership_id, now=now)
    transition(session, grant, "end", actor=actor, now=now, why=reason)
    licences.give_back(session, session.get_one(Seat, grant.seat_id), now=now, policy=policy, reason=reason)
    accounts.order(session, session.get_one(Account, grant.account_id), now=now, policy_version=policy.version)


def level_of(said: gate.Decision) -> str:
    """The access level that the decision rests on: the one recorded last."""
    rows = said.held(About.MEMBERSHIP, said.member.id, Kind.ACCESS_LEVEL)
    return rows[-1].detail if rows else ""


def concerned(session: Session, key: str) -> list[int]:
    """The memberships that a reconsider job is about, with access or an open request; the longest waiting first."""
    about, _, subject = key.partition(":")
    query = select(Membership.id).outerjoin(
        AccessRequest, (AccessRequest.membership_id == Membership.id) & (AccessRequest.status == "open")
    )
    query = query.outerjoin(Grant, (Grant.membership_id == Membership.id) & (Grant.status != "ended"))
    query = query.where((AccessRequest.id.is_not(None)) | (Grant.id.is_not(None))).order_by(
        AccessRequest.requested_at, Membership.id
    )
    match about:
        case "person":
            return list(session.scalars(query.where(Membership.person_id == int(subject))))
        case "agency":
            return list(session.scalars(query.where(Membership.agency_id == int(subject))))
        case "device":
            used = select(Evidence.subject_id).where(
                Evidence.about == About.MEMBERSHIP, Evidence.kind == Kind.DEVICE_IN_USE, Evidence.value == int(subject)
            )
            return list(session.scalars(query.where(Membership.id.in_(used))))
        case "lead":
            return list(session.scalars(query))
    raise KeyError(key)


def _tell(session: Session, mail: str, membership: Membership, *, now: datetime) -> None:
    jobs.enqueue(
        session, Effect.MAIL, key=f"{mail}:{membership.id}:{now.isoformat()}", now=now,
        payload={"mail": mail, "person_id": membership.person_id, "membership_id": membership.id},
    )  # fmt: skip


__all__ = ["concerned", "end", "issue", "level_of", "live_grant", "open_request", "reconsider"]
