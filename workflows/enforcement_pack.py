"""What a policy pack says about sanctions: violations, the ladder of measures, appeal, who is told, the letters' words."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from workflows.periods import Period
from workflows.questions import Basis
from workflows.stanza import Stanza
from workflows.vocabulary import SANCTIONS

LONGEST_LETTER = 1500
One = TypeVar("One", "Violation", "Rung")
_PLACE = re.compile(r"\{(\w*)\}")


class Severity(StrEnum):
    """How grave a violation is, the lightest first."""

    MINOR = "minor"
    MAJOR = "major"
    SEVERE = "severe"


class Category(StrEnum):
    """What a violation touches."""

    PRIVACY = "privacy"
    SECURITY = "security"
    OTHER = "other"


class Told(StrEnum):
    """Who can be sent a letter about a sanction."""

    PERSON = "person"
    EXECUTIVE_DIRECTOR = "executive_director"
    AGENCY_ADMIN = "agency_admin"
    AUDITOR = "auditor"
    BOARD = "board"


RANK = {severity: rank for rank, severity in enumerate(Severity)}
PARTS = ("opening", "found", "measure", "appeal", "closing", "upheld", "changed", "lifted")
PLACES = ("whom", "agency", "violation", "measure", "from", "until", "appeal_by", "lead")
"""What a letter's words may leave a place for, written {whom}."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A class of violation; one of privacy or of security is never minor."""

    id: str
    title: str
    severity: Severity
    category: Category
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: for one violation, or for all of a severity, from so many earlier ones within a period on.

    `days` 0 is 'until remedied'; a rung that is not `used` stands in the pack to be read, and proposes nothing.
    """

    id: str
    violation: str
    severity: str
    earlier: int
    within: Period
    measure: str
    days: int
    course: str
    used: bool
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Everything that the pack says about sanctions; `told` by measure, `letters` by part: a `sample` is for counsel to review."""

    violations: tuple[Violation, ...]
    ladder: tuple[Rung, ...]
    appeal_days: int
    appeal_suspends: bool
    told: Mapping[str, tuple[Told, ...]]
    letters: Mapping[str, str]
    sample: bool
    cite: str

    def violation(self, violation_id: str) -> Violation | None:
        return next((each for each in self.violations if each.id == violation_id), None)


_LETTERS = {
    "opening": "{lead} has decided about a violation of the HMIS policies at {agency}.",
    "found": "What was found: {violation}.",
    "measure": "Decided: {measure}, from {from}.",
    "appeal": "You may appeal until {appeal_by}.",
    "closing": "Write to {lead} with any question.",
    "upheld": "The appeal was heard, and the decision stands.",
    "changed": "The appeal was heard, and the decision was changed: {measure}, from {from}.",
    "lifted": "The decision no longer holds.",
}
EVERYBODY = (Told.PERSON, Told.EXECUTIVE_DIRECTOR, Told.AUDITOR, Told.BOARD)

FROM_BEFORE = Enforcement(
    (
        Violation(
            "violation",
            "Violation of the HMIS policies",
            Severity.MAJOR,
            Category.OTHER,
            "Enforcement Mechanisms",
            Basis.LOCAL,
        ),
    ),
    (),
    30,
    False,
    MappingProxyType(dict.fromkeys(SANCTIONS, EVERYBODY)),
    MappingProxyType(_LETTERS),
    True,
    "Enforcement Mechanisms",
)
"""For packs kept from before they said anything about it: one violation, no ladder; a sanction can still be decided."""


def read_enforcement(pack: Stanza, courses: Iterable[str]) -> Enforcement:
    """What the pack says about sanctions. PolicyError by stanza and field.

    Refused: a ladder that leaves a severity without a first step, two steps that say different things about the same
    count, a minor violation of privacy or security, a course the pack lacks, a place in a letter that nothing fills.
    """
    if "sanctions" not in pack:
        return FROM_BEFORE
    violations = {each.id: each for each in pack.each("violation", _violation)}
    known = list(courses)
    ladder = _ladder(pack, violations, known)
    stanza = pack.stanza("sanctions")
    words = stanza.stanza("letter")
    found = Enforcement(
        tuple(violations.values()),
        ladder,
        stanza.number("appeal_days", 1, 365),
        stanza.flag("appeal_suspends"),
        _told(stanza.stanza("told")),
        _letters(words),
        words.flag("sample"),
        stanza.text("cite"),
    )
    words.done()
    for severity in Severity:
        if not any(rung.severity == severity and rung.used and not rung.earlier for rung in ladder):
            raise stanza.wrong("ladder", f"no step says what a first violation that is {severity} leads to")
    stanza.done()
    return found


def _violation(s: Stanza) -> Violation:
    found = Violation(
        s.text("id", longest=40),
        s.text("title", longest=200),
        s.choice("severity", Severity),
        s.choice("category", Category),
        s.text("cite"),
        s.choice("basis", Basis),
    )
    if found.severity is Severity.MINOR and found.category is not Category.OTHER:
        raise s.wrong("severity", f"a violation of {found.category} is never minor")
    return found


def _ladder(pack: Stanza, violations: Mapping[str, Violation], courses: list[str]) -> tuple[Rung, ...]:
    seen: dict[tuple[str, str, int], str] = {}

    def rung(s: Stanza) -> Rung:
        found = _rung(s, violations, courses)
        place = (found.violation, found.severity, found.earlier)
        if found.used and place in seen:
            raise s.wrong("earlier", f"{seen[place]!r} says already what {found.earlier} earlier ones lead to")
        if found.used:
            seen[place] = found.id
        return found

    return pack.each("ladder", rung)


def _rung(s: Stanza, violations: Mapping[str, Violation], courses: list[str]) -> Rung:
    named = s.text("id", longest=40)
    if ("violation" in s) == ("severity" in s):
        raise s.wrong("violation", "a step is for one violation or for one severity: name one of the two")
    violation = s.one_of("violation", violations) if "violation" in s else ""
    severity = s.choice("severity", Severity).value if "severity" in s else ""
    measure = s.one_of("measure", SANCTIONS)
    days, course = s.number("days", 0, 3650, 0), s.text("course", "", 40)
    if days and measure != "suspension":
        raise s.wrong("days", "only a suspension is for a number of days")
    if (measure == "training") != bool(course):
        raise s.wrong("course", "required training names its course, and nothing else does")
    if course and course not in courses:
        raise s.wrong("course", f"there is no course {course!r} in this pack")
    earlier = s.number("earlier", 0, 20, 0)
    within = s.period("within", Period()) if not earlier else s.period("within")
    return Rung(
        named, violation, severity, earlier, within, measure, days, course, s.flag("used", True),
        s.text("cite"), s.choice("basis", Basis),
    )  # fmt: skip


def _told(s: Stanza) -> Mapping[str, tuple[Told, ...]]:
    found = {}
    for measure in SANCTIONS:
        names = s.texts(measure)
        if unknown := [name for name in names if name not in set(Told)]:
            raise s.wrong(measure, f"{unknown[0]!r} is none of {', '.join(Told)}")
        found[measure] = tuple(Told(name) for name in names)
    s.done()
    return MappingProxyType(found)


def _letters(s: Stanza) -> Mapping[str, str]:
    found = {}
    for part in PARTS:
        found[part] = s.text(part, longest=LONGEST_LETTER)
        if unknown := [place for place in _PLACE.findall(found[part]) if place not in PLACES]:
            raise s.wrong(part, f"nothing fills {{{unknown[0]}}}; it may be one of {', '.join(PLACES)}")
    return MappingProxyType(found)
