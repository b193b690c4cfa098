"""A policy pack: thresholds, periods, words and prerequisites of one Lead, loaded once and never changed."""

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

from workflows import prerequisites
from workflows.business_time import WEEKDAYS, BusinessHours, HolidayRule, holidays
from workflows.corrective_pack import FROM_BEFORE as NO_FINDINGS
from workflows.corrective_pack import Corrective, read_corrective
from workflows.enforcement_pack import FROM_BEFORE, Enforcement, read_enforcement
from workflows.incident_pack import NO_INCIDENTS, Incidents, read_incidents
from workflows.pack import (
    AccessLevel,
    Brake,
    Course,
    DeviceKind,
    Funder,
    Links,
    Notice,
    OneTimeCode,
    PasswordRules,
    Retention,
    Seats,
    SignIn,
    Topic,
    Warnings,
    WorkOrders,
)  # fmt: skip
from workflows.passwords import PROFILES
from workflows.plans_pack import NO_PLANS, PlansPack, read_plans
from workflows.questions import Prerequisite
from workflows.review_pack import Review, read_review
from workflows.scim_words import ScimWords, read_scim
from workflows.stanza import PolicyError, Stanza
from workflows.vocabulary import KINDS, LICENCES, Kind, Role

__all__ = ["ACTS", "MAINE", "ORDER_FIELDS", "Policy", "PolicyError", "load", "text_of"]

MAINE = Path(__file__).parent / "policies" / "maine"
ACTS = ("configure", "ensure", "suspend", "restore", "remove")
ORDER_FIELDS = (
    "agency_name", "project_names", "provider_ids", "user_id", "first_name", "last_name", "email", "telephone",
    "default_provider", "access_level", "licence", "projects", "temporary_password", "active", "expires_on",
)  # fmt: skip
_CALENDAR = range(2000, 2101)
_LATEST = timedelta(days=400)
_SIGN_IN = SignIn(30, 3, "System Inactivity; Unsuccessful Login")
_WARNINGS = Warnings((30, 7, 1), "Security awareness training and follow-up")  # packs kept from before there were any

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A whole pack. `version` is the SHA-256 of its text, and stands on every decision made under it."""

    name: str
    lead: str
    version: str
    text: str
    zone: str
    pass_mark: int
    marks: Mapping[str, int]
    prerequisites: tuple[Prerequisite, ...]
    courses: tuple[Course, ...]
    access_levels: tuple[AccessLevel, ...]
    device_kinds: tuple[DeviceKind, ...]
    protocols: tuple[Topic, ...]
    funders: tuple[Funder, ...]
    seats: Seats
    one_time_code: OneTimeCode
    links: Links
    core_password: PasswordRules
    sign_in: SignIn
    hours: BusinessHours
    holiday_rules: tuple[HolidayRule, ...]
    holidays: frozenset[date]
    work_orders: WorkOrders
    scim: ScimWords | None
    notice: Notice
    retention: Retention
    brake: Brake
    warnings: Warnings
    cites: Mapping[str, str]
    plans: PlansPack = NO_PLANS
    enforcement: Enforcement = FROM_BEFORE
    incidents: Incidents = NO_INCIDENTS
    review: Review | None = None
    corrective: Corrective = NO_FINDINGS

    def prerequisite(self, prerequisite_id: str) -> Prerequisite:
        return next(p for p in self.prerequisites if p.id == prerequisite_id)

    def mark_for(self, course: str) -> int:
        """The score that passes a course, in hundredths of a percent."""
        return self.marks.get(course, self.pass_mark)

    def courses_for(self, roles: Iterable[str], level: str) -> tuple[Course, ...]:
        """The courses that roles and an access level call for ('New End User Training Requirements')."""
        held = set(roles)
        return tuple(c for c in self.courses if held & set(c.roles) or level in c.levels)


def load(pack: Path | str = MAINE, name: str = "") -> Policy:
    """The pack in a file or folder (see text_of), or in a text that was kept in the database under `name`.

    PolicyError names file, stanza and field of the first mistake. OSError where the file cannot be read.
    """
    text = text_of(pack) if isinstance(pack, Path) else pack
    return _load(text, name or (pack.name if isinstance(pack, Path) else "policy pack"))


def text_of(pack: Path = MAINE) -> str:
    """A pack is one text. On disk it may be a folder: its TOML files are joined, `policy.toml` first, the others by name."""
    first = pack if pack.is_file() else pack / "policy.toml"
    others = sorted(set(pack.glob("*.toml")) - {first}) if first != pack else []
    return "\n".join(each.read_text(encoding="utf-8") for each in (first, *others))


@lru_cache(maxsize=16)  # the same text is the same policy, and every process asks for it again and again
def _load(text: str, file: str) -> Policy:
    try:
        fields = tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        raise PolicyError(f"{file}: this is no TOML that can be read: its brackets are nested too deep") from None
    except ValueError as wrong:  # tomllib's own error is one; a number of five thousand digits is another
        raise PolicyError(f"{file}: this is no TOML: {wrong}") from None
    pack = Stanza(file, "the pack", fields)
    training, hours = pack.stanza("training"), pack.stanza("hours")
    zone, opening = _hours(hours)
    rules = _each(pack, "holiday", _holiday)
    levels, courses = _each(pack, "access_level", _level), pack.stanzas("course")
    known_courses = _by_id(courses, lambda s: _course(s, [level.id for level in levels]))
    mark, marks = _marks(training, [c.id for c in known_courses])
    topics = _each(pack, "protocol_topic", _topic)
    cites = {"training": _cite(training), "hours": _cite(hours)}
    listed = {
        Kind.TRAINING: _titles(known_courses), Kind.COURSE_ASSIGNED: _titles(known_courses),
        Kind.RETRAINING: _titles(known_courses), Kind.ACCESS_LEVEL: _titles(levels), Kind.PROTOCOL: _titles(topics),
    }  # fmt: skip
    words = prerequisites.Words(listed, mark, tuple(marks.items()))
    policy = Policy(
        name=pack.text("name"),
        lead=pack.text("lead"),
        version=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        zone=zone,
        pass_mark=mark,
        marks=MappingProxyType(marks),
        prerequisites=prerequisites.read(pack, words),
        courses=known_courses,
        access_levels=levels,
        device_kinds=_each(pack, "device_kind", _device),
        protocols=topics,
        funders=_each(pack, "funder", lambda s: Funder(_id(s), s.text("title"), s.numbers("codes"), _cite(s))),
        seats=_one(pack, "seats", _seats),
        one_time_code=_one(pack, "one_time_code", _code),
        links=_one(pack, "links", _links),
        core_password=_one(pack, "core_password", _password),
        sign_in=_one(pack, "sign_in", _sign_in) if "sign_in" in pack else _SIGN_IN,
        hours=opening,
        holiday_rules=rules,
        holidays=holidays(rules, _CALENDAR),
        work_orders=_one(pack, "work_orders", _work_orders),
        scim=read_scim(pack, [level.id for level in levels]),
        notice=_one(pack, "notice", _notice),
        retention=_one(pack, "retention", lambda s: Retention(s.number("years", 1, 100), _cite(s))),
        brake=_one(pack, "brake", lambda s: Brake(s.percent("share"), s.number("least", 1, 100_000, 3), _cite(s))),
        warnings=_one(pack, "warnings", _warnings) if "warnings" in pack else _WARNINGS,
        cites=MappingProxyType(cites),
        plans=read_plans(pack),
        incidents=read_incidents(pack),
        enforcement=read_enforcement(pack, [course.id for course in known_courses]),
        review=read_review(pack),
        corrective=read_corrective(pack),
    )
    for stanza in (training, hours, pack):
        stanza.done()
    return policy


def _one(pack: Stanza, key: str, read: Callable[[Stanza], T]) -> T:
    stanza = pack.stanza(key)
    made = read(stanza)
    stanza.done()
    return made


def _each(pack: Stanza, key: str, read: Callable[[Stanza], T]) -> tuple[T, ...]:
    return _by_id(pack.stanzas(key), read)


def _by_id(stanzas: Iterable[Stanza], read: Callable[[Stanza], T]) -> tuple[T, ...]:
    made: dict[object, T] = {}
    for stanza in stanzas:
        one = read(stanza)
        stanza.done()
        named = getattr(one, "id", None) or getattr(one, "name", None)
        if named in made:
            raise stanza.wrong("id", f"{named!r} stands twice")
        made[named] = one
    return tuple(made.values())


def _titles(listed: Iterable[Course | AccessLevel | Topic]) -> Mapping[str, str]:
    return {one.id: one.title for one in listed}


def _id(stanza: Stanza) -> str:
    return stanza.text("id", longest=40)


def _cite(stanza: Stanza) -> str:
    return stanza.text("cite")


def _marks(training: Stanza, courses: Iterable[str]) -> tuple[int, dict[str, int]]:
    mark, marks, known = training.percent("pass_mark"), {}, set(courses)
    if "pass_marks" in training:
        own = training.stanza("pass_marks")
        for course in own.keys():  # noqa: SIM118 (a Stanza is no dict)
            if course not in known:
                raise own.wrong(course, "there is no such course in this pack")
            marks[course] = own.percent(course)
    return mark, marks


def _hours(stanza: Stanza) -> tuple[str, BusinessHours]:
    opens, closes, zone = stanza.clock("opens"), stanza.clock("closes"), stanza.text("zone")
    if closes <= opens:
        raise stanza.wrong("closes", f"the desk must close after it opens at {opens:%H:%M}")
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        raise stanza.wrong("zone", f"{zone!r} is no time zone such as America/New_York") from None
    return zone, BusinessHours(opens, closes, zone)


def _holiday(s: Stanza) -> HolidayRule:
    name, month, plus = s.text("name"), s.number("month", 1, 12), s.number("plus", 0, 6, 0)
    if "day" in s:
        longest = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
        return HolidayRule(name, month, day=s.number("day", 1, longest))
    weekday, nth = WEEKDAYS.index(s.one_of("weekday", WEEKDAYS)), s.number("nth", -1, 4)
    if not nth:
        raise s.wrong("nth", "0 is none of 1, 2, 3, 4 and -1 (the last)")
    return HolidayRule(name, month, weekday=weekday, nth=nth, plus=plus)


def _course(s: Stanza, levels: Iterable[str]) -> Course:
    course = Course(_id(s), s.text("title"), s.texts("roles", ()), s.texts("levels", ()), _cite(s))
    for key, given, known in (("roles", course.roles, set(Role)), ("levels", course.levels, set(levels))):
        if unknown := sorted(set(given) - known):
            raise s.wrong(key, f"{unknown[0]!r} is none of {', '.join(sorted(known))}")
    return course


def _level(s: Stanza) -> AccessLevel:
    return AccessLevel(_id(s), s.text("title"), s.flag("administers"), s.flag("lead_only"), _cite(s))


def _device(s: Stanza) -> DeviceKind:
    kind, allowed = (
        DeviceKind(_id(s), s.text("title"), s.texts("traits", ()), _cite(s)),
        KINDS[Kind.TRAIT].details or (),
    )
    if unknown := sorted(set(kind.traits) - set(allowed)):
        raise s.wrong("traits", f"{unknown[0]!r} is none of {', '.join(sorted(allowed))}")
    return kind


def _topic(s: Stanza) -> Topic:
    topic, allowed = Topic(_id(s), s.text("title"), s.text("sentence"), _cite(s)), KINDS[Kind.PROTOCOL].details or ()
    if topic.id not in allowed:
        raise s.wrong("id", f"{topic.id!r} is none of {', '.join(allowed)}")
    return topic


def _seats(s: Stanza) -> Seats:
    seats = Seats(s.period("reservation"), s.texts("kinds"), _cite(s))
    if unknown := sorted(set(seats.kinds) - set(LICENCES)):
        raise s.wrong("kinds", f"{unknown[0]!r} is none of {', '.join(LICENCES)}")
    return seats


def _code(s: Stanza) -> OneTimeCode:
    return OneTimeCode(s.number("digits", 6, 8), s.number("tries", 1, 10), s.number("minutes", 1, 120), _cite(s))


def _links(s: Stanza) -> Links:
    lives = {key: s.span(key) for key in ("invitation", "signing", "reset", "download", "survey")}
    for key, life in lives.items():
        if not timedelta() < life <= _LATEST:
            raise s.wrong(key, f"a link lives for more than nothing and at most {_LATEST.days} days")
    return Links(**lives, cite=_cite(s))


def _password(s: Stanza) -> PasswordRules:
    shortest, longest = s.number("shortest", 8, 128), s.number("longest", 8, 1024)
    if longest < shortest:
        raise s.wrong("longest", f"{longest} is less than the shortest, {shortest}")
    profile = s.one_of("profile", ("manual", "nist-63b4"))
    digits = s.number("digits", 0, shortest)
    return PasswordRules(profile, shortest, longest, digits, s.period("change_after"), s.span("reveal"), _cite(s))


def _sign_in(s: Stanza) -> SignIn:
    return SignIn(
        s.number("idle_minutes", 1, 720),
        s.number("tries", 1, 20),
        _cite(s),
        profile=s.one_of("profile", PROFILES, _SIGN_IN.profile),
        address_tries=s.number("address_tries", 3, 1000, _SIGN_IN.address_tries),
        address_minutes=s.number("address_minutes", 1, 1440, _SIGN_IN.address_minutes),
        address_requests=s.number("address_requests", 3, 1000, _SIGN_IN.address_requests),
        all_tries=s.number("all_tries", 10, 100_000, _SIGN_IN.all_tries),
        all_minutes=s.number("all_minutes", 1, 1440, _SIGN_IN.all_minutes),
    )


def _work_orders(s: Stanza) -> WorkOrders:
    due, alarm = s.number("due_hours", 1, 400), s.number("alarm_hours", 1, 400)
    if alarm < due:
        raise s.wrong("alarm_hours", f"the alarm cannot come before the order is due, after {due} hours")
    own = s.stanza("fields")
    fields = {act: own.texts(act) for act in ACTS}
    for act, names in fields.items():
        if unknown := sorted(set(names) - set(ORDER_FIELDS)):
            raise own.wrong(act, f"{unknown[0]!r} is none of {', '.join(ORDER_FIELDS)}")
    own.done()
    by = s.one_of("confirmed_by", ("help_desk", "agency_admin"))
    return WorkOrders(due, alarm, by, MappingProxyType(fields), _cite(s))


def _warnings(s: Stanza) -> Warnings:
    days = s.numbers("days")
    if not days or list(days) != sorted(set(days), reverse=True) or days[-1] < 1:
        raise s.wrong("days", "write the days before a lapse, the furthest first and down to 1, such as [30, 7, 1]")
    return Warnings(days, _cite(s))


def _notice(s: Stanza) -> Notice:
    return Notice(s.number("program_change_days", 0, 60), s.number("plan_months", 1, 60), _cite(s))
