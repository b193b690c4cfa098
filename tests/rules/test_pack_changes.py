"""What differs between two packs, in words that a program manager reads; and what one of them softens."""

import pytest

from workflows.pack_changes import Change, changes, described, in_words, settings, weaker
from workflows.policy import MAINE, Policy, load, text_of

TEXT = text_of(MAINE)


def with_(*pairs: tuple[str, str]) -> Policy:
    text = TEXT
    for one, other in pairs:
        assert one in text, one
        text = text.replace(one, other, 1)
    return load(text, "another")


def without(called: str) -> Policy:
    head, *stanzas = TEXT.split("[[prerequisite]]\n")
    kept = [one for one in stanzas if f'"{called}"' not in one.split("\n", 1)[0]]
    assert len(kept) == len(stanzas) - 1
    return load("[[prerequisite]]\n".join([head, *kept]), "another")


def test_comments_and_white_space_are_no_change() -> None:
    assert changes(load(MAINE), load(f"# a remark\n\n{TEXT}", "another")) == []


@pytest.mark.parametrize(
    ("pair", "change"),
    [
        (("pass_mark = 80 ", "pass_mark = 82.5 "), Change("Training", "passing score", "80 %", "82.5 %")),
        (("opens  = 08:00:00", "opens  = 07:30:00"), Change("Business hours", "opens", "08:00", "07:30")),
        (('reset      = "PT1H"', 'reset      = "PT90M"'), Change("Links", "reset", "1 hour", "90 minutes")),
        (('grace    = "P90D"', 'grace    = "P1Y6M"'), Change("Prerequisite participation-agreement", "an older version counts for", "90 days", "1 year and 6 months")),
        (('confirmed_by = "help_desk"', 'confirmed_by = "agency_admin"'), Change("Work orders", "confirmed by", "help desk", "agency admin")),
    ],
)  # fmt: skip
def test_each_field_is_named_with_what_it_was_and_what_it_becomes(pair: tuple[str, str], change: Change) -> None:
    assert changes(load(MAINE), with_(pair)) == [change]


def test_a_stanza_that_came_or_went_is_one_change() -> None:
    (gone,) = changes(load(MAINE), without("background-check"))
    assert (
        gone.stanza == "Prerequisite background-check"
        and not gone.field
        and "Background check cleared" in gone.before
        and not gone.after
    )
    (come,) = changes(without("background-check"), load(MAINE))
    assert come.after == gone.before and not come.before


@pytest.mark.parametrize(
    ("pack", "says"),
    [
        (without("background-check"), "It does not ask for background-check"),
        (with_(("pass_mark = 80 ", "pass_mark = 79.99 ")), "The passing score is 79.99 %; in Maine HMIS, 80 %."),
        (with_(("share = 5 ", "share = 20 ")), "The brake stops at 20 % of live access; in Maine HMIS, at 5 %."),
        (
            with_(
                (
                    'version  = "current"\ngrace    = "P45D"\nwarn     = "P30D"\non_lapse = "suspend"',
                    'version  = "current"\ngrace    = "P45D"\nwarn     = "P30D"\non_lapse = "warn"',
                )
            ),
            "When user-agreement lapses, only a warning is given; in Maine HMIS, access is suspended.",
        ),
        (
            with_(('max_age  = "P1Y"\nabout    = "person"', 'max_age  = "P13M"\nabout    = "person"')),
            "security-training holds for 1 year and 1 month; in Maine HMIS, for 1 year.",
        ),
        (
            with_(('evidence = "user_agreement"\n', 'evidence = "user_agreement"\nwaivable = true\n')),
            "user-agreement can be waived; in Maine HMIS it cannot.",
        ),
        (
            with_(('evidence = "privacy_pledge"\n', 'evidence = "privacy_pledge"\napplies_to = ["end_user"]\n')),
            "privacy-notice-acknowledged is asked of role=end_user only.",
        ),
    ],
)
def test_what_is_softer_is_said(pack: Policy, says: str) -> None:
    (sentence,) = (one for one in weaker(pack, load(MAINE)))
    assert says in sentence or sentence in says


@pytest.mark.parametrize(
    "pair",
    [("pass_mark = 80 ", "pass_mark = 90 "), ('max_age  = "P1Y"\nabout    = "person"', 'max_age  = "P6M"\nabout    = "person"'), ("share = 5 ", "share = 1 ")],
)  # fmt: skip
def test_what_is_stricter_is_not_warned_of(pair: tuple[str, str]) -> None:
    assert list(weaker(with_(pair), load(MAINE))) == []


def test_a_pack_is_readable_to_the_last_stanza() -> None:
    pack = load(MAINE)
    shown = {one.title: dict(one.lines) for one in settings(pack)}
    assert shown["Training"] == {"Passing score": "80 %"} and shown["Holiday"]["Juneteenth"] == "month 6, day 19"
    assert all(lines for lines in shown.values())
    told = {one.id: one for one in (described(p, pack) for p in pack.prerequisites)}
    assert (
        told["security-training"].counts == "with 80 % at least; for 1 year"
        and told["security-training"].lapse == "access is suspended"
    )
    assert (
        "System Administrator" in told["background-check"].counts or "system" in told["background-check"].counts.lower()
    )
    assert all(one.cite and one.basis for one in told.values())


def test_values_are_words() -> None:
    assert (
        in_words(True) == "yes"
        and in_words(None) == ""
        and in_words(["P1Y", "hold_new"]) == "1 year; no new access is issued"
    )
    assert in_words("*") == "all that the pack lists" and in_words("P0D") == "no time"
