"""Changes of programs in the pack: what Maine's says, packs from before, and mistakes by stanza and field."""

import re

import pytest

from workflows.policy import MAINE, PolicyError, load
from workflows.program_pack import FROM_BEFORE

HEADINGS = (MAINE / "headings.txt").read_text(encoding="utf-8").splitlines()
TEXT = load().text
STANZAS = r"\n\[\[program_change\]\]\n(?:(?!\n\[).)*"
TASKS = 'tasks = ["Enter it in the HMIS", "Enter it at the Agency"]'


def test_maine_names_a_heading_and_tasks_for_each() -> None:
    kinds = load().programs.kinds
    assert [kind.id for kind in kinds if kind.new] == ["opens"] and len(kinds) == 7
    assert all(kind.cite in HEADINGS and kind.tasks for kind in kinds)
    assert [kind.id for kind in kinds if not kind.becomes] == ["closes"]
    assert load().programs.title_of("renamed") == "A program gets another name"
    assert load().programs.title_of("old_kind") == "Old kind" and load().programs.kind("old_kind") is None


def test_a_pack_from_before_there_were_any_has_one_kind() -> None:
    assert load(re.sub(STANZAS, "", TEXT, flags=re.DOTALL)).programs is FROM_BEFORE


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (TEXT.replace(TASKS, "tasks = []"), "program_change 'contact', tasks: a change has 1 to 12 tasks"),
        (TEXT.replace(TASKS, f"tasks = ['{'x' * 201}']"), "program_change 'contact', tasks: a task has at most 200"),
        (TEXT.replace('id    = "contact"', 'id    = "funding"'), "program_change 'funding', id: 'funding' stands twice"),
        (TEXT.replace("new   = true", 'new   = "yes"'), "program_change 'opens', new"),
        (TEXT.replace('becomes = "New name"', 'becomes = "New name"\nfee = 1'), "program_change 'renamed', fee: there is no such field"),
    ],
    ids=["none", "long", "twice", "yes", "more"],
)  # fmt: skip
def test_a_mistake_is_refused_by_stanza_and_field(wrong: str, says: str) -> None:
    assert wrong != TEXT
    with pytest.raises(PolicyError, match=says):
        load(wrong)
