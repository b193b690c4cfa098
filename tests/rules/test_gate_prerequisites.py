"""Each prerequisite of the Maine pack: what closes it, what opens it, and what its loss does to access that exists."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.rules.on_record import (
    A_DEVICE,
    AGENCY,
    DEVICE,
    MEMBERSHIP,
    OTHER,
    PERSON,
    THE_LEAD,
    TODAY,
    OnRecord,
    administrator_in_order,
    in_order,
    lead_staff_in_order,
)
from workflows.gate import Status
from workflows.policy import load
from workflows.vocabulary import PROTOCOLS, RECEIPTS

YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)

SUSPENDS = {
    "not-excluded-provider", "agency-not-suspended", "participation-agreement", "not-departed", "no-open-sanction",
    "licence-not-revoked", "no-open-retraining", "user-agreement", "privacy-notice-acknowledged", "security-training",
}  # fmt: skip
"""A1, A9, S3, U2, U5 and departures; the loss of anything else holds new access back and shuts nobody out."""

Change = Callable[[], OnRecord]

CLOSES: list[tuple[str, str, Change, str | None]] = [
    ("a victim service provider", "not-excluded-provider",
     lambda: in_order().add(AGENCY, "excluded_provider", "victim_service"), "lead"),
    ("a legal service provider", "not-excluded-provider",
     lambda: in_order().add(AGENCY, "excluded_provider", "legal_service"), "lead"),
    ("a suspended Agency", "agency-not-suspended", lambda: in_order().add(AGENCY, "sanction", "suspension"), "lead"),
    ("a revoked Agency", "agency-not-suspended", lambda: in_order().add(AGENCY, "sanction", "revocation"), "lead"),
    ("no participation agreement", "participation-agreement",
     lambda: in_order().without("participation_agreement"), "executive_director"),
    ("an ended participation agreement", "participation-agreement",
     lambda: in_order().ending(YESTERDAY, "participation_agreement"), "executive_director"),
    ("an agreement signed but not countersigned", "participation-agreement",
     lambda: in_order().without("participation_agreement")
     .add(AGENCY, "participation_agreement_signed", version="2026-1"), "lead"),
    ("no information form", "information-form", lambda: in_order().without("information_form"), "agency_admin"),
    ("an information form nobody verified", "information-form",
     lambda: in_order().without("information_form").add(AGENCY, "information_form_sent"), "help_desk"),
    ("no housing inventory", "housing-inventory", lambda: in_order().without("housing_inventory"), "agency_admin"),
    ("the inventory of another year", "housing-inventory",
     lambda: in_order().without("housing_inventory").add(AGENCY, "housing_inventory", version="2025"), "agency_admin"),
    ("no Agency Administrator", "an-agency-admin",
     lambda: in_order().without("role", "agency_admin"), "executive_director"),
    ("an Agency Administrator who has not signed", "an-agency-admin",
     lambda: in_order().without("agency_admin_agreement", subject=OTHER), "agency_admin"),
    ("no security officer", "a-security-officer",
     lambda: in_order().without("role", "security_officer"), "executive_director"),
    ("a security officer who has not accepted", "a-security-officer",
     lambda: in_order().without("security_officer_acceptance"), "security_officer"),
    *((f"no receipt of the {detail}", "manuals-received",
       lambda detail=detail: in_order().without("receipt", detail), "executive_director")
      for detail in RECEIPTS),
    *((f"no protocol on {topic}", "security-protocols",
       lambda topic=topic: in_order().without("protocol", topic), "agency_admin")
      for topic in PROTOCOLS),
    ("no privacy notice posted", "privacy-notice-posted",
     lambda: in_order().without("posted", "privacy_notice"), "agency_admin"),
    ("no sign posted", "privacy-notice-posted", lambda: in_order().without("posted", "sign"), "agency_admin"),
    ("no security review", "security-review", lambda: in_order().without("security_review"), "security_officer"),
    ("a security review not signed off", "security-review",
     lambda: in_order().without("security_review").add(AGENCY, "security_review_sent"), "lead"),
    ("an Agency not ordered to be configured", "configured", lambda: in_order().without("configured"), "lead"),
    ("an Agency not yet configured", "configured",
     lambda: in_order().without("configured").add(AGENCY, "configuration_ordered"), "help_desk"),
    ("a departure", "not-departed", lambda: in_order().add(MEMBERSHIP, "departure"), "agency_admin"),
    ("a sanction on the person", "no-open-sanction", lambda: in_order().add(PERSON, "sanction", "suspension"), "lead"),
    ("a sanction at this Agency", "licence-not-revoked",
     lambda: in_order().add(MEMBERSHIP, "sanction", "revocation"), "lead"),
    ("retraining outstanding", "no-open-retraining",
     lambda: in_order().add(PERSON, "retraining", "security"), "person"),
    ("no request", "request-authorised", lambda: in_order().without("request"), "agency_admin"),
    ("Lead staff whom nobody else approved", "second-person-of-the-lead",
     lambda: lead_staff_in_order().without("lead_approval"), "lead"),
    ("no user agreement", "user-agreement", lambda: in_order().without("user_agreement"), "person"),
    ("no privacy pledge", "privacy-notice-acknowledged", lambda: in_order().without("privacy_pledge"), "person"),
    ("no course assigned at all", "courses-passed", lambda: in_order().without("course_assigned"), "help_desk"),
    ("an assigned course not taken", "courses-passed", lambda: in_order().without("training", "hmis-basics"), "person"),
    ("one more course assigned", "courses-passed",
     lambda: in_order().add(MEMBERSHIP, "course_assigned", "reports"), "person"),
    ("security training of the year before last", "security-training",
     lambda: in_order().change(lambda e: replace(e, valid_from=date(2025, 11, 22)), "training", "security"), "person"),
    ("no administrator training", "agency-admin-training",
     lambda: administrator_in_order().without("training", "agency-admin"), "person"),
    ("no own administrator agreement", "own-admin-agreement",
     lambda: administrator_in_order().without("agency_admin_agreement", subject=MEMBERSHIP), "person"),
    ("an administrator without a background check", "background-check",
     lambda: administrator_in_order().without("background_check"), "executive_director"),
    ("a background check not cleared", "background-check",
     lambda: administrator_in_order().without("background_check")
     .add(PERSON, "background_check", "not_cleared"), "executive_director"),
    ("a security officer without a background check", "background-check",
     lambda: in_order().add(MEMBERSHIP, "role", "security_officer"), "executive_director"),
    ("no access level", "access-level", lambda: in_order().without("access_level"), "agency_admin"),
    ("an access level that the pack does not have", "access-level",
     lambda: in_order().without("access_level").add(MEMBERSHIP, "access_level", "superuser"), "agency_admin"),
    ("no seat reserved and none free", "licence-seat", lambda: in_order().without("seat"), "lead"),
    ("a seat of the other kind", "licence-seat",
     lambda: in_order().without("seat").add(MEMBERSHIP, "seat", "art"), "lead"),
    ("a free seat of the other kind", "licence-seat",
     lambda: in_order().without("seat").add(AGENCY, "seat_free", "art"), "lead"),
    ("no device", "device", lambda: in_order().without("device_in_use"), "executive_director"),
    ("a device nobody authorised", "device", lambda: in_order().without("device_authorised"), "executive_director"),
    ("a laptop without its statement", "laptop-statement",
     lambda: in_order().add(A_DEVICE, "trait", "laptop"), "person"),
    ("a home office without papers", "home-office",
     lambda: in_order().add(A_DEVICE, "trait", "home_office"), "executive_director"),
    ("a home office without the policy", "home-office",
     lambda: in_order().add(A_DEVICE, "trait", "home_office")
     .add(A_DEVICE, "home_office", "authorisation"), "executive_director"),
]  # fmt: skip


@pytest.mark.parametrize(("prerequisite", "change", "who"), [row[1:] for row in CLOSES], ids=[row[0] for row in CLOSES])
def test_the_gate_is_closed_by(prerequisite: str, change: Change, who: str) -> None:
    decision = change().decision()
    assert [f.id for f in decision.unmet] == [prerequisite]
    assert not decision.permitted
    assert decision.closes == (prerequisite in SUSPENDS)
    assert decision.held_new == (prerequisite not in SUSPENDS)
    finding = decision.finding(prerequisite)
    assert finding.waiting_on == who
    assert finding.do
    assert finding.sentence.startswith(load().prerequisite(prerequisite).unmet)


def test_every_prerequisite_of_the_pack_can_close_the_gate() -> None:
    assert {row[1] for row in CLOSES} == {p.id for p in load().prerequisites}


@pytest.mark.parametrize("record", [in_order, administrator_in_order, lead_staff_in_order])
def test_the_gate_is_open_when_everything_is_in_order(record: Change) -> None:
    decision = record().decision()
    assert [f.sentence for f in decision.unmet] == []
    assert decision.permitted
    assert not decision.closes
    assert not decision.held_new


@pytest.mark.parametrize("detail", ["reprimand", "penalty", "referral", "training"])
def test_a_sanction_that_is_neither_suspension_nor_revocation_leaves_the_gate_open(detail: str) -> None:
    assert in_order().add(AGENCY, "sanction", detail).add(PERSON, "sanction", detail).decision().permitted


def test_of_overlapping_sanctions_one_that_is_open_is_enough() -> None:
    record = in_order().add(PERSON, "sanction", "suspension", valid_until=YESTERDAY)
    assert record.decision().permitted
    record.add(PERSON, "sanction", "suspension", since=TODAY - timedelta(40)).add(
        PERSON, "sanction", "suspension", valid_until=YESTERDAY
    )
    assert record.unmet() == {"no-open-sanction"}


def test_a_sanction_is_lifted_on_the_day_after_its_last() -> None:
    record = in_order().add(AGENCY, "sanction", "suspension", valid_until=TODAY)
    assert record.unmet(TODAY) == {"agency-not-suspended"}
    assert record.unmet(TOMORROW) == set()


def test_a_sanction_begins_on_its_first_day_and_not_before() -> None:
    record = in_order().add(MEMBERSHIP, "sanction", "suspension", since=TOMORROW)
    assert record.unmet(TODAY) == set()
    assert record.unmet(TOMORROW) == {"licence-not-revoked"}


@pytest.mark.parametrize(
    ("hundredths", "opens"), [(8000, True), (8001, True), (10_000, True), (7999, False), (7900, False), (0, False)]
)
def test_eighty_percent_opens_and_less_closes(hundredths: int, opens: bool) -> None:
    """79.99 is 7999, and so is 79.999: scores are cut off, never rounded."""
    record = in_order().change(lambda e: replace(e, value=hundredths), "training", "hmis-basics")
    assert record.unmet() == (set() if opens else {"courses-passed"})


def test_the_best_attempt_counts_not_the_last() -> None:
    record = in_order().add(PERSON, "training", "hmis-basics", value=2000, since=TODAY)
    assert record.decision().permitted


def test_the_best_attempt_does_not_count_when_it_is_too_old() -> None:
    """Best row wins is wrong: the best score may be from before the year that counts."""
    record = (
        in_order()
        .without("training", "security")
        .add(PERSON, "training", "security", value=10_000, since=date(2024, 5, 1))
    )
    record.add(PERSON, "training", "security", value=7999, since=TODAY)
    assert record.unmet() == {"security-training"}


def test_a_score_corrected_to_79_closes_the_gate_again() -> None:
    record, noon = in_order(), replace(in_order().rows[0]).recorded_at.replace(year=2026, month=11, day=20)
    record.change(lambda e: replace(e, withdrawn_at=noon), "training", "security")
    record.add(PERSON, "training", "security", value=7900, recorded_at=noon)
    assert record.decision(known_at=noon - timedelta(seconds=1)).permitted
    assert record.unmet(known_at=noon) == {"security-training", "courses-passed"}
    assert record.decision(known_at=noon).closes


def test_security_training_counts_for_a_year_and_its_last_day_is_inside() -> None:
    record = in_order().ending(date(2099, 1, 1), "training", "security")
    record.change(lambda e: replace(e, version="", valid_from=date(2026, 3, 2)), "training", "security")
    assert "security-training" not in record.unmet(date(2027, 3, 2))
    assert "security-training" in record.unmet(date(2027, 3, 3))


def test_a_year_from_february_29_ends_on_february_28() -> None:
    record = in_order().change(lambda e: replace(e, valid_from=date(2028, 2, 29)), "training", "security")
    assert "security-training" not in record.unmet(date(2029, 2, 28))
    assert "security-training" in record.unmet(date(2029, 3, 1))


def test_a_review_recorded_when_the_agency_joins_covers_its_first_year() -> None:
    record = in_order()
    assert "security-review" not in record.unmet(date(2027, 3, 2))
    assert "security-review" in record.unmet(date(2027, 3, 3))


def test_a_new_user_agreement_must_be_signed_only_when_its_grace_has_run_out() -> None:
    record = in_order().add(THE_LEAD, "published", "user_agreement", version="2026-2", since=TODAY)
    last = TODAY + timedelta(44)
    assert "user-agreement" not in record.unmet(last)
    assert "user-agreement" in record.unmet(last + timedelta(1))
    assert record.decision(last + timedelta(1)).closes
    record.add(MEMBERSHIP, "user_agreement", version="2026-2", since=TODAY)
    assert "user-agreement" not in record.unmet(last + timedelta(1))


def test_whoever_signs_a_coming_version_early_need_not_sign_again() -> None:
    record = in_order().without("user_agreement").add(MEMBERSHIP, "user_agreement", version="2026-2")
    assert record.unmet() == {"user-agreement"}
    record.add(THE_LEAD, "published", "user_agreement", version="2026-2", since=TODAY + timedelta(20))
    assert record.decision().permitted


def test_a_document_that_was_never_published_is_signed_by_nobody() -> None:
    assert in_order().without("published", "user_agreement").unmet() == {"user-agreement"}


@pytest.mark.parametrize("prerequisite", ["device", "request-authorised", "background-check"])
def test_nobody_of_the_lead_waits_for_the_officers_of_an_agency(prerequisite: str) -> None:
    record = lead_staff_in_order().without("device_authorised").without("request")
    record.without("role").add(MEMBERSHIP, "role", "lead_security")
    assert record.decision().finding(prerequisite).waiting_on == "lead"


def test_an_old_version_handed_in_does_not_advance_the_next_step() -> None:
    record = in_order().without("housing_inventory").add(AGENCY, "housing_inventory_sent", version="2025")
    assert record.decision().finding("housing-inventory").waiting_on == "agency_admin"
    record.add(AGENCY, "housing_inventory_sent", version="2026")
    assert record.decision().finding("housing-inventory").waiting_on == "help_desk"


def test_the_administrators_access_level_is_what_asks_for_training_not_the_role() -> None:
    record = in_order().add(MEMBERSHIP, "role", "agency_admin")
    assert record.decision().permitted
    assert record.decision().finding("agency-admin-training").status is Status.NOT_APPLICABLE


def test_one_person_may_be_agency_admin_and_officer_and_user_of_a_small_agency() -> None:
    record = administrator_in_order()
    record.rows = [e for e in record.rows if (e.about, e.subject_id) != OTHER]
    for role in ("agency_admin", "security_officer"):
        record.add(MEMBERSHIP, "role", role)
    assert record.add(MEMBERSHIP, "security_officer_acceptance").decision().permitted


def test_one_officer_who_accepted_is_enough_beside_one_who_has_not() -> None:
    assert in_order().add(("membership", 99), "role", "security_officer").decision().permitted


def test_a_free_seat_at_the_agency_answers_for_one_that_is_not_reserved() -> None:
    record = in_order().without("seat").add(AGENCY, "seat_free", "core")
    decision = record.decision()
    assert decision.permitted
    assert decision.finding("licence-seat").reason == "stands_in"


def test_a_reservation_that_ran_out_no_longer_holds_a_seat() -> None:
    assert in_order().ending(YESTERDAY, "seat").unmet() == {"licence-seat"}


def test_of_several_devices_one_in_order_is_enough() -> None:
    record = (
        in_order().add(MEMBERSHIP, "device_in_use", value=DEVICE - 1).add(("device", DEVICE - 1), "trait", "laptop")
    )
    assert record.decision().permitted


def test_two_devices_that_each_lack_something_do_not_add_up_to_one() -> None:
    record = (
        in_order()
        .add(A_DEVICE, "trait", "laptop")
        .add(MEMBERSHIP, "device_in_use", value=4)
        .add(("device", 4), "laptop_statement")
    )
    assert record.unmet() == {"laptop-statement"}


def test_a_device_given_back_is_not_in_use() -> None:
    assert in_order().ending(YESTERDAY, "device_in_use").unmet() == {"device"}


def test_a_laptop_in_a_home_office_needs_both_papers_and_the_statement() -> None:
    record = in_order().add(A_DEVICE, "trait", "laptop").add(A_DEVICE, "trait", "home_office")
    assert record.unmet() == {"laptop-statement", "home-office"}
    record.add(A_DEVICE, "laptop_statement")
    record.add(A_DEVICE, "home_office", "authorisation").add(A_DEVICE, "home_office", "policy")
    assert record.decision().permitted


def test_what_concerns_agencies_does_not_concern_the_leads_own_staff() -> None:
    decision = lead_staff_in_order().decision()
    aside = {f.id for f in decision.findings if f.status is Status.NOT_APPLICABLE}
    assert {p.id for p in load().prerequisites if p.at == "agency"} <= aside
    assert decision.finding("second-person-of-the-lead").status is Status.MET


def test_no_evidence_makes_an_agency_into_the_lead() -> None:
    """Whether a membership is the Lead's own is its place, not its paperwork: it cannot be evidenced away."""
    record = (
        in_order()
        .add(MEMBERSHIP, "role", "lead_admin")
        .add(MEMBERSHIP, "lead_approval")
        .add(AGENCY, "sanction", "suspension")
    )
    assert record.unmet() == {"agency-not-suspended"}


WAIVABLE = {
    "housing-inventory": lambda: in_order().without("housing_inventory"),
    "privacy-notice-posted": lambda: in_order().without("posted", "sign"),
    "security-review": lambda: in_order().without("security_review"),
    "agency-admin-training": lambda: administrator_in_order().without("training", "agency-admin"),
}


@pytest.mark.parametrize("subject", [AGENCY, MEMBERSHIP], ids=["agency", "membership"])
@pytest.mark.parametrize("prerequisite", WAIVABLE)
def test_a_waiver_answers_until_its_last_day(prerequisite: str, subject: tuple[str, int]) -> None:
    record = WAIVABLE[prerequisite]().add(subject, "waiver", prerequisite, valid_until=TODAY)
    assert record.decision().permitted
    assert record.decision().finding(prerequisite).status is Status.WAIVED
    assert record.unmet(TOMORROW) == {prerequisite}


def test_only_what_the_pack_calls_waivable_can_be_waived() -> None:
    assert {p.id for p in load().prerequisites if p.waivable} == set(WAIVABLE)
    for _, prerequisite, change, _ in CLOSES:
        if prerequisite not in WAIVABLE:
            record = change().add(AGENCY, "waiver", prerequisite, valid_until=TOMORROW)
            assert record.add(MEMBERSHIP, "waiver", prerequisite, valid_until=TOMORROW).unmet() == {prerequisite}


def test_what_was_withdrawn_no_longer_counts_and_did_count_before() -> None:
    record, then = in_order(), TODAY - timedelta(3)
    at = record.rows[0].recorded_at.replace(year=then.year, month=then.month, day=then.day)
    record.change(lambda e: replace(e, withdrawn_at=at), "request")
    assert record.unmet(known_at=at) == {"request-authorised"}
    assert record.unmet(known_at=at - timedelta(microseconds=1)) == set()


def test_what_was_backdated_counts_for_its_days_but_was_not_known_then() -> None:
    record, day = in_order(), date(2026, 6, 1)
    record.change(lambda e: replace(e, recorded_at=e.recorded_at.replace(month=9)), "request")
    assert record.unmet(day) == set()
    assert record.unmet(day, known_at=record.rows[0].recorded_at.replace(month=6, day=1)) == {"request-authorised"}
