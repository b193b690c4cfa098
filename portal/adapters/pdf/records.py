"""What an executed document needs besides its text: signatures, the certificate, and the fingerprint of both."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Literal

from forms.documents import DocumentText

CAPACITY_WORDS: Mapping[str, str] = {
    "executive_director": "Executive director or authorized designee",
    "lead": "HMIS Lead",
    "user": "HMIS user",
    "agency_admin": "Agency Administrator",
    "security_officer": "Security officer",
}


class NotComplete(ValueError):
    """The document can't be executed yet; the sentence says what is missing."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who at the Lead made sure that the signer may bind the party, and on what day (of the Lead's time zone)."""

    verified_by: str
    verified_on: date


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    """One person's signature and how it came about.

    `signed_at` and `code_entered_at` are naive UTC; `initials` by clause id; `statement` is the statement of authority
    as the signer saw it, `document_sha256` the fingerprint of the text the signer saw. Electronic signatures have the
    mailbox the one-time code went to, network address, agent and the consent's version and fingerprint; paper ones who
    checked the signed original, when and how, and the fingerprint of the scan if there is one. Whoever signed in the
    portal itself and not by a link has `signed_in`: in what way.
    """

    capacity: str
    name: str
    title: str
    statement: str
    signed_at: datetime
    method: Literal["electronic", "paper"]
    document_sha256: str
    initials: Mapping[str, str] = field(default_factory=dict)
    email: str = ""
    code_entered_at: datetime | None = None
    address: str = ""
    agent: str = ""
    consent_version: str = ""
    consent_sha256: str = ""
    authority: Authority | None = None
    paper_checked_by: str = ""
    paper_checked_on: date | None = None
    paper_how: Literal["", "submitted", "viewed on site"] = ""
    scan_sha256: str = ""
    signed_in: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """To whom a copy of the executed document goes, how, and when it went (naive UTC; None: queued)."""

    to: str
    how: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """The facts about the whole execution: the record's reference, the moment of the last signature (naive UTC)."""

    reference: str
    completed_at: datetime
    issued_by: str
    deliveries: tuple[Delivery, ...] = ()
    zone: str = "America/New_York"
    zone_label: str = "Eastern"


def content_sha256(document: DocumentText, fields: Mapping[str, str], signatures: Sequence[SignatureBlock]) -> str:
    """SHA-256 over the document's fingerprint, everything filled in and everything signed: what the PDF shows.

    The same inputs give the same fingerprint on every machine; any changed letter gives another.
    """
    signed = []
    for block in signatures:
        # `slots` leaves no __dict__, and a mapping proxy cannot be copied by asdict: initials are taken as they are.
        row = {
            name: getattr(block, name) for name in block.__dataclass_fields__ if name not in ("initials", "authority")
        }
        row["authority"] = asdict(block.authority) if block.authority else None
        signed.append(row | {"initials": dict(block.initials)})
    whole = {"document": document.sha256, "fields": dict(fields), "signatures": signed}
    text = json.dumps(
        whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=lambda day: day.isoformat()
    )
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


def check(document: DocumentText, fields: Mapping[str, str], signatures: Sequence[SignatureBlock]) -> None:
    """Raises NotComplete unless every required field, signature and initial is there and was given to this text."""
    missing = document.missing(fields)
    if missing:
        raise NotComplete(f"Fill in first: {'; '.join(blank.label for blank in missing)}.")
    wanted, given = [signer.capacity for signer in document.signers], [block.capacity for block in signatures]
    if given != wanted:
        words = ", then ".join(CAPACITY_WORDS[capacity] for capacity in wanted) or "nobody"
        raise NotComplete(f"This document is signed by: {words}. Signed so far: {', '.join(given) or 'nobody'}.")
    for signer, block in zip(document.signers, signatures, strict=True):
        if not block.name.strip():
            raise NotComplete(f"The signature as {CAPACITY_WORDS[signer.capacity]} has no name.")
        if block.document_sha256 != document.sha256:
            raise NotComplete(
                f"{block.name} signed another text than version {document.version}; have it signed again."
            )
        recognized = block.code_entered_at or block.signed_in
        if block.method == "electronic" and not (block.email and recognized and block.consent_version):
            raise NotComplete(f"The electronic signature of {block.name} lacks its mailbox, code or consent.")
        if block.method == "paper" and not (block.paper_checked_by and block.paper_checked_on and block.paper_how):
            raise NotComplete(
                f"The paper signature of {block.name} has not been verified; record who checked it and how."
            )
        if signer.initials:
            empty = [id_ for id_ in document.initialled if not block.initials.get(id_, "").strip()]
            if empty:
                headings = "; ".join(document.heading(document.section(id_)) for id_ in empty)
                raise NotComplete(f"Initials are missing beside: {headings}.")
