"""The one table of who may do what: an action's clauses are predicates, read for one thing and for lists alike."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import False_, True_

from portal.actors import Actor
from portal.corrective_predicates import ITS_OWNER, NOT_ITS_COMPLETER, NOT_ITS_OWNER
from portal.incident_predicates import (
    A_COMPLAINT,
    ANYONE,
    ITS_INVESTIGATOR,
    ITS_REPORTER,
    NOT_INVOLVED,
    OPENED_TO_THEM,
    SHOWN_TO_THE_AGENCY,
)
from portal.knowledge_predicates import PUBLISHED, TO_EVERYBODY
from portal.models import Document
from portal.predicates import (
    ABOUT_NOBODY,
    BY_ITS_LINK,
    NOT_ITS_ASKER,
    NOT_ITS_AUTHOR,
    NOT_ITS_PROPOSER,
    NOT_ITS_REQUESTER,
    NOT_ITS_SIGNER,
    NOT_ONESELF,
    ONESELF,
    PUT_OUT,
    SIGNED_IN,
    THE_PORTAL,
    Predicate,
    agencies_of,
    at_any_agency,
    delegated,
    lead,
    looking_on,
    own,
)  # fmt: skip
from portal.refusals import Refused, not_found
from portal.review_predicates import HANDED_AN_ITEM, NOT_ITS_ANSWERER, OF_AN_AGENCY, OF_THE_LEAD
from portal.sanction_predicates import NOT_HEARD_BEFORE, NOT_OF_THE_CASE, ONCE_DECIDED
from portal.ticket_predicates import ITS_FOLLOWER, ITS_SENDER, NOT_ABOUT_THEM, WITH_THE_AGENCY
from workflows.actions import Action
from workflows.vocabulary import Reason, Role, Scope

LARGEST_ID = 2**31 - 1
T = TypeVar("T")
Clause = tuple[Predicate, ...]
ADMIN, DESK, OFFICER = lead(Role.LEAD_ADMIN), lead(Role.LEAD_ADMIN, Role.HELP_DESK), lead(Role.LEAD_SECURITY)
STAFF = lead(Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.AUDITOR)
WORKING = lead(Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY)
AUDITOR = lead(Role.AUDITOR)
BOARD = looking_on(Role.BOARD_MEMBER)
ONLOOKER = looking_on(Role.BOARD_MEMBER, Role.COMMITTEE_MEMBER)
TEACHING = lead(Role.LEAD_ADMIN, Role.HELP_DESK, Role.TRAINER)
HELPING = lead(Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.TRAINER)
OWN_ADMIN, OWN_ED = own(Role.AGENCY_ADMIN), own(Role.EXECUTIVE_DIRECTOR)
OWN_MANAGERS = own(Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR)
OWN_OFFICES = own(Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR, Role.SECURITY_OFFICER)
SECURITY = lead(Role.LEAD_ADMIN, Role.LEAD_SECURITY, Role.AUDITOR)
ANY_OFFICE = at_any_agency(Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR, Role.SECURITY_OFFICER)
OWN_GUARDS = own(Role.EXECUTIVE_DIRECTOR, Role.SECURITY_OFFICER)
GUARDS = lead(Role.LEAD_ADMIN, Role.LEAD_SECURITY)
FOR_ED = delegated()
FOR_ED_ASKING, FOR_ED_NAMING = delegated(Scope.REQUEST_ACCESS), delegated(Scope.NAME_OFFICERS)
FOR_ED_ATTESTING, FOR_ED_DEVICES = delegated(Scope.ATTEST_FORMS), delegated(Scope.AUTHORISE_DEVICES)
FOR_ED_PEOPLE = delegated(Scope.REQUEST_ACCESS, Scope.NAME_OFFICERS)

TABLE: Mapping[Action, tuple[Clause, ...]] = {
    Action.HOME_SEE: ((SIGNED_IN,),),
    Action.SIGN_IN: ((SIGNED_IN,),),
    Action.DESK_SEE: ((STAFF,), (TEACHING,)),
    Action.AGENCY_ENTER: ((ADMIN,), (DESK,), (THE_PORTAL,)),
    Action.AGENCY_LIST: ((STAFF,), (TEACHING,)),
    Action.AGENCY_SEE: ((STAFF,), (TEACHING,), (OWN_OFFICES,), (FOR_ED,)),
    Action.AGENCY_CHANGE: ((DESK,), (OWN_ADMIN,), (THE_PORTAL,)),
    Action.AGENCY_END: ((ADMIN,),),
    Action.AGENCY_IMPORT: ((DESK,), (THE_PORTAL,)),
    Action.AGENCY_CONFIGURE: ((DESK,), (THE_PORTAL,)),
    Action.DAY_ONE_IMPORT: ((ADMIN,), (THE_PORTAL,)),
    Action.SCAN_SORT: ((DESK,), (THE_PORTAL,)),
    Action.LIST_EXPORT: ((ADMIN,), (THE_PORTAL,)),
    Action.DIRECTOR_INVITE: ((DESK,), (THE_PORTAL,)),
    Action.DOCUMENT_PREPARE: (
        (DESK,),
        (OWN_MANAGERS,),
        (FOR_ED_ATTESTING, ABOUT_NOBODY),
        (FOR_ED_PEOPLE, NOT_ONESELF),
        (THE_PORTAL,),
    ),
    Action.DOCUMENT_SEE: ((STAFF,), (OWN_OFFICES,), (ONESELF,), (BY_ITS_LINK,), (FOR_ED_ATTESTING, ABOUT_NOBODY)),
    Action.DOCUMENT_SIGN: ((BY_ITS_LINK,), (ONESELF, SIGNED_IN)),
    Action.DOCUMENT_SCAN: ((DESK,), (OWN_MANAGERS,), (ONESELF,), (BY_ITS_LINK,), (THE_PORTAL,)),
    Action.DOCUMENT_VERIFY: ((DESK, NOT_ITS_SIGNER, NOT_ONESELF),),
    Action.DOCUMENT_COUNTERSIGN: ((ADMIN, NOT_ITS_SIGNER),),
    Action.DOCUMENT_VOID: ((DESK,), (THE_PORTAL,)),
    Action.EVIDENCE_RECORD: ((ADMIN, NOT_ONESELF), (lead(Role.HELP_DESK), NOT_ONESELF), (OFFICER, NOT_ONESELF)),
    Action.EVIDENCE_DECIDE: ((ADMIN, NOT_ONESELF), (OFFICER, NOT_ONESELF)),
    Action.EVIDENCE_SEE: ((STAFF,), (OWN_OFFICES,), (ONESELF,)),
    Action.EVIDENCE_DERIVE: ((THE_PORTAL,),),
    Action.OFFICER_NAME: ((OWN_ED,), (FOR_ED_NAMING, NOT_ONESELF), (DESK,), (THE_PORTAL,)),
    Action.DELEGATION_SEE: ((STAFF,), (OWN_OFFICES,)),
    Action.DELEGATION_GIVE: ((OWN_ED,),),
    Action.DELEGATION_REVOKE: ((OWN_ED,), (ADMIN,)),
    Action.FORM_SUBMIT: ((OWN_ADMIN,), (OWN_ED,), (FOR_ED_ATTESTING,)),
    Action.PROTOCOL_ATTEST: ((OWN_ADMIN,), (own(Role.SECURITY_OFFICER),)),
    Action.DEVICE_ENTER: ((OWN_OFFICES,), (FOR_ED_DEVICES,), (DESK,)),
    Action.DEVICE_AUTHORISE: ((OWN_ED,), (OWN_ADMIN,), (FOR_ED_DEVICES,)),
    Action.LICENCE_GRANT: ((ADMIN,), (DESK,), (THE_PORTAL,)),
    Action.PERSON_SEE: ((STAFF,), (TEACHING,), (OWN_OFFICES,), (FOR_ED_PEOPLE,), (ONESELF,)),
    Action.PERSON_CHANGE: ((DESK,), (OWN_ADMIN,)),
    Action.MEMBERSHIP_SEE: ((STAFF,), (TEACHING,), (OWN_OFFICES,), (FOR_ED_PEOPLE,), (ONESELF,)),
    Action.STANDING_SEE: ((STAFF,), (TEACHING,), (OWN_OFFICES,), (FOR_ED_PEOPLE,), (ONESELF,), (THE_PORTAL,)),
    Action.STANDING_CERTIFY: ((WORKING,), (OWN_OFFICES,), (ONESELF,), (THE_PORTAL,)),
    Action.NUDGE: ((DESK,), (OWN_MANAGERS,), (FOR_ED_ASKING, NOT_ONESELF)),
    Action.ACCESS_REQUEST: ((OWN_ADMIN,), (DESK,), (OWN_ED,), (FOR_ED_ASKING, NOT_ONESELF), (THE_PORTAL,)),
    Action.ACCESS_CANCEL: ((OWN_ADMIN,), (DESK,)),
    Action.ACCESS_APPROVE: ((ADMIN, NOT_ONESELF, NOT_ITS_REQUESTER),),
    Action.ACCESS_ISSUE: ((THE_PORTAL,),),
    Action.ACCESS_REACT: ((THE_PORTAL,),),
    Action.BRAKE_SEE: ((STAFF,),),
    Action.BRAKE_RELEASE: ((ADMIN,),),
    Action.LAPSE_SEE: ((STAFF,),),
    Action.PLAN_SEE: ((STAFF,), (ONLOOKER, PUT_OUT), (ANY_OFFICE, PUT_OUT)),
    Action.PLAN_DRAFT: ((ADMIN,), (OFFICER,)),
    Action.PLAN_COMMENT: ((ONLOOKER, PUT_OUT), (ANY_OFFICE, PUT_OUT)),
    Action.PLAN_VOTE: (
        (ADMIN, NOT_ITS_AUTHOR),
        (OFFICER, NOT_ITS_AUTHOR),
        (looking_on(Role.BOARD_MEMBER), NOT_ITS_AUTHOR),
    ),
    Action.PLAN_REACT: ((THE_PORTAL,),),
    Action.PLAN_REVIEW: ((ADMIN, NOT_ITS_AUTHOR), (OFFICER, NOT_ITS_AUTHOR)),
    Action.PLAN_TASK_DO: ((WORKING,),),
    Action.HMIS_CHANGE_ENTER: ((ADMIN,), (OFFICER,)),
    Action.BOARD_RECORD_SEE: ((STAFF,), (ONLOOKER,)),
    Action.BOARD_RECORD_KEEP: ((ADMIN,), (OFFICER,)),
    Action.RELEASE_SEE: ((STAFF,), (ONLOOKER,)),
    Action.RELEASE_ENTER: ((WORKING,),),
    Action.RELEASE_DECIDE: ((ADMIN, NOT_ITS_ASKER), (OFFICER, NOT_ITS_ASKER)),
    Action.OFFICES_SEE: ((STAFF,), (TEACHING,), (ONLOOKER,), (ANY_OFFICE,)),
    Action.CORRECTIVE_SEE: ((STAFF,), (OWN_OFFICES,), (ITS_OWNER,)),
    Action.CORRECTIVE_OPEN: ((SECURITY,),),
    Action.CORRECTIVE_PLAN: ((OWN_OFFICES,), (SECURITY,), (ITS_OWNER,)),
    Action.CORRECTIVE_WORK: ((OWN_OFFICES,), (SECURITY,), (ITS_OWNER,)),
    Action.CORRECTIVE_VERIFY: ((SECURITY, NOT_ITS_OWNER, NOT_ITS_COMPLETER),),
    Action.CORRECTIVE_ACCEPT: (
        (SECURITY, OF_AN_AGENCY, NOT_ITS_ASKER, NOT_ITS_OWNER),
        (AUDITOR, OF_THE_LEAD, NOT_ITS_ASKER, NOT_ITS_OWNER),
    ),
    Action.CORRECTIVE_REACT: ((THE_PORTAL,),),
    Action.RESULTS_SEE: ((STAFF,), (OWN_OFFICES,)),
    Action.RESULTS_COMPARE: ((SECURITY,),),
    Action.INCIDENT_REPORT: ((ANYONE,),),
    Action.INCIDENT_OWN: ((ITS_REPORTER,),),
    Action.INCIDENT_SEE: ((SECURITY, NOT_INVOLVED), (OWN_GUARDS, SHOWN_TO_THE_AGENCY, NOT_INVOLVED)),
    Action.INCIDENT_TRIAGE: ((GUARDS, NOT_INVOLVED),),
    Action.INCIDENT_WORK: ((GUARDS, NOT_INVOLVED),),
    Action.INCIDENT_FILES: ((SECURITY, NOT_INVOLVED),),
    Action.INCIDENT_CONTAIN: ((GUARDS, NOT_INVOLVED),),
    Action.INCIDENT_CONCLUDE: ((GUARDS, ITS_INVESTIGATOR, NOT_INVOLVED),),
    Action.INCIDENT_CLOSE: ((GUARDS, NOT_INVOLVED),),
    Action.INCIDENT_ANSWER: ((ONESELF, OPENED_TO_THEM),),
    Action.COMPLAINT_ENTER: ((GUARDS,), (OWN_GUARDS,)),
    Action.COMPLAINT_ANSWER: ((GUARDS, A_COMPLAINT, NOT_INVOLVED), (OWN_GUARDS, A_COMPLAINT, NOT_INVOLVED)),
    Action.WAIVER_SEE: ((STAFF,), (OWN_OFFICES,), (ONESELF,)),
    Action.WAIVER_ASK: ((DESK,), (OWN_MANAGERS,)),
    Action.WAIVER_DECIDE: ((ADMIN, NOT_ONESELF, NOT_ITS_ASKER),),
    Action.WAIVER_END: ((ADMIN, NOT_ONESELF),),
    Action.TICKET_SEE: ((HELPING,), (ITS_SENDER,), (ITS_FOLLOWER,), (OWN_ADMIN, WITH_THE_AGENCY, NOT_ABOUT_THEM)),
    Action.TICKET_OPEN: ((SIGNED_IN,), (THE_PORTAL,)),
    Action.TICKET_ADD: (
        (HELPING,),
        (ITS_SENDER,),
        (ITS_FOLLOWER,),
        (OWN_ADMIN, WITH_THE_AGENCY, NOT_ABOUT_THEM),
        (THE_PORTAL,),
    ),
    Action.TICKET_ANSWER: ((HELPING,), (OWN_ADMIN, WITH_THE_AGENCY, NOT_ABOUT_THEM)),
    Action.TICKET_SOLVE: ((HELPING,), (ITS_SENDER,), (OWN_ADMIN, WITH_THE_AGENCY, NOT_ABOUT_THEM)),
    Action.TICKET_WORK: ((HELPING,),),
    Action.TICKET_REACT: ((THE_PORTAL,),),
    Action.TICKET_REDACT: ((WORKING,),),
    Action.TICKET_RATE: ((ITS_SENDER,),),
    Action.TICKET_EXPORT: ((WORKING,),),
    Action.CLOSURE_EDIT: ((DESK,),),
    Action.CANNED_EDIT: ((HELPING,),),
    Action.OUTAGE_ANNOUNCE: ((WORKING,),),
    Action.OUTAGE_WORK: ((WORKING,),),
    Action.OUTAGE_REACT: ((THE_PORTAL,),),
    Action.OUTAGE_PUT_AWAY: ((SIGNED_IN,),),
    Action.REVIEW_SEE: ((STAFF,), (OWN_OFFICES,), (HANDED_AN_ITEM,), (BOARD, OF_THE_LEAD)),
    Action.REVIEW_OPEN: ((ADMIN,), (OFFICER,)),
    Action.REVIEW_BEGIN: ((ADMIN,), (OFFICER,), (own(Role.SECURITY_OFFICER),)),
    Action.REVIEW_ANSWER: ((own(Role.SECURITY_OFFICER),), (OFFICER, OF_THE_LEAD), (HANDED_AN_ITEM,)),
    Action.REVIEW_SEND: ((own(Role.SECURITY_OFFICER),), (OFFICER, OF_THE_LEAD)),
    Action.REVIEW_ATTEST: ((THE_PORTAL,),),
    Action.REVIEW_COMMENT: ((ADMIN,), (OFFICER,), (AUDITOR,), (OWN_OFFICES,), (HANDED_AN_ITEM,), (BOARD, OF_THE_LEAD)),
    Action.REVIEW_SIGN_OFF: (
        (OFFICER, OF_AN_AGENCY, NOT_ITS_ANSWERER),
        (AUDITOR, OF_THE_LEAD, NOT_ITS_ANSWERER),
        (BOARD, OF_THE_LEAD, NOT_ITS_ANSWERER),
    ),
    Action.REVIEW_VISIT: ((ADMIN, OF_AN_AGENCY), (OFFICER, OF_AN_AGENCY)),
    Action.SANCTION_SEE: (
        (ADMIN, NOT_ONESELF),
        (OFFICER, NOT_ONESELF),
        (AUDITOR, NOT_ONESELF),
        (lead(Role.HELP_DESK), ONCE_DECIDED),
        (OWN_MANAGERS, ONCE_DECIDED),
        (ONESELF, ONCE_DECIDED),
    ),
    Action.SANCTION_DRAFT: ((ADMIN, NOT_ONESELF), (OFFICER, NOT_ONESELF)),
    Action.SANCTION_DECIDE: ((ADMIN, NOT_ONESELF, NOT_OF_THE_CASE), (OFFICER, NOT_ONESELF, NOT_OF_THE_CASE)),
    Action.SANCTION_APPEAL: (
        (ONESELF, ONCE_DECIDED),
        (OWN_ED, ONCE_DECIDED),
        (ADMIN, NOT_ONESELF, ONCE_DECIDED),
        (OFFICER, NOT_ONESELF, ONCE_DECIDED),
    ),
    Action.SANCTION_HEAR: (
        (ADMIN, NOT_ONESELF, NOT_HEARD_BEFORE),
        (OFFICER, NOT_ONESELF, NOT_HEARD_BEFORE),
        (AUDITOR, NOT_ONESELF, NOT_HEARD_BEFORE),
    ),
    Action.SANCTION_LIFT: ((ADMIN, NOT_ONESELF, ONCE_DECIDED), (OFFICER, NOT_ONESELF, ONCE_DECIDED)),
    Action.SANCTION_FOLLOW: ((WORKING, NOT_ONESELF, ONCE_DECIDED),),
    Action.SANCTION_EXPIRE: ((THE_PORTAL,),),
    Action.ARTICLE_READ: ((ANYONE, PUBLISHED, TO_EVERYBODY), (SIGNED_IN, PUBLISHED)),
    Action.ARTICLE_SEE: ((STAFF,), (TEACHING,)),
    Action.ARTICLE_WRITE: ((WORKING,), (TEACHING,)),
    Action.SERVICE_SEE: ((STAFF,), (OWN_OFFICES,)),
    Action.SERVICE_ASK: ((WORKING,), (OWN_OFFICES,)),
    Action.SERVICE_WORK: ((WORKING,),),
    Action.SERVICE_REVIEW: ((ADMIN,),),
    Action.SURVEY_SEE: ((STAFF,), (ONLOOKER,)),
    Action.SURVEY_ASK: ((ADMIN,),),
    Action.SURVEY_ANSWER: ((ANYONE,),),
    Action.SURVEY_REACT: ((THE_PORTAL,),),
    Action.PERSON_DEACTIVATE: ((OWN_ADMIN,), (OWN_ED,), (FOR_ED_ASKING, NOT_ONESELF), (DESK,), (THE_PORTAL,)),
    Action.PERSON_ENROL: ((TEACHING,),),
    Action.BACKGROUND_ENTER: ((OWN_MANAGERS, NOT_ONESELF), (ADMIN, NOT_ONESELF), (THE_PORTAL,)),
    Action.TRAINING_IMPORT: ((TEACHING,), (THE_PORTAL,)),
    Action.TRAINING_ENTER: ((TEACHING, NOT_ONESELF), (THE_PORTAL,)),
    Action.TRAINING_CLAIM: ((ONESELF,), (OWN_ADMIN,)),
    Action.TRAINING_CONFIRM: ((TEACHING, NOT_ONESELF),),
    Action.ORDER_LIST: ((DESK,), (own(Role.AGENCY_ADMIN),)),
    Action.ORDER_SEE: ((WORKING,), (OWN_ADMIN,)),
    Action.ORDER_CONFIRM: ((DESK,), (OWN_ADMIN,), (THE_PORTAL,)),
    Action.ORDER_REPLACE: ((THE_PORTAL,), (DESK,)),
    Action.PASSWORD_REVEAL: ((ONESELF,),),
    Action.CORE_RECONCILE: ((DESK,), (THE_PORTAL,)),
    Action.JOB_RETRY: ((DESK,),),
    Action.LINK_SEND: ((DESK,), (OWN_MANAGERS,), (FOR_ED_PEOPLE, NOT_ONESELF), (THE_PORTAL,)),
    Action.USER_INVITE: ((ADMIN,), (THE_PORTAL,)),
    Action.PACK_SEE: ((STAFF,), (THE_PORTAL,)),
    Action.PACK_PROPOSE: ((ADMIN,), (THE_PORTAL,)),
    Action.PACK_WITHDRAW: ((ADMIN,), (THE_PORTAL,)),
    Action.PACK_ACTIVATE: ((ADMIN, NOT_ITS_PROPOSER), (THE_PORTAL, NOT_ITS_PROPOSER)),
    Action.PACK_SETTLE: ((THE_PORTAL,),),
    Action.SESSIONS_END: ((DESK, NOT_ONESELF), (OWN_ADMIN, NOT_ONESELF)),
    Action.ACCOUNT_UNLOCK: ((DESK, NOT_ONESELF), (OWN_ADMIN, NOT_ONESELF), (THE_PORTAL,)),
    Action.PASSWORD_RESET: ((DESK, NOT_ONESELF), (OWN_ADMIN, NOT_ONESELF)),
    Action.FACTOR_VOUCH: ((WORKING, NOT_ONESELF), (OWN_MANAGERS, NOT_ONESELF)),
    Action.FACTOR_RESET: ((THE_PORTAL,),),
    Action.EMAIL_CHANGE: ((ONESELF,), (DESK,), (OWN_ADMIN,)),
    Action.LOCKED_SEE: ((STAFF,),),
    Action.AGGREGATES_SEE: ((ADMIN,), (OFFICER,), (AUDITOR,), (ONLOOKER,)),
    Action.ROLES_SEE: ((SIGNED_IN,),),
    Action.AUDIT_SEE: ((ADMIN,), (OFFICER,), (AUDITOR,)),
    Action.AUDIT_EXPORT: ((ADMIN,), (OFFICER,), (AUDITOR,), (THE_PORTAL,)),
}


def allows(session: Session, actor: Actor, action: Action, thing: Any = None) -> bool:
    """Whether the table lets the actor do this to the thing. An action without a row is a KeyError, never a yes."""
    return any(all(p.holds(session, actor, thing) for p in clause) for clause in TABLE[action])


def row_id(text: str) -> int | None:
    """The id that a text names, as forms and addresses carry it; None for what no row can have."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID)) else LARGEST_ID + 1
    return number if number <= LARGEST_ID else None


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


def acting(session: Session, actor: Actor, action: Action, thing: Any) -> Actor:
    """Whoever may do this, as check(), and on whose behalf: the director's, where the table allows it by delegation alone."""
    check(session, actor, action, thing)
    if not actor.delegated or actor.on_behalf or allows(session, replace(actor, delegated=frozenset()), action, thing):
        return actor
    there = agencies_of(session, thing)
    director = min(director for agency, _, director in actor.delegated if agency in there)
    return replace(actor, on_behalf=f"{director}, executive director")


def may_anything(actor: Actor, action: Action, session: Session) -> bool:
    """Whether the actor could do this to anything at all: what the menu asks, without a thing at hand."""
    everywhere: list[Any] = [
        type("Anywhere", (), {"agency_id": agency, "person_id": None})()
        for agency in {agency for agency, _ in actor.roles} | actor.let()
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
