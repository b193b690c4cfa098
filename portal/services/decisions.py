"""Asking the gate inside a transaction, and keeping what it said with its facts, pack and hash."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.models import Decision, EndedEvidence, Evidence, Grant, Membership
from portal.services import packs
from portal.standing.facts import standing_of
from workflows import gate
from workflows.business_time import local_day
from workflows.findings import fingerprint_of
from workflows.policy import Policy
from workflows.vocabulary import About, Outcome

_ONE = (About.PERSON, About.MEMBERSHIP)


def member_of(membership: Membership) -> gate.Member:
    return gate.Member(membership.id, membership.agency_id, membership.person_id)


def ask(session: Session, membership: Membership, *, now: datetime, policy: Policy) -> gate.Decision:
    """What the gate says now about one membership, from everything that is committed: the caller holds the lock."""
    session.flush()
    return standing_of(session, member_of(membership), policy, local_day(now, policy.zone))


def keep(
    session: Session,
    membership: Membership,
    said: gate.Decision,
    outcome: Outcome,
    *,
    now: datetime,
    made_for: str,
    policy: Policy,
) -> Decision:
    """Stores a decision with its findings, facts, pack version and fingerprint."""
    packs.know(session, policy, now=now)
    whole = said.canonical()
    row = Decision(
        membership_id=membership.id,
        outcome=outcome.value,
        on=said.on,
        made_at=now,
        made_for=made_for,
        policy_version=policy.version,
        findings=whole["findings"],
        facts=whole["facts"],
        fingerprint=fingerprint_of(whole),
    )
    session.add(row)
    session.flush()
    return row


def keep_refusal(
    session: Session, membership: Membership, said: gate.Decision, *, now: datetime, made_for: str, policy: Policy
) -> Decision | None:
    """Stores a refusal, unless the last decision about this membership lacked exactly the same."""
    last = session.execute(
        select(Decision.policy_version, Decision.findings)
        .where(Decision.membership_id == membership.id)
        .order_by(Decision.made_at.desc(), Decision.id.desc())
        .limit(1)
    ).first()
    if (
        last is not None
        and last.policy_version == policy.version
        and _lacking(last.findings) == {f.id for f in said.unmet}
    ):
        return None
    return keep(session, membership, said, Outcome.REFUSED, now=now, made_for=made_for, policy=policy)


def found_wrong(
    session: Session, membership: Membership, grant: Grant, said: gate.Decision, *, policy: Policy
) -> list[gate.Finding]:
    """What is unmet now because a fact about this very person was since taken back as never right.

    A score corrected to 79 %, say: asked about the decision's own day, but with what is known today, the gate would have
    stayed shut. What merely lapsed, or was asked for later, still holds on that day and is not among these; nor is a
    form of the Agency that must be done again, since a shelter is not shut for that.
    """
    if grant.outcome == Outcome.INHERITED:  # the gate never let this one in, so none of its facts carried a decision
        return []
    lacking = {
        f.id for f in said.unmet if f.prerequisite.about in _ONE and f.prerequisite.on_lapse != gate.OnLapse.WARN
    }
    if not lacking:
        return []
    made = grant.decision
    rested_on = {f["id"]: f["evidence"] for f in made.findings if f["id"] in lacking and f["evidence"]}
    rows = {row for ids in rested_on.values() for row in ids}
    if not rows:
        return []
    ended = exists().where(EndedEvidence.evidence_id == Evidence.id)  # it was right as long as it stood
    taken_back = set(
        session.scalars(select(Evidence.id).where(Evidence.id.in_(rows), Evidence.withdrawn_at < datetime.max, ~ended))
    )
    doubtful = {called for called, ids in rested_on.items() if taken_back & set(ids)}
    if not doubtful:
        return []
    then = standing_of(session, member_of(membership), policy, made.on)
    return [finding for finding in then.unmet if finding.id in doubtful]


def _lacking(findings: list[dict]) -> set[str]:
    return {finding["id"] for finding in findings if finding["status"] == "unmet"}
