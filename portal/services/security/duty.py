"""What a duty is: something that falls due on a day, and the people who are reminded of it."""

from dataclasses import dataclass
from datetime import date

from workflows.vocabulary import LEAD, ONLOOKERS


@dataclass(frozen=True, slots=True)
class Looker:
    """Whoever asks what falls due for them: their id and their (agency, role) pairs, as an actor has them."""

    person_id: int
    roles: frozenset[tuple[int, str]]

    @property
    def lead_roles(self) -> frozenset[str]:
        return frozenset(role for agency, role in self.roles if agency == LEAD and role not in ONLOOKERS)

    def holds(self, *roles: str) -> bool:
        """Whether one of these roles is held anywhere."""
        return any(role in roles for _, role in self.roles)


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do by a day. `key` names it for good; `people` are reminded; `path` is where it is done."""

    key: str
    title: str
    due: date
    people: frozenset[int]
    path: str
    hint: str = ""
