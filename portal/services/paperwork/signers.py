"""Who signs a document: in which order, who may in each capacity, and who has."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.documents import DocumentText, Signer
from portal.models import Document, Membership, Person, Signature
from portal.refusals import Refused
from portal.services.holders import held
from portal.services.paperwork.kinds import KINDS
from workflows.vocabulary import LEAD, Reason, Role

OWN_CAPACITY = ("user", "agency_admin", "security_officer")


def signatures(session: Session, document: Document) -> list[Signature]:
    """The signatures of the document's present round, in order."""
    query = select(Signature).where(Signature.document_id == document.id, Signature.round == document.round)
    return list(session.scalars(query.order_by(Signature.id)))


def next_signer(session: Session, document: Document, text: DocumentText) -> Signer | None:
    """Whose turn it is; None when everybody has signed."""
    given = {signature.capacity for signature in signatures(session, document)}
    return next((signer for signer in text.signers if signer.capacity not in given), None)


def people_for(session: Session, document: Document, capacity: str, *, on: date) -> list[Person]:
    """Who may sign in a capacity on a day: the person it is about, or whoever holds the office at the Agency."""
    kind = KINDS[document.kind]
    if capacity in OWN_CAPACITY and "membership" in kind.needs:
        return [session.get_one(Person, document.person_id)]
    roles: Iterable[Role] = kind.designees
    if capacity == "lead":
        return _holding(session, LEAD, [Role.LEAD_ADMIN], on)
    if capacity in OWN_CAPACITY:
        roles = (Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR)
    found = _holding(session, document.agency_id, roles, on)
    if (
        "membership" not in kind.needs
        and document.person_id is not None
        and all(p.id != document.person_id for p in found)
    ):
        found.insert(0, session.get_one(Person, document.person_id))
    return found


def refuse_others(
    session: Session, document: Document, signer: Signer | None, person_id: int | None, *, on: date
) -> Signer:
    """The signer whose turn it is, if this person may sign as such: ALREADY_DONE or NOT_ALLOWED otherwise."""
    if signer is None:
        raise Refused(Reason.ALREADY_DONE, "Everybody has signed this document already.")
    if all(person.id != person_id for person in people_for(session, document, signer.capacity, on=on)):
        raise Refused(
            Reason.NOT_ALLOWED,
            f"It is the turn of: {signer.label}. Your name is not recorded for that; ask the help desk.",
        )
    return signer


def _holding(session: Session, agency_id: int, roles: Iterable[Role], on: date) -> list[Person]:
    there = held(on, *roles).with_only_columns(Membership.person_id).where(Membership.agency_id == agency_id)
    return list(session.scalars(select(Person).where(Person.id.in_(there)).order_by(Person.id)))
