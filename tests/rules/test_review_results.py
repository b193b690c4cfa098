"""What answers amount to: findings and results, the same as somebody would count by hand on any answers."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.corrective_pack import Counting
from workflows.review_findings import Answered, findings, medians, outcome, tone

COUNTING = Counting()
ANSWERS = ("", "yes", "partial", "no", "not_applicable")
one = st.builds(
    Answered,
    item=st.integers(1, 40).map(str), category=st.sampled_from(("network", "physical", "privacy")), answer=st.sampled_from(ANSWERS),
    records=st.sampled_from((None, True, False)), observed=st.sampled_from(("", "yes", "no")),
)  # fmt: skip
several = st.lists(one, max_size=30)


@pytest.mark.parametrize(
    ("answer", "records", "observed", "kind"),
    [
        ("yes", None, "", None), ("yes", True, "yes", None), ("yes", False, "", "contradicted"), ("yes", False, "no", "observed"),
        ("yes", True, "no", "observed"), ("no", True, "yes", "no"), ("partial", False, "no", "partial"), ("not_applicable", False, "", None),
        ("not_applicable", None, "no", "observed"), ("", False, "no", None), ("yes", False, "yes", "contradicted"),
    ],
)  # fmt: skip
def test_what_is_a_finding_and_of_which_kind(
    answer: str, records: bool | None, observed: str, kind: str | None
) -> None:
    found = findings([Answered("PHY1", "physical", answer, records, observed)])
    assert [each.kind for each in found] == ([kind] if kind else [])


def worth_by_hand(each: Answered) -> Fraction | None:
    """Said once more, in other words: what an answer is worth of one."""
    if each.answer in ("", "not_applicable"):
        return Fraction(0) if each.answer and each.observed == "no" else None
    if each.answer == "partial":
        return Fraction(1, 2)
    gainsaid = each.observed == "no" or each.records is False
    return Fraction(1) if each.answer == "yes" and not gainsaid else Fraction(0)


@given(several)
def test_results_are_what_one_counts_by_hand(answers: list[Answered]) -> None:
    by_hand: dict[str, list[Fraction]] = {}
    for each in answers:
        value = worth_by_hand(each)
        if value is not None:
            by_hand.setdefault(each.category, []).append(value)
    expected = {category: int(sum(values) / len(values) * 10_000) for category, values in by_hand.items()}
    assert outcome(answers, COUNTING).by == expected
    assert outcome(answers, COUNTING).findings == len(findings(answers))
    every = [value for values in by_hand.values() for value in values]
    assert outcome(answers, COUNTING).overall == (int(sum(every) / len(every) * 10_000) if every else None)


@given(
    st.lists(st.dictionaries(st.sampled_from(("network", "physical", "privacy")), st.integers(0, 10_000)), max_size=12)
)
def test_medians_are_those_of_enough_agencies_and_of_nobody_else(results: list[dict[str, int]]) -> None:
    found = medians(results, COUNTING)
    for category in ("network", "physical", "privacy"):
        values = sorted(each[category] for each in results if category in each)
        if len(values) < 5:
            assert category not in found
            continue
        middle = len(values) // 2
        by_hand = values[middle] if len(values) % 2 else Fraction(values[middle - 1] + values[middle], 2)
        assert found[category] == int(by_hand)


@pytest.mark.parametrize(
    ("result", "shown"), [(None, "not_applicable"), (10_000, "met"), (9000, "met"), (8999, "warning"), (7000, "warning"), (6999, "unmet"), (0, "unmet")]
)  # fmt: skip
def test_how_a_result_is_shown(result: Any, shown: str) -> None:
    assert tone(result, COUNTING) == shown
