"""The look of the documents: embedded fonts, colors, styles, and text that cannot become markup."""

import unicodedata
from collections.abc import Container, Iterable
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from forms.documents import Piece

SERIF, SERIF_BOLD, SERIF_ITALIC = "SourceSerif4-Regular", "SourceSerif4-SemiBold", "SourceSerif4-Italic"
SANS, SANS_BOLD = "SourceSans3-Regular", "SourceSans3-SemiBold"

INK = HexColor("#1b1b1b")
QUIET = HexColor("#565c65")
ACCENT = HexColor("#162e51")
LINE = HexColor("#a9aeb1")
TINT = HexColor("#f0f4f8")


@cache
def glyphs() -> frozenset[int]:
    """Registers the fonts once, and says which characters every one of them can draw."""
    drawable: list[set[int]] = []
    for name in (SERIF, SERIF_BOLD, SERIF_ITALIC, SANS, SANS_BOLD):
        font = TTFont(name, BytesIO((files(__package__) / "fonts" / f"{name}.ttf").read_bytes()))
        pdfmetrics.registerFont(font)
        drawable.append(set(font.face.charToGlyph))
    return frozenset(set.intersection(*drawable))


def safe(text: str) -> str:
    """Text for reportlab's markup, literally: nothing in it is a tag, and what no font can draw shows as [U+XXXX].

    Invisible characters, such as those that turn the direction of writing, show in the same way: none can hide.
    """
    shown = []
    for char in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " ")):
        drawable = ord(char) in glyphs() and unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cs")
        shown.append(char if drawable or char == "\n" else f"[U+{ord(char):04X}]")
    return escape("".join(shown)).replace("\n", "<br/>")


def marked_up(pieces: Iterable[Piece], *, bold: str = SERIF_BOLD, above: Container[str] = ()) -> str:
    """A paragraph's pieces as reportlab's markup: values stand out, blanks are lines to write on.

    Blanks named in `above` are written once, in the table above the text, and only pointed at here.
    """
    runs = []
    for piece in pieces:
        if piece.kind == "value":
            runs.append(f'<font name="{bold}">{safe(piece.text)}</font>')
        elif piece.kind == "blank" and piece.name in above:
            runs.append(f'<font name="{SERIF_ITALIC}">[{safe(piece.text)}: as filled in above]</font>')
        elif piece.kind == "blank":
            label = f'<font name="{SANS}" size="7.5" color="#565c65">({safe(piece.text)})</font>'
            runs.append(f"______________________ {label}")
        else:
            runs.append(safe(piece.text))
    return "".join(runs)


def _style(name: str, font: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    color = more.pop("color", INK)
    # reportlab draws bullets in a font it does not embed unless told otherwise.
    return ParagraphStyle(
        name, fontName=font, fontSize=size, leading=leading, textColor=color, bulletFontName=SERIF, **more
    )


EYEBROW = _style("eyebrow", SANS_BOLD, 9, 12, color=QUIET)
TITLE = _style("title", SERIF_BOLD, 20, 24, color=ACCENT, spaceBefore=2, spaceAfter=4)
META = _style("meta", SANS, 9.5, 13, color=QUIET)
PART = _style("part", SANS_BOLD, 13, 17, color=ACCENT, spaceBefore=16, spaceAfter=4, keepWithNext=1)
HEADING = _style("heading", SANS_BOLD, 11, 14, color=ACCENT, spaceBefore=11, spaceAfter=3, keepWithNext=1)
CELL_HEADING = _style("cell heading", SANS_BOLD, 11, 14, color=ACCENT)
BODY = _style("body", SERIF, 10, 14, spaceAfter=5, allowWidows=0, allowOrphans=0)
ITEM = _style("item", SERIF, 10, 14, leftIndent=16, bulletIndent=4, spaceAfter=2, allowWidows=0, allowOrphans=0)
SUMMARY_HEADING = _style("summary heading", SANS_BOLD, 10, 14, color=ACCENT)
SUMMARY = _style("summary", SANS, 9.5, 13, leftIndent=12, bulletIndent=2, spaceAfter=1.5)
LABEL = _style("label", SANS_BOLD, 9, 12, color=QUIET)
CELL = _style("cell", SANS, 9.5, 13)
FINE = _style("fine", SANS, 8, 11)
SIGNED = _style("signed", SERIF_ITALIC, 13, 17)
INITIALS = _style("initials", SERIF_ITALIC, 11, 13, alignment=1)
INITIALS_LABEL = _style("initials label", SANS, 7, 8.5, color=QUIET, alignment=1)
SMALL = _style("small", SANS, 8.5, 11.5, color=QUIET, spaceAfter=3)
