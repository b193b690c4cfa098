"""Reads each stanza of a policy pack into its record; what cannot be is refused by stanza and field (see stanza.py)."""

from collections.abc import Iterable
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from workflows.business_time import WEEKDAYS, BusinessHours, HolidayRule
from workflows.pack import (
    ACTS,
    ORDER_FIELDS,
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
from workflows.stanza import Stanza
from workflows.vocabulary import KINDS, LICENCES, Kind, Role

LATEST = timedelta(days=400)
SIGN_IN = SignIn(30, 3, "System Inactivity; Unsuccessful Login")
WARNINGS = Warnings((30, 7, 1), "Security awareness training and follow-up")
"""Of packs kept from before they said anything about it."""


def _id(stanza: Stanza) -> str:
    return stanza.text("id", longest=40)


def _cite(stanza: Stanza) -> str:
    return stanza.text("cite")


def read_marks(training: Stanza, courses: Iterable[str]) -> tuple[int, dict[str, int]]:
    mark, marks, known = training.percent("pass_mark"), {}, set(courses)
    if "pass_marks" in training:
        own = training.stanza("pass_marks")
        for course in own.keys():  # noqa: SIM118 (a Stanza is no dict)
            if course not in known:
                raise own.wrong(course, "there is no such course in this pack")
            marks[course] = own.percent(course)
    return mark, marks


def read_hours(stanza: Stanza) -> tuple[str, BusinessHours]:
    opens, closes, zone = stanza.clock("opens"), stanza.clock("closes"), stanza.text("zone")
    if closes <= opens:
        raise stanza.wrong("closes", f"the desk must close after it opens at {opens:%H:%M}")
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        raise stanza.wrong("zone", f"{zone!r} is no time zone such as America/New_York") from None
    return zone, BusinessHours(opens, closes, zone)


def read_holiday(s: Stanza) -> HolidayRule:
    name, month, plus = s.text("name"), s.number("month", 1, 12), s.number("plus", 0, 6, 0)
    if "day" in s:
        longest = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
        return HolidayRule(name, month, day=s.number("day", 1, longest))
    weekday, nth = WEEKDAYS.index(s.one_of("weekday", WEEKDAYS)), s.number("nth", -1, 4)
    if not nth:
        raise s.wrong("nth", "0 is none of 1, 2, 3, 4 and -1 (the last)")
    return HolidayRule(name, month, weekday=weekday, nth=nth, plus=plus)


def read_course(s: Stanza, levels: Iterable[str]) -> Course:
    course = Course(_id(s), s.text("title"), s.texts("roles", ()), s.texts("levels", ()), _cite(s))
    for key, given, known in (("roles", course.roles, set(Role)), ("levels", course.levels, set(levels))):
        if unknown := sorted(set(given) - known):
            raise s.wrong(key, f"{unknown[0]!r} is none of {', '.join(sorted(known))}")
    return course


def read_level(s: Stanza) -> AccessLevel:
    return AccessLevel(_id(s), s.text("title"), s.flag("administers"), s.flag("lead_only"), _cite(s))


def read_device(s: Stanza) -> DeviceKind:
    kind, allowed = (
        DeviceKind(_id(s), s.text("title"), s.texts("traits", ()), _cite(s)),
        KINDS[Kind.TRAIT].details or (),
    )
    if unknown := sorted(set(kind.traits) - set(allowed)):
        raise s.wrong("traits", f"{unknown[0]!r} is none of {', '.join(sorted(allowed))}")
    return kind


def read_topic(s: Stanza) -> Topic:
    topic, allowed = Topic(_id(s), s.text("title"), s.text("sentence"), _cite(s)), KINDS[Kind.PROTOCOL].details or ()
    if topic.id not in allowed:
        raise s.wrong("id", f"{topic.id!r} is none of {', '.join(allowed)}")
    return topic


def read_seats(s: Stanza) -> Seats:
    seats = Seats(s.period("reservation"), s.texts("kinds"), _cite(s))
    if unknown := sorted(set(seats.kinds) - set(LICENCES)):
        raise s.wrong("kinds", f"{unknown[0]!r} is none of {', '.join(LICENCES)}")
    return seats


def read_one_time_code(s: Stanza) -> OneTimeCode:
    return OneTimeCode(s.number("digits", 6, 8), s.number("tries", 1, 10), s.number("minutes", 1, 120), _cite(s))


def read_links(s: Stanza) -> Links:
    lives = {key: s.span(key) for key in ("invitation", "signing", "reset", "download", "survey")}
    for key, life in lives.items():
        if not timedelta() < life <= LATEST:
            raise s.wrong(key, f"a link lives for more than nothing and at most {LATEST.days} days")
    return Links(**lives, cite=_cite(s))


def read_core_password(s: Stanza) -> PasswordRules:
    shortest, longest = s.number("shortest", 8, 128), s.number("longest", 8, 1024)
    if longest < shortest:
        raise s.wrong("longest", f"{longest} is less than the shortest, {shortest}")
    profile = s.one_of("profile", ("manual", "nist-63b4"))
    digits = s.number("digits", 0, shortest)
    return PasswordRules(profile, shortest, longest, digits, s.period("change_after"), s.span("reveal"), _cite(s))


def read_sign_in(s: Stanza) -> SignIn:
    return SignIn(
        s.number("idle_minutes", 1, 720),
        s.number("tries", 1, 20),
        _cite(s),
        profile=s.one_of("profile", PROFILES, SIGN_IN.profile),
        address_tries=s.number("address_tries", 3, 1000, SIGN_IN.address_tries),
        address_minutes=s.number("address_minutes", 1, 1440, SIGN_IN.address_minutes),
        address_requests=s.number("address_requests", 3, 1000, SIGN_IN.address_requests),
        all_tries=s.number("all_tries", 10, 100_000, SIGN_IN.all_tries),
        all_minutes=s.number("all_minutes", 1, 1440, SIGN_IN.all_minutes),
        prove_minutes=s.number("prove_minutes", 1, 720, SIGN_IN.prove_minutes),
    )


def read_work_orders(s: Stanza) -> WorkOrders:
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


def read_warnings(s: Stanza) -> Warnings:
    days = s.numbers("days")
    if not days or list(days) != sorted(set(days), reverse=True) or days[-1] < 1:
        raise s.wrong("days", "write the days before a lapse, the furthest first and down to 1, such as [30, 7, 1]")
    return Warnings(days, _cite(s))


def read_notice(s: Stanza) -> Notice:
    return Notice(s.number("program_change_days", 0, 60), s.number("plan_months", 1, 60), _cite(s))


def read_funder(s: Stanza) -> Funder:
    return Funder(_id(s), s.text("title"), s.numbers("codes"), _cite(s))


def read_retention(s: Stanza) -> Retention:
    return Retention(s.number("years", 1, 100), _cite(s))


def read_brake(s: Stanza) -> Brake:
    return Brake(s.percent("share"), s.number("least", 1, 100_000, 3), _cite(s))
