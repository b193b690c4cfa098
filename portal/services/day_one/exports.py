"""Lists that leave the portal: its accounts as a roster, and every decision of a period with what it rested on."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Account, Agency, Decision, Grant, Membership, Person
from portal.refusals import bad_input
from workflows.actions import Action
from workflows.business_time import end_of_day, local_day, start_of_day
from workflows.policy import Policy

ROSTER = (
    "UserID", "UserName", "UserTelephone", "UserEmail", "UserActive", "UserCreatedDate", "DefaultProvider", "AccessLevel", "Agencies",
    "RestsOn",
)  # fmt: skip
DECISIONS = (
    "decision", "made_at_utc", "on_day", "last_name", "first_name", "email", "agency", "outcome", "made_for", "pack_version", "unmet",
    "fingerprint",
)  # fmt: skip
AT_ONCE = 1_000
Row = tuple[Any, ...]


def roster(session: Session, *, actor: Actor, now: datetime, policy: Policy) -> list[Row]:
    """Every account as the core HMIS's own roster has it, one row each under ROSTER; two statements, and one on record."""
    permissions.check(session, actor, Action.LIST_EXPORT)
    titles = {level.id: level.title for level in policy.access_levels}
    grants: dict[int, list[tuple[Grant, Agency]]] = {}
    query = (
        select(Grant, Agency)
        .join(Membership, Membership.id == Grant.membership_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Grant.status != "ended")
        .order_by(Grant.id)
    )
    for grant, agency in session.execute(query):
        grants.setdefault(grant.account_id, []).append((grant, agency))
    rows = []
    accounts = select(Account, Person).join(Person, Person.id == Account.person_id).order_by(Account.user_id)
    for account, person in session.execute(accounts):
        mine = grants.get(account.id, [])
        first = mine[0] if mine else None
        rows.append((
            account.user_id, f"{person.last_name}, {person.first_name}", person.phone, person.email,
            "Yes" if account.status in {"active", "ordered", "restoring"} else "No", local_day(account.created_at, policy.zone).isoformat(),
            _provider(first[1]) if first else "", titles.get(first[0].access_level, first[0].access_level) if first else "",
            "; ".join(agency.name for _, agency in mine), "; ".join(sorted({grant.outcome for grant, _ in mine})),
        ))  # fmt: skip
    audit.record(
        session, actor=actor, now=now, act="roster.export", said=f"Exported the roster: {len(rows)} accounts.", after={"accounts": len(rows)}
    )  # fmt: skip
    return rows


def decisions(
    session: Session, *, since: date | None, until: date | None, actor: Actor, now: datetime, policy: Policy
) -> Iterator[Row]:
    """Every decision made from one day of the Lead's to another, both included, the earliest first, under DECISIONS.

    BAD_INPUT where the first day is after the last. The rows come as they are read, however many there are.
    """
    permissions.check(session, actor, Action.LIST_EXPORT)
    if since and until and since > until:
        raise bad_input("The first day is after the last day.", "since")
    period = [Decision.made_at >= start_of_day(since, policy.zone)] if since else []
    period += [Decision.made_at <= end_of_day(until, policy.zone)] if until else []
    audit.record(
        session, actor=actor, now=now, act="decisions.export", said=f"Exported the decisions {_period(since, until)}.",
        after={"since": since and since.isoformat(), "until": until and until.isoformat()},
    )  # fmt: skip
    return _decisions(session, period)


def _decisions(session: Session, period: list[Any]) -> Iterator[Row]:
    query = (
        select(Decision, Person.last_name, Person.first_name, Person.email, Agency.name)
        .join(Membership, Membership.id == Decision.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(*period)
        .order_by(Decision.made_at, Decision.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for made, last_name, first_name, email, agency in session.execute(query):
        unmet = " ".join(finding["id"] for finding in made.findings if finding["status"] == "unmet")
        yield (
            made.id, made.made_at, made.on, last_name, first_name, email, agency, made.outcome, made.made_for, made.policy_version, unmet,
            made.fingerprint,
        )  # fmt: skip
        session.expunge(made)


def _provider(agency: Agency) -> str:
    return f"{agency.name} ({agency.provider_id})" if agency.provider_id else agency.name


def _period(since: date | None, until: date | None) -> str:
    words = [f"from {since.isoformat()}" if since else "", f"until {until.isoformat()}" if until else ""]
    return " ".join(word for word in words if word) or "of all time"
