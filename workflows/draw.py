"""Who is visited, by lots that anybody can repeat, and who is due when in a campaign that is spread over the year."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from workflows.periods import Period


def drawn(seed: str, candidates: Iterable[int], share: int) -> tuple[int, ...]:
    """The ids drawn: `share` hundredths of a percent of the candidates, rounded up, in ascending order.

    The rule, to repeat by hand: write the seed, a colon and the id ('2026-spring:17'), take the SHA-256 of that in hexadecimal, sort
    by it, and take the first ones. Neither the order of the list nor anybody's choice changes who is drawn.
    """
    known = sorted(set(candidates))
    wanted = -(-len(known) * share // 10_000)
    lots = sorted((hashlib.sha256(f"{seed}:{each}".encode()).hexdigest(), each) for each in known)
    return tuple(sorted(each for _, each in lots[:wanted]))


def spread(first: int, last: int, count: int) -> tuple[int, ...]:
    """`count` places from `first` to `last`, as even as whole numbers allow; the last one is `last`."""
    if count < 1 or last < first:
        return ()
    width = last - first
    return tuple(first + width * (n + 1) // count for n in range(count))


def due_days(opened: date, covered: Mapping[int, date | None], *, within: Period, period: Period) -> dict[int, date]:
    """When each is due in a campaign that is spread over the year; `covered` says until when each is reviewed (None: never).

    The rule: places lie evenly between `within` from the opening and a whole `period` from it, in the order in which the reviews
    run out. Nobody is due after the day on which the last review runs out; whose has run out already gets `within`.
    """
    first, last = within.after(opened), period.after(opened)
    in_order = sorted(covered, key=lambda each: (covered[each] or date.min, each))
    places = spread(0, max(0, (last - first).days), len(in_order))
    due = {}
    for each, place in zip(in_order, places, strict=True):
        until, even = covered[each], first + timedelta(place)
        due[each] = first if until is None or until < opened else min(until, even)
    return due
