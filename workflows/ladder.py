"""The ladder: what a violation leads to, after so many earlier ones ('Enforcement Mechanisms'). It proposes; people decide."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from workflows.business_time import us_date
from workflows.enforcement_pack import RANK, Enforcement, Rung, Severity, Violation


@dataclass(frozen=True, slots=True)
class Earlier:
    """A violation that was sanctioned before, and whose sanction stands: by its id, and the day of its decision."""

    id: int
    violation: str
    severity: str
    on: date


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the ladder proposes, and why in a sentence; `days` 0 is 'until remedied', `counted` the earlier ones' ids."""

    rung: str
    measure: str
    days: int
    course: str
    because: str
    counted: tuple[int, ...]
    cite: str
    basis: str


def propose(pack: Enforcement, violation_id: str, earlier: Iterable[Earlier], on: date) -> Proposal | None:
    """The highest step that is reached; None where the pack has none for this violation. KeyError for one it lacks.

    Steps for the violation itself go before those for its severity. A step for a severity counts earlier violations
    that were as grave or graver; both count what was decided within the step's period up to `on`.
    """
    violation = pack.violation(violation_id)
    if violation is None:
        raise KeyError(violation_id)
    before = list(earlier)
    for own in (True, False):
        reached = [
            (rung, counted)
            for rung in pack.ladder
            if rung.used and _is_for(rung, violation, own=own)
            for counted in [_counted(rung, before, on)]
            if len(counted) >= rung.earlier
        ]
        if reached:
            rung, counted = max(reached, key=lambda each: each[0].earlier)
            return Proposal(
                rung.id, rung.measure, rung.days, rung.course, _because(rung, violation, counted),
                tuple(sorted(each.id for each in counted)), rung.cite, rung.basis,
            )  # fmt: skip
    return None


def _is_for(rung: Rung, violation: Violation, *, own: bool) -> bool:
    return rung.violation == violation.id if own else rung.severity == violation.severity


def _counted(rung: Rung, earlier: Iterable[Earlier], on: date) -> list[Earlier]:
    if not rung.earlier:
        return []
    since = rung.within.reaching(on)
    return [each for each in earlier if since <= each.on <= on and _alike(rung, each)]


def _alike(rung: Rung, each: Earlier) -> bool:
    if rung.violation:
        return each.violation == rung.violation
    return RANK[Severity(each.severity)] >= RANK[Severity(rung.severity)]


def _because(rung: Rung, violation: Violation, counted: list[Earlier]) -> str:
    what = f"'{violation.title}'" if rung.violation else f"a {violation.severity} violation"
    if not counted:
        return (
            f"This is what a first {what.removeprefix('a ')} leads to."
            if not rung.violation
            else f"This is what {what} leads to."
        )
    days = sorted(each.on for each in counted)
    times = "one earlier violation" if len(counted) == 1 else f"{len(counted)} earlier violations"
    kind = "of the same kind" if rung.violation else "as grave or graver"
    when = f"decided on {us_date(days[0])}" if len(days) == 1 else f"the last one decided on {us_date(days[-1])}"
    return f"There {'is' if len(counted) == 1 else 'are'} {times} {kind} in the period that counts, {when}."
