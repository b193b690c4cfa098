"""What the pack says about incidents, mistakes in it, how severe an incident may be called, and the clocks of the chain."""

import re
from datetime import datetime, timedelta

import pytest

from workflows.incident_pack import NO_INCIDENTS
from workflows.incident_rules import calls_for, chain, severities
from workflows.policy import MAINE, Policy, PolicyError, load

TEXT = load(MAINE).text
HEADINGS = (MAINE.parent if MAINE.is_file() else MAINE).joinpath("headings.txt").read_text(encoding="utf-8").splitlines()  # fmt: skip
FRIDAY = datetime(2026, 11, 20, 20, 0)
"""Three in the afternoon in Maine, an hour before the desk closes."""


@pytest.fixture
def policy() -> Policy:
    return load()


def test_every_rule_of_maine_cites_a_heading_and_none_is_another_leads_practice(policy: Policy) -> None:
    pack = policy.incidents
    assert pack.kinds
    assert pack.chain
    for rule in (*pack.kinds, *pack.chain):
        assert rule.cite in HEADINGS, rule.id
        assert rule.basis != "practice", rule.id
    assert pack.cite in HEADINGS


def test_privacy_and_security_are_never_minor(policy: Policy) -> None:
    assert severities("other") == ("minor", "major", "severe")
    for category in ("privacy", "security"):
        assert severities(category) == ("major", "severe")
    assert all(kind.severity in severities(kind.category) for kind in policy.incidents.kinds)


def due(policy: Policy, since: datetime = FRIDAY, **facts) -> dict[str, datetime]:
    values = {"category": "security", "severity": "severe", "affected": 3} | facts
    steps = policy.incidents.chain
    found = chain(steps, since=since, hours=policy.hours, closed=policy.holidays, **values)
    assert [each.at for each in found] == sorted(each.at for each in found)
    return {each.step.id: each.at for each in found}


def test_business_hours_wait_for_the_desk_and_calendar_hours_do_not(policy: Policy) -> None:
    clocks = due(policy)
    assert clocks["board"] == FRIDAY + timedelta(hours=24)
    assert clocks["hud"] == FRIDAY + timedelta(hours=72)
    assert clocks["lead_director"] == datetime(2026, 11, 23, 20, 0)  # one hour on Friday, seven on Monday


def test_who_is_told_follows_from_severity_category_and_how_many(policy: Policy) -> None:
    assert set(due(policy, severity="minor", category="other")) == {"agency_officer"}
    assert set(due(policy, severity="major")) == {"agency_officer", "agency_director", "lead_director"}
    assert "hud" not in due(policy, affected=0)
    assert "hud" in due(policy, affected=None), "not known yet: the threshold is taken to be reached"
    assert "hud" not in due(policy, category="other")
    hud = next(step for step in policy.incidents.chain if step.id == "hud")
    assert calls_for(hud, category="privacy", severity="severe", affected=1)


def test_a_pack_from_before_has_nobody_on_its_chain() -> None:
    begins = TEXT.index("[incidents]")
    rest = re.sub(r"(?ms)^\[\[(incident_kind|data_element|chain_step)\]\].*?(?=^\[|^#|\Z)", "", TEXT[begins:])
    rest = re.sub(r"(?ms)^\[incidents\].*?(?=^\[|^#|\Z)", "", rest)
    assert load(TEXT[:begins] + rest).incidents == NO_INCIDENTS


@pytest.mark.parametrize(
    ("was", "wrong", "says"),
    [
        ('id       = "unattended"', 'id       = "shared_login"', "incident_kind 'shared_login', id: .*stands twice"),
        ('category = "privacy"\nseverity = "major"', 'category = "privacy"\nseverity = "minor"', "severity: what is about privacy is never minor"),
        ('category = "security"\nseverity = "major"', 'category = "safety"\nseverity = "major"', "category: 'safety' is none of"),
        ('from     = "minor"', 'from     = "tiny"', "chain_step 'agency_officer', from: 'tiny' is none of"),
        ('hours    = 24\nclock    = "calendar"', 'hours    = 24\nclock    = "wall"', "chain_step 'board', clock: 'wall' is none of"),
        ('hours    = 24\nclock    = "calendar"', 'hours    = 0\nclock    = "calendar"', "chain_step 'board', hours: 0 is no whole number"),
        ('categories = ["privacy", "security"]', 'categories = ["money"]', "chain_step 'hud', categories: 'money' is none of"),
        ("suspension_days = 14", "suspension_days = 0", "incidents, suspension_days: 0 is no whole number"),
        ('link            = "P400D"', 'link            = "P1D"', "incidents, link: a reporter's link lives for at least 30"),
        ("answer_days     = 30", "answer_days     = 30\nanswer_hours = 4", "incidents, answer_hours: there is no such field"),
        ('who      = "Lead security officer"', 'whom     = "Lead security officer"', "chain_step 'agency_officer', who: this field is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_stanza_and_field(was: str, wrong: str, says: str) -> None:
    begins = TEXT.index("[incidents]")
    assert was in TEXT[begins:]
    with pytest.raises(PolicyError, match=says):
        load(TEXT[:begins] + TEXT[begins:].replace(was, wrong, 1))
