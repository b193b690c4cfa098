"""The list of service requests of a month as a PDF, for the Board: what was asked, what was done, what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.adapters.pdf import style
from portal.adapters.pdf.layout import Sheet
from portal.adapters.pdf.style import safe

_WIDTHS = {"Number": 13.0, "Request": 30.0, "Status and due": 17.0, "Deliverable, resolution and latest activity": 40.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReport:
    """What stands in it, all in words: `facts` are labels with their values, each row four cells."""

    title: str
    facts: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, str, str, str]]
    note: str
    footer: str
    mark: str
    author: str


def month_report(report: MonthReport) -> bytes:
    """The PDF; the same report gives the same bytes."""
    sheet = Sheet(report.title, report.mark, report.footer, report.author)
    sheet.heading(report.title, 1, style.TITLE)
    sheet.story.append(sheet.rows([(label, safe(value), style.CELL) for label, value in report.facts], boxed=True))
    sheet.space(10)
    sheet.paragraph(safe(report.note), style.BODY)
    if report.rows:
        cells = [[f'<font size="8">{safe(cell)}</font>' for cell in row] for row in report.rows]
        sheet.story.append(sheet.grid(_WIDTHS, cells))
    else:
        sheet.paragraph(safe("Nothing was asked for."), style.BODY)
    return sheet.to_bytes()
