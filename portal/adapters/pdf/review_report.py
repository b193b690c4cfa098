"""The report of one security review as a PDF: who attested and signed off, results, every answer, findings, actions, fingerprints."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import CondPageBreak

from portal.adapters.pdf import style
from portal.adapters.pdf.layout import Sheet
from portal.adapters.pdf.style import safe

TITLE = "Security review"
_LONG = ParagraphStyle("long_part", parent=style.PART, keepWithNext=0)  # what follows may be longer than any page
_ROOM = 96.0  # points below a heading: its table's head and a row, or it goes to the next page
_ANSWERS = {"Item": 9.0, "Question": 42.0, "Answer": 14.0, "Note, and what the records said": 35.0}
_RESULTS = {"Category": 46.0, "This review": 18.0, "Before": 18.0, "Median": 18.0}
_ACTIONS = {"Item": 9.0, "What is wrong, and what will be done": 51.0, "Owner": 15.0, "Due": 13.0, "Status": 12.0}
_FILES = {"Item": 9.0, "File": 36.0, "SHA-256": 55.0}


@dataclass(frozen=True, slots=True)
class Section:
    """One category of the checklist: rows of item, question, answer, note."""

    title: str
    rows: Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What stands in the report, all of it in words; `facts` are labels with their values."""

    name: str
    facts: Sequence[tuple[str, str]]
    results: Sequence[tuple[str, str, str, str]]
    sections: Sequence[Section]
    findings: Sequence[tuple[str, str, str, str, str]]
    files: Sequence[tuple[str, str, str]]
    note: str
    footer: str
    mark: str
    author: str


def review_report(report: Report) -> bytes:
    """The PDF; the same report gives the same bytes."""
    sheet = Sheet(f"{TITLE}: {report.name}", report.mark, report.footer, report.author)
    sheet.heading(f"{TITLE}: {report.name}", 1, style.TITLE)
    sheet.story.append(sheet.rows([(label, safe(value), style.CELL) for label, value in report.facts], boxed=True))
    sheet.space(10)
    sheet.paragraph(safe(report.note), style.BODY)
    if report.results:
        _part(sheet, "Results by category", 2)
        sheet.story.append(sheet.grid(_RESULTS, [_small(row) for row in report.results]))
    _part(sheet, "Findings and what is done about them", 2)
    if report.findings:
        sheet.story.append(sheet.grid(_ACTIONS, [_small(row) for row in report.findings]))
    else:
        sheet.paragraph(safe("Nothing was found that has to be put right."), style.BODY)
    _part(sheet, "Every answer", 2)
    for section in report.sections:
        _part(sheet, section.title, 3)
        sheet.story.append(sheet.grid(_ANSWERS, [_small(row) for row in section.rows]))
    _part(sheet, "Files that show it", 2)
    if report.files:
        sheet.story.append(sheet.grid(_FILES, [_small(row) for row in report.files]))
    else:
        sheet.paragraph(safe("No file was added."), style.BODY)
    return sheet.to_bytes()


def _part(sheet: Sheet, text: str, level: int) -> None:
    sheet.story.append(CondPageBreak(_ROOM))
    sheet.heading(text, level, _LONG)


def _small(row: Sequence[str]) -> list[str]:
    return [f'<font size="8">{safe(cell)}</font>' for cell in row]
