"""Documents as pages show them: the text with what is filled in, its clauses, its signatures, what happens next."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import documents
from forms.documents import DocumentText, Piece, Section
from forms.signing import SignForm
from portal.adapters.pdf.records import CAPACITY_WORDS
from portal.models import Document, Person, Signature, StoredFile
from portal.services import paperwork

WAITING = {
    "signed": "The help desk looks at it next.",
    "scanned": "The help desk compares the scan with the text and verifies it.",
}  # fmt: skip


def facts(session: Session, document: Document) -> dict[str, Any]:
    """What every page of one document shows: text, agency, who signed, who is next, its files."""
    text = paperwork.text_of(document)
    signed = {signature.capacity: signature for signature in paperwork.signatures(session, document)}
    waiting = paperwork.next_signer(session, document, text)
    verifier = session.get(Person, document.verified_by) if document.verified_by else None
    return {
        "document": document, "text": text, "agency": document.agency, "waiting": waiting, "verifier": verifier,
        "signatures": [_signature(signer.capacity, signer.label, signed.get(signer.capacity)) for signer in text.signers],
        "scans": list(session.scalars(
            select(StoredFile).where(
                StoredFile.document_id == document.id, StoredFile.sha256 != document.executed_sha256, StoredFile.stored_by.is_not(None)
            )
        )),
        "rows": answer_rows(document, text), "next": whats_next(document, text), "about": document.person,
    }  # fmt: skip


def text_to_sign(session: Session, document: Document, form: SignForm) -> dict[str, Any]:
    """The page to read and sign: summary, what changed since the version signed before, every clause with its initials."""
    text = paperwork.text_of(document)
    return facts(session, document) | {
        "summary": [_said(text, document, line) for line in text.summary],
        "changes": _changes(session, document, text),
        "parts": clauses(document, text, form),
        "blanks": [form[name] for name in form._fields if name.startswith("answer-")],
    }


def clauses(document: Document, text: DocumentText, form: SignForm | None = None) -> list[dict[str, Any]]:
    """The sections by part, with numbers, text, and the field for initials where one is asked for."""
    names = {part.id: part.heading for part in text.parts}
    found: list[dict[str, Any]] = []
    for section in text.sections:
        heading = f"Part {section.part}. {names[section.part]}" if section.part else ""
        if not found or found[-1]["part"] != section.part:
            found.append({"part": section.part, "heading": heading, "sections": []})
        found[-1]["sections"].append(_clause(document, text, section, form))
    return found


def answers_to_check(document: Document, form: SignForm) -> list[dict[str, Any]]:
    """What is about to be signed, row by row, for the check-answers page."""
    text, back = paperwork.text_of(document), f"/documents/{document.id}/sign"
    rows: list[dict[str, Any]] = [{"key": "Document", "value": f"{text.title}, version {text.version}"}]
    rows += [row for row in answer_rows(document, text) if row["value"]]
    rows += [
        {"key": field.label.text, "value": _plain(field.data), "change_href": f"{back}#{field.id}"}
        for name, field in form._fields.items() if name.startswith("answer-")
    ]  # fmt: skip
    initials = form.initials(text)
    if initials:
        rows.append(
            {
                "key": "Initials",
                "value": f"{next(iter(initials.values()))}, beside {len(initials)} clauses",
                "change_href": back,
            }
        )
    rows.append({"key": "Signature", "value": form.name.data, "change_href": f"{back}#name"})
    if form.title.data:
        rows.append({"key": "Title", "value": form.title.data, "change_href": f"{back}#title"})
    rows.append({"key": "You state", "value": form.authority.label.text})
    rows.append(
        {
            "key": "Consent to sign electronically",
            "value": f"Given, version {documents.latest('electronic_consent').version}",
        }
    )
    return rows


def answer_rows(document: Document, text: DocumentText) -> list[dict[str, Any]]:
    """Everything filled in, as rows of a summary list; entries of a group are numbered."""
    values = paperwork.as_read(text, document.answers)
    repeats = {group.id: group.heading for group in text.groups if group.repeats}
    rows: list[dict[str, Any]] = [
        {"key": field.label, "value": values.get(field.name, "")} for field in text.fields if field.group not in repeats
    ]
    for group, heading in repeats.items():
        for number, entry in enumerate(text.entries(group, values), 1):
            lines = [f"{field.label}: {entry[field.name]}" for field in text.of_group(group) if entry.get(field.name)]
            rows.append({"key": f"{heading}: {number}", "value": lines})
    return rows


def whats_next(document: Document, text: DocumentText) -> list[str]:
    """What happens next with a document, in sentences."""
    if document.status == "executed":
        said = ["The document is executed. Everybody who signed gets the PDF by e-mail, and it can be downloaded here."]
        return said if document.verified_at else [*said, "The help desk verifies it and records how it saw it."]
    if document.status == "signed" and any(signer.capacity == "lead" for signer in text.signers):
        return ["The Lead countersigns.", "Then both sides get the executed PDF by e-mail."]
    if document.status == "signed" and not paperwork.KINDS[document.kind].form:
        return [
            "The next signer gets a link by e-mail.",
            "When everybody has signed, all of you get the executed PDF by e-mail.",
        ]
    return [WAITING[document.status]] if document.status in WAITING else []


def _signature(capacity: str, label: str, signature: Signature | None) -> dict[str, Any]:
    method = {"electronic": "electronically", "paper": "on paper"}
    return {
        "capacity": f"{label} ({CAPACITY_WORDS[capacity]})" if label != CAPACITY_WORDS[capacity] else label,
        "name": signature.name if signature else "", "title": signature.title if signature else "",
        "signed_at": signature.signed_at if signature else None, "method": method[signature.method] if signature else "",
    }  # fmt: skip


def _clause(document: Document, text: DocumentText, section: Section, form: SignForm | None) -> dict[str, Any]:
    name = f"initials-{section.id}"
    return {
        "id": f"clause-{section.id}", "number": text.numbers[section.id], "heading": section.heading,
        "paragraphs": [_said(text, document, line) for line in section.paragraphs],
        "items": [_said(text, document, line) for line in section.items],
        "initials": form[name] if form is not None and name in form else None,
    }  # fmt: skip


def _changes(session: Session, document: Document, text: DocumentText) -> tuple[str, tuple[str, ...]]:
    """The version that was signed before for the same subject, and what changed since; two empties where none was."""
    before = session.scalars(
        select(Document.version)
        .where(
            Document.kind == document.kind, Document.agency_id == document.agency_id, Document.status == "executed",
            Document.membership_id == document.membership_id, Document.id != document.id,
        )
        .order_by(Document.executed_at.desc())
        .limit(1)
    ).first()  # fmt: skip
    if before is None or before not in documents.versions(document.kind):
        return "", ()
    return before, documents.changes_since(document.kind, before, text.version)


def _said(text: DocumentText, document: Document, line: str) -> str:
    pieces: Iterable[Piece] = text.filled(line, paperwork.as_read(text, document.answers), by_hand=True)
    return "".join(f"[{piece.text}]" if piece.kind == "blank" else piece.text for piece in pieces)


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return f"{value:%B} {value.day}, {value.year}"
    return value
