"""Preparing a document, filling it in, and sending it to whoever signs next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import documents
from portal import audit, permissions
from portal.actors import PORTAL, Actor
from portal.models import Agency, Device, Document, Link, Membership, Person
from portal.refusals import Refused, bad_input
from portal.services import links, locks
from portal.services.paperwork import signers
from portal.services.paperwork.kinds import KINDS
from portal.services.paperwork.produce import hold, take_back
from portal.services.paperwork.texts import checked, compact, known, text_of, to_fill, version_in_force
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Reason

OPEN = ("prepared", "signed", "scanned", "rejected")


def prepare(
    session: Session,
    *,
    kind: str,
    agency: Agency,
    membership: Membership | None = None,
    device: Device | None = None,
    version: str | None = None,
    answers: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> Document:
    """A document ready to be signed, filled in from the record and from `answers`; the version in force unless named.

    One that is being prepared already is filled in further; one of an older version that nobody has signed is set aside.
    Refuses a kind that does not exist (BAD_INPUT) and one that is signed and waits (ALREADY_DONE).
    """
    _refuse_misfit(kind, agency, membership, device)
    actor = permissions.acting(session, actor, Action.DOCUMENT_PREPARE, membership or agency)
    locks.lock(session, agencies=[agency.id], lead=agency.id == LEAD)
    text = documents.text(kind, version) if version else version_in_force(session, kind, now.date())
    there = _there(session, kind, agency, membership, device, text.version, actor, now)
    if there is not None:
        return fill_in(session, document=there, answers=answers or {}, actor=actor, now=now)
    person = session.get(Person, membership.person_id) if membership is not None else None
    document = Document(
        kind=kind, version=text.version, text_sha256=text.sha256, agency_id=agency.id, membership_id=membership.id if membership else None,
        person_id=person.id if person else None, device_id=device.id if device else None, route="electronic", round=1,
        answers=known(session, text, agency=agency, person=person, device=device, now=now) | checked(text, answers or {}),
        prepared_by=actor.person_id, prepared_at=now,
    )  # fmt: skip
    session.add(document)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="document.prepare", thing=document, after={"kind": kind, "version": text.version},
        said=f"Prepared: {text.title}, version {text.version}.",
    )  # fmt: skip
    return document


def fill_in(
    session: Session, *, document: Document, answers: Mapping[str, Any], actor: Actor, now: datetime
) -> Document:
    """Fills in fields of a document that nobody has signed. Who only signs it may fill what was left empty, nothing else."""
    text = text_of(document)
    given = {key: value for key, value in checked(text, answers).items() if value != document.answers.get(key)}
    if not given:
        return document
    session.flush()
    session.refresh(document, with_for_update=True)
    if document.status not in ("prepared", "rejected"):
        raise Refused(Reason.ILLEGAL_MOVE, "This document has been signed, so nothing in it can be changed any more.")
    if not permissions.allows(session, actor, Action.DOCUMENT_PREPARE, document):
        permissions.check(session, actor, Action.DOCUMENT_SIGN, document)
        empty = {field.name for field in to_fill(text, document.answers)}
        if set(given) - empty:
            raise Refused(
                Reason.NOT_ALLOWED, "You may fill in what is empty. Whoever sent this document can correct the rest."
            )
    before = {key: document.answers.get(key, "") for key in given}
    document.answers = compact(text, {**document.answers, **given})
    session.flush()
    links.begin_anew(session, document, but=actor.person_id, now=now)
    audit.record(
        session, actor=actor, now=now, act="document.fill", thing=document, before=before, after=given,
        said=f"Filled in: {', '.join(sorted(given))}."[:1000],
    )  # fmt: skip
    return document


def send_to_sign(
    session: Session, *, document: Document, person: Person, actor: Actor, now: datetime, policy: Policy, mail: str = ""
) -> Link:
    """Mails the person a link to sign the document; refuses anybody whose turn it is not, and a text that has changed."""
    if KINDS[document.kind].form:
        raise bad_input("This form is submitted in the portal; it is not signed by a link.")
    signer = signers.next_signer(session, document, text_of(document))
    signers.refuse_others(session, document, signer, person.id, on=local_day(now, policy.zone))
    if document.status not in ("prepared", "signed"):
        raise Refused(Reason.ILLEGAL_MOVE, f"This document is {document.status}; it cannot be sent to be signed.")
    return links.invite(
        session, person=person, purpose="signing", document=document, actor=actor, now=now, policy=policy, mail=mail
    )


def send_on(session: Session, document: Document, *, now: datetime, policy: Policy) -> Link | None:
    """Sends a half-signed document to the next signer of the Agency; None where that is the Lead, or nobody is recorded."""
    signer = signers.next_signer(session, document, text_of(document))
    if signer is None or signer.capacity == "lead":
        return None
    people = signers.people_for(session, document, signer.capacity, on=local_day(now, policy.zone))
    return (
        send_to_sign(session, document=document, person=people[0], actor=PORTAL, now=now, policy=policy)
        if people
        else None
    )


def resume(session: Session, *, document: Document, actor: Actor, now: datetime) -> None:
    """Opens a document that was sent back, with every answer kept, for another round of signatures."""
    hold(session, document, actor.person_id)
    transition(session, document, "resume", actor=actor, now=now)
    document.round += 1
    document.route, document.signed_on = "electronic", None


def void(session: Session, *, document: Document, reason: str, actor: Actor, now: datetime) -> None:
    """Sets an unexecuted document aside: its links end and what rests on it is withdrawn."""
    if not reason.strip():
        raise bad_input("Say why this document is set aside.", "reason")
    hold(session, document, actor.person_id)
    transition(session, document, "void", actor=actor, now=now, why=reason)
    take_back(session, document, actor=actor, now=now, reason=reason)
    links.revoke_for(session, document, now=now)


def _there(
    session: Session,
    kind: str,
    agency: Agency,
    membership: Membership | None,
    device: Device | None,
    version: str,
    actor: Actor,
    now: datetime,
) -> Document | None:
    """The open document of this version for the same subject, if it is still being prepared."""
    query = select(Document).where(
        Document.kind == kind, Document.agency_id == agency.id, Document.status.in_(OPEN),
        Document.membership_id == (membership.id if membership else None), Document.device_id == (device.id if device else None),
    )  # fmt: skip
    found = None
    for document in session.scalars(query.with_for_update().order_by(Document.id)):
        if document.version == version and document.status in ("prepared", "rejected"):
            found = document
        elif document.version == version:
            raise Refused(
                Reason.ALREADY_DONE,
                f"{KINDS[kind].title}: this is signed and waits for the next step. Finish or set it aside first.",
            )
        elif document.status == "prepared":
            void(session, document=document, reason=f"Version {version} replaces it.", actor=PORTAL, now=now)
    if found is not None and found.status == "rejected":
        resume(session, document=found, actor=actor, now=now)
    return found


def _refuse_misfit(kind: str, agency: Agency, membership: Membership | None, device: Device | None) -> None:
    if kind not in KINDS:
        raise bad_input(f"There is no document of kind {kind!r}.", "kind")
    given = {"membership": membership is not None, "device": device is not None}
    for need in KINDS[kind].needs:
        if not given[need]:
            raise bad_input(f"{KINDS[kind].title}: say for which {'person' if need == 'membership' else need}.", need)
    for thing in (membership, device):
        if thing is not None and thing.agency_id != agency.id:
            raise bad_input("The person and the device have to belong to the same Agency.", "agency")
