"""Roles as evidence: given by whoever may give them, ended, and who holds one at a membership."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Evidence, Membership
from portal.refusals import Refused, bad_input
from portal.services import evidence
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import AT_THE_LEAD, LEAD, About, Kind, Reason, Role

GIVING: dict[Role, Action] = {
    Role.END_USER: Action.ACCESS_REQUEST,
    Role.AGENCY_ADMIN: Action.OFFICER_NAME,
    Role.SECURITY_OFFICER: Action.OFFICER_NAME,
    Role.EXECUTIVE_DIRECTOR: Action.DIRECTOR_INVITE,
    **dict.fromkeys(AT_THE_LEAD, Action.USER_INVITE),
}


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
