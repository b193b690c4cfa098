"""The paper 'Was this person authorized on that date?': one page, everything on it, nothing smuggled in."""

import hashlib
import re
from dataclasses import replace
from io import BytesIO

import pikepdf
import pytest
from pypdf import PdfReader

from portal.adapters.pdf.authorization import TITLE, Line, Paper, TooLong, authorization

PROOF = (
    "The stored decision agrees with its own facts: its fingerprint is right, every fact is on record as it was, and the "
    "same rules give the same answer."
)
HOSTILE = '<img src="/etc/passwd"/> <a href="javascript:alert(1)">O\'Neil & Sons</a> <b>bold'


def line(number: int, words: int = 9) -> Line:
    good = number % 5 != 0
    title = f"Prerequisite {number} " + " ".join(["which", "has", "a", "rather", "long", "title", "to", "read"][:words])
    dates = f"01/{number:02}/2027 to 12/{number:02}/2027"
    return Line(title, "Met" if good else "Not met", dates if good else f"Missing since 02/{number:02}/2027", good)


def paper(prerequisites: int = 30, words: int = 9) -> Paper:
    return Paper(
        question="Jamie Sample, Harbor Sample Shelter: March 1, 2027, as known at the end of that day",
        answer="Yes, until 2:10 p.m. On March 1, 2027 Jamie Sample was authorized to use the core HMIS at Harbor Sample "
        "Shelter, as jsample, level Case Manager I, until 2:10 p.m.; suspended then, because: a sanction is open.",
        further=(
            "2 of the 28 prerequisites that applied on that day were not met: one thing; another thing.",
            "The core HMIS confirmed the account on February 1, 2027 at 9:00 a.m.",
            "What became known later changes the gate's answer about one thing; this answer goes by what was known by then.",
        ),
        facts=[
            ("Person", "Jamie Sample (jamie@example.org)"), ("Agency", "Harbor Sample Shelter"), ("User ID", "jsample"),
            ("Access level", "Case Manager I"), ("Access", "Suspended"), ("Since", "March 1, 2027 at 2:10 p.m. Eastern"),
            ("Because", "This person's access is suspended or revoked. This has stood since March 1, 2027"),
            ("Issued", "February 1, 2027 at 8:30 a.m."), ("In the core HMIS", "February 1, 2027 at 9:00 a.m."),
        ],
        lines=[line(number, words) for number in range(1, prerequisites + 1)],
        proof=[
            ("Decision", "Number 4711, made on March 1, 2027 at 2:10 p.m. Eastern. Closed, asked for 'suspend'."),
            ("Policy pack", f"Maine HMIS, version {'a1' * 32}: it had been put in force"),
            ("Fingerprint", f"SHA-256 {'b2' * 32}"),
            ("Proof", PROOF),
        ],
        asked_by="Asked for by Casey Sample on March 9, 2027 at 11:00 a.m. Eastern",
        mark="Sample data",
        author="Sample Lead",
    )  # fmt: skip


def unspaced(pdf: bytes) -> str:
    """The page's text without white space: where a line breaks is not what is compared."""
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("prerequisites", [1, 2, 29, 30, 40])
def test_everything_stands_on_one_page(prerequisites: int) -> None:
    asked = paper(prerequisites)
    pdf = authorization(asked)
    assert len(PdfReader(BytesIO(pdf)).pages) == 1
    said = unspaced(pdf)
    wanted = [TITLE, asked.question, asked.answer, *asked.further, asked.asked_by, asked.mark]
    wanted += [part for pair in (*asked.facts, *asked.proof) for part in pair]
    wanted += [part for each in asked.lines for part in (each.title, each.status, each.dates)]
    for text in wanted:
        assert "".join(text.split()) in said, text


def test_thirty_prerequisites_stay_readable() -> None:
    sizes = {
        round(float(size), 1)
        for content in _contents(authorization(paper(30)))
        for size in re.findall(r"/F\d+(?:\+\d+)? ([\d.]+) Tf", content)
    }
    assert sizes and min(sizes) >= 6.5, sizes


def _contents(pdf: bytes) -> list[str]:
    with pikepdf.open(BytesIO(pdf)) as opened:
        return [page.Contents.read_bytes().decode("latin-1") for page in opened.pages]


def test_more_than_a_page_holds_is_refused_with_a_sentence_and_not_cut() -> None:
    with pytest.raises(TooLong, match="more prerequisites than one page holds"):
        authorization(paper(160))


def test_the_same_paper_gives_the_same_bytes_and_another_one_others() -> None:
    first = hashlib.sha256(authorization(paper())).hexdigest()
    assert first == hashlib.sha256(authorization(paper())).hexdigest()
    assert first != hashlib.sha256(authorization(replace(paper(), answer="No."))).hexdigest()


def test_names_are_text_and_never_markup() -> None:
    asked = replace(
        paper(2), question=HOSTILE, answer=HOSTILE, further=[HOSTILE], facts=[(HOSTILE, HOSTILE)], proof=[("x", HOSTILE)],
        lines=[Line(HOSTILE, HOSTILE, HOSTILE, True)], asked_by=HOSTILE[:60],
    )  # fmt: skip
    pdf = authorization(asked)
    assert unspaced(pdf).count("".join(HOSTILE.split())) >= 7
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert "/Annots" not in opened.pages[0] and b"javascript" not in opened.Root.unparse()


def test_the_page_is_tagged_titled_and_its_fonts_are_embedded() -> None:
    with pikepdf.open(BytesIO(authorization(paper()))) as pdf:
        assert pdf.Root.Lang == "en-US" and pdf.Root.MarkInfo.Marked and str(pdf.docinfo["/Title"]) == TITLE
        tags: list[str] = []

        def walk(node: pikepdf.Object) -> None:
            tags.append(str(node.S))
            for kid in node.K:
                if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                    walk(kid)

        walk(pdf.Root.StructTreeRoot.K)
        assert tags.count("/H1") == 1 and tags.count("/H2") == 2 and tags.count("/Table") == 5
        assert tags.count("/TH") >= 30 + 6 + 9 + 4
        for font in pdf.pages[0].Resources.Font.values():
            assert "/FontFile2" in font.FontDescriptor, font.BaseFont
