"""Whom a change of the rules would concern, by name: what previews of packs and of document versions are made of."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import AccessRequest, Agency, Grant, Membership, Person

CHUNK = 5_000


class What(StrEnum):
    """What would happen to one membership."""

    OPENS = "opens"
    RESTORED = "restored"
    CHANGED = "changed"
    CLOSES = "closes"
    HELD = "held"
    LACKS = "lacks"


GROUPS = {
    "open": (What.OPENS, What.RESTORED, What.CHANGED),
    "close": (What.CLOSES,),
    "held": (What.HELD,),
    "lacks": (What.LACKS,),
}
"""What a page shows together: who is let in, who is shut out, whose request waits for more, who keeps access but lacks more."""

SAYS = {
    What.OPENS: "gets access", What.RESTORED: "access is restored", What.CHANGED: "gets what was asked for",
    What.CLOSES: "access is suspended", What.HELD: "the request waits for more", What.LACKS: "keeps access, lacks more",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would happen to one membership, when (naive UTC), and the prerequisites that it is due to, by id.

    `anyway` marks what would happen without the change, too; `lapse` a closing for what merely holds no longer, which
    the brake would count. `when` is None for what takes no act.
    """

    membership_id: int
    what: What
    when: datetime | None
    because: tuple[str, ...]
    anyway: bool = False
    lapse: bool = False
    person: str = ""
    agency_id: int = 0
    agency: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything foreseen, ordered by Agency and name; `live` counts the confirmed access there is now."""

    lines: tuple[Foreseen, ...]
    live: int

    def of(self, group: str) -> list[Foreseen]:
        return [line for line in self.lines if line.what in GROUPS[group]]

    @property
    def counts(self) -> dict[str, int]:
        return {group: len(self.of(group)) for group in GROUPS}

    @property
    def closing_by_prerequisite(self) -> list[tuple[str, int]]:
        """How many closings each prerequisite has a part in, the most first."""
        return Counter(called for line in self.of("close") for called in line.because).most_common()

    @property
    def share(self) -> int:
        """The closings in hundredths of a percent of the live access."""
        return 10_000 * len(self.of("close")) // self.live if self.live else 0

    def kept(self) -> dict[str, list[int]]:
        """What is stored with a proposal, to be compared later: membership ids by group."""
        return {group: sorted(line.membership_id for line in self.of(group)) for group in GROUPS}

    def digest(self) -> str:
        """The same for the same people, acts and moments to within 'at once or later'; another one as soon as one differs."""
        at_once = min((line.when for line in self.lines if line.when), default=None)
        said = sorted((line.membership_id, line.what.value, line.when == at_once) for line in self.lines)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Drift:
    """How a preview differs from the one that was kept with the proposal: membership ids that came and that went."""

    came: dict[str, list[int]]
    went: dict[str, list[int]]

    def __bool__(self) -> bool:
        return any(self.came.values()) or any(self.went.values())


def drift(before: dict[str, Any], now: Preview) -> Drift:
    kept = now.kept()
    came = {group: sorted(set(ids) - set(before.get(group, ()))) for group, ids in kept.items()}
    went = {group: sorted(set(before.get(group, ())) - set(ids)) for group, ids in kept.items()}
    return Drift(came, went)


@dataclass(frozen=True, slots=True)
class Access:
    """What there is now: the grants that have not ended and the open requests, by membership; with access, or asking."""

    grants: dict[int, Any]
    requests: dict[int, Any]

    @property
    def live(self) -> int:
        return sum(1 for grant in self.grants.values() if grant.status == "live" and grant.confirmed_at)


CONCERNED = select(
    select(Grant.membership_id)
    .where(Grant.status != "ended")
    .union(select(AccessRequest.membership_id).where(AccessRequest.status == "open"))
    .subquery("concerned")
    .c.membership_id
)
"""One query for the life of the process: the sweep builds its statement once for it."""


def access(session: Session) -> Access:
    """Everybody who has access or asks for it, in two statements; plain rows, since there may be many."""
    grants = session.execute(
        select(Grant.membership_id, Grant.id, Grant.status, Grant.confirmed_at, Grant.decision_id).where(
            Grant.status != "ended"
        )
    )
    requests = session.execute(
        select(
            AccessRequest.membership_id, AccessRequest.agency_id, AccessRequest.start_on, AccessRequest.requested_at
        ).where(AccessRequest.status == "open")
    )
    return Access({row.membership_id: row for row in grants}, {row.membership_id: row for row in requests})


def named(session: Session, lines: Sequence[Foreseen], live: int) -> Preview:
    """The lines with people and Agencies, in the order of reading: Agency, last name, first name."""
    found: dict[int, tuple[Any, ...]] = {}
    for ids in chunks(line.membership_id for line in lines):
        query = select(Membership.id, Person.first_name, Person.last_name, Agency.id, Agency.name).where(
            Membership.id.in_(ids)
        )
        query = query.join(Person, Person.id == Membership.person_id).join(Agency, Agency.id == Membership.agency_id)
        found |= {row[0]: tuple(row[1:]) for row in session.execute(query)}
    told = []
    for line in lines:
        first, last, agency_id, agency = found[line.membership_id]
        order = (agency.casefold(), last.casefold(), first.casefold(), line.membership_id)
        told.append(
            (
                order,
                replace(line, person=f"{first} {last}", agency_id=agency_id, agency=agency),
            )
        )
    return Preview(tuple(line for _, line in sorted(told, key=lambda pair: pair[0])), live)


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while part := list(islice(rest, CHUNK)):
        yield part
