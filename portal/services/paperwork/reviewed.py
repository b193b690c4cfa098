"""What follows when the executive director's attestation of a security review is executed ('Annual security review')."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.actors import PORTAL
from portal.models import Document, SecurityReview, Signature
from portal.refusals import Refused
from portal.services import evidence
from portal.services.review_content import fingerprint
from portal.services.transition import transition
from workflows.vocabulary import About, Kind, Reason

KIND = "review_attestation"


def attested(session: Session, document: Document, *, on: date, now: datetime) -> None:
    """The review that waits for this very document is attested, and the evidence says so.

    CONFLICT where the answers are no longer those that the document names, or the review was opened again meanwhile.
    """
    query = select(SecurityReview).where(SecurityReview.document_id == document.id).with_for_update()
    review = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    told = document.answers.get("answers_sha256", "")
    if review is None or review.status != "sent" or told != fingerprint(session, review):
        raise Refused(
            Reason.CONFLICT,
            "The answers of this security review have changed since it was sent to you, so it can't be signed as it is. "
            "The security officer sends it again.",
        )
    signed = session.scalars(
        select(Signature)
        .where(Signature.document_id == document.id, Signature.round == document.round)
        .order_by(Signature.id)
    ).first()
    review.answers_sha256, review.attested_at = told, now
    review.attested_by = signed.person_id if signed else None
    transition(session, review, "attest", actor=PORTAL, now=now)
    evidence.record(
        session, actor=PORTAL, now=now, kind=Kind.SECURITY_REVIEW_SENT, about=About.AGENCY, subject_id=review.agency_id, valid_from=on,
        rests_on=SecurityReview.__tablename__, rests_on_id=review.id, verified_how=document.verified_how,
    )  # fmt: skip
