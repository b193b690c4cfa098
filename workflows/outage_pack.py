"""What a policy pack says about outages: the weekly maintenance, the systems, who is told of what, and what is ours to settle."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from types import MappingProxyType

from workflows.business_time import WEEKDAYS
from workflows.questions import Basis
from workflows.stanza import Stanza

_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")


class OutageKind(StrEnum):
    """What an outage is: the maintenance of every week, one that was planned, one that was not."""

    WEEKLY = "weekly"
    PLANNED = "planned"
    UNPLANNED = "unplanned"


class Impact(StrEnum):
    """How bad it is: nothing works, or it works with trouble. Only the first counts against availability."""

    DOWN = "down"
    TROUBLE = "trouble"


class Audience(StrEnum):
    """Who can be written to about an outage."""

    ADMINS = "admins"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """The maintenance of every week, in the Lead's zone: on `weekday` (0 is Monday) from `opens` for `lasts`."""

    title: str
    weekday: int
    opens: time
    lasts: timedelta
    systems: tuple[str, ...]
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class System:
    """Something that can be out; `counts`: whether the availability of every month is reckoned from it."""

    id: str
    title: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Outages:
    """All of it. `notice`: how long before its start a planned outage is to be announced; `banner`: how long before it
    a banner says so; `silence`: after how long without a word an outage waits for the Lead; `slice`: how many people
    the worker writes to at a time; `tells`: whom the manual has told of which kind."""

    notice: timedelta
    banner: timedelta
    silence: timedelta
    slice: int
    weekly: Maintenance | None
    systems: tuple[System, ...]
    tells: Mapping[OutageKind, Audience]
    cite: str
    basis: Basis

    def named(self, system_id: str) -> str:
        """What a system is called; its id where a later pack no longer knows it."""
        return next((system.title for system in self.systems if system.id == system_id), system_id)

    def counting(self) -> frozenset[str]:
        return frozenset(system.id for system in self.systems if system.counts)


NO_OUTAGES = Outages(
    timedelta(days=3), timedelta(days=1), timedelta(hours=2), 50, None, (), MappingProxyType({}), "", Basis.LOCAL
)
"""For packs kept from before there was any: no weekly maintenance, and nobody is mailed."""


def read_outages(pack: Stanza) -> Outages:
    """The stanzas [outages], [weekly_maintenance], [[outage_system]] and [[outage_told]]; PolicyError by stanza and field."""
    if "outages" not in pack:
        return NO_OUTAGES
    systems = pack.each("outage_system", _system)
    known = [system.id for system in systems]
    weekly = pack.one("weekly_maintenance", lambda s: _weekly(s, known)) if "weekly_maintenance" in pack else None
    told = pack.each("outage_told", _told)
    return pack.one("outages", lambda s: _outages(s, weekly, systems, {OutageKind(t.id): t.audience for t in told}))


@dataclass(frozen=True, slots=True)
class _Told:
    id: str
    audience: Audience


def _outages(
    s: Stanza, weekly: Maintenance | None, systems: tuple[System, ...], told: dict[OutageKind, Audience]
) -> Outages:
    return Outages(
        notice=_some_time(s, "announce_before"),
        banner=_some_time(s, "banner_before"),
        silence=_some_time(s, "silent_for"),
        slice=s.number("mail_slice", 1, 1000),
        weekly=weekly,
        systems=systems,
        tells=MappingProxyType(told),
        cite=s.text("cite"),
        basis=s.choice("basis", Basis),
    )


def _system(s: Stanza) -> System:
    return System(_id(s), s.text("title", longest=100), s.flag("counts"))


def _told(s: Stanza) -> _Told:
    told = _Told(s.choice("id", OutageKind).value, s.choice("audience", Audience))
    s.text("cite")
    s.choice("basis", Basis)
    return told


def _weekly(s: Stanza, known: list[str]) -> Maintenance:
    weekday = WEEKDAYS.index(s.one_of("weekday", WEEKDAYS))
    opens = s.clock("opens")
    lasts = _some_time(s, "lasts")
    if lasts >= timedelta(days=7):
        raise s.wrong("lasts", "the maintenance of a week is over before the next one begins")
    systems = s.texts("systems")
    for each in systems:
        if each not in known:
            raise s.wrong("systems", f"{each!r} is none of the systems: {', '.join(known)}")
    return Maintenance(
        s.text("title", longest=100), weekday, opens, lasts, systems, s.text("cite"), s.choice("basis", Basis)
    )


def _id(s: Stanza) -> str:
    called = s.text("id", longest=40)
    if not _ID.fullmatch(called):
        raise s.wrong("id", f"{called!r} is no id: small letters, digits and underscores, beginning with a letter")
    return called


def _some_time(s: Stanza, key: str) -> timedelta:
    span = s.span(key)
    if span <= timedelta():
        raise s.wrong(key, "this is no time at all; write a span such as PT1H")
    return span
