"""What follows when a document is signed, executed or sent back: evidence, the executed copy, the next signer's link."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import jobs
from portal.actors import Actor
from portal.models import Document, Evidence
from portal.services import evidence, locks
from portal.services.paperwork import joining, reviewed
from portal.services.paperwork.kinds import KINDS, Gives
from portal.services.paperwork.texts import text_of
from workflows.vocabulary import LEAD, About, Effect

TABLE = Document.__tablename__


def hold(session: Session, document: Document, *people: int | None) -> None:
    """Locks whom the document's evidence will concern, then the document itself, and reads it afresh."""
    concerned = [person for person in (document.person_id, *people) if person is not None]
    locks.lock(session, agencies=[document.agency_id], people=concerned, lead=document.agency_id == LEAD)
    session.refresh(document, with_for_update=True)


def signed(session: Session, document: Document, *, actor: Actor, now: datetime, on: date) -> None:
    """The evidence that a document is signed and waits for its last signature or its verification, once."""
    _give(session, document, KINDS[document.kind].signed, actor=actor, now=now, on=on)


def executed(session: Session, document: Document, *, actor: Actor, now: datetime, on: date) -> None:
    """The evidence that a document is executed, valid from the day of its last signature, and the job for its copy."""
    document.executed_at = now
    _give(session, document, KINDS[document.kind].executed, actor=actor, now=now, on=on)
    if document.kind == "participation_agreement":
        joining.joined(session, document.agency, on=on, now=now, rests_on=TABLE, rests_on_id=document.id)
    if document.kind == reviewed.KIND:
        reviewed.attested(session, document, on=on, now=now)
    order_copy(session, document, now=now)


def order_copy(session: Session, document: Document, *, now: datetime) -> None:
    """Asks for the executed PDF to be made, or made anew since its certificate says more now."""
    jobs.enqueue(
        session, Effect.EXECUTED_COPY, key=f"document:{document.id}", now=now, payload={"document_id": document.id}
    )


def take_back(session: Session, document: Document, *, actor: Actor, now: datetime, reason: str) -> None:
    """Withdraws whatever evidence rests on a document."""
    for row in resting_on(session, document):
        evidence.withdraw(session, row, actor=actor, now=now, reason=reason)


def resting_on(session: Session, document: Document) -> list[Evidence]:
    """The evidence that rests on a document and is not withdrawn."""
    query = select(Evidence).where(
        Evidence.rests_on == TABLE, Evidence.rests_on_id == document.id, Evidence.withdrawn_at == datetime.max
    )
    return list(session.scalars(query.order_by(Evidence.id)))


def _give(
    session: Session, document: Document, gives: tuple[Gives, ...], *, actor: Actor, now: datetime, on: date
) -> None:
    text, answers = text_of(document), document.answers
    there = {(row.kind, row.detail) for row in resting_on(session, document)}
    subjects = {
        About.AGENCY: document.agency_id,
        About.MEMBERSHIP: document.membership_id,
        About.DEVICE: document.device_id,
    }
    for give in gives:
        if not give.only_if(text, answers):
            continue
        for detail in give.details:
            subject = subjects[give.about]
            if (give.kind.value, detail) in there or subject is None:
                continue
            evidence.record(
                session, actor=actor, now=now, kind=give.kind, about=give.about, subject_id=subject, detail=detail,
                version=give.version(text, answers, detail), valid_from=on, valid_until=max(on, give.until(answers)), rests_on=TABLE,
                rests_on_id=document.id, verified_how=document.verified_how,
            )  # fmt: skip
