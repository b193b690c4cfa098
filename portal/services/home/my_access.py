"""Everything about oneself, over all one's memberships: standing, papers, courses, the password that waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import AccessRequest, Account, Agency, Document, Grant, Handover, Membership, Person, TrainingResult
from portal.services.home.home import own_quizzes
from portal.services.home.tasks import Task
from portal.services.people import departures, handover, standing_view
from portal.services.people.standing_view import View
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy


@dataclass(frozen=True, slots=True)
class Place:
    """One membership as its person sees it."""

    membership: Membership
    agency: Agency
    view: View
    request: AccessRequest | None
    grant: Grant | None
    left: bool


@dataclass(frozen=True, slots=True)
class MyAccess:
    """The page 'My access'."""

    places: Sequence[Place]
    user_id: str
    password: Handover | None
    to_sign: Sequence[Document]
    executed: Sequence[Document]
    quizzes: Sequence[Task]
    attempts: Sequence[TrainingResult]


def of(session: Session, *, person: Person, actor: Actor, now: datetime, policy: Policy) -> MyAccess:
    """What is on record about the person who asks; about nobody else."""
    permissions.check(session, actor, Action.PASSWORD_REVEAL, person)
    today = local_day(now, policy.zone)
    members = list(session.scalars(select(Membership).where(Membership.person_id == person.id).order_by(Membership.id)))
    papers = list(session.scalars(select(Document).where(Document.person_id == person.id).order_by(Document.id.desc())))
    attempts = session.scalars(
        select(TrainingResult).where(TrainingResult.person_id == person.id).order_by(TrainingResult.taken_at.desc())
    )
    return MyAccess(
        places=[_place(session, each, actor, now=now, policy=policy) for each in members],
        user_id=user_id(session, person.id),
        password=handover.waiting(session, person_id=person.id, now=now),
        to_sign=[document for document in papers if document.status == "prepared"],
        executed=[document for document in papers if document.status == "executed"],
        quizzes=own_quizzes(session, actor, policy, on=today),
        attempts=list(attempts),
    )


def user_id(session: Session, person_id: int) -> str:
    """The person's User ID in the core HMIS; empty where there is none."""
    return session.scalar(select(Account.user_id).where(Account.person_id == person_id)) or ""


def _place(session: Session, membership: Membership, actor: Actor, *, now: datetime, policy: Policy) -> Place:
    today = local_day(now, policy.zone)
    request = (
        select(AccessRequest)
        .where(AccessRequest.membership_id == membership.id)
        .order_by(AccessRequest.id.desc())
        .limit(1)
    )
    grant = select(Grant).where(Grant.membership_id == membership.id, Grant.status != "ended")
    return Place(
        membership,
        membership.agency,
        standing_view.view(session, membership=membership, actor=actor, now=now, policy=policy),
        session.scalars(request).first(),
        session.scalars(grant).one_or_none(),
        any(row.valid_from <= today for row in departures.departures_of(session, membership.id)),
    )
