"""The Agency Administrator and the security officer: named by the director, at least one of each ('Agency Administrator', 'Security officer')."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import PORTAL, Actor
from portal.models import AccessRequest, Agency, Device, Document, Membership, Person, Project
from portal.refusals import Refused, bad_input
from portal.services import evidence, paperwork
from portal.services.agencies import agencies
from portal.services.agencies.directors import holders
from portal.services.locks import lock
from portal.services.people import grants, offices, people, requests
from portal.services.people.particulars import PersonFields
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import About, Effect, Kind, Reason, Role

OFFICES = {Role.AGENCY_ADMIN: "Agency Administrator", Role.SECURITY_OFFICER: "Security officer"}
PAPERS = {Role.AGENCY_ADMIN: "agency_admin_agreement", Role.SECURITY_OFFICER: "security_officer_acceptance"}
ACCEPTED = {Role.AGENCY_ADMIN: Kind.AGENCY_ADMIN_AGREEMENT, Role.SECURITY_OFFICER: Kind.SECURITY_OFFICER_ACCEPTANCE}
MAILS = {Role.AGENCY_ADMIN: "admin_named", Role.SECURITY_OFFICER: "officer_named"}

Whom = PersonFields | Membership


@dataclass(frozen=True, slots=True)
class Named:
    """What naming somebody led to: whose office, what went out to be signed, and the Agency Admin's own request."""

    admin: Membership | None
    security_officer: Membership | None
    documents: tuple[Document, ...]
    request: AccessRequest | None
    notes: tuple[str, ...] = ()


def name_officers(
    session: Session, *, agency: Agency, admin: Whom | None, security_officer: Whom | None = None, same: bool = False, device: Device | None = None,
    purpose: str = "", instead_of: Membership | None = None, actor: Actor, now: datetime, policy: Policy,
) -> Named:  # fmt: skip
    """Names an Agency Administrator, a security officer, or both; `same` makes the first the second as well.

    Each is mailed what is to be signed. The designation of the Agency Administrator is the request for that person's own
    access, for which `purpose` says what for; `instead_of` is who leaves the office. Refuses CONFLICT where the Agency has
    ended or keeps a comparable database.
    """
    actor = permissions.acting(session, actor, Action.OFFICER_NAME, agency)
    today = local_day(now, policy.zone)
    agencies.refuse_shut(session, agency, on=today)
    if admin is None and security_officer is None:
        raise bad_input("Say who it is: an Agency Administrator, a security officer, or both.", "admin")
    lock(session, agencies=[agency.id])
    documents: list[Document] = []
    administrator = officer = request = None
    notes: list[str] = []
    if admin is not None:
        administrator, sent = _give(
            session, agency, admin, Role.AGENCY_ADMIN, instead_of, actor=actor, now=now, policy=policy
        )
        documents += sent
    if same and administrator is not None:
        security_officer = administrator
    if security_officer is not None:
        officer, sent = _give(
            session, agency, security_officer, Role.SECURITY_OFFICER, instead_of, actor=actor, now=now, policy=policy
        )
        documents += sent
    if administrator is not None:
        request, note = _ask(session, agency, administrator, purpose, device, actor=actor, now=now, policy=policy)
        notes += [note] if note else []
    return Named(administrator, officer, tuple(documents), request, tuple(notes))


def end_office(
    session: Session, *, membership: Membership, role: Role, reason: str, successor: Whom | None = None, purpose: str = "", actor: Actor,
    now: datetime, policy: Policy,
) -> Named | None:  # fmt: skip
    """Takes an office from somebody; with a `successor`, who is named first. The last one of an office stays (CONFLICT)."""
    actor = permissions.acting(session, actor, Action.OFFICER_NAME, membership)
    if role not in OFFICES:
        raise bad_input("Choose Agency Administrator or security officer.", "role")
    if len(reason.strip()) < 3:
        raise bad_input("Say why, in a few words: it stays on record.", "reason")
    today = local_day(now, policy.zone)
    agency = session.get_one(Agency, membership.agency_id)
    lock(session, agencies=[agency.id])
    if membership.id not in {each.id for each in holders(session, agency.id, role, on=today)}:
        raise Refused(Reason.ALREADY_DONE, f"This person is not {OFFICES[role]} any more.")
    named = None
    if successor is not None:
        given = {"admin": successor} if role is Role.AGENCY_ADMIN else {"admin": None, "security_officer": successor}
        named = name_officers(
            session, agency=agency, purpose=purpose, instead_of=membership, actor=actor, now=now, policy=policy, **given
        )
    if all(each.id == membership.id for each in holders(session, agency.id, role, on=today)):
        raise Refused(
            Reason.CONFLICT,
            f"{agency.name} needs at least one {OFFICES[role]}. Name another person first; then this office can end.",
        )
    offices.end_role(
        session, membership=membership, role=role, actor=actor, now=now, policy=policy, reason=reason.strip()[:1000]
    )
    for document in _unsigned(session, membership, role):
        paperwork.void(session, document=document, reason="The office went to somebody else.", actor=PORTAL, now=now)
    audit.record(
        session, actor=actor, now=now, act="officer.end", thing=membership,
        said=f"{session.get_one(Person, membership.person_id).name} is no longer {OFFICES[role]} of {agency.name}. Reason: {reason.strip()}",
    )  # fmt: skip
    return named


def needs_background_check(session: Session, membership: Membership, *, on: date) -> bool:
    """Whether this office calls for a background check that is neither cleared nor under way ('Workforce security')."""
    held = {
        row.detail
        for row in evidence.in_force(session, About.PERSON, membership.person_id, Kind.BACKGROUND_CHECK, on=on)
    }
    return not held & {"cleared", "ordered", "pending"}


def has_accepted(session: Session, membership: Membership, role: Role, *, on: date) -> bool:
    """Whether the office's own paper is signed by everybody who has to."""
    return bool(evidence.in_force(session, About.MEMBERSHIP, membership.id, ACCEPTED[role], on=on))


def _give(
    session: Session,
    agency: Agency,
    whom: Whom,
    role: Role,
    instead_of: Membership | None,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> tuple[Membership, list[Document]]:
    membership = _membership(session, agency, whom, actor=actor, now=now)
    person = session.get_one(Person, membership.person_id)
    today = local_day(now, policy.zone)
    if not offices.roles(session, membership.id, on=today, role=role):
        entry_id = _designation(session, membership, person, agency, role, actor=actor, now=now)
        offices.give_role(
            session, membership=membership, role=role, actor=actor, now=now, policy=policy, rests_on="audit_entry", rests_on_id=entry_id,
            note="designation",
        )  # fmt: skip
        jobs.enqueue(
            session, Effect.MAIL, key=f"{MAILS[role]}:{membership.id}", now=now,
            payload={"mail": MAILS[role], "person_id": person.id, "membership_id": membership.id, "agency_id": agency.id},
        )  # fmt: skip
    if evidence.in_force(session, About.MEMBERSHIP, membership.id, ACCEPTED[role], on=today) or _waits(
        session, membership, role
    ):
        return membership, []
    document = paperwork.prepare(
        session, kind=PAPERS[role], agency=agency, membership=membership, answers=_answers(session, membership, role, instead_of, on=today),
        actor=actor, now=now,
    )  # fmt: skip
    paperwork.send_to_sign(session, document=document, person=person, actor=actor, now=now, policy=policy)
    return membership, [document]


def _answers(
    session: Session, membership: Membership, role: Role, instead_of: Membership | None, *, on: date
) -> dict[str, str]:
    if role is Role.SECURITY_OFFICER:
        return {
            "also_agency_admin": "Yes" if offices.roles(session, membership.id, on=on, role=Role.AGENCY_ADMIN) else "No"
        }
    besides = {membership.id, instead_of.id if instead_of else 0}
    first = all(each.id in besides for each in holders(session, membership.agency_id, role, on=on))
    return {"part": "Agency Administrator" if first else "Backup Agency Administrator"}


def _designation(
    session: Session, membership: Membership, person: Person, agency: Agency, role: Role, *, actor: Actor, now: datetime
) -> int:
    """Puts the designation on record, and returns the id of the entry, on which the role rests."""
    return audit.record(
        session, numbered=True, actor=actor, now=now, act="officer.name", thing=membership, after={"role": role.value},
        said=f"Designated {person.name} as {OFFICES[role]} of {agency.name}.",
    )  # fmt: skip


def _membership(session: Session, agency: Agency, whom: Whom, *, actor: Actor, now: datetime) -> Membership:
    if isinstance(whom, Membership):
        if whom.agency_id != agency.id:
            raise bad_input("Choose somebody of this Agency.", "admin")
        return whom
    person = people.name_person(
        session, first_name=whom.first_name, last_name=whom.last_name, email=whom.email, phone=whom.phone, title=whom.title,
        free_mail_ok=whom.free_mail_ok, actor=actor, now=now,
    )  # fmt: skip
    return people.member(session, agency=agency, person=person, actor=actor, now=now)


def _ask(
    session: Session,
    agency: Agency,
    membership: Membership,
    purpose: str,
    device: Device | None,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> tuple[AccessRequest | None, str]:
    """The designation as the request for the Agency Admin's own access; a change of level where there is access already."""
    level = next(each.id for each in policy.access_levels if each.administers and not each.lead_only)
    grant = grants.live_grant(session, membership.id)
    if grant is not None and grant.access_level == level:
        return None, ""
    if grants.open_request(session, membership.id) is not None:
        return None, (
            "An earlier request for this person is still open and goes on with the level it asked for. Cancel it and designate again to ask "
            "for the administrator's level."
        )
    purpose = purpose.strip() or f"To administer the HMIS for {agency.name} as its Agency Administrator."
    if grant is None:
        asked = requests.from_designation(
            session,
            membership=membership,
            access_level=level,
            purpose=purpose,
            device=device,
            actor=actor,
            now=now,
            policy=policy,
        )
        return asked, ""
    if membership.person_id == actor.person_id:
        return None, "You have access already. Ask the Lead to change your access level: nobody does it for themselves."
    every = tuple(session.scalars(select(Project.id).where(Project.agency_id == agency.id).order_by(Project.id)))
    work = requests.Work(
        purpose=purpose, access_level=level, start_on=local_day(now, policy.zone), project_ids=every, device=device
    )
    asked = requests.submit(
        session, agency=agency, work=work, membership=membership, act="modify", actor=actor, now=now, policy=policy,
        instruction="The executive director's designation as Agency Administrator.",
    )  # fmt: skip
    return asked, ""


def _waits(session: Session, membership: Membership, role: Role) -> bool:
    query = select(Document.id).where(
        Document.membership_id == membership.id,
        Document.kind == PAPERS[role],
        Document.status.in_(("signed", "scanned")),
    )
    return session.scalar(query.limit(1)) is not None


def _unsigned(session: Session, membership: Membership, role: Role) -> list[Document]:
    query = select(Document).where(
        Document.membership_id == membership.id,
        Document.kind == PAPERS[role],
        Document.status.in_(("prepared", "signed", "scanned", "rejected")),
    )
    return list(session.scalars(query))
