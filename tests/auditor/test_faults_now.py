"""Grants, seats, accounts, packs and the core HMIS, broken with raw SQL past every constraint: the auditor sees it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from portal.auditor import CoreAccount
from tests.auditor.community import Community, without_keys
from tests.auditor.planting import AGAINST, checks, decision_of, grant_of, put, run, subject_of
from tests.services.world import MONDAY

# ------------------------------------------------------------------------------------------------- grants, seats, accounts


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


def test_a_seat_that_nobody_sits_on(community: Community, connection: Connection) -> None:
    run(connection, "UPDATE seat SET status = 'held' WHERE membership_id = :m", m=community.ended.id)
    assert ("seat-idle", "seat") in checks(community, connection)


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


@pytest.mark.parametrize("about", ["agency", "person", "membership"])
def test_live_access_that_a_sanction_in_force_closes(community: Community, connection: Connection, about: str) -> None:
    """The row of the sanction alone: its evidence is withdrawn, as if it had never been written."""
    decided = MONDAY + timedelta(minutes=10)
    member, staff = community.plain, community.lead
    held = connection.scalar(text("SELECT max(id) FROM evidence"))
    run(
        connection,
        "INSERT INTO sanction (about, agency_id, person_id, membership_id, violation, violation_title, severity, facts, proposed, "
        "proposed_course, proposed_because, departs, departs_because, measure, remedy, course, referred_to, reference, drafted_by, drafted_at, "
        "decided_by, decided_at, decided_reason, first_day, evidence_id, appeal_from, appeal_text, appeal_holds, appeal_reason, appeal_outcome, "
        "ended_reason, status) VALUES (:about, :a, :p, :m, 'look-up', 'A look-up', 'severe', 'Found.', '', '', '', false, '', 'revocation', '', '', "
        "'', '', :one, :at, :two, :at, 'So.', :day, :e, '', '', false, '', '', '', 'in_force')",
        about=about, a=community.agency.id, p=None if about == "agency" else member.person_id,
        m=member.id if about == "membership" else None, one=staff.person_id, two=community.laptop.person_id, at=decided,
        day=community.today.isoformat(), e=held,
    )  # fmt: skip
    assert checks(community, connection, now=decided) == {("sanctioned", "grant")}
    run(connection, "UPDATE sanction SET appeal_holds = true, status = 'appealed', appealed_by = :p, appealed_at = :at", p=member.person_id, at=decided)  # fmt: skip
    assert checks(community, connection, now=decided) == set(), "it rests while an appeal is heard"


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
