"""Builds a tagged PDF from blocks: the frame of the page, headings, lists, tables, and the accessible finish."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepTogether, PageTemplate, Spacer

from portal.adapters.pdf import style
from portal.adapters.pdf.finish import finished
from portal.adapters.pdf.style import safe
from portal.adapters.pdf.tags import Element, Rule, TaggedCanvas, TaggedParagraph, TaggedTable

MARGIN = 1.0 * inch
WIDTH = LETTER[0] - 2 * MARGIN
LABEL_WIDTH = 1.95 * inch

Row = tuple[str, str, ParagraphStyle]
"""A label, its value as safe markup, and the value's style."""


class Sheet:
    """The story of one document and its structure, in step: whoever adds a block adds its tag."""

    def __init__(self, title: str, mark: str, footer: str, author: str) -> None:
        style.glyphs()
        self.title, self.mark, self.footer, self.author = title, mark, footer, author
        self.root = Element("Document")
        self.story: list[Flowable] = []

    def paragraph(self, markup: str, look: Any, tag: str = "P", title: str = "") -> None:
        """A paragraph or heading; `markup` is already safe."""
        self.story.append(TaggedParagraph(markup, look, self.root.add(tag, title)))

    def heading(self, text: str, level: int, look: Any) -> None:
        """A heading of that level, which also becomes a bookmark."""
        self.paragraph(safe(text), look, f"H{level}", text)

    def items(self, markups: Sequence[str], look: Any, into: list[Flowable] | None = None) -> None:
        """A bulleted list."""
        outline = self.root.add("L")
        target = self.story if into is None else into
        for markup in markups:
            body = outline.add("LI").add("LBody")
            target.append(TaggedParagraph(markup, look, body, bulletText="•"))

    def rows(self, pairs: Sequence[Row], *, boxed: bool = False) -> TaggedTable:
        """A table of labels and values (label, safe markup, style), every label the header of its row."""
        table, cells = self.root.add("Table"), []
        for label, markup, look in pairs:
            row = table.add("TR")
            head = TaggedParagraph(safe(label), style.LABEL, row.add("TH", Scope="Row"))
            cells.append([head, TaggedParagraph(markup, look, row.add("TD"))])
        flowable = TaggedTable(cells, colWidths=[LABEL_WIDTH, WIDTH - LABEL_WIDTH])
        lines: list[tuple[Any, ...]] = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, style.LINE),
            ("LEFTPADDING", (0, 0), (0, -1), 8 if boxed else 0),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ]
        if boxed:
            lines.append(("BOX", (0, 0), (-1, -1), 0.75, style.LINE))
        flowable.setStyle(lines)
        return flowable

    def grid(self, headers: Mapping[str, float], rows: Sequence[Sequence[str]]) -> TaggedTable:
        """A table whose column headers (with their shares of the width) repeat on every page; cells are safe markup."""
        table = self.root.add("Table")
        top = table.add("TR")
        cells = [[TaggedParagraph(safe(text), style.LABEL, top.add("TH", Scope="Column")) for text in headers]]
        for row in rows:
            line = table.add("TR")
            cells.append([TaggedParagraph(markup, style.CELL, line.add("TD")) for markup in row])
        shares = [WIDTH * share / sum(headers.values()) for share in headers.values()]
        flowable = TaggedTable(cells, colWidths=shares, repeatRows=1)
        flowable.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, style.LINE)])
        return flowable

    def box(self, content: list[Flowable]) -> None:
        """Blocks on a tint, set off from the text."""
        flowable = TaggedTable([[block] for block in content], colWidths=[WIDTH])
        flowable.setStyle([
            ("BACKGROUND", (0, 0), (-1, -1), style.TINT),
            ("LINEBEFORE", (0, 0), (0, -1), 2.5, style.ACCENT),
            ("LEFTPADDING", (0, 0), (-1, -1), 12),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ("TOPPADDING", (0, 0), (0, 0), 8),
            ("BOTTOMPADDING", (0, -1), (-1, -1), 8),
        ])  # fmt: skip
        self.story += [Spacer(1, 8), flowable, Spacer(1, 6)]

    def initialled_heading(self, text: str, level: int, initials: str) -> None:
        """A heading with the box for the signer's initials at its right; empty initials leave the box to the pen."""
        head = TaggedParagraph(safe(text), style.CELL_HEADING, self.root.add(f"H{level}", text))
        label = TaggedParagraph("Initials", style.INITIALS_LABEL, self.root.add("P"))
        given = TaggedParagraph(safe(initials), style.INITIALS, self.root.add("P")) if initials else Spacer(1, 13)
        box = 0.95 * inch
        flowable = TaggedTable([[head, [label, given]]], colWidths=[WIDTH - box, box], splitInRow=0)
        flowable.setStyle([
            ("VALIGN", (0, 0), (0, 0), "BOTTOM"),
            ("BOX", (1, 0), (1, 0), 0.75, style.LINE),
            ("LEFTPADDING", (0, 0), (0, 0), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ])  # fmt: skip
        flowable.spaceBefore, flowable.spaceAfter, flowable.keepWithNext = 10, 4, 1
        self.story.append(flowable)

    def rule(self) -> None:
        """A line across the page."""
        self.story.append(Rule(style.ACCENT, 1.2, 10))

    def space(self, points: float) -> None:
        """Air."""
        self.story.append(Spacer(1, points))

    def together(self, start: int) -> None:
        """Keeps what was added since `start` (a length of the story) on one page."""
        self.story[start:] = [KeepTogether(self.story[start:])]

    def to_bytes(self) -> bytes:
        """The finished PDF; the same blocks give the same bytes."""
        out = BytesIO()
        template = BaseDocTemplate(out, pagesize=LETTER, invariant=1, pageCompression=1, initialFontName=style.SERIF)
        frame = Frame(MARGIN, MARGIN, WIDTH, LETTER[1] - 2 * MARGIN - 6, 0, 0, 0, 0)
        template.addPageTemplates(PageTemplate(frames=[frame]))
        template.build(
            self.story, canvasmaker=lambda *args, **options: TaggedCanvas(*args, furniture=self._furniture, **options)
        )
        return finished(out.getvalue(), self.root, title=self.title, author=self.author)

    def _furniture(self, canvas: TaggedCanvas, number: int, total: int) -> None:
        top, bottom, right = LETTER[1] - 0.62 * inch, 0.62 * inch, LETTER[0] - MARGIN
        canvas.setStrokeColor(style.LINE)
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, top - 6, right, top - 6)
        canvas.line(MARGIN, bottom + 12, right, bottom + 12)
        canvas.setFillColor(style.QUIET)
        canvas.setFont(style.SANS_BOLD, 8)
        canvas.drawRightString(right, top, self.mark)
        canvas.setFont(style.SANS, 8)
        room = WIDTH - stringWidth(self.mark, style.SANS_BOLD, 8) - 18
        canvas.drawString(MARGIN, top, _shortened(self.title, room))
        page = f"Page {number} of {total}"
        canvas.drawRightString(right, bottom, page)
        canvas.drawString(MARGIN, bottom, _shortened(self.footer, WIDTH - stringWidth(page, style.SANS, 8) - 18))


def _shortened(text: str, room: float) -> str:
    if stringWidth(text, style.SANS, 8) <= room:
        return text
    while text and stringWidth(text + "…", style.SANS, 8) > room:
        text = text[:-1]
    return text.rstrip() + "…"
