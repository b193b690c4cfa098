"""Asking the gate inside a transaction, and keeping what it said with its facts, pack and hash."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.db import is_postgres
from portal.models import Decision, Membership, PolicyPack
from portal.standing.facts import standing_of
from workflows import gate
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Outcome


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
    know_pack(session, policy, now=now)
    row = Decision(
        membership_id=membership.id,
        outcome=outcome.value,
        on=said.on,
        made_at=now,
        made_for=made_for,
        policy_version=policy.version,
        findings=said.as_json()["findings"],
        facts=said.canonical()["facts"],
        fingerprint=said.fingerprint(),
    )
    session.add(row)
    session.flush()
    return row


def keep_refusal(
    session: Session, membership: Membership, said: gate.Decision, *, now: datetime, made_for: str, policy: Policy
) -> Decision | None:
    """Stores a refusal, unless the last decision about this membership lacked exactly the same."""
    last = session.scalars(
        select(Decision)
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


def know_pack(session: Session, policy: Policy, *, now: datetime) -> None:
    """Keeps the pack's text by version, so that a decision made under it can be read years later."""
    if session.get(PolicyPack, policy.version) is None:
        insert = (postgresql if is_postgres(session) else sqlite).insert(PolicyPack)
        values = {"version": policy.version, "name": policy.name, "text": policy.text, "first_used_at": now}
        session.execute(
            insert.values(values).on_conflict_do_nothing()
        )  # another Agency's decision may be the first one, too


def _lacking(findings: list[dict]) -> set[str]:
    return {finding["id"] for finding in findings if finding["status"] == "unmet"}
