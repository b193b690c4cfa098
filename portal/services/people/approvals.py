"""The second person's word on a request: for the Lead's own staff, and for a director who named himself."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import AccessRequest
from portal.refusals import Refused
from portal.services import evidence
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Reason


def approve(session: Session, *, request: AccessRequest, actor: Actor, now: datetime, policy: Policy) -> None:
    """The second person's word: for the Lead's own staff, and for a director who named himself."""
    permissions.check(session, actor, Action.ACCESS_APPROVE, request)
    if request.status != "open":
        raise Refused(Reason.ALREADY_DONE, "This request is not open any more.")
    kind = approval_missing(session, request, on=local_day(now, policy.zone))
    if kind is None:
        raise Refused(Reason.ALREADY_DONE, "This request needs no approval, or has it already.")
    evidence.record(
        session,
        actor=actor,
        now=now,
        kind=kind,
        about=About.MEMBERSHIP,
        subject_id=request.membership_id,
        valid_from=local_day(now, policy.zone),
        rests_on="access_request",
        rests_on_id=request.id,
        note="approved by a second person",
    )


def approval_missing(session: Session, request: AccessRequest, *, on: date) -> Kind | None:
    """The evidence that only a second person of the Lead can give to this request; None where none is wanting."""
    kind = Kind.LEAD_APPROVAL if request.agency_id == LEAD else Kind.REQUEST
    return None if evidence.in_force(session, About.MEMBERSHIP, request.membership_id, kind, on=on) else kind
