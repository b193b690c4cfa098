"""What the permission table says of tickets alone: who asked, who follows, and on which step of the ladder it stands."""

from typing import Any

from sqlalchemy import ColumnElement, exists, false, select, true
from sqlalchemy.orm import Session, aliased

from portal.actors import Actor
from portal.models import Membership, Ticket, TicketFollower
from portal.predicates import ANYBODY, Predicate


def _requester(thing: Any) -> int | None:
    """Of a thing that nobody asked, the person it is about: so a menu can ask without a thing at hand."""
    requester: int | None = getattr(thing, "requester_id", getattr(thing, "person_id", None))
    return requester


def _follows(session: Session, actor: Actor, thing: Any) -> bool:
    if actor.person_id is None or not isinstance(thing, Ticket):
        return False
    mine = (TicketFollower.ticket_id == thing.id, TicketFollower.person_id == actor.person_id)
    return session.scalar(select(TicketFollower.id).where(*mine)) is not None


def _followed(actor: Actor, model: Any) -> ColumnElement[bool]:
    if actor.person_id is None:
        return false()
    there = aliased(TicketFollower)
    return exists(select(1).where(there.ticket_id == model.id, there.person_id == actor.person_id))


def _about_them(session: Session, actor: Actor, thing: Any) -> bool:
    membership_id = getattr(thing, "membership_id", None)
    if membership_id is None or actor.person_id is None:
        return False
    whom = select(Membership.id).where(Membership.id == membership_id, Membership.person_id == actor.person_id)
    return session.scalar(whom) is not None


def _not_about_them(actor: Actor, model: Any) -> ColumnElement[bool]:
    if actor.person_id is None:
        return true()
    there = aliased(Membership)
    return ~exists(select(1).where(there.id == model.membership_id, there.person_id == actor.person_id))


ITS_SENDER = Predicate(
    "who asked",
    lambda _s, actor, thing: actor.person_id is not None and _requester(thing) == actor.person_id,
    lambda actor, model: false() if actor.person_id is None else model.requester_id == actor.person_id,
    frozenset({ANYBODY}),
)
ITS_FOLLOWER = Predicate("who follows it", _follows, _followed, frozenset({ANYBODY}))
WITH_THE_AGENCY = Predicate(
    "while the Agency Admin has it",
    lambda _s, _actor, thing: getattr(thing, "rung", "agency_admin") == "agency_admin",
    lambda _actor, model: model.rung == "agency_admin",
)
NOT_ABOUT_THEM = Predicate(
    "unless it is about them", lambda session, actor, thing: not _about_them(session, actor, thing), _not_about_them
)
