"""The core HMIS's own list against the portal's accounts: who gets in there and should not comes first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.adapters.core_hmis.port import CoreUserRow
from portal.models import Account, CoreUser, Person
from portal.services.people import accounts
from portal.services.people.provisioning import UNDER_WAY
from workflows.actions import Action
from workflows.policy import Policy


class Found(StrEnum):
    """What may differ, the worst first."""

    OPEN_THERE = "open_there"
    TWICE = "twice"
    SHUT_THERE = "shut_there"
    MISSING = "missing"
    UNLINKED = "unlinked"
    RENAMED = "renamed"
    UNKNOWN = "unknown"


TITLES: Mapping[Found, str] = {
    Found.OPEN_THERE: "Active in the core HMIS, and suspended or removed here",
    Found.TWICE: "Twice in the core HMIS",
    Found.SHUT_THERE: "Active here, and inactive in the core HMIS",
    Found.MISSING: "Active here, and not in the core HMIS",
    Found.UNLINKED: "In the core HMIS without the portal's external id, so the portal cannot reach it",
    Found.RENAMED: "Another User ID in the core HMIS",
    Found.UNKNOWN: "In the core HMIS, and unknown to the portal",
}
DEEDS = frozenset({Found.OPEN_THERE, Found.SHUT_THERE})
"""What telling the core HMIS once more mends."""
LEARNED = "core HMIS: its own list"
_ORDER = {found: number for number, found in enumerate(Found)}


@dataclass(frozen=True, slots=True)
class Difference:
    """One account that is not as the portal has it. `account_id` is None where the portal knows nobody."""

    found: Found
    user_id: str
    name: str
    sentence: str
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`under_way`: accounts whose latest order is not confirmed yet; they are compared when it is."""

    differences: tuple[Difference, ...]
    there: int
    here: int
    under_way: int
    learned: int

    def counts(self) -> dict[Found, int]:
        """How many of each, the worst first; only what was found."""
        counted = Counter(each.found for each in self.differences)
        return {found: counted[found] for found in Found if counted[found]}


@dataclass(frozen=True, slots=True)
class _Account:
    id: int
    user_id: str
    external_id: str
    status: str
    name: str


def compare(
    session: Session, rows: Sequence[CoreUserRow], *, actor: Actor, now: datetime, learn: bool = True
) -> Report:
    """What differs between the core HMIS's list and the portal's accounts; put on record with its counts.

    With `learn`, User IDs that only the core HMIS knows are remembered, so that nobody is given one of them.
    """
    permissions.check(session, actor, Action.CORE_RECONCILE)
    mine = _accounts(session)
    ours = {account.external_id: account for account in mine}
    by_id: dict[str, list[CoreUserRow]] = {}
    for row in rows:
        if row.external_id in ours:
            by_id.setdefault(row.external_id, []).append(row)
    rest = {row.user_id.lower(): row for row in rows if row.external_id not in ours}
    differences: list[Difference] = []
    for account in mine:
        differences += _about(account, by_id.get(account.external_id, []), rest.get(account.user_id))
    names = {account.user_id for account in mine}
    strangers = [row for user_id, row in rest.items() if user_id not in names]
    differences += [_stranger(row) for row in strangers]
    report = Report(
        differences=tuple(sorted(differences, key=lambda each: (_ORDER[each.found], each.user_id))),
        there=len(rows),
        here=sum(account.status != "removed" for account in mine),
        under_way=sum(account.status in UNDER_WAY for account in mine),
        learned=_learn(session, strangers, now=now) if learn else 0,
    )
    counted = ", ".join(f"{count} {found.value}" for found, count in report.counts().items()) or "no difference"
    audit.record(
        session, actor=actor, now=now, act="core_hmis.reconcile", after={k.value: n for k, n in report.counts().items()},
        said=f"Compared {len(rows)} accounts of the core HMIS with the portal's {len(mine)}: {counted}.",
    )  # fmt: skip
    return report


def tell_again(session: Session, report: Report, *, actor: Actor, now: datetime, policy: Policy) -> list[str]:
    """Has the core HMIS told once more about whoever is open or shut there against the portal's word; their User IDs."""
    permissions.check(session, actor, Action.CORE_RECONCILE)
    told = []
    for each in report.differences:
        if each.found not in DEEDS or each.account_id is None:
            continue
        account = session.get_one(Account, each.account_id, with_for_update=True)
        if account.status in UNDER_WAY:
            continue
        why = f"{actor.name} found: {each.sentence}"
        accounts.tell_again(session, account, now=now, policy_version=policy.version, why=why)
        told.append(account.user_id)
    return told


def _accounts(session: Session) -> list[_Account]:
    query = select(
        Account.id, Account.user_id, Account.external_id, Account.status, Person.first_name, Person.last_name
    ).join(Person, Person.id == Account.person_id)
    return [_Account(*row[:4], name=f"{row[4]} {row[5]}") for row in session.execute(query.order_by(Account.id))]


def _about(account: _Account, rows: list[CoreUserRow], by_name: CoreUserRow | None) -> list[Difference]:
    """What differs about one account; `by_name` holds its User ID without its external id."""
    unlinked = not rows and by_name is not None and not by_name.external_id
    found: list[Difference] = []

    def differs(what: Found, sentence: str) -> None:
        found.append(Difference(what, account.user_id, account.name, sentence, account.id))

    if len(rows) > 1:
        names = " and ".join(sorted(row.user_id for row in rows))
        differs(
            Found.TWICE, f"{names} carry the same external id. Take it off the one that {account.name} does not use."
        )
    there = rows or ([by_name] if unlinked and by_name is not None else [])
    if account.status not in UNDER_WAY:
        if account.status != "active" and (open_ones := [row.user_id for row in there if row.active]):
            differs(Found.OPEN_THERE, f"{open_ones[0]} is {account.status} here, and still active in the core HMIS.")
        if account.status == "active" and not there:
            differs(Found.MISSING, f"{account.user_id} is active here, and the core HMIS has no such account.")
        if account.status == "active" and there and not any(row.active for row in there):
            differs(Found.SHUT_THERE, f"{account.user_id} is active here, and inactive in the core HMIS.")
    if unlinked:
        differs(
            Found.UNLINKED,
            f"{account.user_id} carries no external id there. Write {account.external_id} on it if it is {account.name}'s.",
        )
    if len(rows) == 1 and rows[0].user_id.lower() != account.user_id:
        differs(Found.RENAMED, f"{account.user_id} is called {rows[0].user_id} in the core HMIS.")
    return found


def _stranger(row: CoreUserRow) -> Difference:
    state = "active" if row.active else "inactive"
    return Difference(
        Found.UNKNOWN, row.user_id, row.name, f"{row.user_id} is {state}, and nobody here has this account."
    )


def _learn(session: Session, strangers: Iterable[CoreUserRow], *, now: datetime) -> int:
    known = set(session.scalars(select(CoreUser.user_id)))
    new = [row for row in strangers if row.user_id.lower() not in known]
    for row in new:
        accounts.learn(session, row.user_id[:50], now=now, source=LEARNED, name=row.name[:200])
    return len(new)
