"""Faults planted with raw SQL, past every constraint: the auditor names each one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Date, DateTime, Engine, bindparam, text

from portal.auditor import CoreAccount
from portal.db import make_engine
from tests.auditor.community import Community, build, silence, without_keys
from tests.services.world import MONDAY
from tests.support import databases
from workflows.policy import load


@pytest.fixture(
    scope="module", params=[pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def community(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Community]:
    """One community for all tests of a database: each plants its fault in a transaction that is rolled back."""
    if request.param == "sqlite":
        url = request.getfixturevalue("sqlite_template").copy(tmp_path_factory.mktemp("audited"))
    else:
        from portal import migrate

        url = request.getfixturevalue("postgres_server").create("audited")
        engine = make_engine(url)
        migrate.upgrade(engine)
        engine.dispose()
    with databases.engine_on(url) as engine:
        yield build(engine)


@pytest.fixture
def connection(community: Community) -> Iterator[Connection]:
    with community.world.engine.connect() as connection:
        silence(connection)
        yield connection
        connection.rollback()


def run(connection: Connection, sql: str, **values: Any) -> None:
    kinds = {datetime: DateTime()}
    named = [bindparam(name, type_=kinds[type(v)]) for name, v in values.items() if type(v) in kinds]
    dates = [bindparam(name, type_=Date()) for name, v in values.items() if type(v).__name__ == "date"]
    done = connection.execute(text(sql).bindparams(*named, *dates), values)
    assert done.rowcount != 0, "this fault changed nothing"


def decision_of(connection: Connection, member: Any) -> int:
    found = connection.scalar(text("SELECT decision_id FROM access_grant WHERE membership_id = :m"), {"m": member.id})
    assert found is not None
    return found


def grant_of(connection: Connection, member: Any) -> int:
    found = connection.scalar(text("SELECT id FROM access_grant WHERE membership_id = :m"), {"m": member.id})
    assert found is not None
    return found


# ------------------------------------------------------------------------------------------------------ nothing is wrong


def test_a_community_in_order_is_clean(community: Community, connection: Connection) -> None:
    report = community.audit(connection)
    assert report.clean, report.problems
    assert report.counts["decisions checked"] == report.counts["grants"] == 5
    assert report.counts["live grants"] == 4
    assert report.inherited == []


# ---------------------------------------------------------------------------------------- the evidence behind a decision

ONCE = "UPDATE evidence SET withdrawn_at = recorded_at WHERE kind = :kind AND about = :about AND subject_id = :subject"
HELD = {
    "participation-agreement": ("plain", "agency", "participation_agreement"),
    "information-form": ("plain", "agency", "information_form"),
    "housing-inventory": ("plain", "agency", "housing_inventory"),
    "manuals-received": ("plain", "agency", "receipt"),
    "security-protocols": ("plain", "agency", "protocol"),
    "privacy-notice-posted": ("plain", "agency", "posted"),
    "security-review": ("plain", "agency", "security_review"),
    "configured": ("plain", "agency", "configured"),
    "request-authorised": ("plain", "membership", "request"),
    "second-person-of-the-lead": ("lead", "membership", "lead_approval"),
    "user-agreement": ("plain", "membership", "user_agreement"),
    "privacy-notice-acknowledged": ("plain", "membership", "privacy_pledge"),
    "courses-passed": ("plain", "person", "training"),
    "security-training": ("plain", "person", "training"),
    "agency-admin-training": ("admin", "person", "training"),
    "own-admin-agreement": ("admin", "membership", "agency_admin_agreement"),
    "background-check": ("admin", "person", "background_check"),
    "access-level": ("plain", "membership", "access_level"),
    "device": ("plain", "device", "device_authorised"),
    "laptop-statement": ("laptop", "device", "laptop_statement"),
    "home-office": ("laptop", "device", "home_office"),
}
"""For what must be held: whose evidence of which kind is taken away as if it had never been recorded."""

ONE_OF_MANY = {
    "receipt": "data_dictionary",
    "protocol": "equipment_disposal",
    "posted": "sign",
    "home_office": "policy",
}
AGAINST = {
    "not-excluded-provider": ("agency", "excluded_provider", "victim_service"),
    "agency-not-suspended": ("agency", "sanction", "suspension"),
    "not-departed": ("membership", "departure", ""),
    "no-open-sanction": ("person", "sanction", "revocation"),
    "licence-not-revoked": ("membership", "sanction", "revocation"),
    "no-open-retraining": ("person", "retraining", "security"),
}
"""For what must be absent: what is put on record as if it had always been there."""

ELSEWHERE = {"an-agency-admin": "agency_admin_agreement", "a-security-officer": "security_officer_acceptance"}
SEATS = {"licence-seat"}


def test_every_prerequisite_of_the_pack_has_a_fault_here() -> None:
    assert {p.id for p in load().prerequisites} == {*HELD, *AGAINST, *ELSEWHERE, *SEATS}


def named(community: Community, connection: Connection, member: Any) -> set[str]:
    """The prerequisites that the auditor finds unmet at the decision about this membership."""
    decision = decision_of(connection, member)
    return {
        problem.said.rpartition(": ")[2].removesuffix(".")
        for problem in community.audit(connection).problems
        if (problem.check, problem.thing_id) == ("decision", decision)
    }


def subject_of(connection: Connection, member: Any, about: str) -> int:
    if about == "device":
        query = "SELECT value FROM evidence WHERE about = 'membership' AND kind = 'device_in_use' AND subject_id = :m ORDER BY id DESC"
        return connection.scalars(text(query), {"m": member.id}).first() or 0
    return {"agency": member.agency_id, "person": member.person_id, "membership": member.id}[about]


@pytest.mark.parametrize("prerequisite", HELD)
def test_evidence_that_was_never_there(community: Community, connection: Connection, prerequisite: str) -> None:
    whose, about, kind = HELD[prerequisite]
    member = getattr(community, whose)
    if whose == "laptop":  # one device that passes everything is enough: the other one goes
        run(connection, "UPDATE evidence SET withdrawn_at = recorded_at WHERE kind = 'device_in_use' AND subject_id = :m "
            "AND value <> :device", m=member.id, device=subject_of(connection, member, about))  # fmt: skip
    only = f" AND detail = '{ONE_OF_MANY[kind]}'" if kind in ONE_OF_MANY else ""
    run(connection, ONCE + only, kind=kind, about=about, subject=subject_of(connection, member, about))
    assert prerequisite in named(community, connection, member)


@pytest.mark.parametrize("prerequisite", AGAINST)
def test_what_spoke_against_it_all_along(community: Community, connection: Connection, prerequisite: str) -> None:
    about, kind, detail = AGAINST[prerequisite]
    put(
        connection,
        about,
        subject_of(connection, community.plain, about),
        kind,
        detail,
        at=community.world.now - timedelta(2),
    )
    assert named(community, connection, community.plain) == {prerequisite}


@pytest.mark.parametrize("prerequisite", ELSEWHERE)
def test_a_colleague_without_whose_paper_nobody_is_let_in(
    community: Community, connection: Connection, prerequisite: str
) -> None:
    run(connection, "UPDATE evidence SET withdrawn_at = recorded_at WHERE kind = :kind AND subject_id <> :m",
        kind=ELSEWHERE[prerequisite], m=community.admin.id)  # fmt: skip
    assert named(community, connection, community.plain) == {prerequisite}


def test_no_seat_and_none_free(community: Community, connection: Connection) -> None:
    run(
        connection,
        "UPDATE evidence SET withdrawn_at = recorded_at WHERE kind = 'seat' AND subject_id = :m",
        m=community.plain.id,
    )
    assert named(community, connection, community.plain) == set(), "a free seat would have done"
    run(connection, "UPDATE evidence SET detail = 'art' WHERE kind = 'seat_free' AND subject_id = :a",
        a=community.agency.id)  # fmt: skip
    assert "licence-seat" in named(community, connection, community.plain)


def put(connection: Connection, about: str, subject: int, kind: str, detail: str, *, at: datetime) -> None:
    run(
        connection,
        "INSERT INTO evidence (about, subject_id, kind, detail, value, version, valid_from, valid_until, recorded_at, "
        "withdrawn_at, rests_on, rests_on_id, note, verified_how, withdrawn_reason) VALUES (:about, :subject, :kind, :detail, 0, '', "
        ":day, :last, :at, :never, '', 0, '', '', '')",
        about=about, subject=subject, kind=kind, detail=detail, at=at, day=at.date(), last=datetime.max.date(), never=datetime.max,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "prerequisite"),
    [
        ("UPDATE evidence SET value = 7999 WHERE kind = 'training' AND detail = 'hmis-basics'", "courses-passed"),
        (
            "UPDATE evidence SET valid_from = '2025-11-22' WHERE kind = 'training' AND detail = 'security'",
            "security-training",
        ),
        ("UPDATE evidence SET valid_until = '2026-11-22' WHERE kind = 'user_agreement'", "user-agreement"),
        ("UPDATE evidence SET version = '0' WHERE kind = 'user_agreement'", "user-agreement"),
        ("UPDATE evidence SET valid_from = '2026-11-24' WHERE kind = 'privacy_pledge'", "privacy-notice-acknowledged"),
        ("UPDATE evidence SET detail = 'emperor' WHERE kind = 'access_level'", "access-level"),
        ("UPDATE evidence SET detail = 'pending' WHERE kind = 'background_check'", "background-check"),
        ("UPDATE evidence SET kind = 'project' WHERE kind = 'course_assigned'", "courses-passed"),
        ("UPDATE evidence SET valid_from = '2025-11-22' WHERE kind = 'security_review'", "security-review"),
    ],
)
def test_evidence_that_was_not_good_enough(
    community: Community, connection: Connection, fault: str, prerequisite: str
) -> None:
    run(connection, fault)
    whose = community.admin if prerequisite == "background-check" else community.plain
    assert named(community, connection, whose) == {prerequisite}


@pytest.mark.parametrize(("days", "will_do"), [(44, True), (45, False)])
def test_an_agreement_of_an_old_version(community: Community, connection: Connection, days: int, will_do: bool) -> None:
    """A version does away with older ones when its grace of 45 days has run out."""
    put(connection, "lead", 0, "published", "user_agreement", at=community.world.now - timedelta(2))
    run(connection, "UPDATE evidence SET version = 'new', valid_from = :day WHERE kind = 'published' AND version = ''",
        day=community.today - timedelta(days))  # fmt: skip
    assert named(community, connection, community.plain) == (set() if will_do else {"user-agreement"})


def test_a_day_and_a_hundredth_decide(community: Community, connection: Connection) -> None:
    run(
        connection,
        "UPDATE evidence SET value = 8000, valid_from = '2025-11-23' WHERE kind = 'training' AND detail = 'security'",
    )
    assert community.audit(connection).clean


def test_evidence_recorded_only_after_the_decision(community: Community, connection: Connection) -> None:
    decided = "(SELECT min(id) FROM audit_entry WHERE decision_id = :d)"
    member, later = community.plain, community.world.now + timedelta(minutes=1)
    row = connection.scalar(
        text("SELECT id FROM evidence WHERE kind = 'privacy_pledge' AND subject_id = :m"), {"m": member.id}
    )
    assert row is not None
    run(
        connection,
        "UPDATE audit_entry SET id = (SELECT max(id) + 1 FROM audit_entry) WHERE thing = 'evidence' AND thing_id = :row",
        row=row,
    )
    assert connection.scalar(text(f"SELECT count(*) FROM audit_entry WHERE thing = 'evidence' AND thing_id = :row AND id > {decided}"),
                             {"row": row, "d": decision_of(connection, member)})  # fmt: skip
    assert named(community, connection, member) == {"privacy-notice-acknowledged"}
    run(connection, "UPDATE evidence SET recorded_at = :later WHERE id = :row", later=later, row=row)
    assert "record-moment" in {problem.check for problem in community.audit(connection).problems}


# ------------------------------------------------------------------------------------------------- grants, seats, accounts


def checks(community: Community, connection: Connection, **asked: Any) -> set[tuple[str, str]]:
    return {(problem.check, problem.thing) for problem in community.audit(connection, **asked).problems}


def test_a_grant_on_a_decision_that_refused(community: Community, connection: Connection) -> None:
    refused = connection.scalar(text("SELECT id FROM decision WHERE outcome = 'refused'"))
    assert refused is not None
    run(
        connection, "UPDATE access_grant SET decision_id = :d WHERE membership_id = :m", d=refused, m=community.plain.id
    )
    assert ("grant-decision", "grant") in checks(community, connection)


def test_a_grant_on_somebody_elses_decision(community: Community, connection: Connection) -> None:
    other = decision_of(connection, community.admin)
    run(connection, "UPDATE access_grant SET decision_id = :d WHERE membership_id = :m", d=other, m=community.plain.id)
    assert ("grant-decision", "grant") in checks(community, connection)


def test_a_decision_made_after_the_access(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE decision SET made_at = :at WHERE id = :d",
        at=MONDAY + timedelta(seconds=1), d=decision_of(connection, community.plain))  # fmt: skip
    assert ("grant-decision", "grant") in checks(community, connection)


def test_a_live_grant_without_its_seat(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE seat SET status = 'returned' WHERE membership_id = :m", m=community.plain.id)
    assert ("grant-seat", "grant") in checks(community, connection)


def test_a_seat_on_a_licence_of_another_agency(community: Community, connection: Connection) -> None:
    other = connection.scalar(text("SELECT id FROM licence WHERE agency_id NOT IN (0, :a)"), {"a": community.agency.id})
    without_keys(connection, "seat")
    run(connection, "UPDATE seat SET licence_id = :l WHERE membership_id = :m", l=other, m=community.plain.id)
    assert {("grant-seat", "grant"), ("seat-doubled", "licence")} <= checks(community, connection)


def test_more_seats_than_licences(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE licence SET withdrawn_at = :now WHERE agency_id = :a", now=MONDAY, a=community.agency.id)
    assert {("grant-seat", "grant"), ("seats-over-licences", "agency")} <= checks(community, connection)


def test_two_accounts_of_one_person(community: Community, connection: Connection) -> None:
    without_keys(connection, "account")
    run(
        connection,
        "UPDATE account SET person_id = :p WHERE person_id = :q",
        p=community.plain.person_id,
        q=community.admin.person_id,
    )
    assert {("account-doubled", "account"), ("grant-person", "grant")} <= checks(community, connection)


def test_two_accounts_of_one_external_id(community: Community, connection: Connection) -> None:
    without_keys(connection, "account")
    run(connection, "UPDATE account SET external_id = 'the-same'")
    assert ("account-doubled", "account") in checks(community, connection)


def test_two_grants_of_one_membership(community: Community, connection: Connection) -> None:
    without_keys(connection, "access_grant")
    run(
        connection, "INSERT INTO access_grant SELECT * FROM access_grant WHERE membership_id = :m", m=community.plain.id
    )
    assert ("grant-doubled", "membership") in checks(community, connection)


def test_an_account_that_is_not_as_its_grants_say(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE access_grant SET status = 'suspended' WHERE membership_id = :m", m=community.plain.id)
    assert ("account-status", "account") in checks(community, connection)


def test_a_removed_account_that_is_active_again(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE account SET status = 'active' WHERE status = 'removed'")
    assert ("account-status", "account") in checks(community, connection)


def test_an_account_whose_job_was_lost(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE account SET status = 'restoring' WHERE person_id = :p", p=community.plain.person_id)
    assert checks(community, connection) == {("account-lost", "account")}


def test_an_active_account_that_nobody_confirmed(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE account SET confirmed_at = NULL WHERE person_id = :p", p=community.plain.person_id)
    assert ("account-unconfirmed", "account") in checks(community, connection)


# ------------------------------------------------------------------------------------------------------ what stands today


@pytest.mark.parametrize(("about", "kind", "detail"), list(AGAINST.values()))
def test_what_speaks_against_live_access(
    community: Community, connection: Connection, about: str, kind: str, detail: str
) -> None:
    at = MONDAY + timedelta(minutes=10)
    put(connection, about, subject_of(connection, community.plain, about), kind, detail, at=at)
    assert checks(community, connection, now=at) == {("speaks-against", "grant")}
    soon = at + timedelta(seconds=30)
    assert checks(community, connection, now=soon, grace=timedelta(seconds=60)) == set(), "the queue may take its grace"


def test_access_at_an_agency_that_has_ended(community: Community, connection: Connection) -> None:
    run(
        connection,
        "UPDATE agency SET status = 'ended', ended_at = :now WHERE id = :a",
        now=MONDAY,
        a=community.agency.id,
    )
    assert checks(community, connection) == {("agency-ended", "grant")}


def test_what_lapsed_long_ago(community: Community, connection: Connection) -> None:
    run(
        connection,
        "UPDATE evidence SET valid_until = '2026-11-23' WHERE kind = 'user_agreement' AND subject_id = :m",
        m=community.plain.id,
    )
    assert checks(community, connection, now=MONDAY + timedelta(4)) == set()
    later = [p for p in community.audit(connection, now=MONDAY + timedelta(6)).problems if p.check == "lapsed"]
    assert [p.thing_id for p in later] == [grant_of(connection, community.plain)]
    assert later[0].said.endswith("user-agreement.")


def test_what_was_put_right_meanwhile_may_lapse_anew(community: Community, connection: Connection) -> None:
    run(
        connection,
        "UPDATE evidence SET valid_until = '2026-11-22' WHERE kind = 'privacy_pledge' AND subject_id = :m",
        m=community.plain.id,
    )
    put(connection, "membership", community.plain.id, "privacy_pledge", "", at=MONDAY + timedelta(2))
    run(
        connection,
        "UPDATE evidence SET valid_until = '2026-11-25' WHERE kind = 'privacy_pledge' AND valid_from = '2026-11-25'",
    )
    found = checks(community, connection, now=MONDAY + timedelta(5))
    assert ("lapsed", "grant") not in found


def test_new_access_that_nobody_has_used_needs_the_whole_gate(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE access_grant SET confirmed_at = NULL WHERE membership_id = :m", m=community.plain.id)
    assert checks(community, connection) == set()
    run(connection, "UPDATE evidence SET withdrawn_at = :at WHERE kind = 'configured' AND subject_id = :a",
        at=MONDAY + timedelta(minutes=5), a=community.agency.id)  # fmt: skip
    assert ("unmet-before-use", "grant") in checks(community, connection, now=MONDAY + timedelta(minutes=5))


def test_somebody_who_has_everything_and_is_forgotten(community: Community, connection: Connection) -> None:
    put(connection, "agency", community.waits.agency_id, "seat_free", "core", at=MONDAY - timedelta(1))
    assert ("forgotten", "request") in checks(community, connection)


def test_inherited_access_is_listed_apart_and_not_judged(community: Community, connection: Connection) -> None:
    run(
        connection,
        "UPDATE decision SET outcome = 'inherited' WHERE id = :d",
        d=decision_of(connection, community.plain),
    )
    run(connection, "UPDATE access_grant SET outcome = 'inherited' WHERE membership_id = :m", m=community.plain.id)
    run(
        connection,
        "UPDATE evidence SET withdrawn_at = recorded_at WHERE kind = 'request' AND subject_id = :m",
        m=community.plain.id,
    )
    report = community.audit(connection)
    assert report.clean, report.problems
    assert report.inherited == [grant_of(connection, community.plain)]


# ------------------------------------------------------------------------------------------------- packs and the core HMIS


def test_a_prerequisite_that_the_auditor_does_not_know_is_said(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE policy_pack SET text = replace(text, :one, :other)",
        one='"housing-inventory"', other='"moon-phase"')  # fmt: skip
    said = [p.said for p in community.audit(connection).problems if p.check == "not-audited"]
    assert len(said) == 1 and "moon-phase" in said[0]


def test_a_prerequisite_that_asks_something_else_is_said(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE policy_pack SET text = replace(text, :one, :other)",
        one='evidence = "privacy_pledge"', other='evidence = "worker"')  # fmt: skip
    said = [p.said for p in community.audit(connection).problems if p.check == "not-audited"]
    assert len(said) == 1 and "privacy-notice-acknowledged" in said[0] and "evidence" in said[0]


def in_the_core(connection: Connection) -> list[CoreAccount]:
    rows = connection.execute(text("SELECT user_id, external_id, status FROM account ORDER BY id"))
    return [CoreAccount(row.user_id, row.external_id, row.status == "active") for row in rows]


def test_the_core_hmis_says_the_same(community: Community, connection: Connection) -> None:
    report = community.audit(connection, in_the_core(connection))
    assert report.clean, report.problems
    assert report.counts["accounts in the core HMIS"] == 5


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        ("core-doubled", lambda rows: [*rows, CoreAccount("twin", rows[0].external_id, True)]),
        ("core-doubled", lambda rows: [*rows, CoreAccount(rows[0].user_id.upper(), "", False)]),
        ("core-missing", lambda rows: rows[1:]),
        ("core-missing", lambda rows: [CoreAccount(rows[0].user_id, rows[0].external_id, False), *rows[1:]]),
        ("core-unknown", lambda rows: [*rows, CoreAccount("stranger", "", True)]),
        ("core-unknown", lambda rows: [*rows, CoreAccount("stranger", "nobody-made-this", True)]),
        ("core-open", lambda rows: [CoreAccount(r.user_id, r.external_id, True) for r in rows]),
        ("core-name", lambda rows: [CoreAccount("renamed", rows[0].external_id, True), *rows[1:]]),
    ],
)
def test_the_core_hmis_says_something_else(
    community: Community, connection: Connection, check: str, fault: Any
) -> None:
    assert check in {c for c, _ in checks(community, connection, core=fault(in_the_core(connection)))}


def test_looking_writes_nothing(community: Community, tmp_path: Path) -> None:
    from portal.auditor import audit

    policy = community.world.policy
    engine: Engine = community.world.engine
    assert audit(engine, now=MONDAY, in_force=(policy.version, policy.text), grace=timedelta(0)).clean
