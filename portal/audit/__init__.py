"""The record: one row for every act and every refusal that matters, in the act's own transaction, sealed at its end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.audit import sealing
from workflows.vocabulary import LEAD

ITS_AGENCY = "The Agency"
_AN_AGENCYS_OWN = frozenset({
    "access request.cancel", "access.request", "device.authorise", "device.change", "device.enter", "device.withdraw",
    "document.fill", "document.scan", "document.submit", "officer.end", "officer.name", "person.deactivate",
})  # fmt: skip
"""Acts that are an Agency's own: where the Lead's staff carry them out, they do so for the Agency, in their own name."""


def record(session: Session, *, numbered: bool = False, **said: Any) -> int:
    """Puts on record who did what to which thing, in words: all that entry() takes. Written and sealed at the commit.

    With `numbered`, the id that the entry will have, for what rests on it; 0 otherwise.
    """
    values = entry(**said)
    if numbered:
        values["id"] = sealing.reserve(session)
    sealing.add(session, [values])
    return values.get("id", 0)


def record_all(session: Session, entries: Sequence[dict[str, Any]]) -> None:
    """Puts many of entry() on record, in this order."""
    sealing.add(session, entries)


def write(session: Session) -> None:
    """Writes and seals now what would be at the commit, for whoever reads the record before it.

    Nobody else can put anything on record until the commit: take every other lock first.
    """
    sealing.write(session)


def begin(session: Session, *, now: datetime) -> bool:
    """Begins the sealed record where it has not begun; entries that are older are covered by its first. Whether it did."""
    return sealing.begin(session, now=now)


def head(session: Session) -> sealing.Head | None:
    """The last sealed entry that is committed or written: its number, seal and key."""
    return sealing.head(session.connection())


def entry(
    *,
    actor: Actor,
    now: datetime,
    act: str,
    said: str,
    thing: Any = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    decision_id: int | None = None,
    refused: str = "",
) -> dict[str, Any]:
    """What is put on record, not on record yet. `thing` is a row; its agency and person are taken from it."""
    agency_id = getattr(thing, "agency_id", None)
    return {
        "at": now,
        "actor_id": actor.person_id,
        "actor": actor.name,
        "via": actor.via,
        "on_behalf": on_behalf(actor, act, agency_id),
        "address": actor.address,
        "act": act,
        "thing": thing.__tablename__ if thing is not None else "",
        "thing_id": getattr(thing, "id", None),
        "agency_id": agency_id,
        "person_id": getattr(thing, "person_id", None),
        "said": said,
        "before": before or {},
        "after": after or {},
        "decision_id": decision_id,
        "refused": refused,
    }


def on_behalf(actor: Actor, act: str, agency_id: int | None) -> str:
    """For whom somebody acts who does not act for themselves: by delegation, or the Lead for an Agency; else ''."""
    if actor.on_behalf:
        return actor.on_behalf[:200]
    elsewhere = agency_id not in (None, LEAD) and all(agency != agency_id for agency, _ in actor.roles)
    return ITS_AGENCY if elsewhere and actor.lead_roles and act in _AN_AGENCYS_OWN else ""
