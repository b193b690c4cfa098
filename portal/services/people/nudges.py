"""One reminder a day at most, to whoever holds the next step of a person's way to access."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import Membership, Person
from portal.refusals import Refused
from portal.services import decisions
from portal.services.people import grants
from portal.services.people.standing_view import TITLES, holders_of
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.findings import Finding
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason

NEXT = (("person",), ("agency_admin", "executive_director", "security_officer"), ("help_desk", "lead"))
"""Who is reminded: the person where it is the person's turn, else the Agency's offices, else the Lead."""


def nudge(session: Session, *, membership: Membership, actor: Actor, now: datetime, policy: Policy) -> list[Person]:
    """Mails whoever holds the next step what waits for them; whom it reached.

    ALREADY_DONE where a reminder went out today, nothing is missing, nothing was asked for, or only the actor can act.
    """
    actor = permissions.acting(session, actor, Action.NUDGE, membership)
    session.refresh(membership, with_for_update=True)
    today = local_day(now, policy.zone)
    if membership.nudged_at is not None and local_day(membership.nudged_at, policy.zone) == today:
        raise Refused(Reason.ALREADY_DONE, "A reminder went out today. One a day is enough; try again tomorrow.")
    if not grants.open_request(session, membership.id) and not grants.live_grant(session, membership.id):
        raise Refused(Reason.ALREADY_DONE, "Nobody waits for anything here: access has not been asked for.")
    unmet = decisions.ask(session, membership, now=now, policy=policy).unmet
    told = _whom(session, membership, unmet, actor, now=now, policy=policy)
    if not told:
        raise Refused(
            Reason.ALREADY_DONE, "There is nobody to remind: nothing is missing, or what is missing waits for you."
        )
    membership.nudged_at = now
    for person in told:
        jobs.enqueue(
            session,
            Effect.MAIL,
            key=f"nudge:{membership.id}:{person.id}:{today.isoformat()}",
            now=now,
            payload={"mail": "nudge", "person_id": person.id, "membership_id": membership.id},
        )
    audit.record(
        session,
        actor=actor,
        now=now,
        act="membership.nudge",
        thing=membership,
        said=f"Reminded {', '.join(person.name for person in told)}.",
    )
    return told


def _whom(
    session: Session, membership: Membership, unmet: list[Finding], actor: Actor, *, now: datetime, policy: Policy
) -> list[Person]:
    waiting = {finding.waiting_on for finding in unmet}
    today = local_day(now, policy.zone)
    for group in NEXT:
        found: dict[int, Person] = {}
        for holder in group:
            if holder in waiting:
                found |= {person.id: person for person in holders_of(session, membership, holder, on=today)}
        found.pop(actor.person_id or 0, None)
        if found:
            return [found[key] for key in sorted(found)]
    return []


def said_to(told: list[Person]) -> str:
    """'Jamie Sample and Robin Example', for the message on the page."""
    names = [person.name for person in told]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


__all__ = ["NEXT", "TITLES", "nudge", "said_to"]
