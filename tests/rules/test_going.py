"""What is typed to get somewhere: read as a number or as words, and how well a name fits it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.going import LARGEST, MOST, Fit, best_first, fit, read


@pytest.mark.parametrize(
    ("typed", "prefix", "year", "number"),
    [
        ("HD-123", "HD", None, 123),
        (" hd 123 ", "HD", None, 123),
        ("hd123", "HD", None, 123),
        ("Ticket 123", "HD", None, 123),
        ("ticket #123", "HD", None, 123),
        ("I-2026-0012", "I", 2026, 12),
        ("incident 12", "I", None, 12),
        ("C-2026-0003", "C", 2026, 3),
        ("CA-2026-0003", "CA", 2026, 3),
        ("sr-2026-0007", "SR", 2026, 7),
        ("O-2026-0001", "O", 2026, 1),
        ("work order 5", "WO", None, 5),
        ("WO 5", "WO", None, 5),
        ("#5", "", None, 5),
        ("no. 5", "", None, 5),
        ("0012", "", None, 12),
        ("12", "", None, 12),
    ],
)
def test_a_number_is_read_with_or_without_its_letters(typed: str, prefix: str, year: int | None, number: int) -> None:
    asked = read(typed)
    assert (asked.prefix, asked.year, asked.number) == (prefix, year, number)
    assert asked.says_enough


@pytest.mark.parametrize(
    "typed", ["HD-", "HD-12x", "²", "١٢", "HD-²", str(LARGEST + 1), "12 34", "XY-12", "Ida 12", "1" * 40]
)
def test_what_is_no_number_stays_words(typed: str) -> None:
    asked = read(typed)
    assert (asked.prefix, asked.number) == ("", None)
    assert asked.text == typed


def test_a_number_means_a_thing_by_its_letters_and_its_year() -> None:
    assert read("12").means("HD", 12) and read("HD-12").means("HD", 12)
    assert not read("HD-12").means("I", 12, 2026), "the letters are those of another noun"
    assert not read("I-2025-0012").means("I", 12, 2026), "another year's number"
    assert read("I-0012").means("I", 12, 2026)
    assert not read("words").means("HD", 12)


def test_signs_that_nobody_sees_are_left_out_and_what_is_too_long_is_cut() -> None:
    assert read("Kim\x00 \u202eSample\ud800\n").text == "Kim Sample"
    assert read("\u200b\x00 ").text == ""
    long = read("x" * 300)
    assert (len(long.text), long.cut) == (MOST, True)
    assert not read("x" * MOST).cut
    assert read(" " * 5_000 + "x").cut, "more than is read at all"


@pytest.mark.parametrize(("typed", "enough"), [("", False), ("x", False), ("x y", False), ("xy", True), ("7", True), ("²", False), ("😀😀", True)])  # fmt: skip
def test_one_letter_alone_is_not_looked_for(typed: str, enough: bool) -> None:
    assert read(typed).says_enough is enough


def test_a_name_fits_whole_by_its_beginnings_or_inside() -> None:
    assert fit("sample JAMIE", "Jamie Sample") is Fit.EXACT, "in either order"
    assert fit("Jose Munoz", "José Muñoz") is Fit.EXACT
    assert fit("jam sam", "Jamie Sample") is Fit.BEGINS
    assert fit("amie", "Jamie Sample") is Fit.INSIDE
    assert fit("harbor", "Sample Harbor House", "Harbor") is Fit.EXACT, "the name it is known by"
    assert fit("%_", "Jamie") is Fit.INSIDE
    assert fit("x") is Fit.INSIDE


def test_what_fits_alike_stays_in_its_order() -> None:
    found = [(Fit.INSIDE, "a"), (Fit.EXACT, "b"), (Fit.BEGINS, "c"), (Fit.EXACT, "d")]
    assert best_first(found) == ["b", "d", "c", "a"]


@given(st.text(max_size=400))
def test_whatever_is_typed_becomes_one_short_line(typed: str) -> None:
    asked = read(typed)
    assert len(asked.text) <= MOST
    assert asked.text == asked.text.strip() and asked.text.isprintable()
    assert asked.number is None or 0 <= asked.number <= LARGEST
    assert read(asked.text).text == asked.text
