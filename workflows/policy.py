"""A policy pack: thresholds, periods, words and prerequisites of one Lead, loaded once and never changed."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workflows import pack_reading as reading
from workflows import prerequisites
from workflows.business_time import BusinessHours, HolidayRule, holidays
from workflows.corrective_pack import FROM_BEFORE as NO_FINDINGS
from workflows.corrective_pack import Corrective, read_corrective
from workflows.enforcement_pack import FROM_BEFORE, Enforcement, read_enforcement
from workflows.front_pack import FROM_BEFORE as PLAIN_FRONT
from workflows.front_pack import Front, read_front
from workflows.helpdesk_pack import FROM_BEFORE as PLAIN_DESK
from workflows.helpdesk_pack import Helpdesk, read_helpdesk
from workflows.incident_pack import NO_INCIDENTS, Incidents, read_incidents
from workflows.outage_pack import NO_OUTAGES, Outages, read_outages
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
from workflows.plans_pack import NO_PLANS, PlansPack, read_plans
from workflows.program_pack import FROM_BEFORE as PLAIN_PROGRAMS
from workflows.program_pack import Programs, read_programs
from workflows.questions import Prerequisite
from workflows.review_pack import Review, read_review
from workflows.scim_words import ScimWords, read_scim
from workflows.stanza import PolicyError, Stanza
from workflows.vocabulary import Kind

__all__ = ["MAINE", "Policy", "PolicyError", "load", "text_of"]

MAINE = Path(__file__).parent / "policies" / "maine"
_CALENDAR = range(2000, 2101)


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
    outages: Outages = NO_OUTAGES
    helpdesk: Helpdesk = PLAIN_DESK
    front: Front = PLAIN_FRONT
    programs: Programs = PLAIN_PROGRAMS

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
    pack = Stanza(file, "the pack", _fields(text, file))
    training, hours = pack.stanza("training"), pack.stanza("hours")
    zone, opening = reading.read_hours(hours)
    rules = pack.each("holiday", reading.read_holiday)
    levels = pack.each("access_level", reading.read_level)
    courses = pack.each("course", lambda s: reading.read_course(s, [level.id for level in levels]))
    mark, marks = reading.read_marks(training, [c.id for c in courses])
    topics = pack.each("protocol_topic", reading.read_topic)
    cites = {"training": training.text("cite"), "hours": hours.text("cite")}
    listed = {
        Kind.TRAINING: _titles(courses), Kind.COURSE_ASSIGNED: _titles(courses),
        Kind.RETRAINING: _titles(courses), Kind.ACCESS_LEVEL: _titles(levels), Kind.PROTOCOL: _titles(topics),
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
        courses=courses,
        access_levels=levels,
        device_kinds=pack.each("device_kind", reading.read_device),
        protocols=topics,
        funders=pack.each("funder", reading.read_funder),
        seats=pack.one("seats", reading.read_seats),
        one_time_code=pack.one("one_time_code", reading.read_one_time_code),
        links=pack.one("links", reading.read_links),
        core_password=pack.one("core_password", reading.read_core_password),
        sign_in=pack.one("sign_in", reading.read_sign_in) if "sign_in" in pack else reading.SIGN_IN,
        hours=opening,
        holiday_rules=rules,
        holidays=holidays(rules, _CALENDAR),
        work_orders=pack.one("work_orders", reading.read_work_orders),
        scim=read_scim(pack, [level.id for level in levels]),
        notice=pack.one("notice", reading.read_notice),
        retention=pack.one("retention", reading.read_retention),
        brake=pack.one("brake", reading.read_brake),
        warnings=pack.one("warnings", reading.read_warnings) if "warnings" in pack else reading.WARNINGS,
        cites=MappingProxyType(cites),
        plans=read_plans(pack),
        incidents=read_incidents(pack),
        enforcement=read_enforcement(pack, [course.id for course in courses]),
        review=read_review(pack),
        corrective=read_corrective(pack),
        outages=read_outages(pack),
        helpdesk=read_helpdesk(pack),
        front=read_front(pack),
        programs=read_programs(pack),
    )
    for stanza in (training, hours, pack):
        stanza.done()
    return policy


def _fields(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        raise PolicyError(f"{file}: this is no TOML that can be read: its brackets are nested too deep") from None
    except ValueError as wrong:  # tomllib's own error is one; a number of five thousand digits is another
        raise PolicyError(f"{file}: this is no TOML: {wrong}") from None


def _titles(listed: Iterable[Course | AccessLevel | Topic]) -> Mapping[str, str]:
    return {one.id: one.title for one in listed}
