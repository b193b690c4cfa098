"""The executive director, or whom the Agency authorised: named by the Lead, and sent the first forms ('Setting up a New HMIS Agency')."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Document, Membership, Person
from portal.services import evidence, paperwork
from portal.services.agencies import agencies
from portal.services.holders import holds
from portal.services.people import offices, people
from portal.services.people.particulars import PersonFields
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, RECEIPTS, About, Kind, Role

FIRST_FORMS = {"participation_agreement": "invite_director", "receipt_of_manuals": "sign_request"}
"""What a new director signs, and by which message the link comes."""

PUBLISHED_AS = {f"{receipt}_version": receipt for receipt in RECEIPTS}


@dataclass(frozen=True, slots=True)
class Invited:
    """Who was invited, and what was sent to sign: nothing twice, and nothing that is in force."""

    membership: Membership
    documents: tuple[Document, ...]


def invite_director(
    session: Session, *, agency: Agency, person: PersonFields, agreement: Mapping[str, str] | None = None, manuals: Mapping[str, str] | None = None,
    instead_of: Membership | None = None, actor: Actor, now: datetime, policy: Policy,
) -> Invited:  # fmt: skip
    """Names the executive director (or authorised designee), and mails the links to sign what opens the way.

    `agreement` and `manuals` fill in the participation agreement and the receipt; `instead_of` is a director who leaves
    the office. Refuses CONFLICT for an Agency that has ended or keeps a comparable database.
    """
    permissions.check(session, actor, Action.DIRECTOR_INVITE, agency)
    today = local_day(now, policy.zone)
    agencies.refuse_shut(session, agency, on=today)
    named = people.name_person(
        session, first_name=person.first_name, last_name=person.last_name, email=person.email, phone=person.phone, title=person.title,
        free_mail_ok=person.free_mail_ok, actor=actor, now=now,
    )  # fmt: skip
    membership = people.member(session, agency=agency, person=named, actor=actor, now=now)
    offices.give_role(
        session,
        membership=membership,
        role=Role.EXECUTIVE_DIRECTOR,
        actor=actor,
        now=now,
        policy=policy,
        note="invited by the Lead",
    )
    if instead_of is not None and instead_of.id != membership.id:
        offices.end_role(
            session,
            membership=instead_of,
            role=Role.EXECUTIVE_DIRECTOR,
            actor=actor,
            now=now,
            policy=policy,
            reason=f"{named.name} took the office.",
        )
    answers = {"participation_agreement": agreement or {}, "receipt_of_manuals": manuals or {}}
    sent = []
    for kind, mail in FIRST_FORMS.items():
        if _needed(session, agency, kind, on=today):
            document = paperwork.prepare(session, kind=kind, agency=agency, answers=answers[kind], actor=actor, now=now)
            paperwork.send_to_sign(
                session, document=document, person=named, actor=actor, now=now, policy=policy, mail=mail
            )
            sent.append(document)
    return Invited(membership, tuple(sent))


def directors(session: Session, agency_id: int, *, on: date) -> list[Membership]:
    """Who holds the office of executive director or designee on a day."""
    return holders(session, agency_id, Role.EXECUTIVE_DIRECTOR, on=on)


def holders(session: Session, agency_id: int, role: Role, *, on: date) -> list[Membership]:
    """The memberships of an Agency that hold a role on a day, in order of their entry."""
    query = select(Membership).join(Membership.person).options(contains_eager(Membership.person))
    query = query.where(Membership.agency_id == agency_id, holds(on, role))
    return list(session.scalars(query.order_by(Membership.id)))


def active_members(session: Session, agency_id: int, *, on: date) -> list[tuple[str, str]]:
    """Who holds any role at the Agency on a day, as (membership id, name and address), by name: for a list to choose from."""
    query = (
        select(Membership.id, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.agency_id == agency_id, holds(on))
    )
    rows = session.execute(query.order_by(Person.last_name, Person.first_name, Membership.id))
    return [(str(number), f"{person.name}, {person.email}") for number, person in rows]


def versions_published(session: Session, *, on: date) -> dict[str, str]:
    """The versions of the manual and its companions that the Lead published last, for the receipt; '' where none was."""
    found = dict.fromkeys(PUBLISHED_AS, "")
    for field, detail in PUBLISHED_AS.items():
        rows = evidence.in_force(session, About.LEAD, LEAD, Kind.PUBLISHED, on=on, detail=detail)
        if rows:
            found[field] = max(rows, key=lambda row: (row.valid_from, row.id)).version
    if not all(found.values()):
        last = session.scalars(
            select(Document).where(Document.kind == "receipt_of_manuals").order_by(Document.id.desc()).limit(1)
        ).first()
        found = {field: value or (str(last.answers.get(field, "")) if last else "") for field, value in found.items()}
    return found


def _needed(session: Session, agency: Agency, kind: str, *, on: date) -> bool:
    """Whether this form is neither in force nor signed and waiting for the Lead."""
    gives = paperwork.KINDS[kind].executed[0].kind
    if evidence.in_force(session, About.AGENCY, agency.id, gives, on=on):
        return False
    waits = select(Document.id).where(
        Document.agency_id == agency.id, Document.kind == kind, Document.status.in_(("signed", "scanned"))
    )
    return session.scalar(waits.limit(1)) is None
