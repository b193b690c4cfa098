"""A job as its handler sees it, and the rules that hold for every queue: how long a lease lasts, how often one tries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

LEASE = timedelta(minutes=2)
TRIES = 8
LONGEST_WAIT = 3600
KEPT = timedelta(days=30)
BATCH = 5_000
VERSION = "coalesce(nullif(:policy_version, ''), (SELECT version FROM pack_activation WHERE status = 'in_force'), '')"
"""What an enqueueing statement puts in for the version of the pack, as SQL: the one in force where the caller names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt at one effect. `lease` names the attempt: whoever took the job over has another one.

    `tries` counts this attempt; `lasts` is how long the lease holds without a sign of life; times are naive UTC.
    """

    __tablename__: ClassVar[str] = "job"  # the record names a thing by its table

    id: int
    key: str
    lease: str
    effect: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    policy_version: str = ""
    tries: int = 1
    enqueued_at: datetime = datetime.min
    lasts: timedelta = LEASE


def next_try(now: datetime, tries: int) -> datetime:
    """When a job that failed for the `tries`-th time is tried again: 10 s, 20 s, 40 s … at most an hour later."""
    return now + timedelta(seconds=min(LONGEST_WAIT, 2**tries * 5))
