"""Outages are the pack's to say: the weekly hour, the systems, who is told; a mistake is refused by stanza and field."""

import re

import pytest

from workflows.outage_pack import NO_OUTAGES, Audience, OutageKind
from workflows.pack_changes import changes, settings
from workflows.policy import MAINE, PolicyError, load, text_of

TEXT = text_of()
OWN = (MAINE / "outages.toml").read_text(encoding="utf-8")
HEADINGS = (MAINE / "headings.txt").read_text(encoding="utf-8").splitlines()


def test_maine_tells_whom_the_manual_has_told() -> None:
    pack = load().outages
    assert pack.tells == {
        OutageKind.WEEKLY: Audience.EVERYBODY,
        OutageKind.PLANNED: Audience.EVERYBODY,
        OutageKind.UNPLANNED: Audience.ADMINS,
    }
    assert pack.counting() == {"core_hmis"} and pack.named("core_hmis") == "The HMIS (ServicePoint)"
    assert pack.named("gone") == "gone"


def test_every_heading_is_one_of_the_manual() -> None:
    cites = re.findall(r'^cite\s*= "(.+)"', OWN, re.MULTILINE)
    assert len(cites) == 5 and set(cites) <= set(HEADINGS)


def test_a_pack_from_before_has_no_outages_and_mails_nobody() -> None:
    before = TEXT.replace(OWN, "")
    assert before != TEXT and load(before).outages == NO_OUTAGES
    assert NO_OUTAGES.weekly is None and not NO_OUTAGES.tells


def test_a_pack_may_have_no_weekly_maintenance() -> None:
    without = re.sub(r"\[weekly_maintenance\].*?\n\n", "", TEXT, flags=re.DOTALL)
    assert load(without).outages.weekly is None and load(without).outages.systems


def test_what_differs_between_two_packs_is_said_in_words() -> None:
    later = TEXT.replace("opens   = 22:00:00", "opens   = 23:00:00")
    assert any("23:00" in str(each.after) for each in changes(load(), load(later)))
    titles = {setting.title for setting in settings(load())}
    assert {"Outages", "Weekly maintenance", "System that can be out", "Who is told of an outage"} <= titles


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('weekday = "wednesday"', 'weekday = "midweek"', "weekly_maintenance, weekday: 'midweek' is none of"),
        ('lasts   = "PT1H"', 'lasts   = "P7D"', "over before the next one begins"),
        ('lasts   = "PT1H"', 'lasts   = "PT0H"', "this is no time at all"),
        ('systems = ["core_hmis"]', 'systems = ["hmis"]', "'hmis' is none of the systems: core_hmis"),
        ('id     = "reports"', 'id     = "core_hmis"', "'core_hmis' stands twice"),
        ('id     = "reports"', 'id     = "Reports!"', "is no id: small letters"),
        ('id       = "unplanned"', 'id       = "planned"', "'planned' stands twice"),
        ('id       = "unplanned"', 'id       = "sudden"', "'sudden' is none of weekly, planned, unplanned"),
        ('audience = "admins"', 'audience = "the_board"', "'the_board' is none of admins, everybody"),
        ("mail_slice      = 50", "mail_slice      = 0", "0 is no whole number from 1 to 1000"),
        ('silent_for      = "PT2H"', 'silent_for      = "2 hours"', "'2 hours' is not a length of time"),
        ('banner_before   = "PT24H"', 'banner_after    = "PT24H"', "banner_before: this field is missing"),
        ("opens   = 22:00:00", 'opens   = "ten"', "'ten' is no time of day"),
    ],
)
def test_a_mistake_is_refused_by_stanza_and_field(right: str, wrong: str, says: str) -> None:
    assert right in TEXT
    with pytest.raises(PolicyError, match=re.escape(says)):
        load(TEXT.replace(right, wrong))
