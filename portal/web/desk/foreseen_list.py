"""Whom a change would concern, as a list on a page: searched, filtered, paged, and taken away as CSV."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.policy import ForeseenFilter
from portal.services.desk.foreseen import GROUPS, SAYS, Foreseen, Preview
from portal.services.paging import PAGE
from portal.web.components import address


@dataclass(frozen=True, slots=True)
class Part:
    """A page of the list, and the way on."""

    rows: Sequence[Foreseen]
    pager: dict[str, Any]


def as_rows(form: ForeseenFilter, found: Preview) -> list[Foreseen]:
    """The lines that fit the filter in the address."""
    group, wanted = form.show.data or "", (form.q.data or "").casefold()[:100]
    lines = found.of(group) if group in GROUPS else list(found.lines)
    return [line for line in lines if wanted in f"{line.person} {line.agency}".casefold()]


def part(found: Preview, form: ForeseenFilter, after: str) -> Part:
    """Fifty of them from the one after `after` on, a membership's id: each stands in the list once."""
    rows = as_rows(form, found)
    start = next((n for n, line in enumerate(rows, start=1) if str(line.membership_id) == after), 0)
    shown = rows[start : start + PAGE]
    more = start + PAGE < len(rows)
    text = f"{start + 1:,} to {start + len(shown):,} of {len(rows):,}" if shown else ""
    return Part(
        shown,
        {
            "text": text,
            "previous": address(after=None) if start else "",
            "next": address(after=shown[-1].membership_id) if more else "",
        },
    )


def texts(rows: Sequence[Foreseen], titles: Mapping[str, str]) -> Iterator[tuple[object, ...]]:
    """The rows of the CSV file."""
    for line in rows:
        because = "; ".join(titles.get(called, called) for called in line.because)
        yield line.agency, line.person, SAYS[line.what], line.when or "", because, "yes" if line.anyway else ""
