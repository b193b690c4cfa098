"""What the permission table says of articles alone: what is in print, and for whom."""

from portal.predicates import Predicate

PUBLISHED = Predicate(
    "once it is published",
    lambda _s, _actor, thing: getattr(thing, "status", "published") == "published",
    lambda _a, model: model.status == "published",
)
TO_EVERYBODY = Predicate(
    "where it is for everybody",
    lambda _s, _actor, thing: getattr(thing, "audience", "public") == "public",
    lambda _a, model: model.audience == "public",
)
