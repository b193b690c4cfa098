"""The made-up organizations: an Agency with its people and its story, and the Lead's own staff."""

from dataclasses import dataclass, field
from datetime import date

from portal.demo.names import TOWNS, Somebody

STEPS = ("entered", "invited", "signed", "paper", "forms", "ready", "participating")
"""How far an Agency comes; whatever comes later (suspended, ended, late) begins with participating."""


@dataclass(frozen=True, slots=True)
class Staff:
    """The Lead's own people and the Continuum's, by address."""

    admin: str
    second_admin: str
    desk: str
    second_desk: str
    security: str
    trainer: str
    board: str
    committee: str
    auditor: str


@dataclass(slots=True)
class House:
    """One made-up Agency: who is who, when it begins to join, how far it comes, how many licenses it gets."""

    number: int
    name: str
    story: str
    starts: date
    director: Somebody
    admin: Somebody
    officer: Somebody
    licences: int = 0
    devices: list[str] = field(default_factory=list)

    @property
    def reaches(self) -> int:
        return 0 if self.story == "victim" else STEPS.index(self.story if self.story in STEPS else "participating")

    @property
    def address(self) -> str:
        town, zip_code = TOWNS[self.number % len(TOWNS)]
        return f"{self.number + 1} Sample Street, {town}, ME {zip_code}"

    @property
    def one_for_all(self) -> bool:
        return self.director.email == self.admin.email
