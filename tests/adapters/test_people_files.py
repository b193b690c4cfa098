"""Lists of people as files: workbooks and CSV, columns that are mapped, cells that are refused, bundles with limits."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.adapters.people_files import (
    ArchiveError,
    MappingError,
    chosen,
    headers_sha256,
    in_folder,
    known_keys,
    missing,
    proposed,
    read_rows,
    read_spreadsheet,
    unpacked,
    workbook,
)
from portal.adapters.tables import TableError
from portal.adapters.workbook_writer import to_workbook

NOW = datetime(2026, 11, 23, 15, 0)
HEADERS = ["agency", "first_name", "last_name", "email", "training_course", "training_score", "training_taken_on"]


def made(*rows: list[Any], change: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows_of(data: bytes, kind: Any = "people") -> Any:
    table = read_spreadsheet(data, known=known_keys(kind))
    return read_rows(kind, table, proposed(kind, table.headers), filename="list.xlsx", now=NOW, zone="America/New_York")


# --- workbooks


def test_a_workbook_gives_days_numbers_and_percentages_as_they_were_meant() -> None:
    def percent(book: Any) -> None:
        book.active["F3"].number_format = "0.00%"

    sheet = rows_of(
        made(
            HEADERS,
            ["Sample Harbor", "Jamie", "Sample", "jamie@example.org", "security", 79.99, date(2026, 2, 1)],
            ["Sample Harbor", "Robin", "Model", "robin@example.org", "security", 0.7999, datetime(2026, 2, 1, 9, 30)],
            ["Sample Harbor", "Chris", "Model", "chris@example.org", "security", 100, "02/01/2026"],
            change=percent,
        )
    )
    assert not sheet.problems, sheet.problems
    assert [row.quiz.score for row in sheet.rows] == [7999, 7999, 10000]
    assert [row.line for row in sheet.rows] == [2, 3, 4]
    assert sheet.rows[1].quiz.taken.timed and sheet.rows[0].quiz.taken.on == date(2026, 2, 1)


def test_a_formula_is_read_as_its_value_and_refused_where_the_file_has_none() -> None:
    stale = rows_of(made(HEADERS, ["Sample Harbor", "Jamie", "Sample", '="jamie"&"@example.org"', None, None, None]))
    assert [problem.rule for problem in stale.problems] == ["shape"] and "formula" in stale.problems[0].sentence
    with_value = made(HEADERS, ["Sample Harbor", "Jamie", "Sample", "jamie@example.org", None, None, None])
    parts = _parts(with_value)
    sheet = parts["xl/worksheets/sheet1.xml"]
    cell = sheet[sheet.index(b'<c r="D2"') :]
    cell = cell[: cell.index(b"</c>") + 4]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(
        cell, b'<c r="D2" t="str"><f>"jamie"&amp;"@example.org"</f><v>jamie@example.org</v></c>'
    )
    good = rows_of(_zipped(parts))
    assert not good.problems and good.rows[0].email == "jamie@example.org"


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def test_hidden_sheets_and_blank_rows_are_passed_over() -> None:
    def hide(book: Any) -> None:
        book.active.sheet_state = "hidden"
        other = book.create_sheet("People")
        other.append([None, None])
        other.append(HEADERS)
        other.append([None])
        other.append(["Sample Harbor", "Jamie", "Sample", "jamie@example.org"])

    sheet = rows_of(made(["a secret"], change=hide))
    assert [(row.line, row.email) for row in sheet.rows] == [(4, "jamie@example.org")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04 and then nothing", "damaged"),
        (_zipped({"letter.txt": b"x"}), "not an Excel workbook"),
        (_zipped({"[Content_Types].xml": b"x", "xl/workbook.xml": b"0" * 30_000_000}), "unpacks"),
        (made(), "No visible sheet"),
        (made(["agency", "Agency"]), "twice"),
        (made(["agency", None, "email"]), "no name"),
        (made(["agency"], ["x" * 6000]), "longer than 5,000"),
        (b"", "empty"),
    ],
    # Named, since a workbook carries its moment: each worker would call the same test something else.
    ids=["cut off", "no workbook", "a bomb", "no sheet", "a header twice", "a header without a name", "too long", "nothing"],
)  # fmt: skip
def test_what_is_no_list_is_refused_in_a_sentence(data: bytes, says: str) -> None:
    with pytest.raises(TableError) as no:
        read_spreadsheet(data)
    assert says in no.value.sentence


def test_a_workbook_of_a_million_claimed_rows_is_no_trouble() -> None:
    parts = _parts(made(HEADERS, ["Sample Harbor", "Jamie", "Sample", "jamie@example.org"]))
    name = "xl/worksheets/sheet1.xml"
    parts[name] = (
        parts[name].replace(b"<dimension ref=", b"<dimension ref_=").replace(b'ref_="A1:G2"', b'ref="A1:XFD1048576"')
    )
    assert len(rows_of(_zipped(parts)).rows) == 1


def test_a_workbook_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = workbook.Limits(bytes=10_000_000, rows=3, columns=100)
    with pytest.raises(TableError, match="more than"):
        read_spreadsheet(made(HEADERS, *([["a", "b", "c", "d@example.org"]] * 5)), limits=limits)


def test_a_bomb_of_entities_never_unfolds() -> None:
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">'
    for at in range(1, 12):
        entities += f'<!ENTITY {chr(97 + at)} "{f"&{chr(96 + at)};" * 20}">'.encode()
    parts = _parts(made(HEADERS))
    parts["xl/worksheets/sheet1.xml"] = entities + b"]><worksheet>&k;</worksheet>"
    with pytest.raises(TableError):
        read_spreadsheet(_zipped(parts))


# --- CSV


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_csv_in_any_dress(sign: str, mark: bytes) -> None:
    lines = [
        sign.join(["AGENCY", "First Name", "last-name", "E-Mail"]),
        sign.join(["Sample Harbor", "Jamie", "Sample", "jamie@example.org"]),
    ]
    sheet = rows_of(mark + "\r\n".join(lines).encode())
    assert not sheet.problems and sheet.rows[0].name == "Jamie Sample"


# --- columns


def test_the_roster_of_the_core_hmis_is_known_by_its_headers() -> None:
    headers = (
        "UserCreating",
        "UserID",
        "UserName",
        "UserTelephone",
        "UserEmail",
        "UserActive",
        "UserCreatedDate",
        "DefaultProvider",
    )
    mapping = proposed("roster", headers)
    assert mapping["UserCreating"] == "" and mapping["UserName"] == "name" and mapping["DefaultProvider"] == "provider"
    assert missing("roster", mapping) == ""


def test_what_somebody_says_of_a_column_wins_over_the_guess() -> None:
    headers = ("Mail", "Staff e-mail", "agency", "first_name", "last_name")
    assert proposed("people", headers)["Mail"] == "email"
    mapping = chosen("people", headers, {"staff E-MAIL": "email"})
    assert (mapping["Mail"], mapping["Staff e-mail"]) == ("", "email")
    with pytest.raises(MappingError, match="both taken"):
        chosen("people", headers, {"Mail": "email", "Staff e-mail": "email"})
    with pytest.raises(MappingError, match="no column 'Post'"):
        chosen("people", headers, {"Post": "email"})
    with pytest.raises(MappingError, match="nothing that is read"):
        chosen("people", headers, {"Mail": "shoe_size"})
    assert "E-mail address" in missing("people", chosen("people", headers, {"Mail": "", "Staff e-mail": ""}))


def test_a_list_is_known_again_by_its_headers_in_any_order_and_case() -> None:
    assert headers_sha256(("A b", "c")) == headers_sha256(("C", "a_B")) != headers_sha256(("a b",))


@given(st.lists(st.sampled_from(sorted(known_keys("people"))), unique=True, max_size=30))
def test_no_two_columns_are_ever_taken_for_the_same_thing(headers: list[str]) -> None:
    held = [name for name in proposed("people", headers).values() if name]
    assert len(held) == len(set(held))


# --- bundles


def test_a_zip_file_is_unpacked_with_its_folders_and_without_litter() -> None:
    data = _zipped(
        {
            "Sample Harbor/a.pdf": b"one",
            "__MACOSX/a.pdf": b"x",
            "b.pdf": b"two",
            ".DS_Store": b"x",
            "Sample Harbor/._a.pdf": b"x",
        }
    )
    assert dict(unpacked(data)) == {"Sample Harbor/a.pdf": b"one", "b.pdf": b"two"}


def test_bundles_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.adapters.people_files import archive

    with pytest.raises(ArchiveError, match="damaged"):
        list(unpacked(b"PK\x03\x04nothing"))
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    with pytest.raises(ArchiveError, match="at most 2"):
        list(unpacked(_zipped({f"{n}.pdf": b"x" for n in range(3)})))
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    with pytest.raises(ArchiveError, match="400 MB"):
        list(unpacked(_zipped({"a.pdf": b"0" * 2000})))
    monkeypatch.setattr(archive, "MOST_BYTES", 10_000)
    monkeypatch.setattr(archive, "MOST_EACH", 10)
    assert dict(unpacked(_zipped({"a.pdf": b"0" * 2000}))) == {"a.pdf": b"0" * 11}


def test_a_folder_is_read_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a.pdf").write_bytes(b"one")
    (tmp_path / "link.pdf").symlink_to("/etc/hostname")
    assert list(in_folder(tmp_path)) == [("inside/a.pdf", b"one")]


# --- writing


@given(st.text(min_size=1, max_size=20))
def test_nothing_in_a_written_workbook_is_a_formula_or_a_link(text: str) -> None:
    cells = [f"={text}", f"@{text}", f"https://example.org/{text}", text, "1-2"]
    book = openpyxl.load_workbook(io.BytesIO(to_workbook([f"h{n}" for n in range(5)], [cells])))
    for cell in book.active[2]:
        assert cell.data_type in {"s", "n"} and cell.hyperlink is None
        assert cell.value is None or cell.data_type == "s"


def test_a_written_workbook_comes_back_as_it_was() -> None:
    data = to_workbook(
        ["agency", "first_name", "last_name", "email", "day"],
        [["Sample Harbor", "Jamie", "Sample", "jamie@example.org", date(2026, 2, 1)]],
    )
    table = read_spreadsheet(data)
    assert table.lines[0].cells == ("Sample Harbor", "Jamie", "Sample", "jamie@example.org", "2026-02-01")
