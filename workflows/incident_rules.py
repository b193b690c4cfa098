"""How severe an incident may be called, and by when each step of the chain of communication is due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from workflows.business_time import BusinessHours, add_business_hours
from workflows.enforcement_pack import Category, Severity
from workflows.incident_pack import SEVERITIES, ChainStep


@dataclass(frozen=True, slots=True)
class Due:
    """One step of the chain that this incident calls for, and the moment (naive UTC) by which it is to be done."""

    step: ChainStep
    at: datetime


def severities(category: Category | str) -> tuple[Severity, ...]:
    """What an incident of this category may be called: of privacy and of security none is minor."""
    return SEVERITIES if category == Category.OTHER else tuple(s for s in SEVERITIES if s is not Severity.MINOR)


def chain(
    steps: Sequence[ChainStep],
    *,
    category: str,
    severity: str,
    affected: int | None,
    since: datetime,
    hours: BusinessHours,
    closed: Collection[date],
) -> tuple[Due, ...]:
    """The steps that an incident calls for, the first due first ('Reporting security incidents').

    Nobody knows how many are affected (`affected` None): a threshold is taken to be reached.
    """
    wanted = [each for each in steps if calls_for(each, category=category, severity=severity, affected=affected)]
    due = [Due(each, due_at(each, since, hours, closed)) for each in wanted]
    return tuple(sorted(due, key=lambda each: each.at))


def calls_for(step: ChainStep, *, category: str, severity: str, affected: int | None) -> bool:
    grave = SEVERITIES.index(Severity(severity)) >= SEVERITIES.index(step.severity)
    return grave and category in step.categories and (affected is None or affected >= step.affected)


def due_at(step: ChainStep, since: datetime, hours: BusinessHours, closed: Collection[date]) -> datetime:
    """The step's moment, counted from `since`; both naive UTC."""
    if step.business:
        return add_business_hours(since, step.hours, hours, closed)
    return since + timedelta(hours=step.hours)
