"""What differs between two policy packs, stanza by stanza, and what one of them asks for less strictly than the other."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any

from workflows import vocabulary
from workflows.periods import NO_TIME, Period, parse_span
from workflows.policy import Policy
from workflows.prerequisites import OF_THE_PACK
from workflows.questions import OnLapse, Prerequisite

LAPSE = {
    OnLapse.SUSPEND: "access is suspended",
    OnLapse.HOLD_NEW: "no new access is issued",
    OnLapse.WARN: "only a warning is given",
}
STANZAS = {
    "prerequisite": "Prerequisite", "course": "Course", "access_level": "Access level", "device_kind": "Kind of device",
    "protocol_topic": "Security protocol", "funder": "Funder", "holiday": "Holiday", "training": "Training",
    "seats": "License seats", "one_time_code": "One-time code", "links": "Links", "core_password": "Core HMIS password",
    "sign_in": "Sign-in", "hours": "Business hours", "work_orders": "Work orders", "core_hmis": "Core HMIS",
    "notice": "Notice", "retention": "Retention", "brake": "Brake", "warnings": "Warnings", "plan": "Plan or policy",
    "review": "Security review", "review_category": "Category of the security review", "review_item": "Item of the security review",
    "board_record": "Record to be kept on file", "data_release": "Releases of data",
    "outages": "Outages", "weekly_maintenance": "Weekly maintenance", "outage_system": "System that can be out",
    "outage_told": "Who is told of an outage",
    "corrective_actions": "Corrective actions", "finding": "Kind of finding", "review_results": "Results of reviews",
    "sanctions": "Sanctions", "violation": "Violation", "ladder": "Step of the ladder of sanctions",
    "helpdesk": "Help desk", "after_hours": "Help after hours", "support_step": "Step of the order of support",
    "ticket_kind": "Kind of ticket", "ticket_priority": "Priority of tickets", "ticket_question": "Question asked beside a ticket",
    "program_change": "Change of a program",
}  # fmt: skip
FIELDS = {
    "at_least": "passing score", "max_age": "holds for", "on_lapse": "when it lapses", "grace": "an older version counts for",
    "warn": "warned ahead", "waivable": "can be waived", "applies_to": "asked of", "needs": "needs", "evidence": "kind of evidence",
    "about": "about", "detail": "which", "each": "each of", "version": "version", "steps": "next steps", "cite": "heading",
    "basis": "basis", "title": "title", "unmet": "said when unmet", "at": "asked at", "when": "only for", "or": "or instead",
    "profile": "password rules", "address_tries": "failures from one address",
    "address_minutes": "minutes they count", "address_requests": "links asked for from one address",
    "all_tries": "failures from everywhere", "all_minutes": "minutes those count",
    "pass_mark": "passing score", "share": "share of live access", "least": "never below",
}  # fmt: skip
_CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
_PERCENT = ("pass_mark", "at_least", "share")
_STRICT = (OnLapse.WARN, OnLapse.HOLD_NEW, OnLapse.SUSPEND)


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one stanza; `before` is empty for what is new, `after` for what is gone."""

    stanza: str
    field: str
    before: str
    after: str


def changes(before: Policy, after: Policy) -> list[Change]:
    """Every difference that is more than a comment or white space, in the order of the packs."""
    old, new = _stanzas(before.text), _stanzas(after.text)
    found: list[Change] = []
    for called in dict.fromkeys((*old, *new)):
        was, will = old.get(called), new.get(called)
        if was is None or will is None:
            words = "; ".join(f"{_field(k)}: {in_words(v)}" for k, v in (will or was or {}).items())
            found.append(Change(called, "", "" if was is None else words, "" if will is None else words))
            continue
        differing = [key for key in dict.fromkeys((*was, *will)) if was.get(key) != will.get(key)]
        found += [Change(called, _field(key), _value(key, was), _value(key, will)) for key in differing]
    return found


@dataclass(frozen=True, slots=True)
class Setting:
    """One stanza that is no prerequisite, as people read it; `cite` is its heading in the manual."""

    title: str
    lines: tuple[tuple[str, str], ...]
    cite: str


def settings(policy: Policy) -> list[Setting]:
    """Every threshold, period and list of a pack but its prerequisites."""
    found: list[Setting] = []
    for key, value in tomllib.loads(policy.text, parse_float=Decimal).items():
        if key == "prerequisite" or not isinstance(value, dict | list):
            continue
        title = STANZAS.get(key, _field(key).capitalize())
        if isinstance(value, list):
            cites = dict.fromkeys(str(each["cite"]) for each in value if "cite" in each)
            found.append(Setting(title, tuple(_entry(each) for each in value), "; ".join(cites)))
        else:
            tables: dict[str, dict[str, Any]] = {}
            _tables(tables, title, value)
            found += [
                Setting(called, _lines(fields), str(fields.get("cite", "")))
                for called, fields in tables.items()
                if _lines(fields)
            ]
    return found


def _lines(fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((_field(key).capitalize(), _value(key, fields)) for key in fields if key != "cite")


def _entry(each: Mapping[str, Any]) -> tuple[str, str]:
    """One of a list: what it is called, and what else is said of it."""
    rest = {key: value for key, value in each.items() if key not in {"id", "name", "title", "cite"}}
    return str(each.get("title") or each.get("name") or each.get("id")), in_words(rest) or "Listed"


@dataclass(frozen=True, slots=True)
class Described:
    """A prerequisite in words: what counts, what its lapse does, where it comes from."""

    id: str
    title: str
    counts: str
    lapse: str
    cite: str
    basis: str


def described(p: Prerequisite, policy: Policy) -> Described:
    """The thresholds of one prerequisite, in one line."""
    said = [
        f"with {p.at_least / 100:g} % at least" if p.at_least else "",
        f"for {period_in_words(p.max_age)}" if p.max_age else "",
        "in the version in force" if p.version else "",
        f"the one before for {period_in_words(p.grace)} more" if p.grace != NO_TIME else "",
        f"asked of: {_whom(p, policy)}" if p.applies_to else "",
        {"lead": "at the Lead only", "agency": "at Agencies only"}.get(p.at, ""),
        f"only for {p.when.replace('_', ' ')}s" if p.when else "",
        "can be waived" if p.waivable else "",
    ]
    return Described(p.id, p.title, "; ".join(filter(None, said)), LAPSE[p.on_lapse], p.cite, p.basis)


def _whom(p: Prerequisite, policy: Policy) -> str:
    levels = {level.id: level.title for level in policy.access_levels}
    return ", ".join(levels.get(each.detail) or (each.detail or each.kind).replace("_", " ") for each in p.applies_to)


def weaker(pack: Policy, than: Policy) -> Iterator[str]:
    """What a pack switches off or softens, measured by another: a sentence for each, to be read before it is activated."""
    mine = {p.id: p for p in pack.prerequisites}
    for p in than.prerequisites:
        if p.id in mine:
            yield from (sentence for softer, sentence in _softer(mine[p.id], p, than) if softer)
        else:
            yield f"It does not ask for {p.id}: {p.title} ({p.cite})."
    if pack.pass_mark < than.pass_mark:
        yield f"The passing score is {pack.pass_mark / 100:g} %; in {than.name}, {than.pass_mark / 100:g} %."
    if pack.brake.share > than.brake.share:
        yield f"The brake stops at {pack.brake.share / 100:g} % of live access; in {than.name}, at {than.brake.share / 100:g} %."


def _softer(own: Prerequisite, p: Prerequisite, than: Policy) -> Iterator[tuple[bool, str]]:
    yield (
        _STRICT.index(own.on_lapse) < _STRICT.index(p.on_lapse),
        f"When {p.id} lapses, {LAPSE[own.on_lapse]}; in {than.name}, {LAPSE[p.on_lapse]}.",
    )
    yield (
        p.max_age is not None and (own.max_age is None or _days(own.max_age) > _days(p.max_age)),
        f"{p.id} holds for {period_in_words(own.max_age)}; in {than.name}, for {period_in_words(p.max_age)}.",
    )
    yield (
        bool(p.version) and not own.version,
        f"{p.id} takes any version of the document; {than.name} asks for the one in force.",
    )
    yield own.waivable and not p.waivable, f"{p.id} can be waived; in {than.name} it cannot."
    yield p.at_least > own.at_least == 0, f"{p.id} takes any score; {than.name} asks for one."
    yield (
        bool(own.applies_to) and not (p.applies_to and set(p.applies_to) <= set(own.applies_to)),
        f"{p.id} is asked of {', '.join(map(str, own.applies_to))} only.",
    )


def period_in_words(period: Period | None) -> str:
    """'1 year', '45 days', '1 year and 6 months'; 'for good' where there is none."""
    if period is None:
        return "good"
    years, months = divmod(period.months, 12)
    parts = [
        f"{n} {word}{'' if n == 1 else 's'}"
        for n, word in ((years, "year"), (months, "month"), (period.days, "day"))
        if n
    ]
    return " and ".join(parts) or "no time"


def in_words(value: Any) -> str:
    """A value of a pack as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        if value == OF_THE_PACK:
            return "all that the pack lists"
        if value in set(OnLapse):
            return LAPSE[OnLapse(value)]
        return _length(value) or (vocabulary.in_words(value) if _CODE.fullmatch(value) else value)
    if isinstance(value, Mapping):
        return ", ".join(f"{_field(key)} {in_words(one)}" for key, one in value.items())
    if isinstance(value, Iterable):
        return "; ".join(in_words(one) for one in value)
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def _value(key: str, stanza: Mapping[str, Any]) -> str:
    said = in_words(stanza.get(key))
    return f"{said} %" if said and key in _PERCENT else said


def _length(text: str) -> str:
    """A period or a length of time in words; empty for any other text."""
    try:
        return period_in_words(Period.parse(text))
    except ValueError:
        pass
    try:
        minutes = int(parse_span(text).total_seconds()) // 60
    except ValueError:
        return ""
    number, word = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{number} {word}{'' if number == 1 else 's'}"


def _days(period: Period) -> float:
    return period.months * 30.44 + period.days


def _field(key: str) -> str:
    return FIELDS.get(key, key.replace("_", " "))


def _stanzas(text: str) -> dict[str, dict[str, Any]]:
    """By what a reader calls them: 'Prerequisite user-agreement', 'Training', 'Work orders: fields'."""
    found: dict[str, dict[str, Any]] = {}
    loose: dict[str, Any] = {}
    for key, value in tomllib.loads(text, parse_float=Decimal).items():
        title = STANZAS.get(key, key.replace("_", " ").capitalize())
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            for one in value:
                found[f"{title} {one.get('id') or one.get('name')}"] = one
        elif isinstance(value, dict):
            _tables(found, title, value)
        else:
            loose[key] = value
    return {"The pack": loose} | found


def _tables(found: dict[str, dict[str, Any]], title: str, table: dict[str, Any]) -> None:
    found[title] = {key: value for key, value in table.items() if not isinstance(value, dict)}
    for key, value in table.items():
        if isinstance(value, dict):
            _tables(found, f"{title}: {_field(key)}", value)
