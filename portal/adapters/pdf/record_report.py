"""An excerpt of the record as a PDF, for whoever reads it on paper: what was asked, how much there is, every entry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reportlab.lib.styles import ParagraphStyle

from portal.adapters.pdf import style
from portal.adapters.pdf.layout import Sheet
from portal.adapters.pdf.style import safe

TITLE = "Report from the record"
_ENTRIES = ParagraphStyle("entries", parent=style.PART, keepWithNext=0)  # what follows is longer than any page
_WIDTHS = {"No.": 8.0, "When": 15.0, "Who": 21.0, "What": 56.0}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words: its number, when, who (with for whom, and from where), and what with what changed."""

    number: str
    at: str
    who: str
    said: str


@dataclass(frozen=True, slots=True)
class Report:
    """What stands on the first page as labels with their values, then the entries; `mark` stands in every corner."""

    facts: Sequence[tuple[str, str]]
    lines: Iterable[Line]
    footer: str
    mark: str
    author: str


def record_report(report: Report) -> bytes:
    """The PDF; the same report gives the same bytes."""
    sheet = Sheet(TITLE, report.mark, report.footer, report.author)
    sheet.heading(TITLE, 1, style.TITLE)
    sheet.story.append(sheet.rows([(label, safe(value), style.CELL) for label, value in report.facts], boxed=True))
    sheet.space(10)
    lines = [(safe(each.number), safe(each.at), safe(each.who), safe(each.said)) for each in report.lines]
    if lines:
        sheet.heading("Entries", 2, _ENTRIES)
        sheet.story.append(sheet.grid(_WIDTHS, [[f'<font size="8">{cell}</font>' for cell in line] for line in lines]))
    else:
        sheet.paragraph(safe("No entry of the record fits."), style.BODY)
    return sheet.to_bytes()
