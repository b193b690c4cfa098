"""Paper comes back, and the Lead verifies or sends back ('Setting up a New HMIS Agency'): equal to the electronic route."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.documents import Signer
from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Agency, Document, Person, Signature, StoredFile
from portal.refusals import Refused, bad_input
from portal.services import evidence, links
from portal.services.paperwork import produce, signers
from portal.services.paperwork.kinds import KINDS
from portal.services.paperwork.names import looks_like
from portal.services.paperwork.sign import content_of, statement_of
from portal.services.paperwork.texts import text_of
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import About, Effect, Kind, Reason, in_words

HOW = ("submitted", "viewed on site")
EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class Scan:
    """A file that was inspected and lies in the storage already: its fingerprint and what was found in it."""

    sha256: str
    media_type: str
    size: int
    pages: int
    name: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """Who signed on paper in one capacity, as printed beside the signature."""

    name: str
    title: str = ""


def upload_scan(
    session: Session,
    *,
    document: Document,
    scan: Scan,
    signed_on: date,
    by_hand: Mapping[str, ByHand],
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """Takes in a document that was printed, signed on paper and scanned; it counts once the Lead has verified it.

    `by_hand` says who signed, by capacity: everybody but the Lead, who countersigns in the portal.
    """
    produce.hold(session, document, actor.person_id)
    text, today = text_of(document), local_day(now, policy.zone)
    if not EARLIEST <= signed_on <= today:
        raise bad_input(
            f"Enter the day it was signed: not after today, {us_date(today)}, and not before 1990.", "signed_on"
        )
    again = document.status == "rejected"
    transition(session, document, "scan", actor=actor, now=now)
    if again:
        document.round += 1
    noon = datetime.combine(signed_on, time(12), ZoneInfo(policy.zone)).astimezone(UTC).replace(tzinfo=None)
    for signer in text.signers:
        if signer.capacity == "lead":
            continue
        written = by_hand.get(signer.capacity, ByHand(""))
        person = _who_signed(session, document, signer, written, on=today)
        statement = statement_of(document, text, signer)
        session.add(
            Signature(
                document_id=document.id, round=document.round, capacity=signer.capacity, person_id=person.id, method="paper",
                name=" ".join(written.name.split()), title=written.title[:100], authority=statement, signed_at=noon, initials={},
                content_sha256=content_of(document, capacity=signer.capacity, name=written.name, title=written.title, authority=statement, initials={}),
                authentication="By hand", email=person.email, scan_sha256=scan.sha256, address="", agent="", consent_version="", consent_sha256="",
            )
        )  # fmt: skip
    document.route, document.signed_on, document.rejected_reason = "paper", signed_on, ""
    document.verified_by = document.verified_at = None
    document.verified_how = ""
    _keep_file(session, document, scan, actor=actor, now=now)
    session.flush()
    links.revoke_for(session, document, now=now)
    if KINDS[document.kind].form:
        produce.signed(session, document, actor=actor, now=now, on=signed_on)


def verify(session: Session, *, document: Document, how: str, actor: Actor, now: datetime) -> None:
    """The Lead verifies that a document is correctly executed and its signer had the authority, and how it was seen.

    Executes what waited for it: a submitted form, a scan. What was executed electronically is verified afterwards
    (its certificate says so then). Never by whoever signed it. `how` is one of HOW.
    """
    if how not in HOW:
        raise bad_input(f"Say how you saw it: {' or '.join(HOW)}.", "how")
    produce.hold(session, document, actor.person_id)
    permissions.check(session, actor, Action.DOCUMENT_VERIFY, document)
    if document.verified_at is not None:
        raise Refused(Reason.ALREADY_DONE, "This document has been verified already.")
    signer = signers.next_signer(session, document, text_of(document))
    if document.status not in ("signed", "scanned", "executed") or (signer is not None and signer.capacity != "lead"):
        waits = f" It waits for: {signer.label}." if signer is not None else ""
        raise Refused(
            Reason.ILLEGAL_MOVE, f"There is nothing to verify yet: not everybody of the Agency has signed.{waits}"
        )
    document.verified_by, document.verified_at, document.verified_how = actor.person_id, now, how
    session.flush()
    on = document.signed_on or now.date()
    audit.record(
        session,
        actor=actor,
        now=now,
        act="document.verify",
        thing=document,
        after={"how": how},
        said=f"Verified the {in_words(document.kind)} ({how}).",
    )
    if document.status == "executed":
        produce.order_copy(session, document, now=now)
    elif signer is not None:
        produce.signed(session, document, actor=actor, now=now, on=on)
    else:
        transition(session, document, "verify", actor=actor, now=now)
        produce.signed(session, document, actor=actor, now=now, on=on)
        produce.executed(session, document, actor=actor, now=now, on=on)


def reject(session: Session, *, document: Document, reason: str, actor: Actor, now: datetime) -> None:
    """Sends a document back with the reason: what it gave is withdrawn, every answer is kept, its signers are told."""
    if not reason.strip():
        raise bad_input("Say what has to be corrected.", "reason")
    if len(reason) > 1000:
        raise bad_input(f"At most 1,000 characters; this has {len(reason):,}.", "reason")
    produce.hold(session, document, actor.person_id)
    transition(session, document, "reject", actor=actor, now=now, why=reason)
    document.rejected_reason = reason
    document.verified_by = document.verified_at = None
    document.verified_how = ""
    produce.take_back(session, document, actor=actor, now=now, reason=f"The document was sent back: {reason}"[:1000])
    links.revoke_for(session, document, now=now)
    told: set[int | None] = {signature.person_id for signature in signers.signatures(session, document)} or {
        document.prepared_by
    }
    for person_id in sorted(person for person in told if person is not None):
        jobs.enqueue(
            session, Effect.MAIL, key=f"rejected:{document.id}:{document.round}:{person_id}", now=now,
            payload={"mail": "document_rejected", "person_id": person_id, "document_id": document.id},
        )  # fmt: skip


def attest_posted(session: Session, *, agency: Agency, what: str, on: date, actor: Actor, now: datetime) -> None:
    """The Agency attests that its privacy notice or its sign hangs where intake happens ('Client Notification')."""
    actor = permissions.acting(session, actor, Action.PROTOCOL_ATTEST, agency)
    evidence.record(
        session,
        actor=actor,
        now=now,
        kind=Kind.POSTED,
        about=About.AGENCY,
        subject_id=agency.id,
        detail=what,
        valid_from=on,
    )


def _who_signed(session: Session, document: Document, signer: Signer, written: ByHand, *, on: date) -> Person:
    field = f"name-{signer.capacity}"
    if not written.name.strip():
        raise bad_input(f"Enter the name printed beside the signature: {signer.label}.", field)
    if len(written.name) > 200:
        raise bad_input(f"A name may have 200 characters; this has {len(written.name)}.", field)
    people = signers.people_for(session, document, signer.capacity, on=on)
    found = next((person for person in people if looks_like(written.name, person)), None)
    if found is None:
        names = " or ".join(person.name for person in people) or "nobody yet; name that person first"
        raise bad_input(
            f"{signer.label}: the portal knows {names}. Check the name printed beside the signature.", field
        )
    return found


def _keep_file(session: Session, document: Document, scan: Scan, *, actor: Actor, now: datetime) -> None:
    there = session.scalar(
        select(StoredFile.id).where(StoredFile.sha256 == scan.sha256, StoredFile.document_id == document.id)
    )
    if there is None:
        session.add(
            StoredFile(
                sha256=scan.sha256, document_id=document.id, media_type=scan.media_type, size=scan.size, pages=scan.pages, name=scan.name[:200],
                agency_id=document.agency_id, person_id=document.person_id, stored_by=actor.person_id, stored_at=now,
            )
        )  # fmt: skip
