"""Row 16: who asks, whom it is for and who decides are never one person; tried by every pair, in the services and by plain SQL."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.db import Base
from portal.models import (
    AccessRequest,
    Agency,
    BackgroundCheck,
    Device,
    Document,
    Evidence,
    Membership,
    Person,
    Signature,
)
from portal.models.separation import JUDGED
from portal.refusals import Refused
from portal.services.agencies import devices
from portal.services.people import approvals, background, requests
from portal.services.security.sanctions import sanctions
from portal.services.security.sanctions.sanction_measures import Measure
from tests.services.asking import at, director_of, in_force, names_himself, projects_of, work
from tests.services.world import World
from workflows.vocabulary import KINDS, LEAD, About, Kind, Reason, Role

REFUSALS = {Reason.NOT_ALLOWED, Reason.SAME_PERSON}


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def put(world: World, model: Any, **values: Any) -> None:
    """One row by plain SQL, as somebody with the database's password would write it."""
    table = Base.metadata.tables[model.__tablename__]
    with world.engine.begin() as connection:
        connection.execute(sa.insert(table).values(**values))


def evidence_row(
    world: World, kind: Kind, about: About, subject_id: int, by: int | None, **more: Any
) -> dict[str, Any]:
    return {
        "kind": kind, "about": about, "subject_id": subject_id, "valid_from": world.today, "valid_until": date(2027, 1, 1),
        "recorded_at": world.now, "withdrawn_at": datetime.max, "recorded_by": by, "detail": "", "value": 0, "version": "", "rests_on": "",
        "rests_on_id": 0, "note": "", "verified_how": "", "withdrawn_reason": "",
    } | more  # fmt: skip


def refused_by_the_database(world: World, said: str, model: Any, **values: Any) -> None:
    before = world.count(model)
    with pytest.raises(DBAPIError, match=said):
        put(world, model, **values)
    assert world.count(model) == before


# --- evidence, kind by kind


@pytest.mark.parametrize("kind", [Kind(kind) for kind in JUDGED])
def test_nobody_records_by_sql_what_decides_about_themselves(world: World, kind: Kind) -> None:
    member, other = world.member(world.agency()), world.member(world.agency())
    for about in set(KINDS[kind].about) & {About.PERSON, About.MEMBERSHIP}:
        subject = member.person_id if about == About.PERSON else member.id
        row = evidence_row(world, kind, about, subject, member.person_id)
        refused_by_the_database(world, "their own case", Evidence, **row)
        put(world, Evidence, **row | {"recorded_by": other.person_id})


def test_nor_by_changing_who_recorded_it(world: World) -> None:
    member, other = world.member(world.agency()), world.member(world.agency())
    put(world, Evidence, **evidence_row(world, Kind.WAIVER, About.MEMBERSHIP, member.id, other.person_id))
    with pytest.raises(DBAPIError, match=r"never edited|their own case"), world.engine.begin() as connection:
        connection.execute(sa.update(Evidence.__table__).values(recorded_by=member.person_id))


@pytest.mark.parametrize("kind", [Kind.SANCTION, Kind.WAIVER])
def test_nobody_decides_by_sql_about_the_own_agency(world: World, kind: Kind) -> None:
    agency = world.agency()
    own = world.member(agency, None, Role.AGENCY_ADMIN)
    row = evidence_row(world, kind, About.AGENCY, agency.id, own.person_id)
    refused_by_the_database(world, "their own Agency", Evidence, **row)
    put(world, Evidence, **row | {"recorded_by": world.admin.person_id})


def test_what_another_gave_may_be_shortened_and_never_lengthened(world: World) -> None:
    """Whoever asked for access may end it, the approval of somebody else with it."""
    agency = world.agency()
    member = world.member(agency)
    row = evidence_row(world, Kind.WAIVER, About.MEMBERSHIP, member.id, world.admin.person_id)
    put(world, Evidence, **row)
    with world.engine.begin() as connection:
        connection.execute(
            sa.update(Evidence.__table__).where(Evidence.kind == Kind.WAIVER).values(withdrawn_at=world.now)
        )
    for until, fine in ((date(2027, 2, 1), False), (date(2027, 1, 1), False), (date(2026, 12, 1), True)):
        mine = row | {"recorded_by": member.person_id, "valid_until": until}
        put(world, Evidence, **mine) if fine else refused_by_the_database(world, "their own case", Evidence, **mine)


def test_an_approval_needs_somebody_and_nobody_who_asked(world: World) -> None:
    lead = world.member(_lead(world), None, Role.TRAINER)
    asker = world.staff(Role.LEAD_ADMIN)
    put(world, Evidence, **evidence_row(world, Kind.REQUEST, About.MEMBERSHIP, lead.id, asker.person_id))
    for by in (asker.person_id, None):
        row = evidence_row(world, Kind.LEAD_APPROVAL, About.MEMBERSHIP, lead.id, by)
        refused_by_the_database(world, "who asks does not approve", Evidence, **row)
    put(world, Evidence, **row | {"recorded_by": world.admin.person_id})


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.END_USER])
def test_nobody_gives_themselves_an_office_by_sql(world: World, role: Role) -> None:
    member, other = world.member(world.agency()), world.member(world.agency())
    row = evidence_row(world, Kind.ROLE, About.MEMBERSHIP, member.id, member.person_id, detail=role.value)
    refused_by_the_database(world, "themselves an office", Evidence, **row)
    put(world, Evidence, **row | {"recorded_by": other.person_id})


# --- requests, checks, documents


def request_row(world: World, member: Membership, by: int, **more: Any) -> dict[str, Any]:
    return {
        "membership_id": member.id, "agency_id": member.agency_id, "act": "add", "purpose": "Enters intakes.", "access_level": "read_only",
        "worker": "staff", "project_ids": [], "supervisor": "", "start_on": world.today, "requested_by": by, "basis": "agency_admin",
        "requested_at": world.now, "closed_reason": "", "status": "open",
    } | more  # fmt: skip


def test_nobody_asks_by_sql_for_their_own_access(world: World) -> None:
    member, other = world.member(world.agency()), world.member(world.agency())
    refused_by_the_database(world, "their own access", AccessRequest, **request_row(world, member, member.person_id))
    put(world, AccessRequest, **request_row(world, member, other.person_id))
    with pytest.raises(DBAPIError, match="their own access"), world.engine.begin() as connection:
        connection.execute(sa.update(AccessRequest.__table__).values(requested_by=member.person_id))


def test_nobody_enters_their_own_background_check_by_sql(world: World) -> None:
    member, other = world.member(world.agency()), world.member(world.agency())
    row = {
        "membership_id": member.id, "agency_id": member.agency_id, "person_id": member.person_id, "ordered_on": world.today, "reference": "",
        "decider": "", "entered_at": world.now, "status": "ordered",
    }  # fmt: skip
    refused_by_the_database(world, "their own background check", BackgroundCheck, **row, entered_by=member.person_id)
    put(world, BackgroundCheck, **row, entered_by=other.person_id)


def signed(world: World, member: Membership, by: int) -> int:
    """The number of a document about this member that this person has signed for the Agency."""
    put(
        world, Document, kind="participation_agreement", version="1", text_sha256="", agency_id=member.agency_id, answers={}, route="electronic",
        prepared_at=world.now, executed_sha256="", verified_how="", rejected_reason="", round=1, status="signed",
    )  # fmt: skip
    with world.look() as session:
        number = session.scalars(sa.select(Document.id).order_by(Document.id.desc())).first()
    put(world, Signature, **signature(world, number or 0, by, "executive_director"))
    return number or 0


def signature(world: World, document_id: int, by: int, capacity: str) -> Mapping[str, Any]:
    empty = dict.fromkeys(
        (
            "title",
            "authority",
            "consent_version",
            "consent_sha256",
            "authentication",
            "email",
            "scan_sha256",
            "address",
            "agent",
        ),
        "",
    )
    return empty | {
        "document_id": document_id, "round": 1, "capacity": capacity, "person_id": by, "method": "electronic", "name": "A", "initials": {},
        "content_sha256": "", "signed_at": world.now,
    }  # fmt: skip


def test_whoever_signed_neither_verifies_nor_countersigns_by_sql(world: World) -> None:
    signer, other = world.member(world.agency()), world.member(world.agency())
    number = signed(world, signer, signer.person_id)
    with pytest.raises(DBAPIError, match="does not verify"), world.engine.begin() as connection:
        connection.execute(
            sa.update(Document.__table__).where(Document.id == number).values(verified_by=signer.person_id)
        )
    row = signature(world, number, signer.person_id, "lead")
    refused_by_the_database(world, "does not countersign", Signature, **row)
    put(world, Signature, **{**row, "person_id": other.person_id})
    with world.engine.begin() as connection:
        connection.execute(
            sa.update(Document.__table__).where(Document.id == number).values(verified_by=world.desk.person_id)
        )


def test_nobody_verifies_by_sql_what_is_about_themselves(world: World) -> None:
    member = world.member(world.agency())
    number = signed(world, member, world.member(world.agency()).person_id)
    with pytest.raises(DBAPIError, match="does not verify"), world.engine.begin() as connection:
        connection.execute(
            sa.update(Document.__table__)
            .where(Document.id == number)
            .values(person_id=member.person_id, verified_by=member.person_id)
        )


# --- every pair, through the services


def everybody(world: World, agency: Agency) -> dict[str, Actor]:
    """One of every role at the Agency and at the Lead, each a member of this Agency so that access could be asked for."""
    roles = (Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN, Role.SECURITY_OFFICER, Role.END_USER)
    people = {role.value: world.actor(world.member(agency, None, role)) for role in roles}
    for role in (Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER, Role.AUDITOR, Role.BOARD_MEMBER):
        actor = world.staff(role)
        with world.look() as session:
            person = session.get_one(Person, actor.person_id)
        world.member(agency, person, Role.END_USER)
        people[role.value] = world.actor(at(world, actor, agency.id))
    return people


def test_of_every_pair_nobody_decides_in_the_own_case(world: World) -> None:
    """Ten actors on ten people: asking, the background check, a sanction. The diagonal is refused, and leaves nothing."""
    agency = world.agency(licences_=0)
    people, done = everybody(world, agency), dict.fromkeys(("ask", "check", "sanction"), 0)
    for (who, actor), (whom, subject) in product(people.items(), people.items()):
        member = at(world, subject, agency.id)
        for act in done:
            rows = world.count(Evidence)
            refusal = _tried(world, act, agency, member, actor)
            if refusal is None:
                assert who != whom, f"{who} did this in the own case: {act}"
                done[act] += 1
            else:
                assert refusal.reason in REFUSALS | {Reason.ALREADY_DONE, Reason.BAD_INPUT}, (act, who, whom, refusal)
                assert who != whom or refusal.reason in REFUSALS, (act, who, refusal)
                assert world.count(Evidence) == rows
    assert all(count >= 5 for count in done.values()), done


def _tried(world: World, act: str, agency: Agency, member: Membership, actor: Actor) -> Refused | None:
    """The refusal, or None where it was done; what was done is rolled back, so that every pair finds the same."""

    class Done(Exception):
        pass

    try:
        with world.change() as session:
            subject = session.get_one(Membership, member.id)
            terms: dict[str, Any] = {"actor": actor, "now": world.now, "policy": world.policy}
            if act == "ask":
                asked = work(world, agency, project_ids=projects_of(world, agency))
                requests.submit(
                    session, agency=session.get_one(Agency, agency.id), work=asked, membership=subject,
                    instruction="Signed by the director on November 2, kept at the desk.", **terms,
                )  # fmt: skip
            elif act == "check":
                background.enter(session, membership=subject, status="ordered", ordered_on=world.today, **terms)
            else:
                sanctions.draft(
                    session, subject=sanctions.Subject(About.PERSON, LEAD, subject.person_id), violation="policies", facts="Kept notes on paper.",
                    measure=Measure(measure="reprimand"), **terms,
                )  # fmt: skip
            session.flush()
            raise Done
    except Done:
        return None
    except Refused as refusal:
        return refusal


# --- the Agency of one person


def test_a_one_person_agency_comes_all_the_way_with_the_lead_as_the_second_person(world: World) -> None:
    """U18: the director is Agency Admin, security officer and user; every second word is the Lead's, and access comes."""
    agency = world.agency()
    director = director_of(world, agency)
    mine = at(world, director, agency.id)
    named = names_himself(world, agency, director)
    assert named.request is not None
    alone = world.actor(mine)
    with world.change() as session:
        device = devices.enter(
            session, agency=session.get_one(Agency, agency.id), label="Front desk", kind=world.policy.device_kinds[0].id,
            safeguards=tuple(devices.SAFEGUARDS), actor=alone, now=world.now, policy=world.policy,
        )  # fmt: skip

    def choose(session: Session, actor: Actor) -> None:
        requests.choose_device(
            session, membership=session.get_one(Membership, mine.id), device=session.get_one(Device, device.id), actor=actor, now=world.now,
            policy=world.policy,
        )  # fmt: skip

    for refused in (
        lambda session: choose(session, alone),
        lambda session: approvals.approve(
            session, request=session.get_one(AccessRequest, named.request.id), actor=alone, now=world.now, policy=world.policy
        ),
        lambda session: background.enter(
            session, membership=session.get_one(Membership, mine.id), status="ordered", ordered_on=world.today, actor=alone, now=world.now,
            policy=world.policy,
        ),
    ):  # fmt: skip
        with pytest.raises(Refused), world.change() as session:
            refused(session)
    with world.change() as session:
        approvals.approve(
            session,
            request=session.get_one(AccessRequest, named.request.id),
            actor=world.admin,
            now=world.now,
            policy=world.policy,
        )
        background.enter(
            session, membership=session.get_one(Membership, mine.id), status="cleared", ordered_on=world.today, decided_on=world.today,
            reference="R-1", decider="Dana Desk", actor=world.admin, now=world.now, policy=world.policy,
        )  # fmt: skip
        choose(session, world.desk)
    assert in_force(world, mine.id, Kind.REQUEST)
    for kind, about, subject, detail, value in (
        (Kind.USER_AGREEMENT, About.MEMBERSHIP, mine.id, "", 0),
        (Kind.PRIVACY_PLEDGE, About.MEMBERSHIP, mine.id, "", 0),
        (Kind.AGENCY_ADMIN_AGREEMENT, About.MEMBERSHIP, mine.id, "", 0),
        (Kind.SECURITY_OFFICER_ACCEPTANCE, About.MEMBERSHIP, mine.id, "", 0),
        *((Kind.COURSE_ASSIGNED, About.MEMBERSHIP, mine.id, course.id, 0) for course in world.policy.courses),
        *((Kind.TRAINING, About.PERSON, mine.person_id, course.id, 10000) for course in world.policy.courses),
    ):
        world.record(kind, about, subject, detail=detail, value=value)
    world.let_in(mine)


def _lead(world: World) -> Agency:
    with world.look() as session:
        return session.get_one(Agency, LEAD)
