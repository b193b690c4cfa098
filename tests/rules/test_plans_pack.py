"""Plans, records and the rule of releases are the pack's to say; a mistake in them is refused by stanza and field."""

import re

import pytest

from forms.security.marked_text import Block, blocks
from workflows.pack_changes import changes, settings
from workflows.periods import Period
from workflows.plans_pack import NO_PLANS
from workflows.policy import MAINE, PolicyError, load, text_of

TEXT = text_of()
OWN = (MAINE / "plans.toml").read_text(encoding="utf-8")
HEADINGS = (MAINE / "headings.txt").read_text(encoding="utf-8").splitlines()


def test_maine_has_the_plans_and_records_that_the_manual_names() -> None:
    pack = load().plans
    assert [plan.id for plan in pack.plans] == [
        "security_plan", "data_quality_plan", "privacy_policy", "disaster_recovery_plan", "policies_and_procedures", "governance_charter",
    ]  # fmt: skip
    assert {record.id for record in pack.records} == {
        "lead_designation", "software_designation", "lead_agreement", "lead_monitoring", "conflict_of_interest", "drug_free_workplace",
        "equal_opportunity", "lived_experience", "vendor_contract", "client_acknowledgement", "data_release_protocol",
    }  # fmt: skip
    assert all(plan.review == Period(months=12) for plan in pack.plans)
    assert [plan.id for plan in pack.plans if not plan.public] == ["disaster_recovery_plan"]
    assert {plan.id for plan in pack.plans if plan.resubmit} >= {"security_plan", "data_quality_plan", "privacy_policy"}
    assert [record.id for record in pack.records if record.several] == ["vendor_contract"]
    assert pack.release is not None and pack.release.smallest_cell == 11


def test_every_heading_is_one_of_the_manual() -> None:
    pack = load().plans
    assert pack.release is not None
    for stanza in (*pack.plans, *pack.records, pack.release):
        for heading in stanza.cite.split("; "):
            assert heading in HEADINGS, stanza


def test_a_pack_from_before_has_no_plans() -> None:
    before = TEXT.replace(OWN, "")
    assert before != TEXT and load(before).plans == NO_PLANS


def test_what_differs_between_two_packs_is_said_in_words() -> None:
    fewer = TEXT.replace("smallest_cell = 11", "smallest_cell = 20").replace(
        'id       = "security_plan"', 'id       = "safety_plan"'
    )
    said = [(each.stanza, each.before, each.after) for each in changes(load(), load(fewer))]
    assert any(before == "11" and after == "20" for _, before, after in said)
    titles = {setting.title for setting in settings(load())}
    assert {"Plan or policy", "Record to be kept on file", "Releases of data"} <= titles


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (TEXT.replace('id       = "privacy_policy"', 'id       = "security_plan"'), "'security_plan' stands twice"),
        (TEXT.replace('id       = "privacy_policy"', 'id       = "Privacy policy"'), "plan 'Privacy policy', id: .* is no id"),
        (TEXT.replace('review   = "P1Y"', 'review   = "P0D"', 1), "plan 'security_plan', review: this is no time at all"),
        (TEXT.replace('review   = "P1Y"', 'review   = "yearly"', 1), "plan 'security_plan', review: .*is not a period"),
        (re.sub(r'(?m)^approver = .*\n', "", TEXT, count=1), "plan 'security_plan', approver: this field is missing"),
        (TEXT.replace("resubmit = true", "resubmits = true", 1), "plan 'security_plan', resubmits: there is no such field"),
        (TEXT.replace('held_by  = "board"', 'held_by  = "bored"', 1), "board_record 'lead_designation', held_by: 'bored' is none of"),
        (TEXT.replace('due_again = "P3Y"', 'due_again = 3', 1), "board_record 'lead_agreement', due_again"),
        (TEXT.replace("several   = true", 'several   = "yes"'), "board_record 'vendor_contract', several"),
        (TEXT.replace("smallest_cell = 11", "smallest_cell = 1"), "data_release, smallest_cell: 1 is no whole number from 2"),
        (re.sub(r'(?m)^suppression .*\n', "", TEXT), "data_release, suppression: this field is missing"),
        (TEXT.replace("[data_release]", "[data_release]\nname = 1"), "data_release, name: there is no such field"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_stanza_and_field(wrong: str, says: str) -> None:
    assert wrong != TEXT
    with pytest.raises(PolicyError, match=says):
        load(wrong)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", []),
        ("One line\nand its second.", [Block("paragraph", "One line and its second.")]),
        ("# Aim\nKeep it safe.", [Block("heading", "Aim", 1), Block("paragraph", "Keep it safe.")]),
        ("##### Too deep", [Block("paragraph", "##### Too deep")]),
        ("#no heading", [Block("paragraph", "#no heading")]),
        ("- one\n- two\n  goes on", [Block("list", items=("one", "two goes on"))]),
        ("1. one\n2) two", [Block("numbered", items=("one", "two"))]),
        ("- one\n1. two", [Block("list", items=("one",)), Block("numbered", items=("two",))]),
        ("Before:\n* one\n\nAfter.\r\n", [Block("paragraph", "Before:"), Block("list", items=("one",)), Block("paragraph", "After.")]),
        ("<script>alert(1)</script> [x](javascript:y)", [Block("paragraph", "<script>alert(1)</script> [x](javascript:y)")]),
        ("-5 degrees\n1.5 percent", [Block("paragraph", "-5 degrees 1.5 percent")]),
    ],
)  # fmt: skip
def test_a_plan_s_text_is_read_into_blocks(text: str, read: list[Block]) -> None:
    assert blocks(text) == read
