"""What is a finding, how long it may take and how results are counted is the pack's to say."""

import re

import pytest

from workflows.corrective_pack import FROM_BEFORE, KINDS
from workflows.policy import MAINE, PolicyError, load

HEADINGS = (MAINE / "headings.txt").read_text(encoding="utf-8").splitlines()
TEXT = load().text


def test_maine_says_it_of_every_kind_of_finding() -> None:
    corrective = load().corrective
    assert tuple(rule.id for rule in corrective.findings) == KINDS
    for each in (*corrective.findings, corrective, corrective.counting):
        assert each.cite in HEADINGS and each.basis
    assert (corrective.counting.partial, corrective.counting.fewest) == (5000, 5)
    assert corrective.rule("partial") is corrective.findings[1] and corrective.rule("other") is None


def test_a_pack_from_before_there_were_any_has_no_findings() -> None:
    begins, ends = TEXT.index("[corrective_actions]"), TEXT.index("[review_results]")
    rest = TEXT[ends:]
    after = re.search(r"\n\[\[?(?!review_results)", rest)
    old = TEXT[:begins] + (rest[after.start() :] if after else "")
    assert load(old).corrective is FROM_BEFORE


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (TEXT.replace('id    = "observed"', 'id    = "rumored"'), "finding 'rumored', id: .*none of"),
        (TEXT.replace('id    = "observed"', 'id    = "no"'), "finding 'no', id: 'no' stands twice"),
        (TEXT.replace("days  = 60", "days  = 0"), "finding 'partial', days: 0"),
        (TEXT.replace("partial = 50", "partial = 150"), "review_results, partial"),
        (TEXT.replace("fair    = 70", "fair    = 95"), "review_results, fair: this cannot be more than"),
        (TEXT.replace("fewest  = 5", "fewest  = 1"), "review_results, fewest: 1"),
        (TEXT.replace('exception = "P1Y"', 'exception = "a year"'), "corrective_actions, exception"),
        (TEXT.replace('exception = "P1Y"', 'exception = "P1Y"\nexemption = 1'), "corrective_actions, exemption: there is no such field"),
        (TEXT.replace("[review_results]", "[review_result]"), "review_results: this field is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_stanza_and_field(wrong: str, says: str) -> None:
    assert wrong != TEXT
    with pytest.raises(PolicyError, match=says):
        load(wrong)
