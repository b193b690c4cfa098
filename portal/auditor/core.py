"""The core HMIS's own list against the accounts here: missing, doubled, unknown, open there and closed here."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

from portal.auditor.findings import CoreAccount, Problem

OPEN_HERE = frozenset({"active", "suspending", "removing", "restoring"})
"""An account that is being changed may still be open there: its job sees to it, and `account-lost` to the job."""


def compare(connection: Connection, listed: Sequence[CoreAccount]) -> Iterable[Problem]:
    """Every account there is one account here, exactly once, and open there only where it is open here."""
    here = {
        row.external_id: row
        for row in connection.execute(
            text("SELECT id, external_id, user_id, status, confirmed_at FROM account ORDER BY id")
        )
    }
    yield from _doubled(listed)
    there = {row.external_id: row for row in listed if row.external_id}
    for row in listed:
        mine = here.get(row.external_id)
        if mine is None:
            if row.active:
                yield Problem(
                    "core-unknown",
                    "core account",
                    0,
                    f"Nobody here has the account {row.user_id}, which is active in the core HMIS.",
                )
        elif row.active and mine.status not in OPEN_HERE | ({"ordered"} if mine.confirmed_at is None else set()):
            yield Problem(
                "core-open", "account", mine.id, f"{row.user_id} is active in the core HMIS and {mine.status} here."
            )
        elif row.user_id.lower() != mine.user_id and mine.confirmed_at is not None:
            yield Problem("core-name", "account", mine.id, f"{mine.user_id} is called {row.user_id} in the core HMIS.")
    for key, mine in here.items():
        found = there.get(key)
        if mine.status == "active" and (found is None or not found.active):
            state = "is not active" if found else "does not exist"
            yield Problem(
                "core-missing", "account", mine.id, f"{mine.user_id} is active here and {state} in the core HMIS."
            )


def _doubled(listed: Sequence[CoreAccount]) -> Iterable[Problem]:
    for what, counted in (
        ("external id", Counter(row.external_id for row in listed if row.external_id)),
        ("User ID", Counter(row.user_id.lower() for row in listed)),
    ):
        for value, times in sorted(counted.items()):
            if times > 1:
                yield Problem(
                    "core-doubled", "core account", 0, f"The core HMIS has {times} accounts with the {what} {value}."
                )
