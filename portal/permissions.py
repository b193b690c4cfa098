"""The one table of who may do what: an action's clauses are predicates, read for one thing and for lists alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import False_, True_

from portal.actors import Actor
from portal.models import Agency, Document, Membership, Person, TrainingResult
from portal.refusals import Refused, not_found
from workflows.vocabulary import LEAD, Action, Reason, Role


@dataclass(frozen=True, slots=True)
class Predicate:
    """One sentence read twice: `holds` for an actor and a thing, `where` as a condition on a table's rows."""

    says: str
    holds: Callable[[Session, Actor, Any], bool]
    where: Callable[[Actor, Any], ColumnElement[bool]]


def _agencies(session: Session, thing: Any) -> frozenset[int]:
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
    )


def own(*roles: Role) -> Predicate:
    """Holds one of the roles at the thing's agency (the Lead's own organisation has other roles)."""

    def where(actor: Actor) -> frozenset[int]:
        return frozenset().union(*(actor.at(role) for role in roles)) - {LEAD}

    return Predicate(
        "at the same Agency: " + ", ".join(role.value.replace("_", " ") for role in roles),
        lambda session, actor, thing: bool(where(actor) & _agencies(session, thing)),
        lambda actor, model: _agency_in(model, where(actor)),
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
NOT_ITS_REQUESTER = Predicate(
    "who has not asked for it",
    lambda _s, actor, thing: getattr(thing, "requested_by", None) != actor.person_id,
    lambda actor, model: model.requested_by.is_distinct_from(actor.person_id),
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
)
SIGNED_IN = Predicate(
    "everybody who has signed in", lambda _s, actor, _t: actor.person_id is not None, lambda _a, _m: true()
)
THE_PORTAL = Predicate(
    "the portal itself", lambda _s, actor, _t: actor.is_portal, lambda actor, _m: true() if actor.is_portal else false()
)

LARGEST_ID = 2**31 - 1
T = TypeVar("T")
Clause = tuple[Predicate, ...]
ADMIN, DESK, OFFICER = lead(Role.LEAD_ADMIN), lead(Role.LEAD_ADMIN, Role.HELP_DESK), lead(Role.LEAD_SECURITY)
STAFF = lead(Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY)
TEACHING = lead(Role.LEAD_ADMIN, Role.HELP_DESK, Role.TRAINER)
OWN_ADMIN, OWN_ED = own(Role.AGENCY_ADMIN), own(Role.EXECUTIVE_DIRECTOR)
OWN_MANAGERS = own(Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR)
OWN_OFFICES = own(Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR, Role.SECURITY_OFFICER)

TABLE: Mapping[Action, tuple[Clause, ...]] = {
    Action.HOME_SEE: ((SIGNED_IN,),),
    Action.SIGN_IN: ((SIGNED_IN,),),
    Action.DESK_SEE: ((STAFF,), (TEACHING,)),
    Action.AGENCY_ENTER: ((ADMIN,), (DESK,), (THE_PORTAL,)),
    Action.AGENCY_LIST: ((STAFF,), (TEACHING,)),
    Action.AGENCY_SEE: ((STAFF,), (TEACHING,), (OWN_OFFICES,)),
    Action.AGENCY_CHANGE: ((DESK,), (OWN_ADMIN,), (THE_PORTAL,)),
    Action.AGENCY_END: ((ADMIN,),),
    Action.AGENCY_IMPORT: ((DESK,), (THE_PORTAL,)),
    Action.AGENCY_CONFIGURE: ((DESK,), (THE_PORTAL,)),
    Action.DAY_ONE_IMPORT: ((ADMIN,), (THE_PORTAL,)),
    Action.SCAN_SORT: ((DESK,), (THE_PORTAL,)),
    Action.LIST_EXPORT: ((ADMIN,), (THE_PORTAL,)),
    Action.DIRECTOR_INVITE: ((DESK,), (THE_PORTAL,)),
    Action.DOCUMENT_PREPARE: ((DESK,), (OWN_MANAGERS,), (THE_PORTAL,)),
    Action.DOCUMENT_SEE: ((STAFF,), (OWN_OFFICES,), (ONESELF,), (BY_ITS_LINK,)),
    Action.DOCUMENT_SIGN: ((BY_ITS_LINK,), (ONESELF, SIGNED_IN)),
    Action.DOCUMENT_SCAN: ((DESK,), (OWN_MANAGERS,), (ONESELF,), (BY_ITS_LINK,), (THE_PORTAL,)),
    Action.DOCUMENT_VERIFY: ((DESK, NOT_ITS_SIGNER, NOT_ONESELF),),
    Action.DOCUMENT_COUNTERSIGN: ((ADMIN, NOT_ITS_SIGNER),),
    Action.DOCUMENT_VOID: ((DESK,), (THE_PORTAL,)),
    Action.EVIDENCE_RECORD: ((ADMIN, NOT_ONESELF), (lead(Role.HELP_DESK), NOT_ONESELF), (OFFICER, NOT_ONESELF)),
    Action.EVIDENCE_DECIDE: ((ADMIN, NOT_ONESELF), (OFFICER, NOT_ONESELF)),
    Action.EVIDENCE_SEE: ((STAFF,), (OWN_OFFICES,), (ONESELF,)),
    Action.EVIDENCE_DERIVE: ((THE_PORTAL,),),
    Action.OFFICER_NAME: ((OWN_ED,), (DESK,), (THE_PORTAL,)),
    Action.FORM_SUBMIT: ((OWN_ADMIN,), (OWN_ED,)),
    Action.PROTOCOL_ATTEST: ((OWN_ADMIN,), (own(Role.SECURITY_OFFICER),)),
    Action.DEVICE_ENTER: ((OWN_OFFICES,), (DESK,)),
    Action.DEVICE_AUTHORISE: ((OWN_ED,), (OWN_ADMIN,)),
    Action.LICENCE_GRANT: ((ADMIN,), (DESK,), (THE_PORTAL,)),
    Action.PERSON_SEE: ((STAFF,), (TEACHING,), (OWN_OFFICES,), (ONESELF,)),
    Action.PERSON_CHANGE: ((DESK,), (OWN_ADMIN,)),
    Action.MEMBERSHIP_SEE: ((STAFF,), (TEACHING,), (OWN_OFFICES,), (ONESELF,)),
    Action.STANDING_SEE: ((STAFF,), (TEACHING,), (OWN_OFFICES,), (ONESELF,), (THE_PORTAL,)),
    Action.STANDING_CERTIFY: ((STAFF,), (OWN_OFFICES,), (ONESELF,), (THE_PORTAL,)),
    Action.NUDGE: ((DESK,), (OWN_MANAGERS,)),
    Action.ACCESS_REQUEST: ((OWN_ADMIN,), (DESK,), (OWN_ED,), (THE_PORTAL,)),
    Action.ACCESS_CANCEL: ((OWN_ADMIN,), (DESK,)),
    Action.ACCESS_APPROVE: ((ADMIN, NOT_ONESELF, NOT_ITS_REQUESTER),),
    Action.ACCESS_ISSUE: ((THE_PORTAL,),),
    Action.ACCESS_REACT: ((THE_PORTAL,),),
    Action.BRAKE_SEE: ((STAFF,),),
    Action.BRAKE_RELEASE: ((ADMIN,),),
    Action.LAPSE_SEE: ((STAFF,),),
    Action.PERSON_DEACTIVATE: ((OWN_ADMIN,), (OWN_ED,), (DESK,), (THE_PORTAL,)),
    Action.PERSON_ENROL: ((TEACHING,),),
    Action.BACKGROUND_ENTER: ((OWN_MANAGERS, NOT_ONESELF), (ADMIN, NOT_ONESELF), (THE_PORTAL,)),
    Action.TRAINING_IMPORT: ((TEACHING,), (THE_PORTAL,)),
    Action.TRAINING_ENTER: ((TEACHING, NOT_ONESELF), (THE_PORTAL,)),
    Action.TRAINING_CLAIM: ((ONESELF,), (OWN_ADMIN,)),
    Action.TRAINING_CONFIRM: ((TEACHING, NOT_ONESELF),),
    Action.ORDER_LIST: ((DESK,), (own(Role.AGENCY_ADMIN),)),
    Action.ORDER_SEE: ((STAFF,), (OWN_ADMIN,)),
    Action.ORDER_CONFIRM: ((DESK,), (OWN_ADMIN,), (THE_PORTAL,)),
    Action.ORDER_REPLACE: ((THE_PORTAL,), (DESK,)),
    Action.PASSWORD_REVEAL: ((ONESELF,),),
    Action.CORE_RECONCILE: ((DESK,), (THE_PORTAL,)),
    Action.JOB_RETRY: ((DESK,),),
    Action.LINK_SEND: ((DESK,), (OWN_MANAGERS,), (THE_PORTAL,)),
    Action.USER_INVITE: ((ADMIN,), (THE_PORTAL,)),
    Action.PACK_SEE: ((STAFF,), (THE_PORTAL,)),
    Action.PACK_PROPOSE: ((ADMIN,), (THE_PORTAL,)),
    Action.PACK_WITHDRAW: ((ADMIN,), (THE_PORTAL,)),
    Action.PACK_ACTIVATE: ((ADMIN, NOT_ITS_PROPOSER), (THE_PORTAL, NOT_ITS_PROPOSER)),
    Action.PACK_SETTLE: ((THE_PORTAL,),),
    Action.AUDIT_SEE: ((ADMIN,), (OFFICER,)),
}


def allows(session: Session, actor: Actor, action: Action, thing: Any = None) -> bool:
    """Whether the table lets the actor do this to the thing. An action without a row is a KeyError, never a yes."""
    return any(all(p.holds(session, actor, thing) for p in clause) for clause in TABLE[action])


def check(session: Session, actor: Actor, action: Action, thing: Any = None) -> None:
    """Refuses by NOT_ALLOWED unless the table allows it."""
    if not allows(session, actor, action, thing):
        raise Refused(Reason.NOT_ALLOWED, f"You may not do this ({action.value}). {_who(action)}")


def visible(actor: Actor, action: Action, model: Any) -> ColumnElement[bool]:
    """The rows of a table to which the actor may do this: the same predicates as check(), as a condition."""
    some = []
    for clause in TABLE[action]:
        conditions = [p.where(actor, model) for p in clause]
        if any(isinstance(each, False_) for each in conditions):
            continue
        conditions = [each for each in conditions if not isinstance(each, True_)]
        if not conditions:
            return true()  # said plainly: between constants joined by OR a database finds no index to read
        some.append(and_(*conditions))
    return or_(false(), *some)


def find(session: Session, actor: Actor, action: Action, model: type[T], key: int) -> T:
    """The one row of that id to which the actor may do this; NOT_FOUND for all others, whether they exist or not."""
    if not 0 <= key <= LARGEST_ID:
        raise not_found()
    table: Any = model
    row: T | None = session.scalars(select(table).where(table.id == key, visible(actor, action, model))).one_or_none()
    if row is None:
        raise not_found()
    return row


def may_anything(actor: Actor, action: Action, session: Session) -> bool:
    """Whether the actor could do this to anything at all: what the menu asks, without a thing at hand."""
    everywhere: list[Any] = [
        type("Anywhere", (), {"agency_id": agency, "person_id": None})() for agency, _ in actor.roles
    ]
    everywhere.append(
        type("Oneself", (), {"agency_id": None, "person_id": actor.person_id})() if actor.person_id else None
    )
    if actor.document_id:
        everywhere.append(session.get(Document, actor.document_id))
    return any(allows(session, actor, action, thing) for thing in everywhere)


def _who(action: Action) -> str:
    clauses = [" and ".join(p.says for p in clause) for clause in TABLE[action] if THE_PORTAL not in clause]
    return f"It is for {'; or '.join(clauses)}." if clauses else "Only the portal does it."
