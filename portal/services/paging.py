"""Pages of lists by key: where one ends and the next begins stands in the address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import Session

from portal import permissions

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list by key: `next` is where the next one begins, empty on the last."""

    rows: Sequence[Any]
    next: str


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted: columns that together are unique, and how each is read back from the address."""

    columns: tuple[tuple[Any, Callable[[str], Any]], ...]
    down: bool = False

    def page(
        self,
        session: Session,
        query: Select[Any],
        after: str,
        key: Callable[[Any], Sequence[Any]],
        *,
        limit: int = PAGE,
    ) -> Page:
        """The rows after a key; a key that makes no sense begins at the start."""
        columns = tuple(column for column, _ in self.columns)
        place = self._place(after)
        if place is not None:
            here, there = tuple_(*columns), tuple_(*place)
            query = query.where(here < there if self.down else here > there)
        ordered = query.order_by(*(column.desc() if self.down else column for column in columns))
        rows = session.execute(ordered.limit(limit + 1)).unique().all()
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(rows[:limit], "~".join(str(part) for part in key(last)) if last is not None else "")

    def _place(self, after: str) -> list[Any] | None:
        parts = after.split("~")
        if len(parts) != len(self.columns):
            return None
        try:
            place = [read(part) for (_, read), part in zip(self.columns, parts, strict=True)]
        except ValueError:
            return None
        return None if any(isinstance(part, int) and abs(part) > permissions.LARGEST_ID for part in place) else place


def like(text: str) -> str:
    """A search word as a pattern in which nothing is special, to be used with escape='/'."""
    plain = text.casefold().replace("/", "//").replace("%", "/%").replace("_", "/_")
    return f"%{plain}%"
