"""A message's text: markup made safe, markup turned into text, broken lines joined, and where the quoted part begins."""

import re
from html.parser import HTMLParser

import nh3
from mailparser_reply import EmailMessage as Quoted

LONGEST_TEXT = 200_000
LONGEST_HTML = 400_000
DEEPEST_HTML = 2_000
"""Tags within tags: what is deeper is made to hang whoever reads it, and is read as plain words."""
LONGEST_TO_FOLD = 60_000
"""Characters: further down, nobody's answer begins."""

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins",
    "li", "ol", "p", "pre", "q", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
# No pictures: they tell their sender when and where a message is read. No style, class or id: the page's own rules apply.
ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
WITH_CONTENT = {
    "script",
    "style",
    "title",
    "head",
    "noscript",
    "template",
    "svg",
    "math",
    "object",
    "iframe",
    "textarea",
    "select",
}
SCHEMES = {"http", "https", "mailto"}

_BLOCKS = {"div", "p", "tr", "table", "ul", "ol", "dl", "dt", "dd", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
_APART = {"p", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NEVER_CLOSED = {
    "br",
    "hr",
    "img",
    "input",
    "meta",
    "link",
    "p",
    "li",
    "td",
    "th",
    "tr",
    "dt",
    "dd",
    "o",
    "area",
    "base",
    "col",
}
_QUOTE = re.compile(r"^((?:> ?)*)")


def safe(html: str) -> str:
    """Markup of which nothing runs, loads, sends or hides; '' where nothing is left, and where it is too deep to be read."""
    if too_deep(html):
        return ""
    made = nh3.clean(
        html[:LONGEST_HTML], tags=TAGS, clean_content_tags=WITH_CONTENT, attributes=ATTRIBUTES, url_schemes=SCHEMES,
        strip_comments=True, link_rel="noopener noreferrer nofollow",
    )  # fmt: skip
    return made if re.search(r"[^\s<>]", re.sub(r"<[^>]*>", "", made)) else ""


def too_deep(html: str) -> bool:
    """Whether more tags stand within one another than anybody writes."""
    depth = 0
    for closes, name in _TAG.findall(html[:LONGEST_HTML]):
        if name.lower() not in _NEVER_CLOSED:
            depth = max(0, depth - 1) if closes else depth + 1
            if depth > DEEPEST_HTML:
                return True
    return False


def as_text(html: str) -> str:
    """What markup says, as plain text: blocks on lines of their own, quotations behind `>`, addresses beside their links."""
    if too_deep(html):
        return re.sub(r"\s+", " ", re.sub(r"<[^<>]*>", " ", html[:LONGEST_HTML])).strip()
    reader = _Reader()
    reader.feed(safe(html))
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Reads markup that was made safe, hence well formed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[tuple[int, str]] = [(0, "")]
        self._depth = 0
        self._verbatim = 0
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._break()
        elif tag == "hr":
            self._block(tag)
            self._put("-" * 20)
            self._block(tag)
        elif tag == "blockquote":
            self._block(tag)
            self._depth += 1
            self._lines[-1] = (self._depth, "")
        elif tag == "li":
            self._block(tag)
            self._put("- ")
        elif tag in ("td", "th"):
            self._put(" " if self._lines[-1][1].strip() else "")
        elif tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self._lines[-1][1]))
        elif tag in _BLOCKS:
            self._block(tag)
        self._verbatim += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag == "blockquote":
            self._block(tag)
            self._depth = max(0, self._depth - 1)
            self._lines[-1] = (self._depth, "")
        elif tag == "a" and self._link is not None:
            self._close_link(*self._link)
        elif tag in _BLOCKS or tag == "li":
            self._block(tag)
        self._verbatim -= tag == "pre" and self._verbatim > 0

    def handle_data(self, data: str) -> None:
        if self._verbatim:
            first, *others = data.split("\n")
            self._put(first)
            for line in others:
                self._break()
                self._put(line)
            return
        plain = re.sub(r"[ \t\r\n]+", " ", data)
        self._put(plain.lstrip() if not self._lines[-1][1] or self._lines[-1][1].endswith(" ") else plain)

    def text(self) -> str:
        lines = [("> " * depth + line.rstrip()).rstrip() for depth, line in self._lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def _put(self, text: str) -> None:
        depth, line = self._lines[-1]
        self._lines[-1] = (depth, line + text)

    def _break(self) -> None:
        self._lines.append((self._depth, ""))

    def _block(self, tag: str) -> None:
        if self._lines[-1][1].strip():
            self._break()
        if tag in _APART and len(self._lines) > 1 and self._lines[-2][1].strip():
            self._break()

    def _close_link(self, href: str, start: int) -> None:
        self._link = None
        shown = self._lines[-1][1][start:].strip()
        plain = href.removeprefix("mailto:").rstrip("/")
        if href and plain.casefold() not in shown.casefold() and not shown.casefold().startswith("http"):
            self._put(f" ({href})")
        elif href and shown.casefold().startswith("http") and plain != shown.rstrip("/"):
            # What is shown is one address and where it leads another: both are said.
            self._put(f" ({href})")


def unflowed(text: str, *, without_space: bool) -> str:
    """format=flowed (RFC 3676): lines that end with a space go on in the next one of the same quotation."""
    lines: list[tuple[int, str]] = []
    open_ = False
    for raw in text.split("\n"):
        depth = len(raw) - len(raw.lstrip(">"))
        line = raw[depth:].removeprefix(" ")
        signature = line == "-- "
        if open_ and not signature and lines[-1][0] == depth:
            lines[-1] = (depth, (lines[-1][1][:-1] if without_space else lines[-1][1]) + line)
        else:
            lines.append((depth, line))
        open_ = line.endswith(" ") and not signature
    return "\n".join(("> " * depth + line).rstrip() if depth else line.rstrip() for depth, line in lines)


def fold(text: str) -> int | None:
    """The offset from which on `text` holds only what was quoted and a signature; None where there is nothing to fold.

    Whoever answers below a quotation, or between its lines, is read in full: folded is only what follows the last own word.
    """
    head = text[:LONGEST_TO_FOLD]
    lines = head.split("\n")
    last = _end_of_reply(lines, Quoted(text=head, languages=["en"], keep_hyphen_lists=True).read().replies[0].body)
    own = _last_own(lines, last)
    if own is None:
        return None
    rest = "\n".join(lines[own + 1 :])
    if not rest.strip():
        return None
    return len("\n".join(lines[: own + 1]))


def _end_of_reply(lines: list[str], body: str) -> int:
    """The line on which the newest answer ends, -1 where the message begins with a quotation."""
    wanted = [line.strip() for line in body.split("\n") if line.strip()]
    at = -1
    for number, line in enumerate(lines):
        if not wanted:
            break
        if line.strip():
            if line.strip() != wanted[0]:
                break
            wanted.pop(0)
            at = number
    return at


def _last_own(lines: list[str], last: int) -> int | None:
    """The last line that is the writer's own, answers below and between quoted lines included."""
    own, quoted = (last if last >= 0 else None), False
    for number in range(last + 1, len(lines)):
        line = lines[number].strip()
        if line == "--" and quoted:
            break
        if line.startswith(">"):
            quoted = True
        elif line and quoted and not _begins_quote(lines, number):
            own = number
    return own


def _begins_quote(lines: list[str], number: int) -> bool:
    """Whether a line, or the one after it, announces the quotation below it ('On Monday … wrote:')."""
    following = [line.strip() for line in lines[number : number + 3]]
    joined = " ".join(line for line in following[:2] if not line.startswith(">"))
    return bool(re.search(r"\bwrote:\s*$", joined))
