"""How the auditor reads a pack: thresholds, periods, and what it refuses to pretend to know."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.auditor import pack as packs
from workflows.periods import Period
from workflows.policy import load

MAINE = load()
DAYS = st.dates(date(1995, 1, 1), date(2100, 1, 1))
PERIODS = st.sampled_from(["P1Y", "P6M", "P3M", "P90D", "P45D", "P1Y6M", "P11M29D", "P1M", "P0D", "P2Y1M3D"])


def test_maines_thresholds() -> None:
    pack = packs.read(MAINE.version, MAINE.text)
    assert pack.unknown == ()
    assert pack.asked == tuple(p.id for p in MAINE.prerequisites)
    assert (pack.pass_mark, pack.marks, pack.zone) == (8000, {}, "America/New_York")
    assert pack.max_ages == {"security-review": "P1Y", "security-training": "P1Y"}
    assert pack.documents["participation-agreement"] == ("participation_agreement", "P90D")
    assert set(pack.closing) == {
        "participation-agreement", "user-agreement", "privacy-notice-acknowledged", "security-training",
    }  # fmt: skip
    assert {name: len(listed) for name, listed in pack.lists.items()} == {
        "receipts": 5, "posted": 2, "home_papers": 2, "topics": 10, "levels": 14,
    }  # fmt: skip


@given(DAYS, PERIODS)
def test_a_period_reaches_as_far_as_the_gate_says(day: date, period: str) -> None:
    assert packs.last_day(day, period) == Period.parse(period).after(day)
    assert packs.first_day(day, period) == Period.parse(period).reaching(day)


def test_the_end_of_all_days_is_no_fault() -> None:
    assert packs.last_day(date(9999, 6, 1), "P1Y") == packs.last_day(date(9999, 12, 1), "P45D") == date.max
    assert packs.first_day(date(1, 6, 1), "P1Y") == date.min


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ('id       = "device"', 'id       = "amulet"', "amulet"),
        ('evidence = "request"', 'evidence = "worker"', "request-authorised (it asks something else by: evidence)"),
        ('when     = "laptop"\n', "", "laptop-statement (it asks something else by: when)"),
        ('at       = "lead"\n', "", "second-person-of-the-lead (it asks something else by: at)"),
        ('detail   = "security"\n', 'detail   = "reports"\n', "security-training (it asks something else by: detail)"),
        ('applies_to = ["security_officer", "lead_security",', 'applies_to = ["lead_security",', "background-check (it asks something else by: applies_to)"),
        ('evidence = "user_agreement"\n', 'evidence = "user_agreement"\nwaivable = true\n', "user-agreement (it asks something else by: waivable)"),
        ('evidence = "information_form"\n', 'evidence = "information_form"\nmax_age = "P1Y"\n', "information-form (it asks something else by: max_age)"),
    ],
)  # fmt: skip
def test_another_question_under_a_known_name_is_not_audited(one: str, other: str, said: str) -> None:
    assert one in MAINE.text
    assert said in packs.read("x", MAINE.text.replace(one, other)).unknown


@pytest.mark.parametrize(
    "words", ["", "prerequisite = 3", "= =", MAINE.text.replace("pass_mark = 80 ", "pass_mark = 80.001 ")]
)
def test_what_cannot_be_read_is_an_error_and_not_a_pass(words: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        packs.read("0" * 64, words)
