"""Signing electronically: by link and code, or, for the Lead's countersignature and submitted forms, signed in."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from forms import documents
from forms.documents import DocumentText, Signer
from portal import audit
from portal.actors import Actor
from portal.models import Document, Link, Person, Signature
from portal.refusals import Refused, bad_input
from portal.services import links
from portal.services.paperwork import produce, signers
from portal.services.paperwork.kinds import KINDS
from portal.services.paperwork.names import checked_initials, refuse_other_name
from portal.services.paperwork.prepare import fill_in, send_on
from portal.services.paperwork.texts import as_read, refuse_missing, text_of
from portal.services.transition import transition
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Reason

FRESH = timedelta(hours=12)


def sign(
    session: Session,
    *,
    document: Document,
    link: Link,
    name: str,
    title: str,
    authority: bool,
    initials: Mapping[str, str],
    consent: bool,
    answers: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Signature:
    """Signs by a link whose code was entered and consumes the link ('Setting up a New HMIS Agency').

    `authority` says that the statement of authority was made, `initials` are by clause. Refuses by BAD_INPUT with the
    field, LINK_SPENT, WRONG_CODE, NOT_ALLOWED; nothing is kept then.
    """
    if KINDS[document.kind].form:
        raise bad_input("This form is submitted in the portal; it is not signed by a link.")
    produce.hold(session, document, actor.person_id)
    session.flush()
    session.refresh(link, with_for_update=True)
    _refuse_unproven(link, document, actor, now)
    text, today = text_of(document), local_day(now, policy.zone)
    # The link and its code were proven for this person and this document, whichever way the browser was signed in.
    by_link = replace(actor, via="link", document_id=document.id)
    if answers:
        fill_in(session, document=document, answers=answers, actor=by_link, now=now)
    refuse_missing(text, document.answers)
    signer = signers.refuse_others(
        session, document, signers.next_signer(session, document, text), actor.person_id, on=today
    )
    signature = _signature(
        session, document, text, signer, name=name, title=title, authority=authority, initials=initials, consent=consent,
        actor=actor, now=now,
    )  # fmt: skip
    signature.authentication = "One-time code by e-mail"
    signature.code_entered_at, signature.link_id = link.code_proven_at, link.id
    links.use(session, link=link, now=now)
    session.flush()
    document.signed_on = today
    audit.record(
        session, actor=by_link, now=now, act="document.signed", thing=document,
        after={"capacity": signer.capacity, "content": signature.content_sha256},
        said=f"{signature.name} signed as {signer.label}: {text.title}, version {text.version}.",
    )  # fmt: skip
    _follow(session, document, text, actor=by_link, now=now, policy=policy)
    return signature


def _follow(
    session: Session, document: Document, text: DocumentText, *, actor: Actor, now: datetime, policy: Policy
) -> None:
    """What a signature entails: the document waits for the next signer, who gets a link, or is executed."""
    today = local_day(now, policy.zone)
    if document.status == "prepared":
        transition(session, document, "sign", actor=actor, now=now)
        produce.signed(session, document, actor=actor, now=now, on=today)
    if signers.next_signer(session, document, text) is None:
        transition(session, document, "execute", actor=actor, now=now)
        links.revoke_for(session, document, now=now)
        produce.executed(session, document, actor=actor, now=now, on=today)
    else:
        send_on(session, document, now=now, policy=policy)


def countersign(
    session: Session,
    *,
    document: Document,
    name: str,
    title: str,
    authority: bool,
    consent: bool,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Signature:
    """The Lead's signature, which executes the document. A signature on paper has to be verified first."""
    produce.hold(session, document, actor.person_id)
    text, today = text_of(document), local_day(now, policy.zone)
    signer = signers.next_signer(session, document, text)
    if signer is None or signer.capacity != "lead" or document.status not in ("signed", "scanned"):
        raise Refused(Reason.ILLEGAL_MOVE, "This document does not wait for the Lead's signature.")
    if document.status == "scanned" and document.verified_at is None:
        raise Refused(Reason.ILLEGAL_MOVE, "Verify the scan first; then countersign.")
    transition(session, document, "countersign", actor=actor, now=now)
    signers.refuse_others(session, document, signer, actor.person_id, on=today)
    signature = _signature(
        session,
        document,
        text,
        signer,
        name=name,
        title=title,
        authority=authority,
        initials={},
        consent=consent,
        actor=actor,
        now=now,
    )
    signature.authentication = "Signed in with a password and a second factor"
    document.signed_on = today
    session.flush()
    links.revoke_for(session, document, now=now)
    produce.executed(session, document, actor=actor, now=now, on=today)
    return signature


def submit(
    session: Session,
    *,
    document: Document,
    answers: Mapping[str, Any],
    name: str = "",
    title: str = "",
    consent: bool,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Signature:
    """Submits a form (information, inventory) for the help desk to verify; one that was sent back begins a new round."""
    if not KINDS[document.kind].form:
        raise bad_input("This document is signed by a link that is mailed to its signer.")
    produce.hold(session, document, actor.person_id)
    text, today = text_of(document), local_day(now, policy.zone)
    again = document.status == "rejected"
    fill_in(session, document=document, answers=answers, actor=actor, now=now)
    refuse_missing(text, document.answers)
    _refuse_wrong_beds(text, document.answers)
    transition(session, document, "submit", actor=actor, now=now)
    if again:
        document.round += 1
    signer = signers.refuse_others(
        session, document, signers.next_signer(session, document, text), actor.person_id, on=today
    )
    signature = _signature(
        session,
        document,
        text,
        signer,
        name=name or actor.name,
        title=title,
        authority=True,
        initials={},
        consent=consent,
        actor=actor,
        now=now,
    )
    signature.authentication = (
        "Signed in with a link and a code" if actor.via == "link" else "Signed in with a password"
    )
    document.signed_on, document.route, document.rejected_reason = today, "electronic", ""
    session.flush()
    produce.signed(session, document, actor=actor, now=now, on=today)
    return signature


def content_of(
    document: Document, *, capacity: str, name: str, title: str, authority: str, initials: Mapping[str, str]
) -> str:
    """SHA-256 over the text's fingerprint, everything filled in and what the signer added: what this signature binds."""
    whole = {
        "text": document.text_sha256, "answers": document.answers, "capacity": capacity, "name": name, "title": title,
        "authority": authority, "initials": dict(initials),
    }  # fmt: skip
    return hashlib.sha256(
        json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def statement_of(document: Document, text: DocumentText, signer: Signer) -> str:
    """The signer's statement of authority with the names filled in."""
    return text.plain(signer.statement, as_read(text, document.answers))


def _signature(
    session: Session,
    document: Document,
    text: DocumentText,
    signer: Signer,
    *,
    name: str,
    title: str,
    authority: bool,
    initials: Mapping[str, str],
    consent: bool,
    actor: Actor,
    now: datetime,
) -> Signature:
    person = session.get_one(Person, actor.person_id)
    typed = refuse_other_name(name, person)
    title = " ".join(title.split())
    if len(title) > 100:
        raise bad_input(f"A title may have 100 characters; this has {len(title)}.", "title")
    if signer.capacity in ("executive_director", "lead") and not title:
        raise bad_input("Enter your title, such as Executive director.", "title")
    wanted = [(id_, text.heading(text.section(id_))) for id_ in text.initialled] if signer.initials else []
    written = checked_initials(initials, wanted)
    if not authority:
        raise bad_input(
            "Confirm the statement above your signature. If it is not true, do not sign; tell the help desk.",
            "authority",
        )
    if not consent:
        raise bad_input(
            "Agree to sign electronically, or print the document and sign it on paper, which counts the same.",
            "consent",
        )
    agreed, statement = documents.latest("electronic_consent"), statement_of(document, text, signer)
    signature = Signature(
        document_id=document.id, round=document.round, capacity=signer.capacity, person_id=person.id, method="electronic", name=typed,
        title=title, authority=statement, consent_version=agreed.version, consent_sha256=agreed.sha256, initials=written,
        content_sha256=content_of(document, capacity=signer.capacity, name=typed, title=title, authority=statement, initials=written),
        email=person.email, address=actor.address, agent=actor.agent, signed_at=now, authentication="", scan_sha256="",
    )  # fmt: skip
    session.add(signature)
    return signature


def _refuse_unproven(link: Link, document: Document, actor: Actor, now: datetime) -> None:
    if link.document_id != document.id or link.person_id != actor.person_id or link.purpose != "signing":
        raise Refused(Reason.NOT_ALLOWED, "This link is for another person or another document.")
    links.refuse_spent(link, now)
    if link.code_proven_at is None or now - link.code_proven_at > FRESH:
        raise Refused(
            Reason.WRONG_CODE, "Open the link in your message again and enter the code that is mailed to you."
        )


def _refuse_wrong_beds(text: DocumentText, answers: Mapping[str, Any]) -> None:
    """The seven columns of beds add up to the total, as the form itself says ('Data Quality Standards')."""
    if text.kind != "housing_inventory":
        return
    parts = ("ch_vet_beds", "youth_vet_beds", "vet_beds", "ch_youth_beds", "youth_beds", "ch_beds", "other_beds")
    for number, row in enumerate(text.entries("inventory", as_read(text, answers)), 1):
        total, each = int(row.get("bed_inventory") or 0), sum(int(row.get(part) or 0) for part in parts)
        if total != each:
            raise bad_input(
                f"Entry {number}: the seven columns of beds add up to {each}, but the total is {total}.",
                f"inventory.{number}.bed_inventory",
            )
