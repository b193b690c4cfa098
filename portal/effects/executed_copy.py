"""Makes the executed PDF of a document (text, signatures, certificate), keeps it by its hash and mails it to its signers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.documents import DocumentText
from portal import audit, jobs
from portal.actors import PORTAL
from portal.adapters import pdf
from portal.adapters.storage import Storage
from portal.db import reading, transaction
from portal.effects import sanction_letters
from portal.jobs import Job
from portal.models import Document, Person, Signature, StoredFile
from portal.services.paperwork import as_read, next_signer, signatures, text_of
from portal.services.paperwork.texts import BY_HAND
from portal.wiring import Context
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Effect


@dataclass(frozen=True, slots=True)
class Copy:
    """Everything that the PDF is made of, read in one transaction."""

    text: DocumentText
    fields: Mapping[str, str]
    blocks: tuple[pdf.SignatureBlock, ...]
    certificate: pdf.Certificate


def handle(context: Context, job: Job) -> None:
    """Makes and keeps the copy of `document_id`. The same record gives the same bytes, so that a repetition changes nothing."""
    if "sanction_id" in job.payload:  # a letter is a copy, too: drawn, kept by its hash and mailed in the same way
        sanction_letters.handle(context, job)
        return
    document_id = int(job.payload["document_id"])
    with reading(context.sessions) as session:
        copy = facts_of(session, session.get_one(Document, document_id), context.policy)
    if copy is None:
        return
    content = pdf.executed(copy.text, copy.fields, copy.blocks, copy.certificate)
    sha256 = Storage(context.settings.storage).put(content)
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            keep(session, document_id, sha256, len(content), copy.text.title, context=context)


def keep(session: Session, document_id: int, sha256: str, size: int, title: str, *, context: Context) -> None:
    """Names the copy on the document; the first one is mailed to everybody who signed."""
    document, now = session.get_one(Document, document_id, with_for_update=True), context.clock()
    if document.executed_sha256 == sha256:
        return
    first, document.executed_sha256 = not document.executed_sha256, sha256
    known = select(StoredFile.id).where(StoredFile.sha256 == sha256, StoredFile.document_id == document.id)
    if session.scalar(known) is None:
        session.add(
            StoredFile(
                sha256=sha256, document_id=document.id, media_type="application/pdf", size=size, pages=0, name=f"{title}.pdf"[:200],
                agency_id=document.agency_id, person_id=document.person_id, stored_by=None, stored_at=now,
            )
        )  # fmt: skip
    said = "The executed copy was made" if first else "The executed copy was made anew, with its verification"
    audit.record(session, actor=PORTAL, now=now, act="document.copy", thing=document, said=f"{said} ({sha256[:12]}…).")
    for person_id in sorted({signature.person_id for signature in signatures(session, document)}) if first else ():
        jobs.enqueue(
            session, Effect.MAIL, key=f"executed_copy:{document.id}:{document.round}:{person_id}", now=now,
            payload={"mail": "executed_copy", "person_id": person_id, "document_id": document.id},
        )  # fmt: skip


def facts_of(session: Session, document: Document, policy: Policy) -> Copy | None:
    """What the record says about an executed document; None for one that is not executed."""
    text = text_of(document)
    if (
        document.status != "executed"
        or document.executed_at is None
        or next_signer(session, document, text) is not None
    ):
        return None
    fields = as_read(text, document.answers)
    if document.route == "paper":
        fields |= {field.name: BY_HAND for field in text.missing(fields)}
    signed = signatures(session, document)
    blocks = tuple(_block(session, document, text, signature, policy) for signature in signed)
    copies = tuple(pdf.Delivery(to=each.email, how="E-mail, attached") for each in signed)
    certificate = pdf.Certificate(
        reference=f"Document {document.id}, round {document.round}", completed_at=document.executed_at, issued_by=policy.lead,
        deliveries=copies, zone=policy.zone,
    )  # fmt: skip
    return Copy(text, fields, blocks, certificate)


def _block(
    session: Session, document: Document, text: DocumentText, signature: Signature, policy: Policy
) -> pdf.SignatureBlock:
    verifier = session.get(Person, document.verified_by) if document.verified_by else None
    checked_on = local_day(document.verified_at, policy.zone) if document.verified_at else None
    own = signature.capacity != "lead"
    authority = pdf.Authority(verifier.name, checked_on) if verifier and checked_on and own else None
    block: dict[str, Any] = {
        "capacity": signature.capacity, "name": signature.name, "title": signature.title, "statement": signature.authority,
        "signed_at": signature.signed_at, "document_sha256": document.text_sha256, "authority": authority,
    }  # fmt: skip
    if signature.method == "paper":
        initialled = text.initialled if text.signer(signature.capacity).initials else ()
        return pdf.SignatureBlock(
            **block, method="paper", initials=dict.fromkeys(initialled, "by hand"), paper_checked_by=verifier.name if verifier else "",
            paper_checked_on=checked_on, paper_how=document.verified_how, scan_sha256=signature.scan_sha256,  # type: ignore[arg-type]
        )  # fmt: skip
    return pdf.SignatureBlock(
        **block, method="electronic", initials=dict(signature.initials), email=signature.email, code_entered_at=signature.code_entered_at,
        address=signature.address, agent=signature.agent, consent_version=signature.consent_version,
        consent_sha256=signature.consent_sha256, signed_in="" if signature.code_entered_at else signature.authentication,
    )  # fmt: skip
