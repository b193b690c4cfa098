"""Training results are read exactly, from Bridge's export or a plain table; what is wrong is named by its cell."""

from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.adapters.lms import TrainingFile, read_training
from portal.adapters.lms.scores import ScoreError, read_score
from portal.adapters.lms.times import TimeError, read_time
from portal.adapters.tables import Limits

# Monday, November 23, 2026, at ten in the morning in Maine.
NOW = datetime(2026, 11, 23, 15, 0)
MAINE = ZoneInfo("America/New_York")
PLAIN = "email,course,score,max_score,taken_at,attempt"
BRIDGE = "learner,UID,program,course,score,due,completed,status"
DATA = Path(__file__).parents[1] / "data"


def read(*lines: str, header: str = PLAIN, now: datetime = NOW) -> TrainingFile:
    return read_training("\r\n".join([header, *lines]).encode(), "results.csv", now=now)


def row(
    email: str = "ada@example.org",
    course: str = "HMIS Basics",
    score: str = "80",
    most: str = "",
    taken: str = "2026-11-20 14:05",
    attempt: str = "1",
) -> str:
    return f"{email},{course},{score},{most},{taken},{attempt}"


# --- scores ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "most", "hundredths"),
    [
        ("80", "", 8000),
        ("79.999", "", 7999),
        ("79.99999999999999999999999", "", 7999),
        ("80.0", "", 8000),
        ("80 %", "", 8000),
        ("80%", "100", 8000),
        ("100", "", 10000),
        ("0", "", 0),
        (".5%", "", 50),
        ("12", "15", 8000),
        ("11", "15", 7333),
        ("2", "3", 6666),
        ("0.8", "1", 8000),
        ("0.8", "", 80),
        ("39.9995", "50", 7999),
        ("4.2", "5.25", 8000),
        (" 85 ", " ", 8500),
    ],
)
def test_scores_are_exact_and_cut_off(score: str, most: str, hundredths: int) -> None:
    assert read_score(score, most).hundredths == hundredths


@settings(deadline=None)  # a busy machine is no fault
@given(
    whole=st.integers(0, 10**6),
    decimals=st.integers(0, 8),
    most=st.integers(1, 10**6),
    most_decimals=st.integers(0, 8),
)
def test_hundredths_are_the_floor_of_the_exact_share(whole: int, decimals: int, most: int, most_decimals: int) -> None:
    number, limit = Fraction(whole, 10**decimals), Fraction(most, 10**most_decimals)
    written, ceiling = _digits(number), _digits(limit)
    if number > limit:
        with pytest.raises(ScoreError, match="more than"):
            read_score(written, ceiling)
        return
    score = read_score(written, ceiling)
    assert score.share == number / limit
    assert Fraction(score.hundredths, 10_000) <= number / limit < Fraction(score.hundredths + 1, 10_000)


def _digits(value: Fraction) -> str:
    scaled = value * 10**8
    text = f"{scaled.numerator:09d}"
    return f"{text[:-8]}.{text[-8:]}"


@pytest.mark.parametrize("score", ["0.8", "1", ".95", "0.799"])
def test_a_share_without_a_maximum_is_read_as_percent_and_flagged(score: str) -> None:
    assert read_score(score).hundredths == int(Fraction(score) * 100)
    assert "without a maximum" in read_score(score).flags[0]
    assert read_score(score, "1").flags == ()
    assert read_score(f"{score}%").flags == ()


def test_the_flag_says_what_may_have_been_meant() -> None:
    assert read_score("0.8").flags == ("0.8 without a maximum is 0.8 percent: check whether 80 % was meant.",)
    assert "79.5 %" in read_score("0.795").flags[0]
    assert read_score("0").flags == ()


@pytest.mark.parametrize(
    ("score", "most", "column", "says"),
    [
        ("105", "", "score", "more than 100 percent"),
        ("16", "15", "score", "more than its max_score of 15"),
        ("-5", "", "score", "negative"),
        ("\N{MINUS SIGN}5", "", "score", "negative"),
        ("NaN", "", "score", "not a number"),
        ("inf", "", "score", "not a number"),
        ("1e2", "", "score", "not a number"),
        ("passed", "", "score", "not a number"),
        ("٨٠", "", "score", "not a number"),
        ("", "", "score", "empty"),
        ("79,5", "", "score", "comma"),
        ("12/15", "", "score", "maximum as well"),
        ("12 of 15", "", "score", "maximum as well"),
        ("2026-11-20", "", "score", "looks like a date"),
        ("ada@example.org", "", "score", "mixed up"),
        ("8" * 40, "", "score", "longer than"),
        ("10", "0", "max_score", "max_score is 0"),
        ("10", "0.00", "max_score", "max_score is 0"),
        ("10", "-15", "max_score", "negative"),
        ("10", "many", "max_score", "not a number"),
        ("80%", "50", "score", "percent sign and a max_score"),
        ("80%%", "", "score", "not a number"),
    ],
)
def test_what_is_no_score_is_refused_with_a_sentence(score: str, most: str, column: str, says: str) -> None:
    with pytest.raises(ScoreError, match=says) as refused:
        read_score(score, most)
    assert refused.value.column == column


# --- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "at", "on", "timed"),
    [
        ("2026-11-20T14:05:06Z", datetime(2026, 11, 20, 14, 5, 6), date(2026, 11, 20), True),
        ("2026-11-20 14:05:06 UTC", datetime(2026, 11, 20, 14, 5, 6), date(2026, 11, 20), True),
        ("2026-11-21T02:00:00Z", datetime(2026, 11, 21, 2), date(2026, 11, 20), True),
        ("2026-11-20 14:05", datetime(2026, 11, 20, 19, 5), date(2026, 11, 20), True),
        ("2026-07-20 14:05", datetime(2026, 7, 20, 18, 5), date(2026, 7, 20), True),
        ("2026-11-20T14:05:00-05:00", datetime(2026, 11, 20, 19, 5), date(2026, 11, 20), True),
        ("2026-11-20T14:05:00.250+0000", datetime(2026, 11, 20, 14, 5, 0, 250000), date(2026, 11, 20), True),
        ("2026-11-20", datetime(2026, 11, 20, 17), date(2026, 11, 20), False),
        ("2024-02-29", datetime(2024, 2, 29, 17), date(2024, 2, 29), False),
        ("11/20/2026", datetime(2026, 11, 20, 17), date(2026, 11, 20), False),
        ("11/20/2026 2:05 PM", datetime(2026, 11, 20, 19, 5), date(2026, 11, 20), True),
        ("11/20/2026, 12:05 a.m.", datetime(2026, 11, 20, 5, 5), date(2026, 11, 20), True),
        ("11/20/2026 14:05:09", datetime(2026, 11, 20, 19, 5, 9), date(2026, 11, 20), True),
        ("November 20, 2026", datetime(2026, 11, 20, 17), date(2026, 11, 20), False),
        ("Sept. 3 2026", datetime(2026, 9, 3, 16), date(2026, 9, 3), False),
    ],
)
def test_times_become_naive_utc_and_a_day_is_its_noon(written: str, at: datetime, on: date, timed: bool) -> None:
    taken = read_time(written, MAINE)
    assert (taken.at, taken.on, taken.timed) == (at, on, timed)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "empty"),
        ("31/12/2025", "month first"),
        ("11/20/26", "two digits"),
        ("45678", "bare number"),
        ("85%", "bare number"),
        ("2026-02-30", "not a day"),
        ("2026-11-20 25:00", "not a day and time"),
        ("11/20/2026 13:05 PM", "not a day and time"),
        ("Brumaire 2, 2026", "not a day"),
        ("yesterday", "cannot be read"),
    ],
)
def test_what_is_no_date_is_refused_with_a_sentence(written: str, says: str) -> None:
    with pytest.raises(TimeError, match=says):
        read_time(written, MAINE)


@pytest.mark.parametrize("written", ["1900-01-01", "12/31/1999"])
def test_a_date_of_long_ago_is_refused(written: str) -> None:
    (error,) = read(row(taken=written)).errors
    assert (error.line, error.column, error.value) == (2, "taken_at", written)
    assert "before any result" in error.sentence


@pytest.mark.parametrize("written", ["2026-11-24", "2026-11-23 10:06", "11/23/2026 3:00 PM"])
def test_a_date_in_the_future_is_refused(written: str) -> None:
    (error,) = read(row(taken=written)).errors
    assert "in the future" in error.sentence


def test_today_without_a_time_is_no_future_even_in_the_morning() -> None:
    early = datetime(2026, 11, 23, 12, 0)
    assert read(row(taken="2026-11-23"), now=early).rows[0].taken_on == date(2026, 11, 23)
    assert read(row(taken="2026-11-23"), now=datetime(2026, 11, 23, 4, 30)).errors, "it is still the 22nd in Maine"


# --- rows ------------------------------------------------------------------------------------------------------------


def test_a_plain_row_keeps_what_was_written_beside_what_it_means() -> None:
    file = read(row("Ada@Example.org", " HMIS   Basics", "12", "15", "2026-11-20 14:05", "2"))
    assert file.problems == ()
    assert file.format == "plain"
    (result,) = file.rows
    assert (result.line, result.email, result.course, result.score) == (2, "ada@example.org", "HMIS Basics", 8000)
    assert (result.score_as_written, result.max_score, result.attempt) == ("12", "15", 2)
    assert (result.taken_at, result.taken_on) == (datetime(2026, 11, 20, 19, 5), date(2026, 11, 20))


def test_bridges_export_is_read_and_unfinished_rows_are_left_out_with_a_note() -> None:
    path = DATA / "bridge-program-export.csv"
    file = read_training(path.read_bytes(), path.name, now=NOW)
    assert file.format == "bridge"
    assert [(each.line, each.email, each.uid, each.score, each.status) for each in file.rows] == [
        (2, "ada@example.org", "ada@example.org", 7999, "early"),
        (3, "ada@example.org", "ada@example.org", 8000, "late"),
        (4, "", "E-1042", 10000, "early"),
        (7, "ed@example.org", "ed@example.org", 4000, "failed"),
    ]
    assert [(each.severity, each.line, each.rule) for each in file.problems] == [
        ("note", 1, "column-unknown"),
        ("note", 5, "unfinished"),
        ("note", 6, "unfinished"),
    ]
    assert file.errors == ()
    assert file.rows[0].learner_name == "Ada Sample"


def test_bridge_rows_that_contradict_themselves_are_refused_or_flagged() -> None:
    file = read(
        "Ada,ada@example.org,P,Basics,90,,,early",
        "Ben,,P,Basics,90,,2026-11-20,early",
        "Cy,cy@example,P,Basics,90,,2026-11-20,early",
        "Di,di@example.org,P,Basics,0.9,,2026-11-20,early",
        "Ed,ed@example.org,P,Basics,90,,2026-11-20,waved through",
        "Flo,flo@example.org,P,Basics,90,,2026-11-20,",
        header=BRIDGE,
    )
    assert [(each.line, each.column) for each in file.errors] == [(2, "completed"), (3, "uid"), (4, "uid")]
    assert [(each.line, each.score, len(each.flags)) for each in file.rows] == [(5, 90, 1), (6, 9000, 1), (7, 9000, 1)]
    assert {(each.line, each.column) for each in file.problems if each.rule == "check"} == {
        (5, "score"), (6, "status"), (7, "status")}  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "column", "says"),
    [
        ({"email": ""}, "email", "empty"),
        ({"email": "ada at example"}, "email", "not an e-mail"),
        ({"email": "ada@example..org"}, "email", "not an e-mail"),
        ({"email": "a" * 330 + "@example.org"}, "email", "not an e-mail"),
        ({"course": ""}, "course", "course is empty"),
        ({"course": "x" * 201}, "course", "201 characters"),
        ({"course": "ada@example.org"}, "course", "mixed up"),
        ({"score": "105"}, "score", "more than 100"),
        ({"most": "0"}, "max_score", "max_score is 0"),
        ({"taken": ""}, "taken_at", "empty"),
        ({"taken": "ada@example.org"}, "taken_at", "mixed up"),
        ({"taken": "85"}, "taken_at", "wrong column"),
        ({"attempt": "0"}, "attempt", "whole number"),
        ({"attempt": "first"}, "attempt", "whole number"),
        ({"course": "85", "score": "HMIS Basics"}, "score", "the course is one"),
    ],
)
def test_a_bad_cell_refuses_its_row_and_no_other(cells: dict[str, str], column: str, says: str) -> None:
    file = read(row(), row(**cells), row("ben@example.org"))
    assert [each.line for each in file.rows] == [2, 4]
    (error,) = file.errors
    assert (error.file, error.line, error.column) == ("results.csv", 3, column)
    assert says in error.sentence


def test_a_row_names_everything_that_is_wrong_with_it() -> None:
    file = read(row("nobody", "", "105", "", "1900-01-01", "x"))
    assert [each.column for each in file.errors] == ["email", "course", "score", "taken_at", "attempt"]


def test_mixed_up_columns_are_said_once_for_the_whole_file() -> None:
    file = read(*[f"HMIS Basics,p{number}@example.org,80,,2026-11-20,1" for number in range(4)])
    assert file.rows == ()
    assert [(each.line, each.column) for each in file.errors if each.rule == "mixed-up"] == [(1, "email")]
    assert "stands in the column course" in file.errors[0].sentence


# --- the same import twice -------------------------------------------------------------------------------------------


def test_the_same_result_has_the_same_fingerprint_however_it_is_written() -> None:
    same = [
        read(row()).rows[0],
        read(row("ADA@example.org", "hmis  basics", "80.00%", "", "11/20/2026 2:05 pm")).rows[0],
        read(row(score="12", most="15", taken="2026-11-20T19:05:00Z")).rows[0],
        read("1,2026-11-20 14:05,80,100,HMIS Basics,ada@example.org",
             header="Attempt;TAKEN AT;Score;Max-Score;Course;E-mail".replace(";", ",")).rows[0],
    ]  # fmt: skip
    assert len({each.fingerprint for each in same}) == 1
    assert len(same[0].fingerprint) == 64


@pytest.mark.parametrize(
    "cells",
    [{"email": "b@example.org"}, {"course": "Security"}, {"score": "79.999"}, {"taken": "2026-11-20 14:06"},
     {"taken": "2026-11-20"}, {"attempt": "2"}],
)  # fmt: skip
def test_another_result_has_another_fingerprint(cells: dict[str, str]) -> None:
    assert read(row()).rows[0].fingerprint != read(row(**cells)).rows[0].fingerprint


def test_a_result_that_stands_twice_in_a_file_counts_once_and_a_contradiction_is_said() -> None:
    file = read(row(), row(), row(score="90"))
    assert [each.line for each in file.rows] == [2, 4]
    assert [(each.severity, each.line, each.rule) for each in file.problems] == [
        ("note", 3, "repeated"),
        ("warning", 4, "contradiction"),
    ]


# --- files -----------------------------------------------------------------------------------------------------------


def test_another_set_of_columns_is_one_sentence_with_what_was_found_and_expected() -> None:
    header = "email,course,score,maxpoints,taken_at,attempt"
    file = read("ada@example.org,HMIS Basics,12,15,2026-11-20,1", header=header)
    assert (file.rows, file.format) == ((), "")
    (error,) = file.problems
    assert "found email, course, score, maxpoints" in error.sentence
    assert "expected either email, course, score, max_score, taken_at, attempt" in error.sentence
    assert "lacks max_score" in error.sentence


def test_columns_of_both_formats_or_a_column_twice_are_refused() -> None:
    assert "both formats" in read(header=f"{PLAIN},learner,uid,program,due,completed,status").problems[0].sentence
    assert "twice" in read(header=f"{BRIDGE},Course Name").problems[0].sentence
    assert "twice" in read(header=f"{PLAIN},Score").problems[0].sentence


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"PK\x03\x04workbook", "Excel"),
        (b"%PDF-1.4", "PDF"),
        (b"<html><body>Sign in</body></html>", "not the columns"),
        (b"\x00\x01\x02", "not a text file"),
    ],
)
def test_what_is_no_table_is_one_sentence(data: bytes, says: str) -> None:
    file = read_training(data, "C:\\results\\file.xlsx", now=NOW)
    (error,) = file.errors
    assert error.file == "file.xlsx"
    assert says in error.sentence


def test_a_header_alone_and_a_broken_end_are_said() -> None:
    assert [each.rule for each in read().problems] == ["no-rows"]
    file = read(row(), '"open,course,80,,2026-11-20,1')
    assert len(file.rows) == 1
    assert (file.errors[0].line, file.errors[0].rule) == (3, "file")


def test_a_row_of_another_width_is_refused_by_its_line() -> None:
    file = read(row(), "ben@example.org,Privacy, security,80,,2026-11-20,1")
    assert [(each.line, each.rule) for each in file.errors] == [(3, "shape")]


def test_a_file_larger_than_the_limit_is_one_sentence() -> None:
    file = read_training(b"x" * 2_000_000, "big.csv", now=NOW, limits=Limits(bytes=1_000_000))
    assert "larger than 1 MB" in file.errors[0].sentence


@settings(deadline=None)  # a busy machine is no fault
@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise(data: bytes) -> None:
    assert read_training(PLAIN.encode() + b"\n" + data, "any.csv", now=NOW).format in {"plain", ""}


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=15), min_size=6, max_size=6))
def test_no_cells_at_all_raise(cells: list[str]) -> None:
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    file = read_training(f"{PLAIN}\n{quoted}\n".encode(), "any.csv", now=NOW)
    assert len(file.rows) + bool(file.problems) >= bool("".join(cells).strip())
