"""Looks for what was typed in everything that whoever asks may see."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.services.going.hits import Group, Hit, Look
from portal.services.going.sources import SOURCES
from workflows.actions import Action
from workflows.going import Asked, best_first
from workflows.policy import Policy

FEW = 6
"""As many of a noun are shown; its own list has them all."""


def find(
    session: Session, asked: Asked, *, actor: Actor, now: datetime, policy: Policy, limit: int = FEW
) -> list[Group]:
    """What fits, by noun, the noun with the best fit first; nothing for less than two letters.

    As many statements whatever the number of people; nouns of which the actor may see nothing at all cost none.
    """
    permissions.check(session, actor, Action.HOME_SEE)
    if not asked.says_enough:
        return []
    look = Look(asked=asked, actor=actor, now=now, policy=policy, limit=limit)
    groups = [
        source.group(session, look)
        for source in SOURCES
        if source.answers(asked) and permissions.may_anything(actor, source.action, session)
    ]
    return best_first((group.fit, group) for group in groups if group.hits)


def numbered(asked: Asked, groups: list[Group]) -> Hit | None:
    """The one thing whose number was typed with its letters ('HD-123'); None where it says less, or nothing has it."""
    found = [hit for group in groups for hit in group.hits if hit.numbered] if asked.prefix else []
    return found[0] if len(found) == 1 else None
