"""Makes reportlab's pages accessible: marks what is drawn and remembers the structure it belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, Table

CELL_FONT = "SourceSans3-Regular"


@dataclass(eq=False)
class Element:
    """A node of the structure tree: a standard tag, its children, and the (page, mark) pairs drawn for it."""

    tag: str
    kids: list["Element | tuple[int, int]"] = field(default_factory=list)
    title: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    def add(self, tag: str, title: str = "", **attributes: str) -> "Element":
        """A new child of that tag."""
        child = Element(tag, title=title, attributes=attributes)
        self.kids.append(child)
        return child

    def first_page(self) -> int | None:
        """The number, from 1, of the first page on which something of it is drawn."""
        for kid in self.kids:
            page = kid.first_page() if isinstance(kid, Element) else kid[0]
            if page is not None:
                return page
        return None


class TaggedCanvas(Canvas):
    """A canvas that marks content, and draws header and footer when the number of pages is known."""

    def __init__(self, *args: Any, furniture: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._furniture = furniture
        self._code: list[str]  # reportlab's own list of drawing operators
        self._marks = 0
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 -- reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]  # reportlab's stubs leave it out
        self._marks = 0

    def save(self) -> None:
        total = len(self._pages)
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            with self.artifact("Pagination"):
                self._furniture(self, number, total)
            super().showPage()
        super().save()

    @contextmanager
    def marked(self, element: Element) -> Iterator[None]:
        """Whatever is drawn inside belongs to `element`."""
        element.kids.append((self.getPageNumber(), self._marks))
        self._code.append(f"/{element.tag} <</MCID {self._marks}>> BDC")
        self._marks += 1
        yield
        self._code.append("EMC")

    @contextmanager
    def artifact(self, kind: str = "Layout") -> Iterator[None]:
        """Whatever is drawn inside is decoration; a screen reader passes over it."""
        self._code.append(f"/Artifact <</Type /{kind}>> BDC")
        yield
        self._code.append("EMC")


class TaggedParagraph(Paragraph):
    """A paragraph that belongs to an element; the halves of a split one belong to the same."""

    canv: TaggedCanvas

    def __init__(self, text: Any, style: Any, element: Element | None = None, **options: Any) -> None:
        super().__init__(text, style, **options)
        self.element = element

    def split(self, *size: float) -> list[Flowable]:
        parts: list[Any] = super().split(*size)
        for part in parts:
            part.element = self.element
        return parts

    def draw(self) -> None:
        if self.element is None:
            raise ValueError("Every paragraph belongs to an element of the structure.")
        with self.canv.marked(self.element):
            super().draw()


class TaggedTable(Table):
    """A table whose cells are tagged paragraphs and whose lines and tints are decoration."""

    canv: TaggedCanvas

    def __init__(self, *args: Any, **options: Any) -> None:
        # A row higher than a page is split inside; without this it could not be placed at all.
        super().__init__(*args, **{"splitInRow": 1} | options)
        # reportlab names each cell's font in the page, drawn or not, and would leave its default one unembedded.
        self.setStyle([("FONTNAME", (0, 0), (-1, -1), CELL_FONT)])

    def _drawBkgrnd(self) -> None:  # noqa: N802 -- reportlab's name
        with self.canv.artifact():
            super()._drawBkgrnd()  # type: ignore[misc]  # reportlab's stubs leave it out

    def _drawLines(self) -> None:  # noqa: N802 -- reportlab's name
        with self.canv.artifact():
            super()._drawLines()  # type: ignore[misc]  # reportlab's stubs leave it out


class Rule(Flowable):
    """A thin line across the column, as decoration."""

    canv: TaggedCanvas

    def __init__(self, color: Any, thickness: float = 0.75, space: float = 6) -> None:
        super().__init__()
        self.color, self.thickness, self.space = color, thickness, space

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        return width, self.space

    def draw(self) -> None:
        with self.canv.artifact():
            self.canv.setStrokeColor(self.color)
            self.canv.setLineWidth(self.thickness)
            self.canv.line(0, self.space / 2, self.width, self.space / 2)
