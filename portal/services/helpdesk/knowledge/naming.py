"""Whose names stand around a ticket, so that none of them is left in an article that was begun from it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Agency, Membership, Person, Ticket, TicketEntry, TicketFollower
from workflows.client_data import without

MOST = 2_000
"""People of one Agency that are looked for: more than any has."""

_SHORTEST = 3
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TELEPHONE = re.compile(r"(?<![\w-])(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])")
_GREETINGS = (
    "hi ",
    "hi,",
    "hello",
    "dear ",
    "good morning",
    "good afternoon",
    "thanks",
    "thank you",
    "best regards",
    "regards",
)


@dataclass(frozen=True, slots=True)
class Names:
    """`people` by their whole names, as they write and as they are known here; `agency` by its name."""

    people: frozenset[str]
    agency: str


def around(session: Session, ticket: Ticket) -> Names:
    """Who asked, wrote, follows, or belongs to the same Agency. Three statements."""
    people = {ticket.requester_name}
    people.update(session.scalars(select(TicketEntry.author_name).where(TicketEntry.ticket_id == ticket.id).distinct()))
    of_the_agency = select(Membership.person_id).where(Membership.agency_id == ticket.agency_id)
    following = select(TicketFollower.person_id).where(TicketFollower.ticket_id == ticket.id)
    known = select(Person).where(Person.id.in_(of_the_agency) | Person.id.in_(following)).limit(MOST)
    people.update(person.name for person in session.scalars(known))
    agency = session.scalar(select(Agency.name).where(Agency.id == ticket.agency_id)) or ""
    return Names(frozenset(filter(None, people)), agency)


def nameless(text: str, names: Names) -> str:
    """The text without these names and their parts, addresses, telephone numbers, and what looks like a client's.

    A line that only greets or closes goes.
    """
    cut = _TELEPHONE.sub("…", _ADDRESS.sub("…", without(text)))
    for part in sorted(_parts([*names.people, names.agency]), key=len, reverse=True):
        cut = _whole(part).sub("…", cut)
    lines = [line for line in cut.splitlines() if not line.strip().casefold().startswith(_GREETINGS)]
    return "\n".join(lines).strip()


def still_named(text: str, names: Names) -> list[str]:
    """Which of these names still stand in a text, in order; of an Agency only the whole name, since its words are everybody's."""
    wanted = {part for part in _parts(names.people) if part[:1].isupper()} | ({names.agency} if names.agency else set())
    found = {part for part in wanted if re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text)}
    return sorted(part for part in found if not any(part != other and part in other for other in found))


def _parts(names: Iterable[str]) -> set[str]:
    return {part for name in names for part in (name, *name.split()) if len(part) >= _SHORTEST}


def _whole(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
