"""The sentences of the permission table that speak of sanctions: whether one was decided, and who had a hand in it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, true

from portal.actors import Actor
from portal.predicates import Predicate

UNDECIDED = ("drafted", "withdrawn")


def _without_a_hand_in_it(says: str, columns: Sequence[str]) -> Predicate:
    """Is none of the people in these columns; an empty column is nobody."""

    def where(actor: Actor, model: Any) -> ColumnElement[bool]:
        return and_(true(), *(getattr(model, column).is_distinct_from(actor.person_id) for column in columns))

    return Predicate(
        says,
        lambda _session, actor, thing: actor.person_id not in {getattr(thing, column, None) for column in columns},
        where,
    )


NOT_OF_THE_CASE = _without_a_hand_in_it(
    "who has neither investigated nor drafted it", ("drafted_by", "investigated_by")
)
NOT_HEARD_BEFORE = _without_a_hand_in_it(
    "who has neither investigated nor drafted nor decided nor appealed it",
    ("drafted_by", "investigated_by", "decided_by", "appealed_by"),
)
ONCE_DECIDED = Predicate(
    "once it is decided",
    lambda _session, _actor, thing: getattr(thing, "status", "") not in UNDECIDED,
    lambda _actor, model: model.status.not_in(UNDECIDED),
)
