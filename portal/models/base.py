"""What every table shares: status columns with their machine, checks made of closed words, triggers."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from workflows.machine import Machine


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger that the migrations create, written for each database."""

    name: str
    table: str
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]


def one_of(column: str, words: Any, name: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def status_check(machine: Machine) -> CheckConstraint:
    return one_of("status", machine.states, "status")


class HasStatus:
    """A row with a status. Only services/transition.py writes it; a new row starts at the machine's first one."""

    __machine__: ClassVar[Machine]
    status: Mapped[str] = mapped_column(String(20))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

    def __init__(self, **values: Any) -> None:
        if "status" in values:
            raise TypeError("a status is written by transition() alone")
        super().__init__(**values)
        self.status = type(self).__machine__.initial
