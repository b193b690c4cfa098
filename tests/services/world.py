"""A small world before the gate: the Lead, Agencies and people with everything in order, built through the services."""

import copy
import itertools
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from portal.actors import PORTAL, Actor, actor_of
from portal.config import Settings
from portal.db import Sessions, make_sessionmaker, reading, transaction
from portal.effects.registry import HANDLERS
from portal.models import (
    AccessRequest,
    Account,
    Agency,
    Device,
    Evidence,
    Grant,
    Membership,
    Person,
    Project,
    WorkOrder,
)
from portal.secrets import Keys
from portal.services import evidence, founding
from portal.services.desk import work_orders
from portal.services.people import licences
from portal.wiring import Context, work_order_hmis
from portal.worker import drain
from tests.support import beginnings
from tests.support.record import AUDIT_KEY
from workflows.business_time import local_day
from workflows.policy import load
from workflows.vocabulary import LEAD, PROTOCOLS, RECEIPTS, About, Effect, Kind, Role

KEY = "a-key-for-tests-only-0123456789abcdef"
MONDAY = datetime(2026, 11, 23, 15, 0)
NEVER = datetime.max
SCRATCH = Path(tempfile.gettempdir()) / "portal-tests"
VERSIONED = {Kind.PARTICIPATION_AGREEMENT, Kind.USER_AGREEMENT, Kind.AGENCY_ADMIN_AGREEMENT, Kind.HOUSING_INVENTORY}

Recorded = tuple[About, int, Kind, str]


class Outbox:
    """A mailer that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: Any, *, before: Any = None) -> tuple[str, ...]:
        if before is not None:
            before()
        self.sent.append(message)
        return ()


def _anchors(engine: Engine) -> Path:
    """Where this world's record is anchored: beside its database, if that is a file."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    return Path(f"{file}.anchors") if file else SCRATCH / f"{uuid.uuid4().hex}.anchors"


@dataclass
class World:
    """One database with a context on it; every step is a transaction of its own, as in the portal."""

    engine: Engine
    now: datetime = MONDAY
    policy: Any = field(default_factory=load)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.move(self.engine)
        self._has_agency = False
        self.desk, self.admin = beginnings.kept(self.engine, (self.now, self.policy.version), self._begin)
        for _ in (self.desk, self.admin):
            next(self.numbers)

    def move(self, engine: Engine) -> None:
        """This world goes on in that database, with a context of its own."""
        self.engine = engine
        settings = Settings(
            secret_keys=(KEY,), audit_keys=(AUDIT_KEY,), storage=SCRATCH, audit_anchor=_anchors(self.engine)
        )  # fmt: skip
        self.sessions: Sessions = make_sessionmaker(self.engine, record_keys=settings.record_keys)
        self.keys = Keys([KEY])
        self.context = Context(
            settings=settings,
            engine=self.engine,
            sessions=self.sessions,
            policy=self.policy,
            keys=self.keys,
            mailer=Outbox(),
            core_hmis=work_order_hmis(self.sessions, self.policy, lambda: self.now),
            clock=lambda: self.now,
        )

    def _begin(self) -> tuple[Actor, Actor]:
        with self.change() as session:
            founding.establish(session, now=self.now, policy=self.policy)
            for kind in sorted(VERSIONED):
                self._record(
                    session, Kind.PUBLISHED, About.LEAD, LEAD, detail=kind, version="1", valid_from=date(2026, 1, 1)
                )
        first = copy.copy(self.numbers)
        made = self.staff(Role.HELP_DESK), self.staff(Role.LEAD_ADMIN)
        self.numbers = first
        return made

    @property
    def today(self) -> date:
        return local_day(self.now, self.policy.zone)

    @contextmanager
    def change(self) -> Iterator[Session]:
        with transaction(self.sessions) as session:
            yield session

    @contextmanager
    def look(self) -> Iterator[Session]:
        with reading(self.sessions) as session:
            yield session
            session.expunge_all()

    def drain(self) -> int:
        """The worker, until nothing is due; mail has tests of its own."""
        return drain(self.context, handlers={**HANDLERS, Effect.MAIL: lambda _context, _job: None})

    # --- people and places

    def person(self, first: str = "Jamie", last: str = "", **more: Any) -> Person:
        number = next(self.numbers)
        email = f"sample{number}@example.org"
        with self.change() as session:
            person = Person(
                first_name=first,
                last_name=last or f"Sample{'abcdefghij'[number % 10]}{number}",
                email=email,
                email_key=email,
                named_at=self.now,
                **more,
            )
            session.add(person)
        return person

    def member(self, agency: Agency, person: Person | None = None, *roles: Role) -> Membership:
        person = person or self.person()
        with self.change() as session:
            membership = Membership(agency_id=agency.id, person_id=person.id, created_at=self.now)
            session.add(membership)
            session.flush()
            for role in roles or (Role.END_USER,):
                self._record(session, Kind.ROLE, About.MEMBERSHIP, membership.id, detail=role)
        return membership

    def staff(self, role: Role) -> Actor:
        with self.look() as session:
            lead = session.get_one(Agency, LEAD)
        return self.actor(self.member(lead, None, role))

    def actor(self, membership: Membership) -> Actor:
        with self.look() as session:
            return actor_of(session, session.get_one(Person, membership.person_id), self.today, via="password")

    def agency(self, name: str = "", licences_: int = 5) -> Agency:
        """An Agency with everything in order, its Agency Admin and security officer among it."""
        name = name or f"Sample Shelter {next(self.numbers)}"
        if self._has_agency:
            return self._agency(name, licences_)
        # The first one of a world is made once and copied: nearly every test asks for it.
        self._has_agency = True
        inputs = (self.now, self.policy.version, name, licences_, repr(self.numbers))
        agency_id, numbers = beginnings.kept(
            self.engine, inputs, lambda: (self._agency(name, licences_).id, copy.copy(self.numbers))
        )
        self.numbers = copy.copy(numbers)
        with self.look() as session:
            return session.get_one(Agency, agency_id)

    def _agency(self, name: str, licences_: int) -> Agency:
        with self.change() as session:
            agency = Agency(name=name, name_key=name.casefold(), mandated_by=[], cells={}, entered_at=self.now)
            session.add(agency)
            session.flush()
            agency.provider_id = f"P{agency.id}"
            session.add(Project(agency_id=agency.id, name="Night beds", cells={}))
            for kind, detail in agency_evidence():
                self._record(session, kind, About.AGENCY, agency.id, detail=detail)
        officer = self.member(agency, None, Role.AGENCY_ADMIN, Role.SECURITY_OFFICER)
        with self.change() as session:
            self._record(session, Kind.AGENCY_ADMIN_AGREEMENT, About.MEMBERSHIP, officer.id)
            self._record(session, Kind.SECURITY_OFFICER_ACCEPTANCE, About.MEMBERSHIP, officer.id)
            if licences_:
                licences.grant_licences(
                    session,
                    session.get_one(Agency, agency.id),
                    count=licences_,
                    actor=self.admin,
                    now=self.now,
                    policy=self.policy,
                )
        return agency

    def ready(
        self, agency: Agency, person: Person | None = None, *, level: str = "case_manager_1", request: bool = True
    ) -> Membership:
        """Somebody who has everything, and for whom access was requested; the gate has not been asked yet."""
        membership = self.member(agency, person)
        with self.change() as session:
            device = Device(agency_id=agency.id, label=f"Desk {membership.id}", entered_at=self.now)
            session.add(device)
            session.flush()
            self._record(session, Kind.DEVICE_AUTHORISED, About.DEVICE, device.id)
            self._record(session, Kind.DEVICE_IN_USE, About.MEMBERSHIP, membership.id, value=device.id)
            for kind, about, detail, value in person_evidence(level):
                self._record(
                    session,
                    kind,
                    about,
                    membership.id if about == About.MEMBERSHIP else membership.person_id,
                    detail=detail,
                    value=value,
                )
        if request:
            self.request(membership, level=level)
        return membership

    def request(
        self,
        membership: Membership,
        *,
        level: str = "case_manager_1",
        start_on: date | None = None,
        reserve: bool = False,
    ) -> None:
        with self.change() as session:
            session.add(
                AccessRequest(
                    membership_id=membership.id,
                    agency_id=membership.agency_id,
                    purpose="To enter intakes",
                    access_level=level,
                    worker="staff",
                    project_ids=[],
                    start_on=start_on or self.today,
                    requested_at=self.now,
                )
            )
            session.flush()
            self._record(session, Kind.REQUEST, About.MEMBERSHIP, membership.id)
            if reserve:
                licences.reserve(session, membership, now=self.now, policy=self.policy)

    # --- evidence

    def _record(self, session: Session, kind: Kind, about: About, subject_id: int, **more: Any) -> Evidence:
        more.setdefault("valid_from", self.today - timedelta(10))
        if kind in VERSIONED:
            more.setdefault("version", "1")
        return evidence.record(
            session,
            actor=PORTAL,
            now=self.now,
            kind=kind,
            about=about,
            subject_id=subject_id,
            verified_how="viewed on site",
            **more,
        )

    def record(self, kind: Kind, about: About, subject_id: int, **more: Any) -> Evidence:
        with self.change() as session:
            return self._record(session, kind, about, subject_id, **more)

    def withdraw(self, kind: Kind, about: About, subject_id: int, detail: str | None = None) -> int:
        with self.change() as session:
            rows = list(
                session.scalars(
                    select(Evidence).where(
                        Evidence.kind == kind,
                        Evidence.about == about,
                        Evidence.subject_id == subject_id,
                        Evidence.withdrawn_at == NEVER,
                        *([] if detail is None else [Evidence.detail == detail]),
                    )
                )
            )
            for row in rows:
                evidence.withdraw(session, row, actor=PORTAL, now=self.now, reason="It was recorded by mistake.")
        return len(rows)

    # --- what came of it

    def grant_of(self, membership: Membership) -> Grant | None:
        with self.look() as session:
            return session.scalars(
                select(Grant).where(Grant.membership_id == membership.id, Grant.status != "ended")
            ).one_or_none()

    def status(self, membership: Membership) -> str:
        grant = self.grant_of(membership)
        return grant.status if grant else "none"

    def account_of(self, membership: Membership) -> Account:
        with self.look() as session:
            return session.scalars(select(Account).where(Account.person_id == membership.person_id)).one()

    def orders(self, membership: Membership) -> list[tuple[str, str]]:
        """(act, status) of every order about the person's account, in order."""
        with self.look() as session:
            query = select(WorkOrder.act, WorkOrder.status).join(Account, Account.id == WorkOrder.account_id)
            return [
                tuple(row)
                for row in session.execute(
                    query.where(Account.person_id == membership.person_id).order_by(WorkOrder.id)
                )
            ]  # type: ignore[misc]

    def open_order(self, membership: Membership) -> WorkOrder:
        with self.look() as session:
            query = select(WorkOrder).join(Account, Account.id == WorkOrder.account_id)
            return session.scalars(
                query.where(Account.person_id == membership.person_id, WorkOrder.status == "open")
            ).one()

    def confirm(self, membership: Membership, **more: Any) -> None:
        """Carries the person's open order out, as the help desk."""
        order = self.open_order(membership)
        if order.act == "ensure":
            more.setdefault("temporary_password", "Harbor42Lights")
        typed = more.pop("typed", self.account_of(membership).user_id)
        with self.change() as session:
            work_orders.confirm(
                session,
                order=session.get_one(WorkOrder, order.id),
                actor=more.pop("actor", self.desk),
                now=self.now,
                policy=self.policy,
                keys=self.keys,
                typed_user_id=typed,
                **more,
            )
        self.drain()

    def let_in(self, membership: Membership) -> None:
        """The worker issues, the help desk confirms."""
        self.drain()
        self.confirm(membership)
        assert self.status(membership) == "live"

    def count(self, model: Any, *where: Any) -> int:
        with self.look() as session:
            return session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def agency_evidence() -> list[tuple[Kind, str]]:
    return [
        (Kind.PARTICIPATION_AGREEMENT, ""), (Kind.INFORMATION_FORM, ""), (Kind.HOUSING_INVENTORY, ""),
        *((Kind.RECEIPT, detail) for detail in RECEIPTS), *((Kind.PROTOCOL, detail) for detail in PROTOCOLS),
        (Kind.POSTED, "privacy_notice"), (Kind.POSTED, "sign"), (Kind.SECURITY_REVIEW, "joined"), (Kind.CONFIGURED, ""),
    ]  # fmt: skip


def person_evidence(level: str) -> list[tuple[Kind, About, str, int]]:
    of_admins = [
        (Kind.TRAINING, About.PERSON, "agency-admin", 8000), (Kind.AGENCY_ADMIN_AGREEMENT, About.MEMBERSHIP, "", 0),
        (Kind.BACKGROUND_CHECK, About.PERSON, "cleared", 0),
    ]  # fmt: skip
    return [
        (Kind.USER_AGREEMENT, About.MEMBERSHIP, "", 0),
        (Kind.PRIVACY_PLEDGE, About.MEMBERSHIP, "", 0),
        (Kind.COURSE_ASSIGNED, About.MEMBERSHIP, "hmis-basics", 0),
        (Kind.COURSE_ASSIGNED, About.MEMBERSHIP, "security", 0),
        (Kind.TRAINING, About.PERSON, "hmis-basics", 8000),
        (Kind.TRAINING, About.PERSON, "security", 9000),
        (Kind.ACCESS_LEVEL, About.MEMBERSHIP, level, 0),
        *(of_admins if level == "agency_admin" else []),
    ]
