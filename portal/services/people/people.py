"""People and their memberships: named by somebody entitled to, one person for one e-mail address; changed, and told apart."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import PORTAL, Actor, roles_of
from portal.models import Account, Agency, Membership, Person
from portal.refusals import Refused, bad_input
from portal.services.locks import lock
from portal.services.people import accounts
from portal.services.people.particulars import a_name, an_address, free_mail_sentence, is_called, is_free_mail, short
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Reason, Role

NAMING = (Action.ACCESS_REQUEST, Action.OFFICER_NAME, Action.DIRECTOR_INVITE, Action.USER_INVITE)


def name_person(
    session: Session,
    *,
    first_name: str,
    last_name: str,
    email: str,
    actor: Actor,
    now: datetime,
    phone: str = "",
    title: str = "",
    free_mail_ok: bool = True,
) -> Person:
    """The person with this e-mail address, made where there is none: one person, one account, however many Agencies.

    Refuses (NOT_ALLOWED) whoever may name nobody, and (BAD_INPUT) what is no name or address, an address of somebody
    with another name, and a private mailbox unless `free_mail_ok`. Source: 'Eligible Users', 'User Passwords'.
    """
    _refuse_self_registration(session, actor)
    first, last, address = a_name(first_name, "first_name"), a_name(last_name, "last_name"), an_address(email)
    if is_free_mail(address) and not free_mail_ok:
        raise bad_input(free_mail_sentence(address), "email")
    known = by_email(session, address)
    if known is None:
        return _add(session, first, last, address, short(phone, 30, "phone"), short(title, 100, "title"), actor, now)
    _refuse_somebody_else(session, known, first, last, actor)
    return known


def by_email(session: Session, email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email_key == email.strip().lower())).one_or_none()


def member(session: Session, *, agency: Agency, person: Person, now: datetime, actor: Actor = PORTAL) -> Membership:
    """The person's membership at the agency, made where there is none; a membership alone allows nothing."""
    lock(session, agencies=[agency.id])
    query = select(Membership).where(Membership.agency_id == agency.id, Membership.person_id == person.id)
    found = session.scalars(query).one_or_none()
    if found is None:
        found = Membership(agency_id=agency.id, person_id=person.id, created_at=now)
        session.add(found)
        session.flush()
        audit.record(
            session,
            actor=actor,
            now=now,
            act="membership.create",
            thing=found,
            said=f"{person.name} was entered at {agency.name}.",
        )
    return found


def change_name(
    session: Session,
    *,
    person: Person,
    first_name: str,
    last_name: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
    title: str | None = None,
    phone: str | None = None,
) -> Person:
    """A new name for the same person: User ID and history stay; the core HMIS is told where there is access.

    Who belongs to another organization too is changed by the help desk alone (NOT_ALLOWED): anybody can be named anywhere.
    """
    permissions.check(session, actor, Action.PERSON_CHANGE, person)
    _refuse_of_others(session, person, actor, on=local_day(now, policy.zone))
    lock(session, people=[person.id])
    wanted = {
        "first_name": a_name(first_name, "first_name"),
        "last_name": a_name(last_name, "last_name"),
        "title": person.title if title is None else short(title, 100, "title"),
        "phone": person.phone if phone is None else short(phone, 30, "phone"),
    }
    before = {field: getattr(person, field) for field in wanted}
    changed = {field: value for field, value in wanted.items() if value != before[field]}
    if not changed:
        raise bad_input("Nothing is different from what is on record. Change a field, or go back.", "last_name")
    was = person.name
    for field, value in changed.items():
        setattr(person, field, value)
    audit.record(
        session,
        actor=actor,
        now=now,
        act="person.change",
        thing=person,
        before={f: before[f] for f in changed},
        after=changed,
        said=f"{was} is now recorded as {person.name}."
        if was != person.name
        else f"The particulars of {person.name} were changed.",
    )
    account = session.scalars(select(Account).where(Account.person_id == person.id)).one_or_none()
    if account and account.status in {"ordered", "active", "restoring"}:
        accounts.order(session, account, now=now, policy_version=policy.version)
    return person


def may_change_name(session: Session, person: Person, actor: Actor, *, on: date) -> bool:
    """Whether change_name() would let this actor: what a page asks before it offers it."""
    return permissions.allows(session, actor, Action.PERSON_CHANGE, person) and not _of_others(
        session, person, actor, on=on
    )


def _of_others(session: Session, person: Person, actor: Actor, *, on: date) -> bool:
    """Whether the person has a role anywhere that the actor, an Agency Administrator, does not administer."""
    if actor.lead_roles & {Role.LEAD_ADMIN, Role.HELP_DESK}:
        return False
    return bool({agency for agency, _ in roles_of(session, person.id, on)} - actor.at(Role.AGENCY_ADMIN))


def _refuse_of_others(session: Session, person: Person, actor: Actor, *, on: date) -> None:
    if _of_others(session, person, actor, on=on):
        raise Refused(
            Reason.NOT_ALLOWED,
            "This person belongs to another organization too, which must not be taken by surprise. Ask the help desk to make "
            "the change.",
        )


def _refuse_self_registration(session: Session, actor: Actor) -> None:
    if not actor.is_portal and not any(permissions.may_anything(actor, action, session) for action in NAMING):
        raise Refused(
            Reason.NOT_ALLOWED,
            "People are named by their Agency Administrator, their director or the Lead. Ask one of them.",
        )


def _refuse_somebody_else(session: Session, known: Person, first: str, last: str, actor: Actor) -> None:
    if is_called(known, first, last):
        return
    if permissions.allows(session, actor, Action.PERSON_SEE, known):
        raise bad_input(
            f"{known.email} belongs to {known.name}. If that is the same person, enter that name, or change "
            "it on the person's page first.",
            "email",
        )
    raise bad_input(
        "This e-mail address belongs to somebody whom the portal knows by another name. Check the address "
        "and the name; "
        "if the name has changed, ask the help desk.",
        "email",
    )


def _add(
    session: Session, first: str, last: str, email: str, phone: str, title: str, actor: Actor, now: datetime
) -> Person:
    person = Person(
        first_name=first,
        last_name=last,
        email=email,
        email_key=email.lower(),
        phone=phone,
        title=title,
        named_at=now,
        named_by=actor.person_id,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:  # two Agencies named the same person in the same instant
        known = by_email(session, email)
        if known is None:
            raise
        _refuse_somebody_else(session, known, first, last, actor)
        return known
    audit.record(
        session, actor=actor, now=now, act="person.name", thing=person, said=f"Named {person.name}, {person.email}."
    )
    return person
