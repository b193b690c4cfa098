"""A new password with somebody's help: staff press a button, the link goes to the person, and staff never see it ('Password Reset')."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Link, Person
from portal.refusals import Refused
from portal.services import links
from portal.services.account import lockout
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import Reason


def send_reset(session: Session, *, person: Person, reason: str, actor: Actor, now: datetime, policy: Policy) -> Link:
    """Has a link to choose a new password mailed to the person. Nothing changes until the person uses it.

    An Agency Administrator's own is sent by the Lead alone. ILLEGAL_MOVE for a locked account: that is unlocked first.
    """
    permissions.check(session, actor, Action.PASSWORD_RESET, person)
    lockout.refuse_others(session, person=person, actor=actor, on=local_day(now, policy.zone))
    why = lockout.why_helped(reason)
    if lockout.is_locked(session, person.id):
        raise Refused(
            Reason.ILLEGAL_MOVE, f"The account of {person.name} is locked. Unlock it first; a new password does not."
        )
    link = links.invite(session, person=person, purpose="reset", actor=actor, now=now, policy=policy)
    audit.record(
        session, actor=actor, now=now, act="password.reset", thing=person,
        said=f"A link to choose a new password goes to {person.name}. Reason: {why}",
    )  # fmt: skip
    return link
