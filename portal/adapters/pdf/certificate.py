"""The certificate page: what was signed, by whom, how we know, and the fingerprints that prove it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from reportlab.platypus import PageBreak

from forms.documents import DocumentText
from portal.adapters.pdf import style
from portal.adapters.pdf.layout import Row, Sheet
from portal.adapters.pdf.records import CAPACITY_WORDS, Certificate, SignatureBlock, content_sha256
from portal.adapters.pdf.style import safe


def utc(moment: datetime) -> str:
    """'2026-11-23 15:04:05 UTC' for a naive UTC moment."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def us_day(day: date) -> str:
    """'November 23, 2026'."""
    return f"{day:%B} {day.day}, {day.year}"


def eastern(moment: datetime, certificate: Certificate) -> str:
    """'November 23, 2026 at 10:04 a.m. Eastern' for a naive UTC moment, in the certificate's time zone."""
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(certificate.zone))
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{us_day(local)} at {local.hour % 12 or 12}:{local:%M} {half} {certificate.zone_label}"


def both(moment: datetime, certificate: Certificate) -> str:
    """The moment in UTC and in the Lead's time."""
    return f"{utc(moment)} ({eastern(moment, certificate)})"


def authentication(block: SignatureBlock) -> str:
    """How the signer was recognized and what that does not prove; and whether the authority was verified."""
    verified = "not yet verified"
    if block.authority:
        verified = f"verified by {block.authority.verified_by} on {us_day(block.authority.verified_on)}"
    if block.method == "paper":
        day = us_day(block.paper_checked_on) if block.paper_checked_on else ""
        return (
            f"Signed by hand; the original was {block.paper_how} and checked by {block.paper_checked_by} on {day}. "
            f"Authority of the person to sign: {verified}."
        )
    if block.signed_in:
        return (
            f"{block.signed_in}, with the account of {block.email}. This proves control of the account, not the "
            f"authority of the person. Authority of the person to sign: {verified}."
        )
    entered = utc(block.code_entered_at) if block.code_entered_at else ""
    return (
        f"One-time code mailed to {block.email} and entered at {entered}. This proves control of the mailbox, not the "
        f"authority of the person. Authority of the person to sign: {verified}."
    )


def add_certificate(
    sheet: Sheet,
    document: DocumentText,
    fields: Mapping[str, str],
    signatures: Sequence[SignatureBlock],
    certificate: Certificate,
) -> None:
    """Adds the certificate, on a page of its own, to the sheet."""
    sheet.story.append(PageBreak())
    sheet.heading("Certificate of execution", 2, style.TITLE)
    sheet.paragraph(
        safe(
            f"Issued by {certificate.issued_by}. This page records how the document before it was executed. A "
            "fingerprint (SHA-256) changes when a single letter changes; the record under the reference below holds "
            "the same ones."
        ),
        style.BODY,
    )
    content = content_sha256(document, fields, signatures)
    sheet.story.append(
        sheet.rows([
            ("Document", safe(document.title), style.CELL),
            ("Kind and version", safe(f"{document.kind}, version {document.version}"), style.CELL),
            ("Reference", safe(certificate.reference), style.CELL),
            ("Executed at", safe(both(certificate.completed_at, certificate)), style.CELL),
            ("SHA-256 of the text that each person signed", safe(document.sha256), style.FINE),
            ("SHA-256 of the content as filled in and signed", content, style.FINE),
        ])
    )  # fmt: skip
    for number, block in enumerate(signatures, 1):
        start = len(sheet.story)
        sheet.heading(
            f"Signature {number} of {len(signatures)}: {CAPACITY_WORDS[block.capacity]} ({block.method})",
            3,
            style.HEADING,
        )
        sheet.story.append(sheet.rows(_event(block, certificate)))
        sheet.together(start)
    start = len(sheet.story)
    sheet.heading("Copies", 3, style.HEADING)
    if certificate.deliveries:
        rows = [
            [safe(copy.to), safe(copy.how), safe(both(copy.at, certificate)) if copy.at else "queued"]
            for copy in certificate.deliveries
        ]
        sheet.story.append(sheet.grid({"To": 2.3, "How": 1.0, "When": 3.2}, rows))
    else:
        sheet.paragraph("No copy has been sent yet.", style.BODY)
    sheet.together(start)


def _event(block: SignatureBlock, certificate: Certificate) -> list[Row]:
    rows: list[Row] = [
        ("Name and title", safe(f"{block.name}, {block.title}" if block.title else block.name), style.CELL),
        ("Signed at", safe(both(block.signed_at, certificate)), style.CELL),
        ("How we know", safe(authentication(block)), style.CELL),
    ]
    if block.method == "electronic":
        consent = f"Consent to sign electronically, version {block.consent_version}"
        rows += [
            ("Network address", safe(block.address) or "not recorded", style.CELL),
            ("Browser", safe(block.agent) or "not recorded", style.FINE),
            (
                "Consent",
                safe(f"{consent}; SHA-256 {block.consent_sha256}" if block.consent_sha256 else consent),
                style.FINE,
            ),
        ]
    elif block.scan_sha256:
        rows.append(("SHA-256 of the scan", safe(block.scan_sha256), style.FINE))
    return rows
