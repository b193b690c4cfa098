"""Markdown as safe HTML: written HTML is shown as text, pictures are left out, headings start below the page's own."""

from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TOP = 2
"""The level of the page's first heading below its title."""

TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "strong", "table",
    "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_CLASSES = {"a": {"usa-link"}, "table": {"usa-table"}, "ul": {"usa-list"}, "ol": {"usa-list"}}
_CLASS_OF = {
    "link_open": "usa-link", "table_open": "usa-table", "bullet_list_open": "usa-list", "ordered_list_open": "usa-list",
}  # fmt: skip


def to_html(text: str, *, top: int = TOP) -> str:
    """The text as HTML that may be put into a page as it is; the highest level of headings in it is shown as `top`.

    Twice made safe: the reader takes no HTML, and what it made is cleaned by a list of what may stay.
    """
    reader = _reader()
    tokens = reader.parse(text)
    down = top - min((int(each.tag[1]) for each in tokens if each.tag in _HEADINGS), default=top)
    for token in tokens:
        for each in (token, *(token.children or ())):
            _arrange(each, down)
    html = reader.renderer.render(tokens, reader.options, {})
    return nh3.clean(
        html, tags=TAGS, attributes={"a": {"href"}, "ol": {"start"}}, allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener noreferrer",
    )  # fmt: skip


def _arrange(token: Token, down: int) -> None:
    if token.tag in _HEADINGS:
        token.tag = f"h{min(int(token.tag[1]) + down, 6)}"
    if token.type in _CLASS_OF:
        token.attrSet("class", _CLASS_OF[token.type])


@cache
def _reader() -> MarkdownIt:
    return (
        MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"]).disable("image")
    )
