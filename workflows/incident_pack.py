"""What the pack says about incidents: their kinds, how severe they may be, who is told of them and within how long."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from workflows.enforcement_pack import Category, Severity
from workflows.questions import Basis
from workflows.stanza import Stanza

T = TypeVar("T")


SEVERITIES = tuple(Severity)
"""From the least to the gravest."""


@dataclass(frozen=True, slots=True)
class IncidentKind:
    """A kind of incident, what it is about, and how severe it is taken to be until somebody says otherwise."""

    id: str
    title: str
    category: Category
    severity: Severity
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class ChainStep:
    """Somebody who is to be told: by whom, from which severity, about what, within how many hours after triage.

    `business`: counted while the Lead's desk is open, not around the clock. `mandatory`: a duty to report, where at
    least `affected` people are concerned.
    """

    id: str
    title: str
    who: str
    severity: Severity
    categories: tuple[str, ...]
    hours: int
    business: bool
    mandatory: bool
    affected: int
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class DataElement:
    """A kind of data that an incident may have laid open; never the data itself."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Incidents:
    """All that the pack says; `suspension_days` is how long access stays closed at once before anything is decided."""

    kinds: tuple[IncidentKind, ...] = ()
    elements: tuple[DataElement, ...] = ()
    chain: tuple[ChainStep, ...] = ()
    suspension_days: int = 14
    answer_days: int = 30
    link: timedelta = timedelta(days=400)
    address_reports: int = 6
    address_minutes: int = 60
    all_reports: int = 60
    all_minutes: int = 60
    cite: str = "Reporting security incidents"

    def kind(self, kind_id: str) -> IncidentKind | None:
        return next((each for each in self.kinds if each.id == kind_id), None)


NO_INCIDENTS = Incidents()
"""A pack kept from before there were any: its figures are the portal's own, and nobody is on its chain."""

_LONGEST_LINK = timedelta(days=800)


def read_incidents(pack: Stanza) -> Incidents:
    """What the pack says about incidents; PolicyError by stanza and field for what cannot be."""
    if "incidents" not in pack:
        return NO_INCIDENTS
    s = pack.stanza("incidents")
    link = s.span("link")
    if not timedelta(days=30) <= link <= _LONGEST_LINK:
        raise s.wrong("link", f"a reporter's link lives for at least 30 and at most {_LONGEST_LINK.days} days")
    made = Incidents(
        kinds=pack.each("incident_kind", _kind),
        elements=pack.each("data_element", lambda each: DataElement(each.text("id", longest=40), each.text("title"))),
        chain=pack.each("chain_step", _step),
        suspension_days=s.number("suspension_days", 1, 60),
        answer_days=s.number("answer_days", 1, 120),
        link=link,
        address_reports=s.number("address_reports", 1, 100),
        address_minutes=s.number("address_minutes", 1, 1440),
        all_reports=s.number("all_reports", 5, 10_000),
        all_minutes=s.number("all_minutes", 1, 1440),
        cite=s.text("cite"),
    )
    s.done()
    return made


def _kind(s: Stanza) -> IncidentKind:
    kind = IncidentKind(
        s.text("id", longest=40),
        s.text("title"),
        s.choice("category", Category),
        s.choice("severity", Severity),
        s.text("cite"),
        s.choice("basis", Basis),
    )
    if kind.severity is Severity.MINOR and kind.category is not Category.OTHER:
        raise s.wrong("severity", f"what is about {kind.category} is never minor")
    return kind


def _step(s: Stanza) -> ChainStep:
    clock = s.one_of("clock", ("business", "calendar"))
    return ChainStep(
        s.text("id", longest=40),
        s.text("title", longest=200),
        s.text("who", longest=100),
        s.choice("from", Severity),
        _categories(s),
        s.number("hours", 1, 2400),
        clock == "business",
        s.flag("mandatory"),
        s.number("affected", 0, 1_000_000, 0),
        s.text("cite"),
        s.choice("basis", Basis),
    )


def _categories(s: Stanza) -> tuple[str, ...]:
    named: Iterable[str] = s.texts("categories", tuple(Category))
    if unknown := sorted(set(named) - set(Category)):
        raise s.wrong("categories", f"{unknown[0]!r} is none of {', '.join(Category)}")
    return tuple(named)
