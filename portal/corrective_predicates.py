"""The sentences of the permission table that speak of corrective actions: whose they are, who did not do what they decide."""

from typing import Any

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.predicates import ANYBODY, Predicate


def _owns(_session: Session, actor: Actor, thing: Any) -> bool:
    """Of a thing that has no owner, the person it is about: so a menu can ask without a thing at hand."""
    owner = getattr(thing, "owner_id", getattr(thing, "person_id", None))
    return actor.person_id is not None and owner == actor.person_id


def _owned(actor: Actor, model: Any) -> ColumnElement[bool]:
    if actor.person_id is None or "owner_id" not in model.__table__.c:
        return false()
    owned: ColumnElement[bool] = model.owner_id == actor.person_id
    return owned


def _not(column: str, says: str) -> Predicate:
    """Whoever stands in this column of the thing may not."""

    def where(actor: Actor, model: Any) -> ColumnElement[bool]:
        if column not in model.__table__.c:
            return true()
        other: ColumnElement[bool] = getattr(model, column).is_distinct_from(actor.person_id)
        return other

    return Predicate(
        says, lambda _s, actor, thing: actor.person_id is None or getattr(thing, column, None) != actor.person_id, where
    )


ITS_OWNER = Predicate("who is to put it right", _owns, _owned, frozenset({ANYBODY}))
NOT_ITS_OWNER = _not("owner_id", "who is not to put it right")
NOT_ITS_COMPLETER = _not("completed_by", "who has not said that it is done")
