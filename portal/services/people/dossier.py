"""What is on record about one membership: evidence, papers, attempts, checks and what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import (
    AccessRequest,
    Account,
    AuditEntry,
    BackgroundCheck,
    Document,
    Evidence,
    Grant,
    Membership,
    Seat,
    TrainingResult,
)
from workflows.actions import Action
from workflows.vocabulary import LEAD, About, Kind

OF_PERSON = (Kind.TRAINING, Kind.BACKGROUND_CHECK, Kind.RETRAINING, Kind.SANCTION)
PRIVATE = ("sign.", "password.", "refused", "link.")
"""Acts that are the person's own business, or say more about a browser than about access."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything of one membership, newest first."""

    request: AccessRequest | None
    grant: Grant | None
    account: Account | None
    seat: Seat | None
    departure: Evidence | None
    evidence: Sequence[Evidence]
    documents: Sequence[Document]
    attempts: Sequence[TrainingResult]
    checks: Sequence[BackgroundCheck]
    happened: Sequence[tuple[AuditEntry, str]]


def of(session: Session, *, membership: Membership, actor: Actor, latest: int = 40) -> Dossier:
    """The dossier as far as the viewer may see it; NOT_ALLOWED for whoever may not see the membership.

    Whoever may not see the evidence (a trainer of the Lead) gets the standing, the courses and the results alone.
    """
    permissions.check(session, actor, Action.MEMBERSHIP_SEE, membership)
    everything = permissions.allows(session, actor, Action.EVIDENCE_SEE, membership)
    request = session.scalars(
        select(AccessRequest)
        .where(AccessRequest.membership_id == membership.id)
        .order_by(AccessRequest.id.desc())
        .limit(1)
    ).first()
    grant = session.scalars(
        select(Grant).where(Grant.membership_id == membership.id).order_by(Grant.id.desc()).limit(1)
    ).first()
    seat = session.scalars(
        select(Seat).where(Seat.membership_id == membership.id, Seat.status != "returned", Seat.kind == "core")
    ).one_or_none()
    rows = _evidence(session, membership)
    return Dossier(
        request=request,
        grant=grant,
        account=session.get(Account, grant.account_id) if grant else None,
        seat=seat,
        departure=next(
            (
                row
                for row in rows
                if row.kind == Kind.DEPARTURE and row.withdrawn_at == datetime.max and row.valid_until.year == 9999
            ),
            None,
        ),
        evidence=rows if everything else (),
        documents=list(
            session.scalars(
                select(Document)
                .where(
                    Document.membership_id == membership.id,
                    permissions.visible(actor, Action.DOCUMENT_SEE, Document),
                )
                .order_by(Document.id.desc())
            )
        ),
        attempts=list(
            session.scalars(
                select(TrainingResult)
                .where(TrainingResult.person_id == membership.person_id)
                .order_by(TrainingResult.taken_at.desc())
            )
        ),
        checks=_checks(session, membership) if everything else (),
        happened=_happened(session, membership, actor, latest) if everything else (),
    )


def _evidence(session: Session, membership: Membership) -> list[Evidence]:
    here = and_(Evidence.about == About.MEMBERSHIP, Evidence.subject_id == membership.id)
    of_person = and_(
        Evidence.about == About.PERSON, Evidence.subject_id == membership.person_id, Evidence.kind.in_(OF_PERSON)
    )
    return list(
        session.scalars(
            select(Evidence).where(or_(here, of_person)).order_by(Evidence.recorded_at.desc(), Evidence.id.desc())
        )
    )


def _checks(session: Session, membership: Membership) -> list[BackgroundCheck]:
    """Those of this Agency: what another one ordered shows only as cleared or not, in the evidence."""
    query = select(BackgroundCheck).where(BackgroundCheck.membership_id == membership.id)
    return list(session.scalars(query.order_by(BackgroundCheck.id.desc())))


def _happened(session: Session, membership: Membership, actor: Actor, latest: int) -> list[tuple[AuditEntry, str]]:
    """The record of what was done here, with who did it, as far as the viewer may know them.

    To an Agency the Lead's staff speak as the help desk, and whoever acted for the same person at another Agency, whose
    acts on the account and the person are shown everywhere, has no name.
    """
    here = and_(AuditEntry.person_id == membership.person_id, AuditEntry.agency_id == membership.agency_id)
    itself = and_(AuditEntry.thing == "membership", AuditEntry.thing_id == membership.id)
    account = and_(AuditEntry.person_id == membership.person_id, AuditEntry.thing.in_(("account", "person")))
    query = select(AuditEntry).where(or_(here, itself, account), *(~AuditEntry.act.startswith(act) for act in PRIVATE))
    entries = session.scalars(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(latest)).all()
    if actor.lead_roles:
        return [(entry, entry.actor) for entry in entries]
    at = select(Membership.person_id, Membership.agency_id).where(
        Membership.agency_id.in_((LEAD, membership.agency_id))
    )
    known: dict[int, set[int]] = {membership.person_id: {membership.agency_id}}
    for person_id, agency_id in session.execute(at):
        known.setdefault(person_id, set()).add(agency_id)
    return [(entry, _called(entry, known, membership.agency_id)) for entry in entries]


def _called(entry: AuditEntry, known: Mapping[int, set[int]], agency_id: int) -> str:
    if entry.actor_id is None:
        return entry.actor
    places = known.get(entry.actor_id, set())
    if LEAD in places and agency_id != LEAD:
        return "HMIS help desk"
    return entry.actor if agency_id in places else "Somebody at another Agency"
