"""What a policy pack's own text says about its thresholds: read here once more, by a few lines of our own."""

import re
import tomllib
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

FREE = frozenset({"id", "title", "unmet", "warn", "on_lapse", "steps", "cite", "basis", "grace"})
"""Fields that change no question, or that the SQL is handed as a threshold."""

AGENCY = {"needs": "held", "about": "agency", "at": "agency"}
MINE = {"needs": "held", "about": "membership"}
PERSON = {"needs": "held", "about": "person"}
DEVICE = {"needs": "held", "about": "device"}
SHUT = ("suspension", "revocation")
ADMINS = ("access_level=agency_admin",)

KNOWN: Mapping[str, Mapping[str, Any]] = {
    "not-excluded-provider": AGENCY | {"needs": "absent", "evidence": "excluded_provider"},
    "agency-not-suspended": AGENCY | {"needs": "absent", "evidence": "sanction", "detail": SHUT},
    "participation-agreement": AGENCY | {"evidence": "participation_agreement", "version": "current"},
    "information-form": AGENCY | {"evidence": "information_form"},
    "housing-inventory": AGENCY | {"evidence": "housing_inventory", "version": "current", "waivable": True},
    "an-agency-admin": AGENCY | {"about": "agency_admin", "evidence": "agency_admin_agreement", "version": "current"},
    "manuals-received": AGENCY | {"evidence": "receipt", "each": "a list"},
    "a-security-officer": AGENCY | {"about": "security_officer", "evidence": "security_officer_acceptance"},
    "security-protocols": AGENCY | {"evidence": "protocol", "each": "*"},
    "privacy-notice-posted": AGENCY | {"evidence": "posted", "each": "a list", "waivable": True},
    "security-review": AGENCY | {"evidence": "security_review", "max_age": "a period", "waivable": True},
    "configured": AGENCY | {"evidence": "configured"},
    "not-departed": MINE | {"needs": "absent", "evidence": "departure"},
    "no-open-sanction": PERSON | {"needs": "absent", "evidence": "sanction", "detail": SHUT},
    "licence-not-revoked": MINE | {"needs": "absent", "evidence": "sanction", "detail": SHUT},
    "no-open-retraining": PERSON | {"needs": "absent", "evidence": "retraining"},
    "request-authorised": MINE | {"evidence": "request"},
    "second-person-of-the-lead": MINE | {"evidence": "lead_approval", "at": "lead"},
    "user-agreement": MINE | {"evidence": "user_agreement", "version": "current"},
    "privacy-notice-acknowledged": MINE | {"evidence": "privacy_pledge"},
    "courses-passed": PERSON | {"evidence": "training", "each": "course_assigned", "at_least": "pass_mark"},
    "security-training": PERSON
    | {"evidence": "training", "detail": ("security",), "at_least": "pass_mark", "max_age": "a period"},
    "agency-admin-training": PERSON
    | {
        "evidence": "training", "detail": ("agency-admin",), "at_least": "pass_mark", "applies_to": ADMINS, "waivable": True,
    },
    "own-admin-agreement": MINE | {"evidence": "agency_admin_agreement", "version": "current", "applies_to": ADMINS},
    "background-check": PERSON
    | {
        "evidence": "background_check", "detail": ("cleared",),
        "applies_to": (
            "access_level=agency_admin", "access_level=system_admin_1", "access_level=system_admin_2",
            "access_level=system_operator", "lead_security", "security_officer",
        ),
    },
    "access-level": MINE | {"evidence": "access_level", "detail": ("*",)},
    "licence-seat": MINE
    | {"evidence": "seat", "detail": ("core",), "or": {"evidence": "seat_free", "detail": "core", "about": "agency"}},
    "device": DEVICE | {"evidence": "device_authorised"},
    "laptop-statement": DEVICE | {"evidence": "laptop_statement", "when": "laptop"},
    "home-office": DEVICE | {"evidence": "home_office", "each": "a list", "when": "home_office"},
}  # fmt: skip
"""For each prerequisite that prerequisites.sql answers, the question that it answers; another question is not audited."""

SUSPENDS = "suspend"
SPEAKS_AGAINST = "absent"


@dataclass(frozen=True, slots=True)
class Pack:
    """The thresholds of one pack. `unknown` are prerequisites that the auditor's SQL does not answer."""

    version: str
    zone: str
    asked: tuple[str, ...]
    unknown: tuple[str, ...]
    closing: tuple[str, ...]
    documents: Mapping[str, tuple[str, str]]
    max_ages: Mapping[str, str]
    pass_mark: int
    marks: Mapping[str, int]
    lists: Mapping[str, tuple[str, ...]]


def read(version: str, text: str) -> Pack:
    """A pack's thresholds from its text. ValueError where it is no TOML or lacks what every pack has."""
    try:
        whole = tomllib.loads(text, parse_float=Decimal)
        stanzas = {one["id"]: one for one in whole["prerequisite"]}
        training = whole["training"]
        return Pack(
            version=version,
            zone=whole["hours"]["zone"],
            asked=tuple(called for called in stanzas if called in KNOWN),
            unknown=tuple(_unknown(stanzas)),
            closing=tuple(i for i, one in stanzas.items() if one.get("on_lapse") == SUSPENDS and one["needs"] == "held"),
            documents={
                called: (one["evidence"], one.get("grace", "P0D")) for called, one in stanzas.items() if "version" in one
            },
            max_ages={called: one["max_age"] for called, one in stanzas.items() if "max_age" in one},
            pass_mark=_hundredths(training["pass_mark"]),
            marks={course: _hundredths(mark) for course, mark in training.get("pass_marks", {}).items()},
            lists={
                "receipts": _listed(stanzas, "manuals-received"),
                "posted": _listed(stanzas, "privacy-notice-posted"),
                "home_papers": _listed(stanzas, "home-office"),
                "topics": tuple(one["id"] for one in whole.get("protocol_topic", ())),
                "levels": tuple(one["id"] for one in whole.get("access_level", ())),
            },
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError, tomllib.TOMLDecodeError) as wrong:
        raise ValueError(f"The pack {version[:12]} cannot be read: {wrong}") from wrong


def _unknown(stanzas: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """By their ids, with what is different where only the question is another one."""
    found = []
    for called, stanza in stanzas.items():
        known = KNOWN.get(called)
        if known is None:
            found.append(called)
            continue
        asks = {
            field: _shape(field, value) for field, value in stanza.items() if field not in FREE and value is not False
        }
        other = sorted(field for field in {*asks, *known} if asks.get(field) != known.get(field))
        if other or ("grace" in stanza and "version" not in stanza):
            found.append(f"{called} (it asks something else by: {', '.join(other) or 'grace'})")
    return found


def _shape(field: str, value: Any) -> Any:
    if field == "each" and isinstance(value, list):
        return "a list"
    if field == "max_age":
        return "a period"
    if field == "detail":
        return tuple(value) if isinstance(value, list) else (value,)
    if field == "applies_to":
        return tuple(sorted([value] if isinstance(value, str) else value))
    return value


def _listed(stanzas: Mapping[str, Mapping[str, Any]], called: str) -> tuple[str, ...]:
    each = stanzas.get(called, {}).get("each", ())
    return tuple(each) if isinstance(each, list) else ()


def _hundredths(percent: Any) -> int:
    exact = Decimal(percent) * 100
    if exact != int(exact):
        raise TypeError(f"{percent} has more than two decimals")
    return int(exact)


_PARTS = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")


def last_day(start: date, period: str) -> date:
    """The last day that a period from `start` covers; a year from February 29 ends on February 28."""
    found = _PARTS.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is no period such as P1Y, P6M or P45D")
    years, months, days = (int(part or 0) for part in found.groups())
    months += start.month - 1 + 12 * (start.year + years)
    year, month = months // 12, months % 12 + 1
    if year > date.max.year:
        return date.max
    try:
        return date(year, month, min(start.day, monthrange(year, month)[1])) + timedelta(days)
    except OverflowError:
        return date.max


def first_day(reached: date, period: str) -> date:
    """The earliest day from which a period still covers `reached`, found by trying one day after the other."""
    found = _PARTS.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is no period such as P1Y, P6M or P45D")
    years, months, days = (int(part or 0) for part in found.groups())
    furthest = 366 * years + 31 * months + days
    if furthest >= reached.toordinal():
        return date.min
    start = reached - timedelta(furthest)
    while last_day(start, period) < reached:
        start += timedelta(1)
    return start
