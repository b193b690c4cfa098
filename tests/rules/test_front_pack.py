"""The front door, the knowledge base, service requests and surveys: what the pack says, and its mistakes by stanza and field."""

import re

import pytest

from workflows.front_pack import FROM_BEFORE
from workflows.policy import MAINE, PolicyError, load

HEADINGS = (MAINE / "headings.txt").read_text(encoding="utf-8").splitlines()
TEXT = load().text
STANZAS = r"\n\[\[?(?:front_door|knowledge|service_requests|surveys|knowledge_topic|synonym)\]\]?\n(?:(?!\n\[).)*"


def test_maine_says_where_each_rule_is_from() -> None:
    front = load().front
    for each in (front.door, front.knowledge, front.services, front.surveys):
        assert each.cite in (*HEADINGS, "Lead Agency") and each.basis
    assert front.surveys.fewest == 5 and front.services.review_by == 10
    assert [topic.id for topic in front.topics][-1] == "other" and len(front.topics) == 7


def test_words_of_a_group_lead_to_the_same_word() -> None:
    synonyms = load().front.synonyms
    assert synonyms["guest"] == synonyms["client"] == synonyms["resident"] == "client"
    assert synonyms["lockout"] == synonyms["lock"]


def test_a_topic_that_is_no_longer_there_is_called_by_its_id() -> None:
    front = load().front
    assert front.topic("quality").title == "Data quality" and front.topic("old_things").title == "Old things"


def test_a_pack_from_before_there_were_any_has_one_shelf() -> None:
    old = re.sub(STANZAS, "", TEXT, flags=re.DOTALL)
    assert load(old).front is FROM_BEFORE and [topic.id for topic in FROM_BEFORE.topics] == ["other"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (TEXT.replace("fewest          = 5", "fewest          = 4"), "surveys, fewest: 4"),
        (TEXT.replace("review_by = 10", "review_by = 31"), "service_requests, review_by: 31"),
        (TEXT.replace("due_days  = 60", "due_days  = 0"), "service_requests, due_days: 0"),
        (TEXT.replace('review = "P1Y"               # ours: an', 'review = "a year" # an'), "knowledge, review"),
        (TEXT.replace("votes  = 30", 'votes  = "30"'), "knowledge, votes"),
        (TEXT.replace('id    = "entering"', 'id    = "getting_in"'), "knowledge_topic 'getting_in', id: 'getting_in' stands twice"),
        (TEXT.replace('words = ["hmis", "servicepoint"]', 'words = ["hmis", "guest"]'), "synonym: 'guest' stands in two groups"),
        (TEXT.replace('words = ["hmis", "servicepoint"]', 'words = ["report", "reports"]'), "synonym 'hmis', words: a group has at least two"),
        (TEXT.replace("slice           = 100", "slices          = 100"), "surveys, slice: this field is missing"),
        (TEXT.replace("all_answers     = 400", "all_answers     = 400\nhours = 1"), "surveys, hours: there is no such field"),
        (TEXT.replace("[front_door]\nabout", "[front_door]\nopen = true\nabout"), "front_door, open: there is no such field"),
    ],
    ids=lambda value: "" if len(value) > 200 else value[:30],
)  # fmt: skip
def test_a_mistake_is_refused_by_stanza_and_field(wrong: str, says: str) -> None:
    assert wrong != TEXT
    with pytest.raises(PolicyError, match=says):
        load(wrong)
