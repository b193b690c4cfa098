"""The paperwork that a request starts: what the person signs is prepared from it and the link mailed (U2)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import documents
from portal import permissions
from portal.actors import Actor
from portal.models import AccessRequest, Agency, Device, Document, Link, Membership, Person, Project
from portal.refusals import Refused, bad_input
from portal.services import evidence, links, paperwork
from portal.services.paperwork.texts import version_in_force
from portal.services.people import offices
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import About, Kind, Reason, Role

WITH_THE_LEAD = ("signed", "scanned")
OWN = ("user_agreement", "privacy_notice", "agency_admin_agreement", "security_officer_acceptance", "laptop_statement")
"""What a person signs about herself, so that its link can be sent again."""


def start(
    session: Session,
    *,
    request: AccessRequest,
    agency: Agency,
    person: Person,
    projects: Sequence[Project],
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> list[Document]:
    """Prepares and mails the user agreement where none is in force, and the laptop statement where one is needed."""
    membership = session.get_one(Membership, request.membership_id)
    sent = []
    if _needs_agreement(session, membership, request, now=now, policy=policy):
        answers = _answers(session, request, person, projects, actor=actor, now=now, policy=policy)
        sent.append(
            _send(
                session,
                "user_agreement",
                agency,
                membership,
                None,
                answers,
                person,
                actor=actor,
                now=now,
                policy=policy,
            )
        )
    device = session.get(Device, request.device_id) if request.device_id else None
    if device is not None:
        sent.append(
            laptop_statement(session, membership=membership, device=device, actor=actor, now=now, policy=policy)
        )
    return [document for document in sent if document is not None]


def laptop_statement(
    session: Session, *, membership: Membership, device: Device, actor: Actor, now: datetime, policy: Policy
) -> Document | None:
    """Prepares and mails the statement that a laptop asks for; None where it is none, or the statement is signed."""
    if not _needs_statement(session, device, now=now, policy=policy):
        return None
    agency, person = session.get_one(Agency, membership.agency_id), session.get_one(Person, membership.person_id)
    return _send(
        session, "laptop_statement", agency, membership, device, {}, person, actor=actor, now=now, policy=policy
    )


def waiting_for(session: Session, membership_id: int) -> list[Document]:
    """What this person still has to sign at this Agency, oldest first."""
    query = select(Document).where(
        Document.membership_id == membership_id, Document.status == "prepared", Document.kind.in_(OWN)
    )
    return list(session.scalars(query.order_by(Document.id)))


def send_again(session: Session, *, membership: Membership, actor: Actor, now: datetime, policy: Policy) -> list[Link]:
    """New links for all that the person has not signed; the earlier ones end. ALREADY_DONE where nothing waits."""
    permissions.check(session, actor, Action.LINK_SEND, membership)
    person = session.get_one(Person, membership.person_id)
    if actor.person_id == person.id:
        raise bad_input("You need no link: sign from your own page, 'My access'.")
    sent = []
    for document in waiting_for(session, membership.id):
        old = links.open_links(session, document, now=now)
        if old and (now - old[-1].sent_at).total_seconds() < 600:
            raise Refused(
                Reason.ALREADY_DONE,
                "A link went out less than ten minutes ago. Give it time to arrive, and look in the spam folder.",
            )
        sent.append(
            paperwork.send_to_sign(session, document=document, person=person, actor=actor, now=now, policy=policy)
        )
    if not sent:
        raise Refused(Reason.ALREADY_DONE, f"{person.name} has nothing left to sign.")
    return sent


def _needs_agreement(
    session: Session, membership: Membership, request: AccessRequest, *, now: datetime, policy: Policy
) -> bool:
    today = local_day(now, policy.zone)
    held = evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.USER_AGREEMENT, on=today)
    pledged = evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.PRIVACY_PLEDGE, on=today)
    if request.act == "modify" and held:
        return False
    wanted = _version_in_force(session, "user_agreement", now=now, policy=policy)
    return not (pledged and any(row.version == wanted for row in held))


def _version_in_force(session: Session, kind: str, *, now: datetime, policy: Policy) -> str:
    """The version that was published last, whether or not the one before still counts; else the newest text."""
    published = evidence.in_force(session, About.LEAD, 0, Kind.PUBLISHED, on=local_day(now, policy.zone), detail=kind)
    newest = max(published, key=lambda row: (row.valid_from, row.id), default=None)
    return newest.version if newest else documents.latest(kind).version


def _needs_statement(session: Session, device: Device, *, now: datetime, policy: Policy) -> bool:
    today = local_day(now, policy.zone)
    is_laptop = evidence.in_force(session, About.DEVICE, device.id, Kind.TRAIT, on=today, detail="laptop")
    return bool(is_laptop) and not evidence.in_force(session, About.DEVICE, device.id, Kind.LAPTOP_STATEMENT, on=today)


def _send(
    session: Session,
    kind: str,
    agency: Agency,
    membership: Membership,
    device: Device | None,
    answers: dict[str, str],
    person: Person,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Document | None:
    """None where a signed copy waits with the Lead already: then nothing is asked of the person again."""
    with_lead = select(Document.id).where(
        Document.kind == kind,
        Document.membership_id == membership.id,
        Document.status.in_(WITH_THE_LEAD),
        Document.device_id == (device.id if device else None),
    )
    if session.scalar(with_lead.limit(1)) is not None:
        return None
    document = paperwork.prepare(
        session, kind=kind, agency=agency, membership=membership, device=device, answers=answers, actor=actor, now=now
    )
    paperwork.send_to_sign(session, document=document, person=person, actor=actor, now=now, policy=policy)
    return document


def _answers(
    session: Session,
    request: AccessRequest,
    person: Person,
    projects: Sequence[Project],
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> dict[str, str]:
    levels = {level.id: level.title for level in policy.access_levels}
    today = local_day(now, policy.zone)
    held = {row.detail for row in offices.roles(session, request.membership_id, on=today)} | {Role.END_USER.value}
    said = {
        "purpose": request.purpose,
        "projects": ", ".join(project.name for project in projects)[:4000],
        "access_level": levels.get(request.access_level, request.access_level),
        "courses": ", ".join(course.title for course in policy.courses_for(held, request.access_level))[:300],
        "supervisor_name": request.supervisor or (actor.name if actor.person_id else ""),
        "job_title": person.title or request.worker.capitalize(),
    }
    fields = {field.name for field in version_in_force(session, "user_agreement", today).fields}
    return {name: value for name, value in said.items() if name in fields and value}
