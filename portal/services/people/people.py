"""People and their memberships: named by somebody entitled to, one person for one e-mail address, roles as evidence."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import PORTAL, Actor, roles_of
from portal.models import Account, Agency, Evidence, Membership, Person
from portal.refusals import Refused, bad_input
from portal.services import evidence
from portal.services.locks import lock
from portal.services.people import accounts
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import AT_THE_LEAD, LEAD, About, Action, Kind, Reason, Role

FREE_MAIL = frozenset(
    {
        "aol.com",
        "comcast.net",
        "gmail.com",
        "gmx.com",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.com",
        "mail.ru",
        "me.com",
        "msn.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "roadrunner.com",
        "ymail.com",
        "yahoo.com",
    }
)
NAMING = (Action.ACCESS_REQUEST, Action.OFFICER_NAME, Action.DIRECTOR_INVITE, Action.USER_INVITE)
GIVING: dict[Role, Action] = {
    Role.END_USER: Action.ACCESS_REQUEST,
    Role.AGENCY_ADMIN: Action.OFFICER_NAME,
    Role.SECURITY_OFFICER: Action.OFFICER_NAME,
    Role.EXECUTIVE_DIRECTOR: Action.DIRECTOR_INVITE,
    **dict.fromkeys(AT_THE_LEAD, Action.USER_INVITE),
}
JOINERS = {"\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFields:
    """What is typed to name somebody."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""
    title: str = ""
    free_mail_ok: bool = True


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


def is_free_mail(email: str) -> bool:
    """Whether the mailbox is at a provider where anybody can open one: it proves no employer."""
    return email.rpartition("@")[2].lower() in FREE_MAIL


def free_mail_sentence(email: str) -> str:
    return (
        f"{email.rpartition('@')[2]} is a private mailbox that stays with the person when the job ends. Enter "
        "a work address, "
        "or confirm that this person has none."
    )


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


def give_role(
    session: Session,
    *,
    membership: Membership,
    role: Role,
    actor: Actor,
    now: datetime,
    policy: Policy,
    rests_on: str = "",
    rests_on_id: int = 0,
    note: str = "",
) -> Evidence:
    """Records that the member holds a role from today; the row in force where it is held already.

    An Agency's roles are given by its ED or the Lead, a director's by the Lead, the Lead's own by a Lead administrator
    and never to oneself. Source: 'Agency Administrator', 'Security officer'.
    """
    permissions.check(session, actor, GIVING[role], membership)
    if (role in AT_THE_LEAD) != (membership.agency_id == LEAD) and role is not Role.END_USER:
        raise bad_input(f"The role {role.replace('_', ' ')} does not exist at this organization.", "role")
    if role in AT_THE_LEAD and actor.person_id == membership.person_id:
        raise Refused(Reason.SAME_PERSON, "Another administrator of the Lead has to give you a role.")
    own_agency = membership.agency_id in actor.at(Role.EXECUTIVE_DIRECTOR)
    if role is not Role.END_USER and actor.person_id == membership.person_id and not own_agency:
        raise Refused(
            Reason.SAME_PERSON, "Nobody gives themselves an office. Somebody else of the Lead has to name you."
        )
    today = local_day(now, policy.zone)
    held = roles(session, membership.id, on=today, role=role)
    if held:
        return held[-1]
    return evidence.record(
        session,
        actor=actor,
        now=now,
        kind=Kind.ROLE,
        about=About.MEMBERSHIP,
        subject_id=membership.id,
        detail=role.value,
        valid_from=today,
        rests_on=rests_on,
        rests_on_id=rests_on_id,
        note=note,
    )


def end_role(
    session: Session, *, membership: Membership, role: Role, actor: Actor, now: datetime, policy: Policy, reason: str
) -> None:
    """Ends a role as of yesterday: from now on it counts no more."""
    permissions.check(session, actor, GIVING[role], membership)
    today = local_day(now, policy.zone)
    for row in roles(session, membership.id, on=today, role=role):
        evidence.end(session, row, actor=actor, now=now, last_day=today - timedelta(1), reason=reason)


def roles(session: Session, membership_id: int, *, on: date, role: str | None = None) -> list[Evidence]:
    return evidence.in_force(session, About.MEMBERSHIP, membership_id, Kind.ROLE, on=on, detail=role)


def a_name(text: str, field: str) -> str:
    """A first or last name in any script: 1 to 100 characters, no digits, nothing that cannot be seen."""
    called = field.replace("_", " ")
    clean = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    if not clean:
        raise bad_input(f"Enter the {called}.", field)
    if len(clean) > 100:
        raise bad_input(
            f"The {called} may have 100 characters; this has {len(clean)}. Enter the name that stands on the badge.",
            field,
        )
    if any(unicodedata.category(c)[0] == "C" and c not in JOINERS for c in clean) or re.search(
        r"[\d<>@/\\{}|=;]", clean
    ):
        raise bad_input(f"The {called} holds a character that no name has. Type it again.", field)
    return clean


def an_address(email: str) -> str:
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise bad_input("Enter an e-mail address like name@example.org.", "email") from None


def short(text: str, most: int, field: str) -> str:
    clean = " ".join(unicodedata.normalize("NFC", text or "").split())
    if len(clean) > most:
        raise bad_input(f"This may have {most} characters; it has {len(clean)}.", field)
    return clean


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


def is_called(known: Person, first: str, last: str) -> bool:
    """Whether a name can be the person's: the last name and the first letter, since Jim and James share an address."""
    return _plain(known.last_name) == _plain(last) and _plain(known.first_name)[:1] == _plain(first)[:1]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if c.isalnum())


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
