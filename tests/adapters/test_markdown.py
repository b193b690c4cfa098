"""Markdown becomes HTML in which nothing can be hidden: no script, no foreign picture, no heading above the page's own."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from portal.adapters.markdown import TAGS, to_html


def test_what_is_written_is_shown() -> None:
    shown = to_html(
        "# One\n\nSome *words*, **bold**, ~~gone~~.\n\n1. a\n2. b\n\n- c\n\n> said\n\n`code`\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    for part in ("<h2>One</h2>", "<em>words</em>", "<strong>bold</strong>", "<s>gone</s>", "<li>b</li>", "<blockquote>", "<code>code</code>", "<td>2</td>"):  # fmt: skip
        assert part in shown, part


@pytest.mark.parametrize(
    ("text", "levels"), [("# A\n\n## B", [2, 3]), ("## A\n\n### B\n\n## C", [2, 3, 2]), ("###### A", [2])]
)
def test_the_highest_heading_stands_below_the_title_of_the_page(text: str, levels: list[int]) -> None:
    assert [int(level) for level in re.findall(r"<h(\d)>", to_html(text))] == levels
    assert min(int(level) for level in re.findall(r"<h(\d)>", to_html(text, top=3))) == 3


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html;base64,PHN2Zz4=)", "![a](https://elsewhere.example/pixel.png)", "<a href='//x' onclick='y'>a</a>",
        "[a](<javascript:alert(1)>)", "<svg><style>*{color:red}</style></svg>", "[a]: javascript:alert(1)\n\n[a]", "<!-- <p onclick=x> -->",
        "[a](vbscript:x)", "&lt;script&gt;", "`<script>`", "[a](https://x.example/\"onmouseover=\"x)", "<javascript:alert(1)>",
    ],
)  # fmt: skip
def test_nothing_that_acts_gets_through(text: str) -> None:
    harmless(to_html(text))


@given(st.text(alphabet=st.sampled_from(list("<>[]()!\"'=/`*_#-|:&;\n abcjavascriptonerror")), max_size=120))
def test_nothing_that_acts_gets_through_whatever_is_written(text: str) -> None:
    harmless(to_html(text))


def harmless(shown: str) -> None:
    tree = html.fragment_fromstring(shown, create_parent="div")
    for each in tree.iter():
        assert isinstance(each.tag, str) and each.tag in TAGS | {"div"}, each
        assert set(each.attrib) <= {"href", "class", "rel", "start"}, each.attrib
        assert re.match(r"(?:https?://|mailto:|tel:|[^:]*$)", each.get("href", "")), each.get("href")


def test_links_out_tell_nothing_of_where_they_stood() -> None:
    assert 'rel="noopener noreferrer"' in to_html("[a](https://elsewhere.example/)")
