"""Evidence by hand: every kind has a producer, who may record what, withdrawal, versions in force."""

import ast
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.actors import Actor
from portal.models import Agency, AuditEntry, Device, Evidence, Membership, Person, StoredFile
from portal.refusals import Refused
from portal.services.desk import evidence_by_hand, publishing, record_evidence
from portal.services.desk.evidence_by_hand import Entry
from portal.services.paperwork import Scan
from portal.services.paperwork.texts import version_in_force
from portal.services.people import attempts, training
from tests.services.world import World
from workflows.vocabulary import KINDS, About, Kind, Reason, Role

SERVICES = Path(__file__).parents[2] / "portal" / "services"
SCAN = Scan("c" * 64, "application/pdf", 900, 2, "letter.pdf")


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def member(world: World) -> Membership:
    return world.member(world.agency(licences_=0))


def entry(kind: Kind, about: About, subject_id: int, **more) -> Entry:
    values = {"valid_from": date(2026, 11, 20), "verified_by": "Robin Example", "verified_how": "submitted"} | more
    return Entry(kind=kind, about=about, subject_id=subject_id, **values)


def write(world: World, what: Entry, *, actor: Actor | None = None, file: Scan | None = None) -> Evidence:
    with world.change() as session:
        return record_evidence.record(
            session, entry=what, actor=actor or world.admin, now=world.now, policy=world.policy, file=file
        )


def refused(world: World, what: Entry, **more) -> tuple[Reason, str]:
    before = world.count(Evidence)
    with pytest.raises(Refused) as no:
        write(world, what, **more)
    assert world.count(Evidence) == before
    return no.value.reason, no.value.field


# --- every kind has a producer ---------------------------------------------------------------------------------------


WRITERS = {"record", "replace", "_record", "_one", "_put", "Gives"}
"""What writes evidence: the service itself, the helpers that services have for it, and the table of documents."""


def producers() -> dict[str, set[str]]:
    """By kind the services in which a call that writes evidence names it, or names a function that answers with it."""
    found: dict[str, set[str]] = {kind.name: set() for kind in Kind}
    for path in sorted(SERVICES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for within in [*functions.values(), tree]:
            for call in ast.walk(within):
                if isinstance(call, ast.Call) and _writes(call):
                    for kind in _kinds(call) | _answered(call, within, functions):
                        found[kind].add(path.name)
    return found


def _writes(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr in WRITERS and not (
            isinstance(call.func.value, ast.Name) and call.func.value.id == "audit"
        )
    return isinstance(call.func, ast.Name) and call.func.id in WRITERS


def _kinds(node: ast.AST) -> set[str]:
    named = (
        inner
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "Kind"
    )
    return {inner.attr for inner in named}


def _answered(call: ast.Call, within: ast.AST, functions: dict[str, ast.FunctionDef]) -> set[str]:
    """Kinds in the function that a variable `kind` of the call, or all of its words (`**given(row)`), came from."""
    whole = [word.value.func for word in call.keywords if word.arg is None and isinstance(word.value, ast.Call)]
    words = {
        kind for func in whole if isinstance(func, ast.Name) for kind in _kinds(functions.get(func.id, ast.Pass()))
    }
    passed = {word.value.id for word in call.keywords if word.arg == "kind" and isinstance(word.value, ast.Name)}
    return words | {
        kind
        for given in ast.walk(within)
        if isinstance(given, ast.Assign)
        and isinstance(given.value, ast.Call)
        and isinstance(given.value.func, ast.Name)
        and any(isinstance(target, ast.Name) and target.id in passed for target in given.targets)
        for kind in _kinds(functions.get(given.value.func.id, ast.Pass()))
    }


def test_every_kind_of_evidence_has_a_producer(world: World) -> None:
    by_service = producers()
    by_hand = set(evidence_by_hand.recordable())
    without = [kind for kind in Kind if kind not in by_hand and not by_service[kind.name]]
    assert without == []
    assert set(evidence_by_hand.ELSEWHERE) == set(Kind) - by_hand


@pytest.mark.parametrize("kind", sorted(evidence_by_hand.ELSEWHERE))
def test_what_the_page_sends_elsewhere_is_written_by_a_service(kind: Kind) -> None:
    assert producers()[kind.name], f"{kind} can be recorded nowhere"


def ways(world: World, kind: Kind, member: Membership, device: int) -> Entry:
    """An entry of a kind with everything that it asks for."""
    about = KINDS[kind].about[-1]
    subject = {
        About.AGENCY: member.agency_id,
        About.PERSON: member.person_id,
        About.MEMBERSHIP: member.id,
        About.DEVICE: device,
    }[about]
    details, versions = evidence_by_hand.details_of(kind, world.policy), evidence_by_hand.versions_of(kind)
    detail = {Kind.ROLE: "end_user", Kind.SECURITY_REVIEW: "joined", Kind.ACCESS_LEVEL: "case_manager_1"}.get(
        kind, next(iter(details), "")
    )
    return entry(
        kind,
        about,
        subject,
        detail=detail,
        version=versions[-1] if versions else "",
        device_id=device if kind == Kind.DEVICE_IN_USE else 0,
        note="Because it was seen.",
    )


def test_every_kind_on_the_page_can_be_recorded(world: World, member: Membership) -> None:
    with world.change() as session:
        session.add(device := Device(agency_id=member.agency_id, label="Front desk", entered_at=world.now))
    for kind in evidence_by_hand.recordable():
        if kind == Kind.ROLE:
            world.withdraw(Kind.ROLE, About.MEMBERSHIP, member.id)
        row = write(world, ways(world, kind, member, device.id))
        assert (row.kind, row.verified_how, row.recorded_by) == (kind, "submitted", world.admin.person_id)
        assert "Verified by Robin Example." in row.note


@pytest.mark.parametrize("kind", sorted(evidence_by_hand.ELSEWHERE))
def test_what_services_own_is_not_recorded_by_hand(world: World, member: Membership, kind: Kind) -> None:
    about = KINDS[kind].about[0]
    subject = {
        About.AGENCY: member.agency_id,
        About.PERSON: member.person_id,
        About.MEMBERSHIP: member.id,
        About.LEAD: 0,
    }[about]
    assert refused(world, entry(kind, about, subject)) == (Reason.CONFLICT, "kind")


# --- who may record what ---------------------------------------------------------------------------------------------


def test_nobody_records_about_oneself(world: World) -> None:
    own = entry(Kind.BACKGROUND_CHECK, About.PERSON, world.admin.person_id, detail="cleared")
    assert refused(world, own)[0] is Reason.NOT_ALLOWED


@pytest.mark.parametrize("kind", sorted(evidence_by_hand.DECIDED - set(evidence_by_hand.ELSEWHERE)))
def test_the_help_desk_does_not_decide_about_people(world: World, member: Membership, kind: Kind) -> None:
    assert refused(world, ways(world, kind, member, 0), actor=world.desk)[0] is Reason.NOT_ALLOWED
    assert write(world, ways(world, kind, member, 0), actor=world.staff(Role.LEAD_SECURITY)).id


def test_the_help_desk_gives_no_role_of_the_lead(world: World) -> None:
    with world.look() as session:
        lead = session.get_one(Agency, 0)
    colleague = world.member(lead, None, Role.TRAINER)
    grab = entry(Kind.ROLE, About.MEMBERSHIP, colleague.id, detail=Role.LEAD_ADMIN)
    assert refused(world, grab, actor=world.desk)[0] is Reason.NOT_ALLOWED
    assert write(world, grab).detail == Role.LEAD_ADMIN


def test_a_role_of_the_lead_does_not_exist_at_an_agency(world: World, member: Membership) -> None:
    assert refused(world, entry(Kind.ROLE, About.MEMBERSHIP, member.id, detail=Role.LEAD_ADMIN)) == (
        Reason.BAD_INPUT,
        "detail",
    )
    assert refused(world, entry(Kind.ACCESS_LEVEL, About.MEMBERSHIP, member.id, detail="system_admin_1")) == (
        Reason.BAD_INPUT,
        "detail",
    )


def test_agencies_record_nothing_by_hand(world: World, member: Membership) -> None:
    admin = world.actor(world.member(world.agency(licences_=0), None, Role.AGENCY_ADMIN))
    assert (
        refused(world, entry(Kind.POSTED, About.AGENCY, member.agency_id, detail="sign"), actor=admin)[0]
        is Reason.NOT_ALLOWED
    )


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"verified_by": " "}, "verified_by"),
        ({"verified_how": "guessed"}, "verified_how"),
        ({"detail": "banner"}, "detail"),
        ({"valid_from": date(2026, 12, 24)}, "valid_from"),
        ({"note": "x" * 701}, "note"),
        ({"valid_from": date(1900, 1, 1)}, "valid_from"),
        ({"valid_until": date(2026, 1, 1)}, "valid_until"),
        ({"device_id": 7}, "device_id"),
        ({"subject_id": 4711}, "subject_id"),
        ({"about": About.PERSON}, "about"),
    ],
)
def test_nonsense_is_refused_on_its_field(world: World, member: Membership, more: dict, field: str) -> None:
    what = replace(entry(Kind.POSTED, About.AGENCY, member.agency_id, detail="sign"), **more)
    assert refused(world, what) == (Reason.BAD_INPUT, field)


def test_a_version_that_the_gate_compares_has_to_be_named(world: World, member: Membership) -> None:
    assert refused(world, entry(Kind.USER_AGREEMENT, About.MEMBERSHIP, member.id)) == (Reason.BAD_INPUT, "version")
    assert refused(world, entry(Kind.HOUSING_INVENTORY, About.AGENCY, member.agency_id, version="2026-1")) == (
        Reason.BAD_INPUT,
        "version",
    )
    assert write(world, entry(Kind.HOUSING_INVENTORY, About.AGENCY, member.agency_id, version="2026")).version == "2026"


def test_the_same_twice_is_refused(world: World, member: Membership) -> None:
    what = entry(Kind.POSTED, About.AGENCY, member.agency_id, detail="sign")
    write(world, what)
    assert refused(world, what)[0] is Reason.ALREADY_DONE


def test_no_report_of_a_background_check_comes_in(world: World, member: Membership) -> None:
    what = entry(Kind.BACKGROUND_CHECK, About.PERSON, member.person_id, detail="cleared")
    assert refused(world, what, file=SCAN) == (Reason.BAD_INPUT, "file")
    assert refused(world, replace(what, note="No felony found")) == (Reason.BAD_INPUT, "note")
    assert world.count(StoredFile) == 0


def test_the_document_is_kept_with_the_evidence(world: World, member: Membership) -> None:
    row = write(world, entry(Kind.POSTED, About.AGENCY, member.agency_id, detail="sign"), file=SCAN)
    with world.look() as session:
        file = session.get_one(StoredFile, row.rests_on_id)
        assert (row.rests_on, file.sha256, file.agency_id) == ("stored_file", SCAN.sha256, member.agency_id)


# --- ending, withdrawing, looking ------------------------------------------------------------------------------------


def test_a_sanction_from_before_closes_and_its_end_lets_back_in(world: World) -> None:
    member = world.ready(world.agency())
    world.let_in(member)
    row = world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)
    world.drain()
    assert world.status(member) == "suspended"
    with world.change() as session:
        record_evidence.end(
            session,
            row=session.get_one(Evidence, row.id),
            last_day=world.today - timedelta(1),
            reason="Remedied.",
            actor=world.admin,
            now=world.now,
        )
    world.drain()
    assert world.status(member) == "live"


def test_the_help_desk_lifts_no_sanction(world: World, member: Membership) -> None:
    row = world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension")
    with world.change() as session, pytest.raises(Refused) as no:
        record_evidence.withdraw(
            session, row=session.get_one(Evidence, row.id), reason="Mercy.", actor=world.desk, now=world.now
        )
    assert no.value.reason is Reason.NOT_ALLOWED


def test_withdrawing_a_quiz_result_sets_the_result_aside(world: World, member: Membership) -> None:
    with world.change() as session:
        person = session.get_one(Person, member.person_id)
        proof = attempts.keep_file(session, SCAN, person=person, actor=world.desk, now=world.now)
        result = training.record_result(
            session,
            person=person,
            course="security",
            score=9000,
            score_as_written="90",
            taken_at=datetime(2026, 11, 20, 17),
            attempt=1,
            source="hand",
            proof=proof,
            actor=world.desk,
            now=world.now,
            policy=world.policy,
        )
        row = session.scalars(select(Evidence).where(Evidence.kind == Kind.TRAINING)).one()
        record_evidence.withdraw(session, row=row, reason="It was somebody else's.", actor=world.desk, now=world.now)
        assert (result.status, row.withdrawn_at) == ("corrected", world.now)


def test_seats_are_not_withdrawn_by_hand(world: World) -> None:
    member = world.ready(world.agency(), request=False)
    world.request(member, reserve=True)
    with world.change() as session:
        seat = session.scalars(select(Evidence).where(Evidence.kind == Kind.SEAT)).one()
        with pytest.raises(Refused) as no:
            record_evidence.withdraw(session, row=seat, reason="I want it.", actor=world.admin, now=world.now)
    assert no.value.reason is Reason.CONFLICT


def test_the_list_keeps_what_was_withdrawn_with_who_and_why(world: World, member: Membership) -> None:
    row = write(world, entry(Kind.POSTED, About.AGENCY, member.agency_id, detail="sign"))
    with world.change() as session:
        record_evidence.withdraw(
            session,
            row=session.get_one(Evidence, row.id),
            reason="It hangs elsewhere.",
            actor=world.desk,
            now=world.now,
        )
    with world.look() as session:
        (found, by, taken_back), *_ = [
            one for one in record_evidence.on_record(session, About.AGENCY, member.agency_id) if one[0].id == row.id
        ]
    assert (by, taken_back, found.withdrawn_reason) == (world.admin.name, world.desk.name, "It hangs elsewhere.")
    assert world.count(AuditEntry, AuditEntry.act == "evidence.withdraw", AuditEntry.thing_id == row.id) == 1


# --- versions in force -----------------------------------------------------------------------------------------------


def publish(
    world: World, kind: str, version: str, *, actor: Actor | None = None, on: date = date(2026, 11, 23)
) -> Evidence:
    with world.change() as session:
        return publishing.publish(
            session, kind=kind, version=version, in_force_from=on, actor=actor or world.admin, now=world.now
        )


def test_publishing_puts_a_version_in_force_for_gate_and_paperwork(world: World) -> None:
    publish(world, "user_agreement", "2025-1")
    with world.look() as session:
        assert version_in_force(session, "user_agreement", world.today).version == "2025-1"
    publish(world, "user_agreement", "2026-1", on=date(2027, 1, 1))
    with world.look() as session:
        assert version_in_force(session, "user_agreement", world.today).version == "2025-1"
        assert version_in_force(session, "user_agreement", date(2027, 1, 1)).version == "2026-1"


def test_inventories_are_published_by_year(world: World) -> None:
    assert publish(world, "housing_inventory", "2027", on=date(2027, 1, 1)).version == "2027"
    with pytest.raises(Refused) as no:
        publish(world, "housing_inventory", "2026-1")
    assert no.value.field == "version"


def test_the_same_version_is_not_published_twice_nor_one_that_does_not_exist(world: World) -> None:
    publish(world, "participation_agreement", "2026-1")
    with pytest.raises(Refused) as no:
        publish(world, "participation_agreement", "2026-1")
    assert no.value.reason is Reason.ALREADY_DONE
    with pytest.raises(Refused) as no:
        publish(world, "participation_agreement", "2031-1")
    assert no.value.field == "version"


def test_the_help_desk_publishes_nothing(world: World) -> None:
    with pytest.raises(Refused) as no:
        publish(world, "user_agreement", "2026-1", actor=world.desk)
    assert no.value.reason is Reason.NOT_ALLOWED


def test_who_would_have_to_sign_again_is_counted(world: World) -> None:
    agency = world.agency(licences_=0)
    for version in ("1", "1", "2026-1"):
        world.record(Kind.USER_AGREEMENT, About.MEMBERSHIP, world.member(agency).id, version=version)
    with world.look() as session:
        assert publishing.older_signed(session, "user_agreement", "2026-1", on=world.today) == 2
