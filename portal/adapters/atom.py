"""An Atom feed (RFC 4287) from plain entries: every word escaped, ids as they are handed in, moments in UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

ATOM, XHTML = "http://www.w3.org/2005/Atom", "http://www.w3.org/1999/xhtml"
_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `id` is an address that never changes, `paragraphs` its text, `published` and `updated` naive UTC."""

    id: str
    title: str
    href: str
    published: datetime
    updated: datetime
    category: str
    paragraphs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Feed:
    """The whole feed: `id` and `href` are the page it tells of, `own` the feed's own address."""

    id: str
    title: str
    subtitle: str
    author: str
    href: str
    own: str
    updated: datetime
    entries: Sequence[Entry]


def to_atom(feed: Feed) -> bytes:
    """The feed as UTF-8 XML."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "en-US"})
    _text(root, "id", feed.id)
    _text(root, "title", feed.title)
    _text(root, "subtitle", feed.subtitle)
    _text(root, "updated", _moment(feed.updated))
    _text(ET.SubElement(root, f"{{{ATOM}}}author"), "name", feed.author)
    ET.SubElement(root, f"{{{ATOM}}}link", rel="self", type="application/atom+xml", href=feed.own)
    ET.SubElement(root, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=feed.href)
    for entry in feed.entries:
        _entry(root, entry)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _entry(root: ET.Element, entry: Entry) -> None:
    at = ET.SubElement(root, f"{{{ATOM}}}entry")
    _text(at, "id", entry.id)
    _text(at, "title", entry.title)
    ET.SubElement(at, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=entry.href)
    _text(at, "published", _moment(entry.published))
    _text(at, "updated", _moment(entry.updated))
    ET.SubElement(at, f"{{{ATOM}}}category", term=entry.category)
    content = ET.SubElement(at, f"{{{ATOM}}}content", type="xhtml")
    division = ET.SubElement(content, f"{{{XHTML}}}div")
    for paragraph in entry.paragraphs:
        ET.SubElement(division, f"{{{XHTML}}}p").text = paragraph.translate(_CONTROL)


def _text(at: ET.Element, name: str, text: str) -> None:
    ET.SubElement(at, f"{{{ATOM}}}{name}").text = text.translate(_CONTROL)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"
