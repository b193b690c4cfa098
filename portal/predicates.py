"""The sentences of which the permission table is made: each is read for one thing and, as a condition, for lists alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, false, select, true
from sqlalchemy.orm import Session, aliased

from portal.actors import Actor
from portal.models import Agency, Document, Membership, Person, TrainingResult
from workflows.vocabulary import LEAD, Role, Scope, in_words

DELEGATE, ANYBODY = "delegate", "anybody"
OWN_AGENCY = "at the own Agency"


@dataclass(frozen=True, slots=True)
class Predicate:
    """One sentence read twice: `holds` for an actor and a thing, `where` as a condition on a table's rows.

    `who` are the roles (or DELEGATE, ANYBODY) that it speaks of; a predicate without them is a condition on those that do.
    `everywhere`: an office at any Agency does, whatever the thing is.
    """

    says: str
    holds: Callable[[Session, Actor, Any], bool]
    where: Callable[[Actor, Any], ColumnElement[bool]]
    who: frozenset[str] = frozenset()
    everywhere: bool = False


def agencies_of(session: Session, thing: Any) -> frozenset[int]:
    if isinstance(thing, (Person, TrainingResult)):
        return frozenset(session.scalars(select(Membership.agency_id).where(Membership.person_id == thing.person_id)))
    agency_id = getattr(thing, "agency_id", None)
    return frozenset() if agency_id is None else frozenset({agency_id})


def _agency_in(model: Any, agencies: frozenset[int]) -> ColumnElement[bool]:
    if not agencies:
        return false()
    if model in (Person, TrainingResult):
        there = aliased(Membership)
        return exists(select(1).where(there.person_id == _person_column(model), there.agency_id.in_(agencies)))
    return (model.id if model is Agency else model.agency_id).in_(agencies)


def lead(*roles: Role) -> Predicate:
    def allowed(actor: Actor) -> bool:
        return bool(actor.lead_roles & set(roles))

    return Predicate(
        "of the Lead: " + ", ".join(role.value.replace("_", " ") for role in roles),
        lambda _session, actor, _thing: allowed(actor),
        lambda actor, _model: true() if allowed(actor) else false(),
        frozenset(roles),
    )


def own(*roles: Role) -> Predicate:
    """Holds one of the roles at the thing's agency (the Lead's own organisation has other roles)."""

    def where(actor: Actor) -> frozenset[int]:
        return frozenset().union(*(actor.at(role) for role in roles)) - {LEAD}

    return Predicate(
        "at the same Agency: " + ", ".join(role.value.replace("_", " ") for role in roles),
        lambda session, actor, thing: bool(where(actor) & agencies_of(session, thing)),
        lambda actor, model: _agency_in(model, where(actor)),
        frozenset(roles),
    )


def delegated(*scopes: Scope) -> Predicate:
    """The executive director of the thing's agency lets the actor do one of these things; any, where none is named."""
    return Predicate(
        "by delegation of the Agency's executive director"
        + (f": {', '.join(map(in_words, scopes))}" if scopes else ""),
        lambda _session, actor, thing: bool(actor.let(*scopes) & agencies_of(_session, thing)),
        lambda actor, model: _agency_in(model, actor.let(*scopes)),
        frozenset({DELEGATE}),
    )


def looking_on(*roles: Role) -> Predicate:
    """Holds a role of those who see counts alone; such a role is at the Lead's organization and is none of its staff's."""

    def allowed(actor: Actor) -> bool:
        return any(agency == LEAD and role in roles for agency, role in actor.roles)

    return Predicate(
        "of the Continuum of Care: " + ", ".join(in_words(role) for role in roles),
        lambda _session, actor, _thing: allowed(actor),
        lambda actor, _model: true() if allowed(actor) else false(),
        frozenset(roles),
    )


def at_any_agency(*roles: Role) -> Predicate:
    """Holds one of the roles at some Agency: for what concerns all Agencies alike and belongs to none."""

    def allowed(actor: Actor) -> bool:
        return any(agency != LEAD and role in roles for agency, role in actor.roles)

    return Predicate(
        "at any Agency: " + ", ".join(in_words(role) for role in roles),
        lambda _session, actor, _thing: allowed(actor),
        lambda actor, _model: true() if allowed(actor) else false(),
        frozenset(roles),
        everywhere=True,
    )


def _person_column(model: Any) -> Any:
    """Whom a row is about, as a column or, by its membership, as a subquery; None for a table about nobody."""
    if model is Person:
        return model.id
    columns = model.__table__.c
    if "person_id" in columns:
        return model.person_id
    if "membership_id" in columns:
        # Under a name of its own: the query it stands in may join the memberships itself.
        whose = aliased(Membership)
        return select(whose.person_id).where(whose.id == model.membership_id).scalar_subquery()
    return None


def _about(actor: Actor, model: Any) -> ColumnElement[bool]:
    whom = _person_column(model)
    # A row about nobody is not about somebody who has not signed in.
    return false() if whom is None or actor.person_id is None else whom == actor.person_id


def _not_about(actor: Actor, model: Any) -> ColumnElement[bool]:
    whom = _person_column(model)
    return true() if whom is None else whom.is_distinct_from(actor.person_id)


ONESELF = Predicate(
    "the person concerned",
    lambda _s, actor, thing: actor.person_id is not None and getattr(thing, "person_id", None) == actor.person_id,
    _about,
    frozenset({ANYBODY}),
)
NOT_ONESELF = Predicate(
    "not the person concerned",
    lambda _s, actor, thing: actor.person_id is None or getattr(thing, "person_id", None) != actor.person_id,
    lambda actor, model: true() if actor.person_id is None else _not_about(actor, model),
)
NOT_ITS_SIGNER = Predicate(
    "who has not signed it",
    lambda _s, actor, thing: all(
        signature.person_id != actor.person_id for signature in getattr(thing, "signatures", ())
    ),
    lambda _actor, _model: true(),
)
ABOUT_NOBODY = Predicate(
    "about the Agency and none of its people",
    lambda _s, _actor, thing: getattr(thing, "person_id", None) is None,
    lambda _actor, model: true() if (whom := _person_column(model)) is None else whom.is_(None),
)
NOT_ITS_REQUESTER = Predicate(
    "who has not asked for it",
    lambda _s, actor, thing: getattr(thing, "requested_by", None) != actor.person_id,
    lambda actor, model: model.requested_by.is_distinct_from(actor.person_id),
)
NOT_ITS_ASKER = Predicate(
    "who has not asked for it",
    lambda _s, actor, thing: getattr(thing, "asked_by", None) != actor.person_id,
    lambda actor, model: model.asked_by.is_distinct_from(actor.person_id),
)
NOT_ITS_AUTHOR = Predicate(
    "who has neither drafted nor revised it",
    lambda _s, actor, thing: (
        actor.person_id is None
        or actor.person_id not in (getattr(thing, "drafted_by", None), getattr(thing, "revised_by", None))
    ),
    lambda actor, model: (
        model.drafted_by.is_distinct_from(actor.person_id) & model.revised_by.is_distinct_from(actor.person_id)
    ),
)
PUT_OUT = Predicate(
    "once it is put out for feedback",
    lambda _s, _actor, thing: getattr(thing, "status", "") not in ("drafted", "withdrawn"),
    lambda _actor, model: model.status.not_in(("drafted", "withdrawn")),
)
NOT_ITS_PROPOSER = Predicate(
    "who has not proposed it",
    lambda _s, actor, thing: getattr(thing, "proposed_by", None) != actor.label,
    lambda actor, model: model.proposed_by != actor.label,
)
BY_ITS_LINK = Predicate(
    "whom a link for this very document was sent to",
    lambda _s, actor, thing: isinstance(thing, Document) and actor.via == "link" and actor.document_id == thing.id,
    lambda actor, model: model.id == actor.document_id if model is Document and actor.via == "link" else false(),
    frozenset({ANYBODY}),
)
SIGNED_IN = Predicate(
    "everybody who has signed in",
    lambda _s, actor, _t: actor.person_id is not None,
    lambda actor, _m: false() if actor.person_id is None else true(),
    frozenset({ANYBODY}),
)
THE_PORTAL = Predicate(
    "the portal itself", lambda _s, actor, _t: actor.is_portal, lambda actor, _m: true() if actor.is_portal else false()
)
