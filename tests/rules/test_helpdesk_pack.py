"""What may be asked, how long an answer may take, and who is asked first is the pack's to say."""

import re
from datetime import timedelta

import pytest

from workflows.helpdesk_pack import FROM_BEFORE, PRIORITIES, STARTS
from workflows.policy import MAINE, PolicyError, load
from workflows.questions import Basis

HEADINGS = (MAINE / "headings.txt").read_text(encoding="utf-8").splitlines()
TEXT = load().text
DESK = load().helpdesk
OWN = r"helpdesk|after_hours|support_step|ticket_\w+"


def test_maine_has_every_kind_that_starts_something_and_cites_the_manual() -> None:
    assert {kind.starts for kind in DESK.kinds} - {""} == set(STARTS)
    for each in (*DESK.kinds, *DESK.steps, DESK.after_hours, DESK):
        assert each.cite in HEADINGS, each
        assert each.basis in set(Basis)
    assert [step.id for step in DESK.steps] == ["online_help", "agency_admin", "lead"]


def test_hours_are_the_kinds_own_where_it_has_some_and_the_prioritys_else() -> None:
    assert (DESK.answer_minutes("lock_out", "high"), DESK.answer_minutes("lock_out", "normal")) == (120, 480)
    assert (DESK.solve_minutes("report", "normal"), DESK.solve_minutes("how_to", "normal")) == (4800, 2400)
    assert DESK.answer_minutes("of a former pack", "urgent") == 60
    assert DESK.title_of("of_a_former_pack") == "of a former pack"


def test_every_kind_leaves_at_least_half_of_the_time_to_the_lead() -> None:
    for kind in DESK.kinds:
        for priority in PRIORITIES:
            here = DESK.step_minutes("agency_admin", kind.id, priority)
            assert 0 < here <= DESK.answer_minutes(kind.id, priority) / 2
            assert here <= 4 * 60


def test_a_pack_from_before_there_was_any_has_one_kind_that_goes_to_the_lead() -> None:
    old = re.sub(rf"(?ms)^\[\[?(?:{OWN})\]\]?$.*?(?=^\[(?!\[?(?:{OWN})\])|^#|\Z)", "", TEXT)
    assert "support_step" not in re.sub(r"#.*", "", old)
    desk = load(old).helpdesk
    assert desk is FROM_BEFORE
    assert [kind.id for kind in desk.kinds] == ["other"] and not desk.kinds[0].agency_admin_first
    assert (desk.answer_minutes("other", "normal"), desk.step_minutes("agency_admin", "other", "normal")) == (480, 0)


def test_a_pack_from_before_mail_was_removed_keeps_it_for_three_months() -> None:
    old = re.sub(r"(?m)^keep_other_mail.*\n", "", TEXT)
    assert old != TEXT and load(old).helpdesk.keep_other_mail == load(TEXT).helpdesk.keep_other_mail == timedelta(
        days=90
    )


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('id                 = "report"', 'id                 = "how_to"', "ticket_kind 'how_to', id: .*stands twice"),
        ('starts             = "lockout"', 'starts             = "coffee"', "ticket_kind 'lock_out', starts: 'coffee' is none of"),
        ('asks               = ["program"]', 'asks               = ["pogram"]', "ticket_kind 'access', asks: 'pogram' is no ticket_question"),
        ("answer_hours       = { high = 2 }", "answer_hours       = { hih = 2 }", "answer_hours, hih: this is none of low"),
        ("answer_hours       = { high = 2 }", "answer_hours       = { high = 0 }", "answer_hours, high: 0 is no whole number"),
        ("agency_admin_first = false   # never", "agency_admin_first = true   # never", "agency_admin_first: an incident never goes"),
        ('id    = "online_help"', 'id    = "telephone"', "support_step 'telephone', id: .*none of"),
        ("hours = 4 ", "hours = 0 ", "support_step 'agency_admin', hours: only the Agency Administrator"),
        ('id           = "urgent"', 'id           = "worst"', "ticket_priority 'worst', id: .*none of"),
        ("answer_hours = 16", "answer_hours = 90", "ticket_priority 'low', answer_hours: a first answer cannot take longer"),
        ('rating          = "P30D"', 'rating          = "P1000D"', "helpdesk, rating: a link for rating works for"),
        ('keep_other_mail = "P90D"', 'keep_other_mail = "P1D"', "helpdesk, keep_other_mail: at least 7 days"),
        ('keep_other_mail = "P90D"', 'keep_other_mail = "P20Y"', "helpdesk, keep_other_mail: "),
        ("close_after     = 5", "close_after     = 0", "helpdesk, close_after: 0 is no whole number"),
        ("loop_mails      = 20", "loop_mail       = 20", "helpdesk, loop_mails: this field is missing"),
        ('id                 = "other"', 'id                 = "others"', "helpdesk, ticket_kind: one of them must be 'other'"),
        ("[after_hours]", "[after_ours]", "after_hours: this field is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_stanza_and_field(right: str, wrong: str, says: str) -> None:
    assert TEXT.count(right) >= 1
    with pytest.raises(PolicyError, match=says):
        load(TEXT.replace(right, wrong, 1))


def test_priorities_stand_in_their_order() -> None:
    first, second = (re.search(rf'\[\[ticket_priority\]\]\nid           = "{each}"[^[]*', TEXT) for each in ("low", "normal"))  # fmt: skip
    assert first and second
    swapped = TEXT.replace(first[0], "<first>").replace(second[0], first[0]).replace("<first>", second[0])
    with pytest.raises(PolicyError, match="ticket_priority: these must be, in this order"):
        load(swapped)
