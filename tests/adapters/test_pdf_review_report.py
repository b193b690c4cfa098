"""The report of a review as a PDF: everything it is given stands in it as text, tagged, however long and whatever it holds."""

from dataclasses import replace
from io import BytesIO

import pikepdf
from pypdf import PdfReader

from portal.adapters.pdf.review_report import Report, Section, review_report

HOSTILE = '<img src="/etc/passwd"/> <b>bold & "quoted"'
REPORT = Report(
    name="Sample Harbor", facts=[("Attested", f"November 23, 2026 by {HOSTILE}")], results=[("Network", "75 %", "–", "90 %")],
    sections=[Section("Network", [("NET1", "Does a firewall stand?", "Partial", HOSTILE)])],
    findings=[("NET1", "CA-2026-0001: no firewall", "Jamie Sample", "December 1, 2026", "Overdue")],
    files=[("NET1", "The firewall's page", "a" * 64)], note="As the pack says.", footer="Sample Lead", mark="Sample", author="Sample Lead",
)  # fmt: skip


def words(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


def test_it_says_what_it_is_given_and_no_markup_runs() -> None:
    said = words(review_report(REPORT))
    for each in (
        "Security review: Sample Harbor",
        HOSTILE,
        "Does a firewall stand?",
        "75 %",
        "CA-2026-0001: no firewall",
        "As the pack says.",
    ):
        assert each in said, each
    assert "a" * 64 in said.replace(" ", "")
    assert review_report(REPORT) == review_report(REPORT)


def test_what_is_not_there_is_said() -> None:
    said = words(review_report(replace(REPORT, results=(), findings=(), files=())))
    assert "Nothing was found that has to be put right." in said and "No file was added." in said
    assert "Results by category" not in said


def test_it_is_tagged_and_titled_and_no_heading_stands_alone_at_the_foot_of_a_page() -> None:
    sections = [Section(f"Part {n}", [("X1", "Is it so? " * n, "Yes", "It is. " * 9)] * (n % 4 + 1)) for n in range(60)]
    content = review_report(replace(REPORT, sections=sections))
    with pikepdf.open(BytesIO(content)) as pdf:
        assert pdf.Root.MarkInfo.Marked and pdf.Root.Lang and pdf.docinfo.Title == "Security review: Sample Harbor"
        tags = str(pdf.Root.StructTreeRoot.K)
        assert tags
    pages = [page.extract_text().strip().splitlines() for page in PdfReader(BytesIO(content)).pages]
    assert len(pages) > 5
    furniture = ("Page", "Sample", "Security review")  # the corners of a page, which are drawn after its text
    last = [next(line for line in reversed(page) if line.strip() and not line.startswith(furniture)) for page in pages]
    assert not [line for line in last if line.startswith("Part ")], last
