"""A document as a PDF: executed with its signatures and certificate, or blank to be signed by hand."""

from collections.abc import Mapping, Sequence

from reportlab.platypus import Flowable

from forms.documents import Blank, DocumentText, Section, Signer
from portal.adapters.pdf import style
from portal.adapters.pdf.certificate import add_certificate, eastern, us_day
from portal.adapters.pdf.layout import Row, Sheet
from portal.adapters.pdf.records import CAPACITY_WORDS, Certificate, SignatureBlock, check
from portal.adapters.pdf.style import marked_up, safe
from portal.adapters.pdf.tags import TaggedParagraph

ENTRIES_BY_HAND = 3


def executed(
    document: DocumentText, fields: Mapping[str, str], signatures: Sequence[SignatureBlock], certificate: Certificate
) -> bytes:
    """The executed document: whole text, initials, signatures, and the certificate page.

    `fields` by name as people read them ('November 23, 2026'); entries of a repeating group as `group.1.name`.
    `signatures` in the order of the document's signers. Raises NotComplete with a sentence. The same input gives the
    same bytes. Manual: 'Contracts and other arrangements', 'Setting up a New HMIS Agency'.
    """
    check(document, fields, signatures)
    sheet = _opened(document, fields.get("lead_name") or certificate.issued_by)
    initials = next((s.initials for d, s in zip(document.signers, signatures, strict=True) if d.initials), {})
    _body(sheet, document, fields, initials, by_hand=False)
    for signer, block in zip(document.signers, signatures, strict=True):
        start = len(sheet.story)
        sheet.heading(f"Signature: {signer.label}", 2, style.HEADING)
        sheet.story.append(sheet.rows(_signature_rows(block, certificate), boxed=True))
        sheet.together(start)
    add_certificate(sheet, document, fields, signatures, certificate)
    return sheet.to_bytes()


def blank(document: DocumentText, fields: Mapping[str, str]) -> bytes:
    """The document to print and sign by hand, with what is known filled in and lines for the rest.

    Paper is equal to the electronic route in every way. Manual: 'Setting up a New HMIS Agency'.
    """
    sheet = _opened(document, fields.get("lead_name", ""))
    _body(sheet, document, fields, {}, by_hand=True)
    for signer in document.signers:
        start = len(sheet.story)
        sheet.heading(f"Signature: {signer.label}", 2, style.HEADING)
        sheet.story.append(sheet.rows(_lines_to_sign(document, signer, fields), boxed=True))
        sheet.together(start)
    return sheet.to_bytes()


def _opened(document: DocumentText, author: str) -> Sheet:
    footer = f"Version {document.version} · fingerprint of the text {document.sha256[:16]}…"
    sheet = Sheet(document.title, document.mark, footer, author or "HMIS Lead")
    sheet.paragraph("Homeless Management Information System (HMIS)", style.EYEBROW)
    sheet.heading(document.title, 1, style.TITLE)
    sheet.paragraph(f"Version {safe(document.version)} · {safe(document.mark)}", style.META)
    sheet.rule()
    return sheet


def _body(
    sheet: Sheet, document: DocumentText, fields: Mapping[str, str], initials: Mapping[str, str], *, by_hand: bool
) -> None:
    known = [field for field in document.of_group("") if not field.inline]
    if known:
        sheet.story.append(sheet.rows([_field_row(field, fields, by_hand=by_hand) for field in known]))
    _plain_words(sheet, document)
    for group in document.groups:
        members = document.of_group(group.id)
        if not group.repeats:
            sheet.heading(group.heading, 2, style.HEADING)
            sheet.story.append(sheet.rows([_field_row(field, fields, by_hand=by_hand) for field in members]))
            continue
        entries = document.entries(group.id, fields)
        if by_hand:
            entries += [{} for _ in range(max(0, ENTRIES_BY_HAND - len(entries)))]
        for number, entry in enumerate(entries, 1):
            start = len(sheet.story)
            sheet.heading(f"{group.heading}: {number} of {len(entries)}", 2, style.HEADING)
            sheet.story.append(sheet.rows([_field_row(field, entry, by_hand=by_hand) for field in members]))
            sheet.together(start)
    part = ""
    for section in document.sections:
        if section.part != part:
            part = section.part
            name = next(each.heading for each in document.parts if each.id == part)
            sheet.heading(f"Part {part}. {name}", 2, style.PART)
        _section(sheet, document, section, fields, initials, by_hand=by_hand)
    _basis(sheet, document)


def _plain_words(sheet: Sheet, document: DocumentText) -> None:
    title = "In plain words (a help for reading, not a part of the document)"
    box: list[Flowable] = [TaggedParagraph(title, style.SUMMARY_HEADING, sheet.root.add("H2", title))]
    sheet.items([marked_up(document.filled(line, {})) for line in document.summary], style.SUMMARY, box)
    if document.changes:
        title = "What changed since the version before"
        box.append(TaggedParagraph(title, style.SUMMARY_HEADING, sheet.root.add("H2", title)))
        sheet.items([marked_up(document.filled(line, {})) for line in document.changes], style.SUMMARY, box)
    sheet.box(box)


def _section(
    sheet: Sheet,
    document: DocumentText,
    section: Section,
    fields: Mapping[str, str],
    initials: Mapping[str, str],
    *,
    by_hand: bool,
) -> None:
    level, above = (3 if section.part else 2), _above(document)
    if section.initial:
        sheet.initialled_heading(document.heading(section), level, initials.get(section.id, ""))
    else:
        sheet.heading(document.heading(section), level, style.HEADING)
    for text in section.paragraphs:
        sheet.paragraph(marked_up(document.filled(text, fields, by_hand=by_hand), above=above), style.BODY)
    items = [marked_up(document.filled(text, fields, by_hand=by_hand), above=above) for text in section.items]
    if items:
        sheet.items(items, style.ITEM)


def _above(document: DocumentText) -> frozenset[str]:
    """The fields that stand in tables before the text."""
    return frozenset(field.name for field in document.fields if not field.inline)


def _field_row(field: Blank, values: Mapping[str, str], *, by_hand: bool) -> Row:
    value = values.get(field.name, "").strip()
    if value:
        return field.label, safe(value), style.CELL
    if not by_hand:
        return field.label, "none", style.CELL
    if field.choices:
        return field.label, "&nbsp;&nbsp; ".join(f"☐&nbsp;{safe(choice)}" for choice in field.choices), style.CELL
    return field.label, "&nbsp;" + ("<br/>&nbsp;" if field.type == "long_text" else ""), style.CELL


def _signature_rows(block: SignatureBlock, certificate: Certificate) -> list[Row]:
    signed, method = f"/s/ {block.name}", "Signed electronically"
    if block.method == "paper":
        day = us_day(block.paper_checked_on) if block.paper_checked_on else ""
        signed = f"{block.name} (signed by hand)"
        method = f"Signed on paper; original {block.paper_how}, checked by {block.paper_checked_by} on {day}"
    return [
        ("Signature", safe(signed), style.SIGNED),
        ("Name and title", safe(f"{block.name}, {block.title}" if block.title else block.name), style.CELL),
        ("Signs as", safe(CAPACITY_WORDS[block.capacity]), style.CELL),
        ("Statement", safe(block.statement), style.CELL),
        ("Signed at", safe(eastern(block.signed_at, certificate)), style.CELL),
        ("Method", safe(method), style.CELL),
    ]


def _lines_to_sign(document: DocumentText, signer: Signer, fields: Mapping[str, str]) -> list[Row]:
    tall = "&nbsp;<br/>&nbsp;"
    return [
        ("Signature", tall, style.CELL),
        ("Name, printed", tall, style.CELL),
        ("Title", "&nbsp;", style.CELL),
        ("Signs as", safe(CAPACITY_WORDS[signer.capacity]), style.CELL),
        (
            "Statement",
            marked_up(
                document.filled(signer.statement, fields, by_hand=True), bold=style.SANS_BOLD, above=_above(document)
            ),
            style.CELL,
        ),
        ("Date", "&nbsp;", style.CELL),
    ]


def _basis(sheet: Sheet, document: DocumentText) -> None:
    if document.basis:
        sheet.space(8)
        cites = "; ".join(
            f"{basis.cite} ({'the manual' if basis.basis == 'local' else basis.basis})" for basis in document.basis
        )
        sheet.paragraph(safe(f"This document rests on: {cites}."), style.SMALL)
