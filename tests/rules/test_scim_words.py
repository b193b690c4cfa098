"""How access is written in a core HMIS with an interface is the pack's to say, for every access level."""

import re

import pytest

from workflows.policy import MAINE, PolicyError, load, text_of

TEXT = text_of(MAINE)
HEADINGS = (MAINE / "headings.txt").read_text(encoding="utf-8").splitlines()


def test_every_access_level_of_maine_has_a_word() -> None:
    policy = load()
    assert policy.scim is not None and policy.scim.cite in HEADINGS
    assert set(policy.scim.levels) == {level.id for level in policy.access_levels}
    assert policy.scim.role_of("case_manager_2", "417", of_lead=False) == "case_manager_2@417"
    assert policy.scim.role_of("system_admin_1", "", of_lead=True) == "system_admin_1"


def test_a_lead_without_such_a_core_hmis_leaves_it_out() -> None:
    begins, ends = TEXT.index("[core_hmis.scim]"), TEXT.index("[notice]")
    assert load(TEXT[:begins] + TEXT[ends:]).scim is None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (re.sub(r'case_manager_2 +=.*\n(?=case_manager_3)', "", TEXT), "core_hmis.scim.levels, case_manager_2: .*missing"),
        (TEXT.replace('read_only             = "read_only"', 'read_only = ""'), "core_hmis.scim.levels, read_only"),
        (TEXT.replace('[core_hmis.scim.levels]', '[core_hmis.scim.levels]\njanitor = "j"'), "levels, janitor: there is no such field"),
        (TEXT.replace('"{level}@{provider}"', '"{level}"'), r"core_hmis.scim, role: \{provider\} does not stand in"),
        (TEXT.replace('lead_role = "{level}"', 'lead_role = "everything"'), r"core_hmis.scim, lead_role: \{level\}"),
        (TEXT.replace('[core_hmis.scim]  ', '[core_hmis]\nrest = 1\n[core_hmis.scim]  '), "core_hmis, rest: there is no such field"),
        (TEXT.replace('project   = "project"', 'projects = "project"'), "core_hmis.scim, projects"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_stanza_and_field(wrong: str, says: str) -> None:
    assert wrong != TEXT
    with pytest.raises(PolicyError, match=says):
        load(wrong)


def test_what_is_not_named_is_not_written() -> None:
    words = load(TEXT.replace('project   = "project"', 'project   = ""')).scim
    assert words is not None and (words.agency, words.project) == ("agency", "")
