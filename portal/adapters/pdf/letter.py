"""A letter about a sanction as a tagged PDF: to whom, what was decided, how to appeal, who else gets it."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.adapters.pdf import style
from portal.adapters.pdf.layout import Sheet
from portal.adapters.pdf.style import safe


@dataclass(frozen=True, slots=True)
class Letter:
    """What the letter says, all of it as people read it; `facts` are labels with their values, `mark` stands in the corner."""

    title: str
    day: str
    to: Sequence[str]
    paragraphs: Sequence[str]
    facts: Sequence[tuple[str, str]]
    copies: Sequence[str]
    reference: str
    mark: str
    author: str


def letter(paper: Letter) -> bytes:
    """The letter; the same one gives the same bytes. Manual: 'Enforcement Mechanisms'."""
    sheet = Sheet(paper.title, paper.mark, paper.reference, paper.author)
    sheet.paragraph("Homeless Management Information System (HMIS)", style.EYEBROW)
    sheet.heading(paper.title, 1, style.TITLE)
    sheet.paragraph(safe(paper.day), style.META)
    sheet.paragraph("<br/>".join(safe(line) for line in paper.to), style.BODY)
    sheet.rule()
    for text in paper.paragraphs:
        sheet.paragraph(safe(text), style.BODY)
    sheet.space(8)
    sheet.heading("In short", 2, style.HEADING)
    sheet.story.append(sheet.rows([(label, safe(value), style.CELL) for label, value in paper.facts], boxed=True))
    sheet.space(10)
    sheet.paragraph(safe(paper.author), style.BODY)
    if paper.copies:
        sheet.heading("Copies go to", 2, style.HEADING)
        sheet.items([safe(name) for name in paper.copies], style.BODY)
    return sheet.to_bytes()
