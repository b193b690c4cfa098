"""What the pack says about sanctions: Maine's, packs from before, and each mistake by stanza and field."""

import re

import pytest

from workflows.enforcement_pack import FROM_BEFORE, Told
from workflows.policy import MAINE, PolicyError, load, text_of
from workflows.questions import Basis
from workflows.vocabulary import SANCTIONS

TEXT = text_of(MAINE)
HEADINGS = (
    (MAINE / "headings.txt" if MAINE.is_dir() else MAINE.parent / "headings.txt")
    .read_text(encoding="utf-8")
    .splitlines()
)


def test_maine_cites_the_manual_and_uses_nobody_else_s_practice() -> None:
    pack = load().enforcement
    assert all(each.cite in HEADINGS for each in (*pack.violations, *pack.ladder, pack))
    assert {rung.id for rung in pack.ladder if rung.basis is Basis.PRACTICE} == {
        rung.id for rung in pack.ladder if not rung.used
    }
    assert not pack.appeal_suspends and pack.sample
    assert set(pack.told) == set(SANCTIONS)
    assert {Told.AUDITOR, Told.BOARD, Told.EXECUTIVE_DIRECTOR} <= set(pack.told["reprimand"])


def test_a_pack_from_before_can_still_sanction() -> None:
    start, end = TEXT.index("[sanctions]"), TEXT.index('id       = "thirty-days-at-once"')
    end = TEXT.index('basis     = "practice"', end) + len('basis     = "practice"')
    policy = load(TEXT[:start] + TEXT[end:])
    assert policy.enforcement is FROM_BEFORE
    assert len(FROM_BEFORE.violations) == 1 and not FROM_BEFORE.ladder and set(FROM_BEFORE.told) == set(SANCTIONS)


def changed(old: str, new: str, count: int = 1) -> str:
    assert old in TEXT, old
    return TEXT.replace(old, new, count)


def added(stanza: str) -> str:
    return f"{TEXT}\n[[ladder]]\n{stanza}\ncite = 'Enforcement Mechanisms'\nbasis = 'local'\n"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (changed('severity = "minor"\ncategory = "other"', 'severity = "minor"\ncategory = "privacy"'), "violation 'policies', severity: .*never minor"),
        (changed('severity = "major"\ncategory = "other"', 'severity = "grave"\ncategory = "other"'), "violation 'agreement', severity"),
        (changed('id       = "unattended"', 'id       = "look-up"'), "violation 'look-up', id: .*twice"),
        (changed('id       = "minor-again"', 'id       = "minor-first"'), "ladder 'minor-first', id: .*twice"),
        (added("id='x'\nmeasure='reprimand'"), "ladder 'x', violation: .*name one of the two"),
        (added("id='x'\nviolation='look-up'\nseverity='severe'\nmeasure='reprimand'"), "ladder 'x', violation: .*one of the two"),
        (added("id='x'\nviolation='rudeness'\nmeasure='reprimand'"), "ladder 'x', violation: 'rudeness'"),
        (added("id='x'\nviolation='look-up'\nmeasure='banishment'"), "ladder 'x', measure: 'banishment'"),
        (added("id='x'\nviolation='look-up'\nmeasure='revocation'\ndays=3"), "ladder 'x', days: only a suspension"),
        (added("id='x'\nviolation='look-up'\nmeasure='training'"), "ladder 'x', course: required training names"),
        (added("id='x'\nviolation='look-up'\nmeasure='training'\ncourse='knitting'"), "ladder 'x', course: there is no course"),
        (added("id='x'\nviolation='look-up'\nmeasure='reprimand'\nearlier=1"), "ladder 'x', within: this field is missing"),
        (added("id='x'\nseverity='minor'\nmeasure='reprimand'"), "ladder 'x', earlier: 'minor-first' says already"),
        (added("id='x'\nviolation='look-up'\nmeasure='reprimand'\nspeed=1"), "ladder 'x', speed: there is no such field"),
        (re.sub(r'id       = "severe-first"\n', 'id = "severe-first"\nused = false\n', TEXT), "sanctions, ladder: no step says .*severe"),
        (changed("appeal_days     = 30 ", "appeal_days     = 0 "), "sanctions, appeal_days"),
        (changed("appeal_suspends = false", 'appeal_suspends = "no"'), "sanctions, appeal_suspends"),
        (changed('referral   = ["executive_director"', 'referral   = ["the_press"'), "sanctions.told, referral: 'the_press'"),
        (changed("What was found to be violated: {violation}", "What was found: {client}"), "sanctions.letter, found: nothing fills {client}"),
        (re.sub(r'closing = "This letter.*\n', "", TEXT), "sanctions.letter, closing: this field is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_stanza_and_field(wrong: str, says: str) -> None:
    assert wrong != TEXT
    with pytest.raises(PolicyError, match=says):
        load(wrong)
