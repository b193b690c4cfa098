"""Executed and blank documents: what they say, that everyone can read it, and that nobody can smuggle in markup."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

from forms.documents import DocumentText, kinds, latest, text
from portal.adapters.pdf import NotComplete, SignatureBlock, blank, content_sha256, executed
from portal.adapters.pdf.certificate import eastern
from portal.adapters.pdf.style import safe
from tests.documents.samples import CERTIFICATE, fields_of, signatures_of

HOSTILE = '<img src="/etc/passwd"/> <a href="javascript:alert(1)">O\'Neil & Sons</a> <b>bold'
CYRILLIC = "Ярослава Дівчинська-Ґеорґієнко"


def words(pdf: bytes) -> str:
    """The text of all pages with any white space as one space."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def unspaced(said: str) -> str:
    """Without white space: where a line breaks is not what is compared."""
    return "".join(said.split())


def execute(kind: str, **first: object) -> tuple[DocumentText, bytes]:
    document = latest(kind)
    fields = fields_of(document)
    return document, executed(document, fields, signatures_of(document, fields, **first), CERTIFICATE)


@pytest.mark.parametrize("kind", kinds())
def test_the_executed_document_holds_its_whole_text_filled_in(kind: str) -> None:
    document, pdf = execute(kind)
    fields, said = fields_of(document), unspaced(words(pdf))
    furniture = re.compile(
        rf"Page\d+of\d+|{re.escape(unspaced(document.title + document.mark))}"
        r"|Version.{6,8}fingerprintofthetext.{16}…"
    )
    said = furniture.sub("", said)
    for section in document.sections:
        assert unspaced(document.heading(section)) in said
        for line in (*section.paragraphs, *section.items):
            assert unspaced(document.plain(line, fields)) in said
    for line in document.summary:
        assert unspaced(line) in said


def hashes() -> list[str]:
    return [hashlib.sha256(execute(kind)[1]).hexdigest() for kind in kinds()]


def test_the_same_input_gives_the_same_bytes_in_another_process_too() -> None:
    program = "from tests.adapters.test_pdf_documents import hashes; print(*hashes())"
    root = Path(__file__).parents[2]
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True)
    assert other.stdout.split() == hashes() == hashes()


def test_the_certificate_says_who_when_how_and_what_it_does_not_prove() -> None:
    document, pdf = execute("participation_agreement")
    fields = fields_of(document)
    said = words(pdf)
    for fact in (
        document.sha256,
        content_sha256(document, fields, signatures_of(document, fields)),
        "participation_agreement, version 2026-1",
        "PA-2026-0042",
        "2026-11-23 15:04:05 UTC (November 23, 2026 at 10:04 a.m. Eastern)",
        "One-time code mailed to jordan@example.org and entered at 2026-11-23 15:03:59 UTC",
        "proves control of the mailbox, not the authority of the person",
        "verified by Robin Example on November 24, 2026",
        "the original was submitted and checked by Robin Example on November 23, 2026",
        "not yet verified",
        "192.0.2.17",
        "Sample Browser 1.0",
        "Consent to sign electronically, version 2026-1",
        latest("electronic_consent").sha256,
        "ab" * 32,
        "2026-11-23 15:05:00 UTC",
        "queued",
        "/s/ Jordan Sample",
        "Robin Example (signed by hand)",
        "I am authorized to enter into contracts on its behalf",
    ):
        assert unspaced(fact) in unspaced(said), fact


def test_whoever_signs_in_the_portal_is_certified_by_the_account_and_not_by_a_code() -> None:
    _, pdf = execute("user_agreement", code_entered_at=None, signed_in="Signed in with password and second factor")
    said = words(pdf)
    assert "Signed in with password and second factor, with the account of jordan@example.org" in said
    assert "proves control of the account, not the authority of the person" in said
    assert "One-time code" not in said


def test_initials_stand_beside_every_clause() -> None:
    document, pdf = execute("user_agreement")
    assert words(pdf).count("Initials J.S.") == len(document.initialled) == 19


def test_every_page_is_numbered_and_marked_as_a_sample() -> None:
    _, pdf = execute("participation_agreement")
    pages = PdfReader(BytesIO(pdf)).pages
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page.extract_text()
        assert "SAMPLE for review by counsel" in page.extract_text()


def test_the_content_fingerprint_changes_with_every_fact() -> None:
    document = latest("user_agreement")
    fields = fields_of(document)
    signed = signatures_of(document, fields)
    found = {
        content_sha256(document, fields, signed),
        content_sha256(document, fields | {"purpose": "Sample Purpose"}, signed),
        content_sha256(document, fields, [replace(signed[0], title="Manager")]),
        content_sha256(document, fields, [replace(signed[0], initials=dict(signed[0].initials) | {"password": "X"})]),
        content_sha256(document, fields, [replace(signed[0], signed_at=datetime(2026, 11, 23, 15, 4, 6))]),
        content_sha256(document, fields, [replace(signed[0], authority=None)]),
    }
    assert len(found) == 6


@pytest.mark.parametrize(
    "name", [HOSTILE, CYRILLIC, "W" * 300, "Jordan " * 43, "</para>", "{agency_name}", "&lt;b&gt;"]
)
def test_any_name_comes_out_as_it_was_typed(name: str) -> None:
    document = latest("participation_agreement")
    fields = fields_of(document, agency_name=name)
    pdf = executed(document, fields, signatures_of(document, fields, name, title=name, agent=name), CERTIFICATE)
    assert unspaced(words(pdf)).count(unspaced(name)) >= 5
    assert nothing_active(pdf)
    for page in PdfReader(BytesIO(pdf)).pages:
        page.extract_text(visitor_text=inside_the_margins)


def inside_the_margins(said: str, _cm: list[float], tm: list[float], _font: object, size: float) -> None:
    """Fails for text that begins outside the page's margins, or is too long for what is left of the line."""
    if said.strip():
        assert 60 <= tm[4] + _cm[4] <= 560


def nothing_active(pdf: bytes) -> bool:
    with pikepdf.open(BytesIO(pdf)) as opened:
        for thing in opened.objects:
            inner = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
            if isinstance(inner, pikepdf.Dictionary):
                assert inner.get("/Subtype") not in ("/Image", "/Link")
                assert not {"/A", "/AA", "/JS", "/URI", "/EF"} & set(inner.keys()) or inner.get("/S") in ("/TH",)
    return True


def test_what_no_font_can_draw_and_what_hides_is_shown_by_number() -> None:
    assert safe("李 Li\u202eevil\u0000\u200b") == "[U+674E] Li[U+202E]evil[U+0000][U+200B]"
    document = latest("laptop_statement")
    fields = fields_of(document, user_name="李明")
    assert "[U+674E][U+660E]" in words(executed(document, fields, signatures_of(document, fields), CERTIFICATE))


def test_letters_and_accents_that_belong_together_are_drawn_together() -> None:
    assert safe("Zoe\u0308") == "Zoë"


@pytest.mark.parametrize("kind", kinds())
def test_every_font_is_embedded(kind: str) -> None:
    for pdf in (execute(kind)[1], blank(latest(kind), {})):
        with pikepdf.open(BytesIO(pdf)) as opened:
            fonts = [font for page in opened.pages for font in page.resources.Font.values()]
            assert fonts
            assert [str(font.BaseFont) for font in fonts if "/FontFile2" not in font.get("/FontDescriptor", {})] == []
            assert all("/ToUnicode" in font for font in fonts)


@pytest.mark.parametrize("kind", kinds())
def test_an_independent_program_finds_no_fault_in_the_file(kind: str, tmp_path: Path) -> None:
    qpdf = shutil.which("qpdf")
    assert qpdf, "Install qpdf; the README names it."
    file = tmp_path / "executed.pdf"
    file.write_bytes(execute(kind)[1])
    checked = subprocess.run([qpdf, "--check", str(file)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def structure(opened: pikepdf.Pdf) -> list[tuple[str, pikepdf.Dictionary]]:
    """Every element of the structure tree in reading order, checking that it knows its parent."""
    found: list[tuple[str, pikepdf.Dictionary]] = []

    def walk(node: pikepdf.Dictionary) -> None:
        found.append((str(node.S), node))
        for kid in node.K:
            if kid.Type == "/StructElem":
                assert kid.P.objgen == node.objgen
                walk(kid)

    walk(opened.Root.StructTreeRoot.K)
    return found


@pytest.mark.parametrize("kind", kinds())
def test_a_screen_reader_finds_language_title_headings_lists_and_tables(kind: str) -> None:
    document, pdf = execute(kind)
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert str(opened.Root.Lang) == "en-US"
        assert bool(opened.Root.MarkInfo.Marked)
        assert bool(opened.Root.ViewerPreferences.DisplayDocTitle)
        assert str(opened.docinfo.Title) == document.title
        tags = [tag for tag, _ in structure(opened)]
        count = Counter(tags)
        assert tags[0] == "/Document"
        assert count["/H1"] == 1
        assert count["/H2"] >= 2
        assert count["/L"] >= 1
        assert count["/LI"] == count["/LBody"]
        assert count["/TH"] >= 3
        levels = [int(tag[2:]) for tag in tags if re.fullmatch(r"/H\d", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert all("/A" in node for tag, node in structure(opened) if tag == "/TH")
        with opened.open_outline() as outline:
            assert outline.root[0].title == document.title


@pytest.mark.parametrize("kind", kinds())
def test_every_drawn_thing_belongs_to_the_structure_or_is_decoration(kind: str) -> None:
    for pdf in (execute(kind)[1], blank(latest(kind), {})):
        with pikepdf.open(BytesIO(pdf)) as opened:
            owned = dict(zip(*[iter(opened.Root.StructTreeRoot.ParentTree.Nums)] * 2, strict=True))
            for index, page in enumerate(opened.pages):
                assert int(page.obj.StructParents) == index
                open_marks: list[int | None] = []
                seen = set()
                for operands, operator in pikepdf.parse_content_stream(page):
                    if str(operator) == "BDC":
                        mark = operands[1].get("/MCID")
                        open_marks.append(None if mark is None else int(mark))
                        seen |= {int(mark)} if mark is not None else set()
                    elif str(operator) == "EMC":
                        open_marks.pop()
                    elif str(operator) in ("Tj", "TJ", "S", "s", "f", "f*", "B", "b"):
                        assert len(open_marks) == 1, f"{operator} on page {index + 1} is not marked"
                assert open_marks == []
                assert len(owned[index]) == len(seen)


def test_the_blank_form_has_a_line_for_everything_and_shows_what_is_known() -> None:
    document = latest("user_agreement")
    pdf = blank(document, {"agency_name": HOSTILE, "user_name": CYRILLIC})
    said = words(pdf)
    assert said.count("Initials") == len(document.initialled) + 1  # the introduction says the word once
    assert unspaced(HOSTILE) in unspaced(said)
    assert CYRILLIC in said
    assert "______________________ (Why the job needs the HMIS)" in said
    for label in ("Signature", "Name, printed", "Title", "Statement", "Date"):
        assert label in said
    assert "Certificate" not in said
    assert nothing_active(pdf)


def test_a_field_is_asked_for_once_on_paper() -> None:
    said = words(blank(latest("participation_agreement"), {}))
    assert said.count("[Last day of this agreement: as filled in above]") == 1
    assert "______" not in said
    assert "☐ Required by a funder" in said.replace("\xa0", " ")


def test_repeating_entries_are_all_printed() -> None:
    document, pdf = execute("information_form")
    assert words(pdf).count("Projects: ") == 2
    assert words(blank(document, {})).count("Projects: ") == 3


def test_a_text_of_last_year_can_still_be_executed() -> None:
    document = text("participation_agreement", "2025-1")
    fields = fields_of(document)
    assert "version 2025-1" in words(executed(document, fields, signatures_of(document, fields), CERTIFICATE))


def test_times_follow_daylight_saving_in_maine() -> None:
    assert eastern(datetime(2026, 7, 1, 16, 5), CERTIFICATE) == "July 1, 2026 at 12:05 p.m. Eastern"
    assert eastern(datetime(2026, 12, 1, 5, 5), CERTIFICATE) == "December 1, 2026 at 12:05 a.m. Eastern"


REFUSALS = [
    ({"name": " "}, "has no name"),
    ({"document_sha256": "0" * 64}, "signed another text"),
    ({"code_entered_at": None}, "lacks its mailbox, code or consent"),
    ({"consent_version": ""}, "lacks its mailbox, code or consent"),
    ({"method": "paper"}, "has not been verified"),
    ({"capacity": "lead"}, "is signed by"),
    ({"initials": {"own_login": "J.S."}}, "Initials are missing beside: A2"),
]


@pytest.mark.parametrize(("change", "sentence"), REFUSALS)
def test_an_incomplete_signature_executes_nothing(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(NotComplete, match=sentence):
        execute("user_agreement", **change)


def test_a_missing_signature_or_field_executes_nothing() -> None:
    document = latest("participation_agreement")
    fields = fields_of(document)
    signed: list[SignatureBlock] = signatures_of(document, fields)
    with pytest.raises(NotComplete, match="Executive director or authorized designee, then HMIS Lead"):
        executed(document, fields, signed[:1], CERTIFICATE)
    with pytest.raises(NotComplete, match="Fill in first: Full legal name of the Agency"):
        executed(document, fields | {"agency_name": " "}, signed, CERTIFICATE)
    assert executed(document, fields | {"funders": ""}, signed, CERTIFICATE).startswith(b"%PDF-")


def test_the_fonts_come_with_their_licences() -> None:
    folder = Path(sys.modules["portal.adapters.pdf"].__path__[0]) / "fonts"
    families = {file.name.split("-")[0] for file in folder.glob("*.ttf")}
    assert families == {"SourceSans3", "SourceSerif4"}
    for family in families:
        assert "SIL OPEN FONT LICENSE Version 1.1" in (folder / f"LICENSE-{family}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["laptop_statement", "user_agreement", "information_form"])
def test_a_field_longer_than_a_page_runs_on(kind: str) -> None:
    document = latest(kind)
    long = "word " * 6_000
    for name in ("locations", "purpose", "counties"):
        if any(field.name == name for field in document.fields):
            fields = fields_of(document, **{name: long})
            pdf = executed(document, fields, signatures_of(document, fields), CERTIFICATE)
            assert words(pdf).count("word word word") >= 1_900
            return
    pytest.fail("the document has none of these fields")
