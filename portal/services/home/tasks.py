"""What stands on the first page: a task, and everything together."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `kind` and `id` say where it is done; the page knows the address."""

    kind: str
    title: str
    id: int = 0
    hint: str = ""
    since: date | datetime | None = None
    due: date | datetime | None = None
    status: str = "to_do"
    who: str = ""


@dataclass(slots=True)
class Home:
    """Everything on the first page."""

    mine: list[Task] = field(default_factory=list)
    others: list[Task] = field(default_factory=list)
    soon: list[Task] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
