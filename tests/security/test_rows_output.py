"""Rows 6 and 8: whatever was typed is text in every table that a spreadsheet opens and on every paper that is drawn."""

import ast
import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import pikepdf
import pytest
from pypdf import PdfReader

from forms.documents import latest
from portal.adapters.pdf import blank, executed
from portal.adapters.pdf import record_report as reports
from portal.adapters.pdf.authorization import Line, Paper, authorization
from portal.adapters.tables import to_csv
from portal.adapters.workbook_writer import to_workbook
from portal.config import ROOT
from tests.documents.samples import CERTIFICATE, fields_of, signatures_of

FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "=HYPERLINK(\"http://evil.example.com\",\"see\")",
    "=cmd|' /C calc'!A0", "＝1+1", "'=1+1", "https://evil.example.com/", "mailto:evil@example.com", "internal:Sheet1!A1",
    "external:c:/x.xlsx", "{=1+1}", "=1\n=2",
)  # fmt: skip
MARKUP = (
    '<img src="/etc/passwd"/>', '<img src="http://127.0.0.1:1/x.png">', '<a href="javascript:alert(1)">x</a>', "<b>bold",
    "</para>", "<para>x", "&#60;b&#62;", "&nbsp;&unknown;", "<font color=", "<onDraw name='x'/>", "<seq id='x'/>", "]]>", "<!--", "<",
)  # fmt: skip


def writers(module: str) -> set[str]:
    """The files of the portal that import this module."""
    found = set()
    for file in (ROOT / "portal").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if module in names:
                found.add(file.relative_to(ROOT).as_posix())
    return found


def test_row_6_tables_are_written_in_one_place_each() -> None:
    """CSV and workbooks have one writer each, which escapes; the made-up community's own files are nobody's table."""
    assert writers("xlsxwriter") == {"portal/adapters/workbook_writer.py"}
    own = {"portal/adapters/tables.py", "portal/demo/hud.py"}
    assert own <= writers("csv")
    for file in writers("csv") - own:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert "csv.writer" not in text and "DictWriter" not in text, f"{file} writes tables of its own"


@pytest.mark.parametrize("formula", FORMULAS)
def test_row_6_no_cell_of_a_table_begins_a_formula(formula: str) -> None:
    text = to_csv(["name", formula], [[formula, 1]])
    cells = re.findall(r'"((?:[^"]|"")*)"|([^,\r\n]+)', text)
    for quoted, plain in cells:
        cell = (quoted or plain).lstrip(" \t\r\n\ufeff")
        assert not cell.startswith(("=", "+", "-", "@", "＝")), cell


@pytest.mark.parametrize("formula", FORMULAS)
def test_row_6_no_cell_of_a_workbook_is_a_formula_or_a_link(formula: str) -> None:
    """Read by another library, and looked for in the file's own parts: nothing is computed and nothing leads away."""
    data = to_workbook(["name", formula], [[formula, datetime(2026, 11, 23)]], title="List")
    for row in openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows():
        assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = packed.namelist()
        parts = b"".join(packed.read(name) for name in names if "sheet" in name)
    assert not [name for name in names if "external" in name or "vba" in name.lower()]
    assert not re.search(rb"<f[ >]|<hyperlink|ddeLink|oleLink", parts)


def on_document(text: str) -> bytes:
    document = latest("user_agreement")
    fields = dict.fromkeys(fields_of(document), text)
    return executed(document, fields, signatures_of(document, fields, name=text), CERTIFICATE)


def on_blank(text: str) -> bytes:
    document = latest("participation_agreement")
    return blank(document, dict.fromkeys(fields_of(document), text) | {"lead_name": text})


def on_authorization(text: str) -> bytes:
    paper = Paper(
        question=text, answer=text, further=(text,), facts=[(text, text)], lines=[Line(text, "Met", text, True)],
        proof=[(text, text)], asked_by=text, mark="Sample data", author=text,
    )  # fmt: skip
    return authorization(paper)


def on_report(text: str) -> bytes:
    line = reports.Line("1", text, text, text)
    return reports.record_report(reports.Report([(text, text)], [line], text, "Sample data", text))


@pytest.mark.parametrize("paper", [on_document, on_blank, on_authorization, on_report])
def test_row_8_markup_on_a_paper_is_text(paper: Callable[[str], bytes], tmp_path: Path) -> None:
    """No picture is fetched, no link leads anywhere, no tag breaks the page; what was typed stands there as it was typed."""
    for evil in MARKUP:
        content = paper(evil)
        said = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())
        assert "".join(evil.split()) in said, evil
        with pikepdf.open(io.BytesIO(content)) as opened:
            for page in opened.pages:
                assert not list(page.get("/Annots", [])), evil
                assert not list(page.get_images()), evil
            assert "/OpenAction" not in opened.Root and "/AcroForm" not in opened.Root
