"""The security checklist is the pack's: every row of it, cited, with its mistakes refused by stanza and field."""

import dataclasses
import re

import pytest

from workflows.policy import MAINE, PolicyError, load, text_of
from workflows.review_pack import SHOWN_BY, as_data, from_data, version_of

TEXT = text_of(MAINE)
HEADINGS = (MAINE / "headings.txt").read_text(encoding="utf-8").splitlines()
TOPICS = 10


def test_maine_asks_what_the_notes_list_and_nothing_that_is_another_leads_practice() -> None:
    review = load().review
    assert review is not None
    assert (len(review.items), len(review.checklist(lead=False)), len(review.checklist(lead=True))) == (44, 31, 21)
    assert not [item.id for item in review.items if item.basis == "practice"]
    assert {"ACC8", "PHY2", "PHY4"} == set(re.findall(r'id\s+= "(\w+)"', TEXT)) & {"ACC8", "PHY2", "PHY4"} - {
        item.id for item in review.items
    }
    assert review.sample == 0 and str(review.period) == "Period(months=12, days=0)"
    assert review.cite in HEADINGS and review.basis == "proposed rule"


def test_every_item_is_a_question_with_its_heading_and_its_weight() -> None:
    review = load().review
    assert review is not None
    for item in review.items:
        assert item.cite in HEADINGS, item.id
        assert item.asks.endswith("?") and item.evidence in SHOWN_BY, item.id
        assert ("not_applicable" in item.answers) == bool(item.na), item.id
    assert len(next(item for item in review.items if item.id == "GOV4").topics) == TOPICS


def test_a_pack_from_before_there_were_reviews_has_none() -> None:
    own = (MAINE / "security_review.toml").read_text(encoding="utf-8").strip()
    assert own in TEXT
    assert load(TEXT.replace(own, "")).review is None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (TEXT.replace('id       = "GOV2"', 'id       = "GOV1"'), "review_item 'GOV1', id: 'GOV1' stands twice"),
        (TEXT.replace('category = "malware"', 'category = "viruses"', 1), "review_item 'MAL1', category: 'viruses' is none of"),
        (TEXT.replace('applies  = "lead"\nevidence = "image"', 'applies  = "leads"\nevidence = "image"', 1), "applies: 'leads' is none of agency, both, lead"),
        (TEXT.replace('evidence = "observed"', 'evidence = "seen"', 1), "evidence: 'seen' is none of"),
        (TEXT.replace("answer_within = ", "within = "), "review, answer_within: this field is missing"),
        (TEXT.replace("sample        = 0", "sample        = 101"), "review, sample: 101 is no percentage"),
        (TEXT.replace('na       = "Nobody uses the HMIS from home."', 'na       = 1'), "review_item 'REM1', na: 1 is no text"),
        (TEXT.replace('basis    = "statute"\nalso     = "VAWA', 'basis    = "habit"\nalso     = "VAWA'), "review_item 'VSP1', basis: 'habit' is none of"),
        (TEXT.replace("hand_over     = true", "hand_over     = true\nhurry = 1"), "review, hurry: there is no such field"),
        (TEXT.replace('asks     = "Is data encrypted', 'question = "Is data encrypted'), "review_item 'APP1', asks: this field is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_stanza_and_field(wrong: str, says: str) -> None:
    assert wrong != TEXT
    with pytest.raises(PolicyError, match=re.escape(says)):
        load(wrong)


def test_an_item_is_kept_and_read_back_and_any_word_of_it_makes_another_version() -> None:
    review = load().review
    assert review is not None
    for item in review.items:
        assert from_data(as_data(item)) == item
    kept = version_of(review.items)
    assert version_of(map(from_data, map(as_data, review.items))) == kept
    for field, value in (("asks", "Is it so?"), ("na", "Never."), ("applies", "both"), ("topics", ("One",))):
        assert version_of([dataclasses.replace(review.items[3], **{field: value})]) != version_of([review.items[3]])
    assert version_of(review.items[1:]) != kept and version_of(reversed(review.items)) != kept
