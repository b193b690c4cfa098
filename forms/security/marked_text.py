"""The little Markdown in which plans are written: headings, lists and paragraphs, read into blocks; nothing else is marked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r"(#{1,4})\s+(.+?)\s*#*")
_ITEM = re.compile(r"(?:[-*+]|(\d{1,3})[.)])\s+(.+)")


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a text: 'heading' (level 1 to 4), 'paragraph', 'list' or 'numbered', with its words."""

    kind: str
    text: str = ""
    level: int = 0
    items: tuple[str, ...] = ()


def blocks(text: str) -> list[Block]:
    """The text's blocks in order. What is no heading and no list is a paragraph, whatever else it holds."""
    found: list[Block] = []
    for lines in _pieces(text):
        found += _of(lines)
    return found


def _pieces(text: str) -> Iterator[list[str]]:
    """Runs of lines without an empty one between them."""
    lines: list[str] = []
    for line in [*text.replace("\r\n", "\n").split("\n"), ""]:
        if line.strip():
            lines.append(line.strip())
        elif lines:
            yield lines
            lines = []


def _of(lines: list[str]) -> Iterator[Block]:
    words: list[str] = []
    items: list[str] = []
    numbered = False
    for line in lines:
        heading, item = _HEADING.fullmatch(line), _ITEM.fullmatch(line)
        if (heading or item) and words:
            yield Block("paragraph", " ".join(words))
            words = []
        if items and (heading or (item and bool(item[1]) != numbered)):
            yield Block("numbered" if numbered else "list", items=tuple(items))
            items = []
        if heading:
            yield Block("heading", heading[2], len(heading[1]))
        elif item:
            numbered = bool(item[1])
            items.append(item[2])
        elif items:  # a line that goes on where the item's first one ended
            items[-1] += f" {line}"
        else:
            words.append(line)
    if items:
        yield Block("numbered" if numbered else "list", items=tuple(items))
    if words:
        yield Block("paragraph", " ".join(words))
