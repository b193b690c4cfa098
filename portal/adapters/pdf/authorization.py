"""'Was this person authorized on that date?' on one page, for whoever audits: answer, facts, every prerequisite, proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import pikepdf
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Flowable, Spacer

from portal.adapters.pdf import style
from portal.adapters.pdf.layout import WIDTH, Sheet
from portal.adapters.pdf.style import safe
from portal.adapters.pdf.tags import Element, TaggedParagraph, TaggedTable

TITLE = "Was this person authorized on that date?"
SIZES = (8.0, 7.5, 7.0, 6.5, 6.0, 5.5)
"""Font sizes of the tables in points, largest first: the first one with which all fits on a page is taken."""

GUTTER = 14


@dataclass(frozen=True, slots=True)
class Line:
    """One prerequisite: its title, how it stood in a word, and the days of its evidence or what was missing."""

    title: str
    status: str
    dates: str
    good: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """What the page says, all of it as people read it; `facts` and `proof` are labels with their values.

    `mark` stands in the corner of the page ('Sample data'), `asked_by` says who asked for this paper and when.
    """

    question: str
    answer: str
    further: Sequence[str]
    facts: Sequence[tuple[str, str]]
    lines: Sequence[Line]
    proof: Sequence[tuple[str, str]]
    asked_by: str
    mark: str
    author: str


class TooLong(ValueError):
    """More than a page holds even in the smallest letters; the sentence says so."""


def authorization(paper: Paper) -> bytes:
    """The page as a tagged PDF; the same paper gives the same bytes. Raises TooLong. Manual: 'Audit reports'."""
    for size in SIZES:
        content = _drawn(paper, size)
        with pikepdf.open(BytesIO(content)) as pdf:
            if len(pdf.pages) == 1:
                return content
    raise TooLong("This policy pack has more prerequisites than one page holds. Print the page on the screen instead.")


def _drawn(paper: Paper, size: float) -> bytes:
    cell = ParagraphStyle("small cell", parent=style.CELL, fontSize=size, leading=size * 1.2)
    label = ParagraphStyle("small label", parent=style.LABEL, fontSize=size, leading=size * 1.2)
    sheet = Sheet(TITLE, paper.mark, paper.asked_by, paper.author)
    sheet.paragraph("Homeless Management Information System (HMIS)", style.EYEBROW)
    sheet.heading(TITLE, 1, ParagraphStyle("paper title", parent=style.TITLE, fontSize=16, leading=19, spaceAfter=2))
    sheet.paragraph(safe(paper.question), style.META)
    sheet.box([
        TaggedParagraph(safe(paper.answer), _answer(11), sheet.root.add("P")),
        *(TaggedParagraph(safe(text), _answer(9), sheet.root.add("P")) for text in paper.further),
    ])  # fmt: skip
    half = (len(paper.facts) + 1) // 2
    sheet.story.append(
        _beside(*(_facts(sheet, part, label, cell) for part in (paper.facts[:half], paper.facts[half:])))
    )
    _heading(sheet, "Every prerequisite on that day")
    half = (len(paper.lines) + 1) // 2
    parts = [part for part in (paper.lines[:half], paper.lines[half:]) if part]
    sheet.story.append(_beside(*(_lines(sheet, part, label, cell) for part in parts)))
    _heading(sheet, "What was decided, and the proof")
    sheet.story.append(_table(sheet, paper.proof, label, cell, [96, WIDTH - 96]))
    return sheet.to_bytes()


def _answer(size: float) -> ParagraphStyle:
    return ParagraphStyle(f"answer {size}", parent=style.CELL, fontSize=size, leading=size * 1.3, spaceAfter=2)


def _heading(sheet: Sheet, text: str) -> None:
    sheet.heading(
        text, 2, ParagraphStyle("paper heading", parent=style.HEADING, fontSize=9.5, leading=12, spaceBefore=7)
    )


def _beside(*tables: Flowable) -> Flowable:
    """Two tables side by side; a screen reader reads the left one first."""
    room = (WIDTH - GUTTER) / 2
    outer = TaggedTable([[tables[0], "", tables[1] if len(tables) > 1 else ""]], colWidths=[room, GUTTER, room])
    outer.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_tight()])
    return outer


def _facts(sheet: Sheet, facts: Sequence[tuple[str, str]], label: ParagraphStyle, cell: ParagraphStyle) -> Flowable:
    room = (WIDTH - GUTTER) / 2
    return _table(sheet, facts, label, cell, [74, room - 74]) if facts else Spacer(1, 1)


def _table(
    sheet: Sheet,
    pairs: Sequence[tuple[str, str]],
    label: ParagraphStyle,
    cell: ParagraphStyle,
    widths: Sequence[float],
) -> TaggedTable:
    table, cells = sheet.root.add("Table"), []
    for name, value in pairs:
        row = table.add("TR")
        head = TaggedParagraph(safe(name), label, row.add("TH", Scope="Row"))
        cells.append([head, TaggedParagraph(safe(value), cell, row.add("TD"))])
    return _ruled(cells, widths)


def _lines(sheet: Sheet, lines: Sequence[Line], label: ParagraphStyle, cell: ParagraphStyle) -> TaggedTable:
    room = (WIDTH - GUTTER) / 2
    table = sheet.root.add("Table")
    top = table.add("TR")
    heads = ("Prerequisite", "Status", "Held unbroken")
    cells = [[TaggedParagraph(safe(text), label, top.add("TH", Scope="Column")) for text in heads]]
    cells += [_line(table.add("TR"), line, cell) for line in lines]
    return _ruled(cells, [room - 118, 42, 76])


def _line(row: Element, line: Line, cell: ParagraphStyle) -> list[TaggedParagraph]:
    font = style.SANS if line.good else style.SANS_BOLD
    status = f'<font name="{font}">{safe(line.status)}</font>'
    return [
        TaggedParagraph(safe(line.title), cell, row.add("TH", Scope="Row")),
        TaggedParagraph(status, cell, row.add("TD")),
        TaggedParagraph(safe(line.dates), cell, row.add("TD")),
    ]


def _ruled(cells: Sequence[Sequence[TaggedParagraph]], widths: Sequence[float]) -> TaggedTable:
    flowable = TaggedTable(cells, colWidths=widths)
    flowable.setStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, style.LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
    ])  # fmt: skip
    return flowable


def _tight() -> list[tuple[str, tuple[int, int], tuple[int, int], int]]:
    return [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
