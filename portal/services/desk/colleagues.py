"""The Lead's own people: who holds which role, and inviting another; nobody registers themselves."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Evidence, Membership, Person
from portal.refusals import Refused, bad_input
from portal.services import founding
from portal.services.holders import held
from portal.services.people.particulars import a_name, an_address
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import AT_THE_LEAD, LEAD, Reason


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the Lead with the roles held today."""

    membership_id: int
    name: str
    email: str
    roles: tuple[str, ...]


def listed(session: Session, actor: Actor, *, now: datetime, policy: Policy) -> list[Colleague]:
    """Everybody with a role at the Lead today, by name; one statement. NOT_ALLOWED but for Lead administrators."""
    permissions.check(session, actor, Action.USER_INVITE, session.get(Agency, LEAD))
    today = local_day(now, policy.zone)
    query = held(today, *sorted(AT_THE_LEAD)).with_only_columns(Membership.id, Person, Evidence.detail)
    rows = session.execute(
        query.join(Person, Person.id == Membership.person_id)
        .where(Membership.agency_id == LEAD)
        .order_by(Person.last_key, Person.first_key, Person.id, Evidence.detail)
    )
    found: dict[int, Colleague] = {}
    for membership_id, person, role in rows:
        before = found[membership_id].roles if membership_id in found else ()
        found[membership_id] = Colleague(membership_id, person.name, person.email, (*before, role))
    return list(found.values())


def invite(
    session: Session,
    *,
    email: str,
    role: str,
    first_name: str,
    last_name: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Person:
    """Names somebody with a role at the Lead and mails an invitation. SAME_PERSON for oneself, BAD_INPUT by field."""
    if role not in AT_THE_LEAD:
        raise bad_input("Choose one of the Lead's roles.", "role")
    address = an_address(email)
    known = session.scalars(select(Person).where(Person.email_key == address.lower())).one_or_none()
    if known is not None and known.id == actor.person_id:
        raise Refused(Reason.SAME_PERSON, "Another administrator of the Lead has to give you a role.", "email")
    return founding.invite(
        session, email=address, role=role, agency_name="", first_name=a_name(first_name, "first_name"),
        last_name=a_name(last_name, "last_name"), actor=actor, now=now, policy=policy,
    )  # fmt: skip
