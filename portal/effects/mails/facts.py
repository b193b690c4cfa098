"""What a mail is about, by the ids in its job; and the live link or code that it carries."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import documents
from portal.actors import roles_of
from portal.adapters.mail import Attachment
from portal.adapters.storage import Storage
from portal.effects.mail_outages import outage_facts
from portal.effects.mail_sanctions import sanction_facts
from portal.effects.mail_services import service_facts
from portal.effects.mail_tickets import ticket_facts
from portal.effects.mails.kinds import Facts
from portal.models import (
    AccessRequest,
    Account,
    Agency,
    CorrectiveAction,
    Delegation,
    Document,
    EmailChange,
    Grant,
    Incident,
    Link,
    Membership,
    PackActivation,
    Person,
    RecordCheck,
    SecurityReview,
    StoredFile,
    Survey,
    SurveyInvite,
    SweepStop,
    Waiver,
    WorkOrder,
)
from portal.refusals import Refused
from portal.services import links
from portal.services.agencies.delegations import SCOPES
from portal.services.helpdesk.feedback import answering
from portal.services.home import duties, running_out
from portal.services.paperwork import again
from portal.services.people import mailbox
from portal.wiring import Context
from workflows.business_time import local_day, us_date
from workflows.vocabulary import LEAD, Scope


def load(session: Session, payload: Mapping[str, Any], context: Context) -> Facts | None:
    """What the mail is about, by the ids in its payload; None where what it carries no longer counts."""
    now = context.clock()
    to = session.get(Person, payload["person_id"]) if payload.get("person_id") else None
    link = session.get_one(Link, payload["link_id"]) if payload.get("link_id") else None
    document = (
        session.get(Document, payload["document_id"]) if payload.get("document_id") else link.document if link else None
    )
    membership = session.get(Membership, payload["membership_id"]) if payload.get("membership_id") else None
    agency_id = payload.get("agency_id") or (document and document.agency_id) or (membership and membership.agency_id)
    agency = session.get(Agency, agency_id) if agency_id is not None else _agency_of(session, to)
    about = session.get_one(Person, membership.person_id) if membership else to
    waiver = session.get(Waiver, payload["waiver_id"]) if payload.get("waiver_id") else None
    facts: Facts = {
        "to": to, "about": about, "agency": agency or session.get_one(Agency, LEAD), "document": document, "membership": membership,
        "document_title": documents.text(document.kind, document.version).title if document else "", "initials": initials(about),
        "own": bool(to and about and to.id == about.id), "again": None, "grant": _grant(session, membership), "attachments": (),
        "request": session.get(AccessRequest, payload["request_id"]) if payload.get("request_id") else None,
        "account": session.get(Account, payload["account_id"]) if payload.get("account_id") else None,
        "orders": list(session.scalars(select(WorkOrder).where(WorkOrder.id.in_(payload.get("order_ids", []))))),
        "asked_by": session.get(Person, link.sent_by) if link and link.sent_by else None,
        "pack": session.get(PackActivation, payload["activation_id"]) if payload.get("activation_id") else None,
        "check": session.get(RecordCheck, payload["check_id"]) if payload.get("check_id") else None,
        "head": {"seq": payload.get("seq"), "mac": payload.get("mac")},
        "delegations": _delegations(session, payload), "waiver": waiver, "waiver_title": _title(waiver, context),
        "stop": session.get(SweepStop, payload["stop_id"]) if payload.get("stop_id") else None,
        "incident": session.get(Incident, payload["incident_id"]) if payload.get("incident_id") else None,
        "review": session.get(SecurityReview, payload["review_id"]) if payload.get("review_id") else None,
        "action": session.get(CorrectiveAction, payload["action_id"]) if payload.get("action_id") else None,
        "news": payload.get("news", ""),
    }  # fmt: skip
    sanction_facts(session, facts, payload, context)
    outage_facts(session, facts, payload, context)
    if not ticket_facts(session, facts, payload, context) or not service_facts(session, facts, payload):
        return None
    if payload.get("change_id") and not _address(session, facts, payload, now, context):
        return None
    if link is not None and not _carry(session, facts, link, payload, now, context):
        return None
    if payload.get("invite_id") and not _asked(session, facts, payload, now, context):
        return None
    if payload["mail"] == "brake_pulled" and (facts["stop"] is None or facts["stop"].status != "pulled"):
        return None
    if payload["mail"] == "runs_out" and not _running_out(session, facts, now, context):
        return None
    if document is not None:
        facts["again"] = again.of(session, [document], context.policy).get(document.id)
    if payload["mail"] == "executed_copy" and document is not None:
        facts["attachments"] = _attached(session, document, context)
    return facts


def _address(session: Session, facts: Facts, payload: Mapping[str, Any], now: datetime, context: Context) -> bool:
    """A change of address: to the new mailbox with the link that confirms it, or to the old one to say that it is done."""
    change = session.get_one(EmailChange, payload["change_id"])
    facts["change"], facts["asked_by"] = change, change.asker if change.asked_by != change.person_id else None
    if payload["mail"] != "email_confirm":
        facts["to_email"] = change.was
        return True
    if change.closed_at is not None or change.expires_at <= now:
        return False
    facts["to_email"] = change.email
    envelope = mailbox.send(session, change=change, keys=context.keys)
    facts["link_href"] = f"{context.settings.base_url}{mailbox.PATH}{envelope}"
    return True


def _asked(session: Session, facts: Facts, payload: Mapping[str, Any], now: datetime, context: Context) -> bool:
    """A survey, with somebody's own link; False where it is closed by now, or was answered."""
    invite = session.get_one(SurveyInvite, payload["invite_id"])
    facts["survey"] = session.get_one(Survey, invite.survey_id)
    if invite.used or not answering.takes_answers(facts["survey"], now=now, policy=context.policy):
        return False
    facts["link_href"] = f"{context.settings.base_url}/feedback/{answering.link(context.keys, invite)}"
    return True


def _delegations(session: Session, payload: Mapping[str, Any]) -> list[Facts]:
    query = select(Delegation).where(Delegation.id.in_(payload.get("delegation_ids", []))).order_by(Delegation.id)
    return [
        {"words": SCOPES[Scope(each.scope)][0], "starts_on": us_date(each.starts_on), "ends_on": us_date(each.ends_on)}
        for each in session.scalars(query)
    ]


def _title(waiver: Waiver | None, context: Context) -> str:
    titles = {p.id: p.title for p in context.policy.prerequisites}
    return titles.get(waiver.prerequisite, waiver.prerequisite) if waiver else ""


def _running_out(session: Session, facts: Facts, now: datetime, context: Context) -> bool:
    """Puts what runs out for the addressee into the facts; False where nothing does any more."""
    today = local_day(now, context.policy.zone)
    roles = roles_of(session, facts["to"].id, today)
    facts["items"] = running_out.for_person(
        session, person_id=facts["to"].id, roles=roles, on=today, policy=context.policy
    )
    facts["own_items"] = [item for item in facts["items"] if item.own]
    facts["duties"] = [
        (duty, duties.when(duty, on=today))
        for duty in duties.for_person(session, person_id=facts["to"].id, roles=roles, on=today, policy=context.policy)
    ]
    if not facts["items"] and not facts["duties"]:
        return False
    facts["agency"] = session.get_one(Agency, facts["items"][0].agency_id if facts["items"] else LEAD)
    return True


def initials(person: Person | None) -> str:
    """'J. S.': what a subject may show of a name."""
    return " ".join(f"{word[0].upper()}." for word in person.name.split()) if person else ""


def _carry(
    session: Session, facts: Facts, link: Link, payload: Mapping[str, Any], now: datetime, context: Context
) -> bool:
    """Puts the live link or the code into the facts: the only place where either is in the clear."""
    try:
        links.refuse_spent(link, now)
    except Refused:
        return False
    facts["minutes"] = context.policy.one_time_code.minutes
    facts["expires_on"] = us_date(local_day(link.expires_at, context.policy.zone))
    if payload["mail"] == "code":
        if not links.has_live_code(link, now=now, policy=context.policy):
            return False
        facts["code"] = links.code_of(link, digits=context.policy.one_time_code.digits)
        return True
    envelope = links.send(session, link=link, keys=context.keys)
    facts["link_href"] = f"{context.settings.base_url}{links.PATHS[link.purpose]}{envelope}"
    return True


def _attached(session: Session, document: Document, context: Context) -> tuple[Attachment, ...]:
    storage = Storage(context.settings.storage)
    files = [
        StoredFile(
            sha256=document.executed_sha256,
            media_type="application/pdf",
            name=f"{document.kind}-{document.version}.pdf",
        )
    ]
    if document.route == "paper":
        scans = {
            signature.scan_sha256
            for signature in document.signatures
            if signature.round == document.round and signature.scan_sha256
        }
        files += session.scalars(
            select(StoredFile).where(StoredFile.document_id == document.id, StoredFile.sha256.in_(scans))
        )
    return tuple(
        Attachment(re.sub(r"[^\w .-]", "_", file.name)[:100], file.media_type, storage.get(file.sha256))
        for file in files
    )


def _agency_of(session: Session, person: Person | None) -> Agency | None:
    if person is None:
        return None
    return session.scalars(
        select(Agency)
        .join(Membership, Membership.agency_id == Agency.id)
        .where(Membership.person_id == person.id)
        .order_by(Membership.id.desc())
        .limit(1)
    ).first()


def _grant(session: Session, membership: Membership | None) -> Grant | None:
    if membership is None:
        return None
    return session.scalars(
        select(Grant).where(Grant.membership_id == membership.id).order_by(Grant.id.desc()).limit(1)
    ).first()
