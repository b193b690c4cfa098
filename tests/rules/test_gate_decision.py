"""What a decision says for itself: sentences, days, outcomes, its JSON and its fingerprint."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest

from tests.rules.on_record import A_DEVICE, AGENCY, MEMBERSHIP, PERSON, THE_LEAD, TODAY, OnRecord, in_order
from tests.standing.community import draw_world
from workflows.business_time import end_of_day, local_day
from workflows.gate import EVERYTHING, Decision, Evidence, Member, Status, decide, fingerprint_of
from workflows.policy import load
from workflows.vocabulary import Outcome

NOON = datetime(2026, 11, 20, 17, 0)


def sentence(record: OnRecord, prerequisite: str, **when: object) -> str:
    return record.decision(**when).finding(prerequisite).sentence


@pytest.mark.parametrize(
    ("record", "prerequisite", "reason", "says"),
    [
        (in_order().without("request"), "request-authorised", "nothing_on_record", "Nobody entitled to has requested"),
        (in_order().ending(date(2026, 11, 3), "participation_agreement"), "participation-agreement", "ended",
         "ended November 3, 2026."),
        (in_order().change(lambda e: replace(e, withdrawn_at=NOON), "request"), "request-authorised", "withdrawn",
         "withdrawn November 20, 2026."),
        (in_order().change(lambda e: replace(e, valid_from=date(2026, 12, 1)), "request"), "request-authorised",
         "not_yet",
         "begins December 1, 2026."),
        (in_order().change(lambda e: replace(e, value=7999), "training", "security"), "security-training",
         "score_too_low", "best score that counts is 79.99 %; 80 % is needed."),
        (in_order().change(lambda e: replace(e, valid_from=date(2025, 3, 1)), "training", "security"),
         "security-training", "out_of_date", "The last one, of March 1, 2025, counted until March 1, 2026."),
        (in_order().change(lambda e: replace(e, version="2025-1"), "user_agreement"), "user-agreement",
         "old_version",
         "On record is version 2025-1; in force is 2026-1."),
        (in_order().without("published", "user_agreement"), "user-agreement", "old_version",
         "nothing has been published"),
        (in_order().without("protocol", "hipaa_breach").without("protocol", "compliance_audit"), "security-protocols",
         "incomplete",
         "Still missing: HIPAA breach; Regular checks of ourselves."),
        (in_order().without("training", "hmis-basics"), "courses-passed", "incomplete",
         "Still missing: HMIS end user training."),
        (in_order().change(lambda e: replace(e, value=7999), "training", "hmis-basics"), "courses-passed", "incomplete",
         "Still missing: HMIS end user training (best score so far 79.99 %; 80 % is needed)."),
        (in_order().without("course_assigned"), "courses-passed", "nothing_assigned", "Nothing has been assigned yet"),
        (in_order().add(PERSON, "sanction", "suspension", since=date(2026, 11, 3), valid_until=date(2026, 12, 31)),
         "no-open-sanction", "open", "since November 3, 2026 until December 31, 2026."),
        (in_order().add(AGENCY, "excluded_provider", "victim_service"), "not-excluded-provider", "open",
         "since March 2, 2026."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_is_missing(record: OnRecord, prerequisite: str, reason: str, says: str) -> None:
    finding = record.decision().finding(prerequisite)
    assert finding.status is Status.UNMET
    assert finding.reason == reason
    assert says in finding.sentence


def test_a_finding_that_is_met_or_aside_says_so_too() -> None:
    record = in_order().without("seat").add(AGENCY, "seat_free", "core")
    record.without("security_review").add(AGENCY, "waiver", "security-review", valid_until=date(2026, 12, 1))
    assert sentence(record, "information-form") == "HMIS Agency Information Form verified, since March 2, 2026."
    assert sentence(record, "licence-seat").endswith("a license is free at the Agency.")
    assert sentence(record, "security-review").startswith("Waived until December 1, 2026")
    assert "the Lead's own staff" in sentence(record, "second-person-of-the-lead")
    assert "access level agency admin" in sentence(record, "own-admin-agreement")
    assert "laptop" in sentence(record, "laptop-statement")


def test_every_finding_cites_its_heading_and_basis() -> None:
    for finding in in_order().decision().findings:
        assert finding.cite
        assert finding.basis in {"local", "proposed rule", "notice", "regulation", "statute"}


def test_a_finding_rests_on_the_evidence_that_answers() -> None:
    record = in_order()
    (row,) = [e.id for e in record.rows if e.kind == "participation_agreement"]
    assert record.decision().finding("participation-agreement").evidence == (row,)


def test_the_wait_began_when_the_agreement_ended() -> None:
    record = in_order().ending(date(2026, 11, 3), "participation_agreement")
    assert record.decision().finding("participation-agreement").since == date(2026, 11, 4)


def test_the_wait_of_what_never_was_began_with_the_membership() -> None:
    record = in_order().without("privacy_pledge")
    assert record.decision().finding("privacy-notice-acknowledged").since == date(2026, 3, 2)


def test_the_wait_begins_when_it_became_known_in_the_leads_own_day() -> None:
    """Withdrawn at 03:00 UTC on the 21st, which is still the evening of the 20th in Maine."""
    record = in_order().change(lambda e: replace(e, withdrawn_at=datetime(2026, 11, 21, 3, 0)), "request")
    assert record.decision().finding("request-authorised").since == date(2026, 11, 20)


def test_nobody_waits_for_what_is_met() -> None:
    assert {f.since for f in in_order().decision().findings} == {None}


def test_the_gate_runs_out_with_the_first_prerequisite_that_does() -> None:
    decision = in_order().ending(date(2027, 1, 31), "seat").decision()
    assert decision.finding("licence-seat").valid_until == date(2027, 1, 31)
    assert decision.finding("security-training").valid_until == date(2027, 3, 2)
    assert decision.finding("request-authorised").valid_until is None
    assert decision.runs_out == date(2027, 1, 31)
    assert in_order().without("request").decision().runs_out is None


def test_a_sanction_that_is_to_come_ends_what_is_met_the_day_before() -> None:
    record = in_order().add(PERSON, "sanction", "suspension", since=date(2026, 12, 24))
    assert record.decision().finding("no-open-sanction").valid_until == date(2026, 12, 23)


def test_a_new_version_ends_what_is_met_with_its_grace() -> None:
    record = in_order().add(THE_LEAD, "published", "user_agreement", version="2027-1", since=date(2026, 12, 1))
    assert record.decision().finding("user-agreement").valid_until == date(2027, 1, 14)


@pytest.mark.parametrize(
    ("prerequisite", "record"),
    [
        (
            "security-review",
            in_order()
            .without("security_review")
            .add(AGENCY, "waiver", "security-review", valid_until=date(2026, 12, 9)),
        ),
        ("background-check", in_order().add(MEMBERSHIP, "role", "security_officer", since=date(2026, 12, 10))),
        ("courses-passed", in_order().add(MEMBERSHIP, "course_assigned", "reports", since=date(2026, 12, 10))),
        ("licence-seat", in_order().without("seat").add(AGENCY, "seat_free", "core", valid_until=date(2026, 12, 9))),
        ("laptop-statement", in_order().add(A_DEVICE, "trait", "laptop", since=date(2026, 12, 10))),
    ],
)
def test_whatever_an_answer_depends_on_can_end_it(prerequisite: str, record: OnRecord) -> None:
    """A stanza is asked about other days with only the rows that bear on it: none of these may be left out."""
    assert record.decision().finding(prerequisite).valid_until == date(2026, 12, 9)


def test_last_days_are_those_that_asking_every_day_gives() -> None:
    """The lazy answer looks only at days on which something can change: it must miss none."""
    rng, policy, ends = Random(7), load(), 0
    world, day = draw_world(rng, 60)
    for member in rng.sample(world.members, 40):
        rows = world.bearing[member.id]
        following = [decide(policy, member, rows, day + timedelta(n), EVERYTHING) for n in range(1, 60)]
        for finding in decide(policy, member, rows, day, EVERYTHING).findings:
            if finding.status is not Status.UNMET:
                shut = (then.on for then in following if then.finding(finding.id).status is Status.UNMET)
                first = next(shut, None)
                if first or (finding.valid_until and finding.valid_until < following[-1].on):
                    assert finding.valid_until == first - timedelta(1), finding.id
                    ends += 1
    assert ends > 20


def test_waits_are_those_that_asking_every_evening_gives() -> None:
    rng, policy, waits = Random(8), load(), 0
    world, day = draw_world(rng, 60)
    for member in rng.sample(world.members, 12):
        rows = world.bearing[member.id]
        evenings = {
            then: decide(policy, member, rows, then, min(EVERYTHING, end_of_day(then, policy.zone)))
            for then in (day - timedelta(n) for n in range(400))
        }
        for finding in decide(policy, member, rows, day, EVERYTHING).unmet:
            begun = first_known(member, rows, finding.prerequisite.about, policy.zone)
            since = day
            while since > begun and evenings[since - timedelta(1)].finding(finding.id).status is Status.UNMET:
                since -= timedelta(1)
            if evenings[day].finding(finding.id).status is Status.UNMET:
                assert finding.since == since, finding.id
                waits += since < day
    assert waits > 20


def first_known(member: Member, rows: list[Evidence], about: str, zone: str) -> date:
    whose = ("agency", member.agency_id) if about == "agency" else ("membership", member.id)
    return local_day(min(e.recorded_at for e in rows if (e.about, e.subject_id) == whose), zone)


def test_what_is_merely_missing_does_not_close_what_is_older_than_the_portal() -> None:
    record = in_order().add(MEMBERSHIP, "inherited").without("user_agreement")
    decision = record.decision()
    assert not decision.permitted
    assert not decision.closes
    assert decision.outcome is Outcome.INHERITED


def test_what_speaks_against_somebody_closes_what_is_older_than_the_portal_too() -> None:
    decision = in_order().add(MEMBERSHIP, "inherited").add(PERSON, "sanction", "revocation").decision()
    assert decision.closes
    assert decision.outcome is Outcome.REFUSED
    assert decision.outcome_for(live=True) is Outcome.CLOSED


def test_the_gate_rules_what_is_inherited_from_the_day_named() -> None:
    record = in_order().add(MEMBERSHIP, "inherited", valid_until=TODAY).without("user_agreement")
    assert not record.decision(TODAY).closes
    assert record.decision(TODAY + timedelta(1)).closes


@pytest.mark.parametrize(
    ("record", "without_access", "with_access"),
    [
        (in_order(), Outcome.PERMITTED, Outcome.PERMITTED),
        (in_order().without("information_form"), Outcome.REFUSED, Outcome.KEPT),
        (in_order().add(MEMBERSHIP, "departure"), Outcome.REFUSED, Outcome.CLOSED),
        (in_order().add(MEMBERSHIP, "inherited"), Outcome.PERMITTED, Outcome.PERMITTED),
    ],
)
def test_the_outcome_depends_on_whether_there_is_access(
    record: OnRecord, without_access: Outcome, with_access: Outcome
) -> None:
    assert record.decision().outcome is without_access
    assert record.decision().outcome_for(live=True) is with_access


def test_the_json_has_the_promised_shape() -> None:
    shown = in_order().without("request").decision().as_json("Ada Example", "Harbor House")
    assert list(shown) == ["subject", "agency", "on", "policy", "permitted", "findings"]
    assert (shown["subject"], shown["agency"], shown["on"], shown["permitted"]) == (
        "Ada Example",
        "Harbor House",
        "2026-11-23",
        False,
    )
    promised = {
        "id",
        "title",
        "status",
        "reason",
        "sentence",
        "evidence",
        "waiting_on",
        "since",
        "valid_until",
        "cite",
        "basis",
    }
    for finding in shown["findings"]:
        assert promised <= set(finding)
        assert finding["status"] in {"met", "unmet", "not_applicable", "waived"}
    assert json.loads(json.dumps(shown)) == shown


def test_the_fingerprint_does_not_depend_on_the_order_of_reading() -> None:
    record, other = in_order(), in_order()
    Random(3).shuffle(other.rows)
    assert record.decision().fingerprint() == other.decision().fingerprint()


def test_the_fingerprint_can_be_worked_out_again_from_what_was_stored() -> None:
    decision = in_order().decision()
    stored = json.loads(json.dumps(decision.canonical()))
    assert fingerprint_of(stored) == decision.fingerprint()


@pytest.mark.parametrize(
    "other",
    [
        in_order().decision(on=TODAY + timedelta(1)),
        in_order().add(PERSON, "background_check", "pending").decision(),
        in_order().change(lambda e: replace(e, value=9001), "training", "security").decision(),
        in_order().without("request").decision(),
        in_order().decision(policy=load(load().text + "\n# a comment\n")),
    ],
    ids=["another day", "one more fact", "another fact", "another finding", "another policy"],
)
def test_the_fingerprint_changes_with(other: Decision) -> None:
    assert other.fingerprint() != in_order().decision().fingerprint()


def test_facts_withdrawn_before_are_not_among_those_it_rested_on() -> None:
    record = in_order().change(lambda e: replace(e, withdrawn_at=NOON), "seat")
    assert any(e.kind == "seat" for e in record.decision(known_at=NOON - timedelta(1)).facts)
    assert not any(e.kind == "seat" for e in record.decision(known_at=NOON).facts)
