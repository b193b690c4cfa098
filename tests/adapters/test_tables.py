"""Tables are read however they are written, and no cell that the portal writes can run as a formula."""

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.adapters.tables import Limits, Problem, TableError, escape_cell, read_table, report_csv, to_csv

HARMFUL = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\tplain",
    " =1+1",
    "\N{NO-BREAK SPACE}=1+1",
    "\N{ZERO WIDTH SPACE}=1+1",
    "\N{ZERO WIDTH NO-BREAK SPACE}@A1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(A1)",
    "﹦1+1",
    "−1+cmd",
    "-2+3+cmd|' /C calc'!A0",
    '=HYPERLINK("https://example.org","x")',
    "+1 207 555 0100=cmd",
    "-",
    "+",
]


@pytest.mark.parametrize("harmful", HARMFUL)
def test_what_could_start_a_formula_gets_an_apostrophe(harmful: str) -> None:
    assert escape_cell(harmful) == f"'{harmful}"


@pytest.mark.parametrize(
    "harmless",
    ["", "Una Sample", "O'Brien", "-5", "-12.50", "-1,234.56", "+3", "-$4.00", "-5%", "207-555-0100", "(207) 555-0100",
     "+1 207 555 0100", "+1 (207) 555 0100", "+1.207.555.0100", "2026-11-23", "a=b", "una@example.org"],
)  # fmt: skip
def test_names_numbers_and_phone_numbers_stay_as_they_are(harmless: str) -> None:
    assert escape_cell(harmless) == harmless


def test_a_phone_number_with_hyphens_keeps_its_digits_and_cannot_be_subtracted() -> None:
    assert escape_cell("+1-207-555-0100") == "+1 207 555 0100"


def test_values_have_one_form_each() -> None:
    values = [None, True, False, -3, Decimal("-1.50"), date(2026, 11, 23), datetime(2026, 11, 23, 15, 4, 5, 9)]
    assert [escape_cell(value) for value in values] == [
        "",
        "yes",
        "no",
        "-3",
        "-1.50",
        "2026-11-23",
        "2026-11-23 15:04:05",
    ]


@settings(deadline=None)  # a busy machine is no fault
@given(st.text())
def test_no_text_at_all_begins_like_a_formula(text: str) -> None:
    cell = escape_cell(text).lstrip()
    number = cell.lstrip("+-$").replace(",", "").replace(".", "").replace("%", "").replace(" ", "")
    starts = cell[:1] in set("=+-@＝＋－＠")
    assert not starts or number.replace("(", "").replace(")", "").lower().replace("e", "").strip("+-").isdigit()


@settings(deadline=None)  # a busy machine is no fault
@given(st.text())
def test_escaping_twice_is_escaping_once(text: str) -> None:
    assert escape_cell(escape_cell(text)) == escape_cell(text)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.tuples(st.text(), st.text(), st.integers()), max_size=8))
def test_what_is_written_is_read_again(rows: list[tuple[str, str, int]]) -> None:
    written = to_csv(["name", "note", "number"], rows)
    read = list(csv.reader(io.StringIO(written, newline="")))
    assert read == [["name", "note", "number"], *[[escape_cell(cell) for cell in row] for row in rows]]


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells under 1 headers"):
        to_csv(["name"], [("a", "b")])


DRESSES = [("\n", csv.QUOTE_ALL), ("\r", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]
CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


@settings(deadline=None)  # a busy machine is no fault
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3).filter(lambda row: any(map(str.strip, row))), max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    # Before Python 3.13 the writer leaves a line end without quotation marks when it is not its own.
    dress=st.sampled_from(DRESSES),
)
def test_any_table_is_read_as_it_was_meant(
    rows: list[list[str]], delimiter: str, encoding: str, dress: tuple[str, int]
) -> None:
    line_end, quoting = dress
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerows([["Name", "Access level", "Note"], *rows])
    table = read_table(out.getvalue().encode(encoding), known=["name", "access_level", "note"])
    assert table.delimiter == delimiter
    assert table.headers == ("Name", "Access level", "Note")
    assert [list(line.cells) for line in table.lines] == rows
    assert not table.stopped
    assert not any(line.fault for line in table.lines)


def test_lines_are_counted_where_rows_begin() -> None:
    table = read_table(b'a,b\r\n\r\n1,"two\r\nlines"\r\n3,4\r\n')
    assert [line.number for line in table.lines] == [3, 5]


def test_the_hint_that_spreadsheets_write_above_the_header_is_understood() -> None:
    table = read_table(b"sep=;\r\na;b\r\n1;2,5\r\n")
    assert (table.delimiter, table.lines[0].number, table.lines[0].cells) == (";", 3, ("1", "2,5"))


def test_windows_1252_is_read_and_said() -> None:
    table = read_table("name\nZoë\n".encode("cp1252"))
    assert (table.encoding, table.lines[0].cells) == ("cp1252", ("Zoë",))


def test_a_row_of_another_width_carries_a_sentence_and_empty_cells_at_its_end_do_not() -> None:
    table = read_table(b"a,b\n1,2,,\n1,2,3\n1\n")
    assert [bool(line.fault) for line in table.lines] == [False, True, True]
    assert "3 cells and the header has 2" in table.lines[1].fault
    assert "ends too early" in table.lines[2].fault


def test_an_unclosed_quotation_mark_stops_the_reading_where_its_row_begins() -> None:
    table = read_table(b'a,b\n1,2\n3,"open\n5,6\n')
    assert [line.cells for line in table.lines] == [("1", "2")]
    assert table.stopped
    assert table.stopped.line == 3
    assert "quotation mark" in table.stopped.sentence


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b"PK\x03\x04rest", "Excel workbook or a zip"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x81\x8d\x00", "not a text file"),
        (b"a,b\x00c\n", "not a text file"),
        (b"a,,b\n1,2,3\n", "Column 2 has no name"),
        (b"name,Name\n1,2\n", "twice"),
        (b"a,b\n" * 3 + b"x" * 400, "larger"),
        (b",".join(b"c%d" % number for number in range(20)), "20 columns"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(data: bytes, says: str) -> None:
    with pytest.raises(TableError, match=says):
        read_table(data, limits=Limits(bytes=300, rows=5, columns=10))


def test_too_many_rows_stop_the_reading() -> None:
    table = read_table(b"a\n" + b"1\n" * 9, limits=Limits(rows=5))
    assert len(table.lines) == 5
    assert table.stopped
    assert "more than 5 rows" in table.stopped.sentence


def test_a_huge_cell_is_refused_with_a_sentence() -> None:
    table = read_table(b"a\n" + b"x" * 200_000 + b"\n")
    assert table.stopped
    assert "longer than" in table.stopped.sentence


def test_the_report_names_every_problem_by_line_column_and_reason_with_errors_first() -> None:
    problems = [
        Problem("warning", "Project.csv", 2, "UserID", "", "UserID is empty.", "user-id-empty"),
        Problem("error", "Project.csv", 9, "ProjectName", "=cmd", "ProjectName is wrong.", "missing"),
        Problem("error", "Funder.csv", 0, "", "", "The file is empty.", "file"),
    ]
    rows = list(csv.reader(io.StringIO(report_csv(problems), newline="")))
    assert rows == [
        ["file", "line", "column", "value", "severity", "rule", "reason"],
        ["Funder.csv", "", "", "", "error", "file", "The file is empty."],
        ["Project.csv", "9", "ProjectName", "'=cmd", "error", "missing", "ProjectName is wrong."],
        ["Project.csv", "2", "UserID", "", "warning", "user-id-empty", "UserID is empty."],
    ]
