"""The words of a list as the portal's own: roles, access levels, kinds of worker, courses; the first line of a person rules."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from portal.adapters.people_files import Quiz, Row, Sheet
from portal.services.day_one.places import folded
from portal.services.people.background import STATUSES
from workflows.policy import Policy
from workflows.vocabulary import AT_THE_LEAD, Role

T = TypeVar("T")
ROLES: Mapping[str, Role] = {
    **{role.value.replace("_", " "): role for role in Role},
    "": Role.END_USER,
    "user": Role.END_USER,
    "hmis user": Role.END_USER,
    "staff": Role.END_USER,
    "agency administrator": Role.AGENCY_ADMIN,
    "admin": Role.AGENCY_ADMIN,
    "ed": Role.EXECUTIVE_DIRECTOR,
    "director": Role.EXECUTIVE_DIRECTOR,
    "so": Role.SECURITY_OFFICER,
    "lead administrator": Role.LEAD_ADMIN,
}
WORKERS = {"staff": "staff", "employee": "staff", "volunteer": "volunteer", "contractor": "contractor", "": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What all lines about one person at one Agency say together."""

    roles: tuple[Role, ...]
    level: str
    worker: str
    agreed_on: date | None
    checked_on: date | None
    check_status: str


class Words:
    """Reads the words of one list under one pack; what it does not know goes to the sheet's problems."""

    def __init__(self, sheet: Sheet, policy: Policy):
        self._sheet = sheet
        self._levels = {folded(name): level for level in policy.access_levels for name in (level.title, level.id)}
        self._courses = {folded(name): course.id for course in policy.courses for name in (course.title, course.id)}
        self._titles = ", ".join(level.title for level in policy.access_levels if not level.lead_only)
        self._course_titles = ", ".join(f"{course.title} ({course.id})" for course in policy.courses)

    def of_member(self, rows: list[Row], *, at_lead: bool) -> Said | None:
        """What the lines say, or None where one of them cannot be right: its error names line and column."""
        before = len(self._sheet.problems)
        roles = tuple(dict.fromkeys(role for row in rows for role in self._roles(row, at_lead=at_lead)))
        level = self._one(rows, "access_level", lambda row: self._level(row, at_lead=at_lead))
        worker = self._one(rows, "worker", self._worker)
        agreed = self._one(rows, "agreement_signed_on", lambda row: row.agreement_signed_on)
        checked = self._one(rows, "background_checked_on", lambda row: row.background_on)
        status = self._one(rows, "background_status", self._check_status)
        if any(problem.severity == "error" for problem in self._sheet.problems[before:]):
            return None
        return Said(
            roles=roles, level=level or "", worker=worker or "", agreed_on=agreed, checked_on=checked, check_status=status or "cleared"
        )  # fmt: skip

    def course(self, row: Row, quiz: Quiz) -> str:
        """The pack's course of a row's quiz; '' with an error where there is none of that name."""
        found = self._courses.get(folded(quiz.course), "")
        if not found:
            sentence = f"The portal knows no course of this name. Empty the three cells, or write one of: {self._course_titles}."
            self._error(row, "training_course", quiz.course, sentence)
        return found

    def _roles(self, row: Row, *, at_lead: bool) -> Iterable[Role]:
        for word in re.split(r"[;,/+]", row.role):
            role = ROLES.get(folded(word))
            if role is None:
                known = ", ".join(role.value.replace("_", " ") for role in Role)
                self._error(row, "role", word.strip(), f"{word.strip()!r} is no role here. Write one of: {known}.")
            elif (role in AT_THE_LEAD) != at_lead and role is not Role.END_USER:
                whose = "the Lead's staff only" if role in AT_THE_LEAD else "an Agency's people only"
                self._error(row, "role", word.strip(), f"The role {role.value.replace('_', ' ')} is for {whose}.")
            else:
                yield role

    def _level(self, row: Row, *, at_lead: bool) -> str:
        if not row.access_level:
            return ""
        level = self._levels.get(folded(row.access_level))
        if level is None:
            sentence = f"{row.access_level!r} is no access level here. Write one of: {self._titles}."
            self._error(row, "access_level", row.access_level, sentence)
            return ""
        if level.lead_only and not at_lead:
            self._error(row, "access_level", row.access_level, f"{level.title} is for the Lead's own staff only.")
        return level.id

    def _worker(self, row: Row) -> str:
        word = WORKERS.get(folded(row.worker))
        if word is None:
            self._error(row, "worker", row.worker, "Write staff, volunteer or contractor, or leave it empty.")
        return word or ""

    def _check_status(self, row: Row) -> str:
        if not row.background_on:
            return ""
        word = folded(row.background_status).replace(" ", "_") or "cleared"
        if word not in STATUSES:
            self._error(
                row, "background_status", row.background_status, "Write cleared, not cleared, pending or ordered."
            )
        return word

    def _one(self, rows: list[Row], column: str, read: Callable[[Row], T]) -> T | None:
        """The one thing that all lines say; an error on the line that says something else."""
        found: T | None = None
        first = 0
        for row in rows:
            value = read(row)
            if not value:
                continue
            if found and value != found:
                sentence = (
                    f"Line {first} says something else about the same person at the same Agency. Leave the right one."
                )
                self._error(row, column, str(value), sentence)
            elif not found:
                found, first = value, row.line
        return found

    def _error(self, row: Row, column: str, value: str, sentence: str) -> None:
        self._sheet.error(row.line, column, value, sentence, column)
