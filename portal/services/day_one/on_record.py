"""What a list is held against: who is on record with which evidence and access, and what each member of it is to get."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.adapters.people_files import Quiz, Row, Sheet
from portal.models import Agency, BackgroundCheck, DayOneImport, Evidence, Grant, Membership, RosterEntry
from portal.services.day_one.who import Who
from workflows.vocabulary import About, Kind, Role

RUN = DayOneImport.__tablename__


@dataclass(slots=True)
class Member:
    """One person at one Agency of the file: what shall be on record, and what of it is not yet."""

    who: Who
    agency: Agency
    line: int
    membership: Membership | None = None
    user_id: str = ""
    active: bool = True
    inherits: bool = False
    moves_day: bool = False
    roles: list[Role] = field(default_factory=list)
    level: str = ""
    fills_level: bool = False
    worker: str = ""
    agreed_on: date | None = None
    replaces_agreement: list[Evidence] = field(default_factory=list)
    checked_on: date | None = None
    check_status: str = "cleared"


@dataclass(slots=True)
class Plan:
    """Everything an import would write."""

    sheet: Sheet
    members: list[Member] = field(default_factory=list)
    quizzes: list[tuple[Who, Row, Quiz, str]] = field(default_factory=list)
    inactive: list[Row] = field(default_factory=list)
    roster: list[Row] = field(default_factory=list)

    @property
    def bad_lines(self) -> set[int]:
        return {problem.line for problem in self.sheet.problems if problem.severity == "error"}

    @property
    def people(self) -> list[Who]:
        return list({id(member.who): member.who for member in self.members}.values())


def roster_values(row: Row) -> dict[str, Any]:
    """What is kept of a line of the roster."""
    return {
        "name": row.name[:200], "email_key": row.email.lower(), "active": row.active is not False, "created_on": row.created_on,
        "provider": row.agency, "cells": dict(row.cells),
    }  # fmt: skip


class OnRecord:
    """What the portal has about the memberships and people of a list: a fixed number of statements."""

    def __init__(self, session: Session, *, on: date):
        self.memberships = {(m.agency_id, m.person_id): m for m in session.scalars(select(Membership))}
        self.grants: dict[int, list[Grant]] = defaultdict(list)
        self.inherited_people: set[int] = set()
        for grant in session.scalars(select(Grant)):
            self.grants[grant.membership_id].append(grant)
            if grant.outcome == "inherited":
                self.inherited_people.add(grant.person_id)
        kinds = (Kind.ROLE, Kind.ACCESS_LEVEL, Kind.WORKER, Kind.USER_AGREEMENT, Kind.INHERITED)
        self._held: dict[tuple[int, str], list[Evidence]] = defaultdict(list)
        for row in session.scalars(
            select(Evidence).where(
                Evidence.about == About.MEMBERSHIP, Evidence.kind.in_(kinds), Evidence.withdrawn_at == datetime.max,
                Evidence.valid_until >= on,
            ).order_by(Evidence.id)
        ):  # fmt: skip
            self._held[row.subject_id, row.kind].append(row)
        self.checks: dict[int, list[BackgroundCheck]] = defaultdict(list)
        for check in session.scalars(select(BackgroundCheck)):
            self.checks[check.person_id].append(check)
        self.roster = {entry.user_id: entry for entry in session.scalars(select(RosterEntry))}
        self.roster_by_email = {entry.email_key: entry for entry in self.roster.values() if entry.email_key}

    def is_news(self, row: Row) -> bool:
        """Whether the roster says something else about this User ID than it did last."""
        entry = self.roster.get(row.user_id)
        return entry is None or any(getattr(entry, name) != value for name, value in roster_values(row).items())

    def held(self, membership: Membership | None, kind: Kind) -> list[Evidence]:
        return self._held[membership.id, kind.value] if membership is not None else []
