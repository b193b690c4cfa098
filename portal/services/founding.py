"""The Lead's own organisation, and how its first people come in: by the operator's command, never by registering."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import PORTAL, Actor
from portal.models import Agency, Membership, Person
from portal.refusals import bad_input
from portal.services import evidence, links
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import AT_THE_LEAD, LEAD, About, Kind, Role


def establish(session: Session, *, now: datetime, policy: Policy) -> Agency:
    """The Lead as agency 0, made the first time a process starts on this database."""
    found = session.get(Agency, LEAD)
    if found is None:
        found = Agency(
            id=LEAD, name=policy.lead, name_key=policy.lead.casefold(), mandated_by=[], cells={}, entered_at=now
        )
        session.add(found)
        session.flush()
        audit.record(
            session,
            actor=PORTAL,
            now=now,
            act="lead.establish",
            thing=found,
            said=f"{policy.lead} is the Lead of this portal.",
        )
    return found


def invite(
    session: Session,
    *,
    email: str,
    role: str,
    agency_name: str,
    first_name: str,
    last_name: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Person:
    """Names a person with a role and mails an invitation. Refuses an unknown role or agency, and a person without a name."""
    agency = _agency(session, agency_name, now=now, policy=policy)
    permissions.check(session, actor, Action.USER_INVITE, agency)
    if role not in tuple(Role):
        raise bad_input(f"{role!r} is no role. The roles are: {', '.join(Role)}.", "role")
    if (role in AT_THE_LEAD) != (agency.id == LEAD):
        raise bad_input(
            f"The role {role} belongs to {'the Lead' if role in AT_THE_LEAD else 'an Agency: name it with --agency'}.",
            "role",
        )
    person = session.scalars(select(Person).where(Person.email_key == email.strip().lower())).one_or_none()
    if person is None:
        if not (first_name.strip() and last_name.strip() and "@" in email):
            raise bad_input("A new person needs an e-mail address, --first-name and --last-name.", "name")
        person = Person(
            first_name=first_name.strip(), last_name=last_name.strip(), email=email.strip(), email_key=email.strip().lower(), named_at=now,
            named_by=actor.person_id,
        )  # fmt: skip
        session.add(person)
        session.flush()
    membership = session.scalars(
        select(Membership).where(Membership.agency_id == agency.id, Membership.person_id == person.id)
    ).one_or_none()
    if membership is None:
        membership = Membership(agency_id=agency.id, person_id=person.id, created_at=now)
        session.add(membership)
        session.flush()
    today = local_day(now, policy.zone)
    if not evidence.in_force(session, About.MEMBERSHIP, membership.id, Kind.ROLE, on=today, detail=role):
        evidence.record(
            session, actor=actor, now=now, kind=Kind.ROLE, about=About.MEMBERSHIP, subject_id=membership.id, detail=role, valid_from=today,
            note="named by the operator",
        )  # fmt: skip
    audit.record(
        session,
        actor=actor,
        now=now,
        act="user.invite",
        thing=membership,
        said=f"Invited {person.name} as {role.replace('_', ' ')} of {agency.name}.",
    )
    links.invite(session, person=person, purpose="invitation", actor=actor, now=now, policy=policy)
    return person


def _agency(session: Session, name: str, *, now: datetime, policy: Policy) -> Agency:
    if not name:
        return establish(session, now=now, policy=policy)
    found = session.scalars(select(Agency).where(Agency.name_key == name.strip().casefold())).one_or_none()
    if found is None:
        raise bad_input(f"No Agency is called {name!r}. Check the spelling, or enter the Agency first.", "agency")
    return found
