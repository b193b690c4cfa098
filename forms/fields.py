"""Fields of our own: a day as month, day and year, so that nobody guesses the order, and choices with a box each."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

ORDER = (("month", "Month", "2"), ("day", "Day", "2"), ("year", "Year", "4"))
FIRST, LAST = 1950, 2100


class Boxes(SelectMultipleField):
    """Several choices, each with its own check box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class DayField(Field):
    """A day in three inputs named `x-month`, `x-day`, `x-year`; `x` alone may hold it as 2026-11-23.

    `data` is a date or None. What was typed and is no day stays in the inputs, beside a sentence that says what to do.
    """

    data: date | None
    raw_data: list[str]

    def __init__(self, label: str = "", validators: Sequence[Callable[..., Any]] = (), **kwargs: Any):
        super().__init__(label, list(validators), **kwargs)
        self.typed: dict[str, str] = {}

    def process(self, formdata: Any, data: Any = ..., extra_filters: Any = None) -> None:
        super().process(None, *([] if data is ... else [data]), extra_filters=extra_filters)
        kept: object = self.data
        if isinstance(kept, str):
            self.data = date.fromisoformat(kept) if kept else None
        self.raw_data = []
        if not formdata:
            return
        names = [f"{self.name}-{part}" for part, _, _ in ORDER]
        if self.name in formdata:
            self._take(*self._split(formdata.get(self.name)))
        elif any(name in formdata for name in names):
            self._take(*(formdata.get(name, "").strip() for name in names))
        else:
            self.data = None

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  (WTForms hands the form in)
        """What is no day is said once: no further rule adds that a day is missing."""
        if self.process_errors:
            raise StopValidation

    def parts(self) -> list[dict[str, str]]:
        """The three inputs as the `field` macro draws them."""
        now = (
            {"month": str(self.data.month), "day": str(self.data.day), "year": str(self.data.year)} if self.data else {}
        )
        shown = self.typed or now
        return [
            {
                "id": f"{self.id}-{part}",
                "name": f"{self.name}-{part}",
                "label": label,
                "value": shown.get(part, ""),
                "width": width,
            }
            for part, label, width in ORDER
        ]

    def _take(self, month: str, day: str, year: str) -> None:
        self.typed = {"month": month, "day": day, "year": year}
        self.raw_data = [f"{year}-{month}-{day}"] if month or day or year else []
        self.data = None
        if not self.raw_data:
            return
        if missing := [part for part, typed in self.typed.items() if not typed]:
            self.process_errors.append(f"{self.label.text}: enter the {' and the '.join(missing)} too.")
            return
        try:
            self.data = date(int(year), int(month), int(day))
        except ValueError:
            self.process_errors.append(f"{self.label.text}: enter a day that exists, such as 11 23 2026.")
            return
        if not FIRST <= self.data.year <= LAST:
            self.process_errors.append(f"{self.label.text}: check the year. It should lie between {FIRST} and {LAST}.")

    @staticmethod
    def _split(text: str) -> tuple[str, str, str]:
        year, _, rest = text.strip().partition("-")
        month, _, day = rest.partition("-")
        return month, day, year
