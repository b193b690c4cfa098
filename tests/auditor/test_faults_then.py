"""The evidence behind a decision, altered with raw SQL past every constraint: the auditor names each prerequisite."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from tests.auditor.community import Community
from tests.auditor.planting import AGAINST, decision_of, named, put, run, subject_of
from workflows.policy import load

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

ELSEWHERE = {"an-agency-admin": "agency_admin_agreement", "a-security-officer": "security_officer_acceptance"}
SEATS = {"licence-seat"}


def test_every_prerequisite_of_the_pack_has_a_fault_here() -> None:
    assert {p.id for p in load().prerequisites} == {*HELD, *AGAINST, *ELSEWHERE, *SEATS}


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
