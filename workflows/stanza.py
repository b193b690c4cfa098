"""Reads a stanza of a policy pack field by field; what it refuses, it refuses by file, stanza and field."""

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from workflows.periods import Period, parse_span

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class PolicyError(ValueError):
    """One sentence: file, stanza, field, and what is wrong with it."""


class Stanza:
    """One table of the file. Every field is asked for once; done() refuses the ones that nobody asked for."""

    def __init__(self, file: str, name: str, fields: Any) -> None:
        self.file, self.name = file, name
        if not isinstance(fields, dict):
            raise PolicyError(f"{file}, {name}: this must be a table of fields, written [{name}]")
        self._left: dict[str, Any] = dict(fields)

    def wrong(self, key: str, what: object) -> PolicyError:
        return PolicyError(f"{self.file}, {self.name}, {key}: {what}")

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def done(self) -> None:
        if self._left:
            raise self.wrong(min(self._left), "there is no such field here; check its spelling")

    def take(self, key: str, default: Any = ...) -> Any:
        if key in self._left:
            return self._left.pop(key)
        if default is ...:
            raise self.wrong(key, "this field is missing")
        return default

    def text(self, key: str, default: str | None = None, longest: int = 500) -> str:
        value = self.take(key, ... if default is None else default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.wrong(key, f"{value!r} is no text; write it in quotation marks")
        if len(value) > longest:
            raise self.wrong(key, f"this is longer than {longest} characters")
        return value

    def texts(self, key: str, default: Iterable[str] | None = None) -> tuple[str, ...]:
        """A text or a list of texts, none of them twice."""
        value = self.take(key, ... if default is None else list(default))
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
            raise self.wrong(key, f"{value!r} is neither a text nor a list of texts")
        if len(set(listed)) < len(listed):
            raise self.wrong(key, "something is listed twice")
        return tuple(listed)

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, f"{value!r} is neither true nor false")
        return value

    def number(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self.take(key, ... if default is None else default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.wrong(key, f"{value!r} is no whole number from {low} to {high}")
        return value

    def numbers(self, key: str) -> tuple[int, ...]:
        value = self.take(key, [])
        if not isinstance(value, list) or not all(isinstance(one, int) and not isinstance(one, bool) for one in value):
            raise self.wrong(key, f"{value!r} is no list of whole numbers")
        return tuple(value)

    def percent(self, key: str) -> int:
        """A percentage with at most two decimals, as hundredths: 79.99 is 7999."""
        with self._naming(key):
            return hundredths(self.take(key))

    def choice(self, key: str, words: type[E], default: E | None = None) -> E:
        value = self.take(key, ... if default is None else default)
        try:
            return words(value)
        except ValueError:
            raise self.wrong(key, f"{value!r} is none of {', '.join(words)}") from None

    def one_of(self, key: str, words: Iterable[str], default: str | None = None) -> str:
        value, allowed = self.text(key, default), list(words)
        if value not in allowed and value != default:
            raise self.wrong(key, f"{value!r} is none of {', '.join(sorted(allowed))}")
        return value

    def period(self, key: str, default: Period | None = None) -> Period:
        return self._read(key, Period.parse, default)

    def span(self, key: str) -> timedelta:
        return self._read(key, parse_span, None)

    def clock(self, key: str) -> time:
        value = self.take(key)
        if not isinstance(value, time) or value.tzinfo:
            raise self.wrong(key, f"{value!r} is no time of day such as 08:00:00")
        return value

    def stanza(self, key: str) -> "Stanza":
        """The table under this field."""
        return Stanza(self.file, key if self.name == "the pack" else f"{self.name}.{key}", self.take(key))

    def stanzas(self, key: str) -> list["Stanza"]:
        """The tables under this field, each called by its id where it has one."""
        listed = self.take(key)
        if not isinstance(listed, list) or not listed:
            raise self.wrong(key, f"at least one is needed, written [[{key}]]")
        called = [one.get("id") or one.get("name") if isinstance(one, dict) else None for one in listed]
        return [
            Stanza(self.file, f"{key} {name or n!r}", one)
            for n, (name, one) in enumerate(zip(called, listed, strict=True), 1)
        ]

    def one(self, key: str, read: Callable[["Stanza"], T]) -> T:
        """The table under this field, read whole: a field that `read` did not ask for is refused."""
        return self.stanza(key)._whole(read)

    def each(self, key: str, read: Callable[["Stanza"], T]) -> tuple[T, ...]:
        """The tables under this field, each read whole, no two of them with one id (or name, where they have no id)."""
        made: dict[object, T] = {}
        for stanza in self.stanzas(key):
            one = stanza._whole(read)
            called = getattr(one, "id", None) or getattr(one, "name", None)
            if called in made:
                raise stanza.wrong("id", f"{called!r} stands twice")
            made[called] = one
        return tuple(made.values())

    def keys(self) -> list[str]:
        return list(self._left)

    def _whole(self, read: Callable[["Stanza"], T]) -> T:
        made = read(self)
        self.done()
        return made

    def _read(self, key: str, read: Callable[[str], T], default: T | None) -> T:
        if default is not None and key not in self._left:
            return default
        with self._naming(key):
            return read(self.take(key))

    @contextmanager
    def _naming(self, key: str) -> Any:
        try:
            yield
        except PolicyError:
            raise
        except (TypeError, ValueError, ArithmeticError) as wrong:
            raise self.wrong(key, wrong) from None


def hundredths(percent: object) -> int:
    """80 is 8000 and 79.99 is 7999; ValueError beyond 0 to 100 or with more than two decimals."""
    if isinstance(percent, bool) or not isinstance(percent, int | Decimal):
        raise ValueError(f"{percent!r} is no percentage")
    exact = Decimal(percent) * 100
    if not exact.is_finite() or not 0 <= exact <= 10_000 or exact != int(exact):
        raise ValueError(f"{percent} is no percentage from 0 to 100 with at most two decimals")
    return int(exact)
