"""An Agency's participation ends: everybody's access at once, the licences return, a successor is recorded ('The HMIS Data Ownership Policies')."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import PORTAL, Actor
from portal.models import AccessRequest, Agency, Document, Evidence, Grant, Licence, Membership, Person, Seat
from portal.refusals import bad_input
from portal.services import evidence, paperwork
from portal.services.holders import holds
from portal.services.locks import lock
from portal.services.people import departures, licences, particulars
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, LICENCES, About, Kind

ENDS = (
    Kind.PARTICIPATION_AGREEMENT_SIGNED, Kind.PARTICIPATION_AGREEMENT, Kind.CONFIGURATION_ORDERED, Kind.CONFIGURED, Kind.SECURITY_REVIEW,
)  # fmt: skip
"""What joining again asks for anew; the rest keeps its own dates."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Whom and what ending the participation concerns: shown before it is confirmed, and true afterwards."""

    with_access: tuple[str, ...]
    waiting: tuple[str, ...]
    others: tuple[str, ...]
    licences: int

    @property
    def people(self) -> int:
        return len(self.with_access) + len(self.waiting) + len(self.others)


def foreseen(session: Session, agency: Agency, *, on: date) -> Ending:
    """Exactly who loses what: people with access, people who wait for it, officers without either, and the licences."""
    with_access: list[str] = []
    waiting: list[str] = []
    others: list[str] = []
    for name, has_grant, has_request in _active(session, agency.id, on)[1]:
        (with_access if has_grant else waiting if has_request else others).append(name)
    return Ending(tuple(with_access), tuple(waiting), tuple(others), len(_licences(session, agency.id)))


def end_participation(
    session: Session, *, agency: Agency, reason: str, successor: str = "", actor: Actor, now: datetime, policy: Policy
) -> Ending:
    """Ends an Agency's participation as of today and returns whom it concerned. Nothing on record is lost.

    Refuses an empty reason (BAD_INPUT) and an Agency that has ended before (ILLEGAL_MOVE).
    """
    permissions.check(session, actor, Action.AGENCY_END, agency)
    if agency.id == LEAD:
        raise bad_input("The Lead's own organization does not participate as an Agency.")
    why = particulars.short(reason, 1000, "reason")
    if len(why) < 3:
        raise bad_input("Say why the participation ends, in a few words: it stays on record.", "reason")
    heir = particulars.short(successor, 200, "successor")
    lock(session, agencies=[agency.id])
    today = local_day(now, policy.zone)
    concerned = foreseen(session, agency, on=today)
    transition(session, agency, "end", actor=actor, now=now, why=why)
    agency.ended_at, agency.ended_reason, agency.successor = now, why, heir
    for membership in _active(session, agency.id, today)[0]:
        departures.deactivate(
            session,
            membership=membership,
            reason=f"{agency.name} ended its participation.",
            actor=actor,
            now=now,
            policy=policy,
        )
    for kind in ENDS:
        for row in evidence.in_force(session, About.AGENCY, agency.id, kind, on=today):
            evidence.end(session, row, actor=actor, now=now, last_day=today - timedelta(1), reason=why)
    _set_paperwork_aside(session, agency, now=now)
    for called in LICENCES:
        for _ in range(licences.free_seats(session, agency.id, called)):
            licences.withdraw_licence(session, agency, actor=actor, now=now, policy=policy, kind=called)
    audit.record(
        session, actor=actor, now=now, act="agency.end", thing=agency, after={"people": concerned.people, "licences": concerned.licences, "successor": heir},
        said=f"{agency.name} ended its participation: {concerned.people} people lost what they had, {concerned.licences} licenses returned. Reason: {why}",
    )  # fmt: skip
    return concerned


def _active(session: Session, agency_id: int, on: date) -> tuple[list[Membership], list[tuple[str, bool, bool]]]:
    """The memberships with anything that can end, by name, and for each whether it has access or an open request."""
    grant = exists(select(1).where(Grant.membership_id == Membership.id, Grant.status != "ended"))
    request = exists(select(1).where(AccessRequest.membership_id == Membership.id, AccessRequest.status == "open"))
    seat = exists(select(1).where(Seat.membership_id == Membership.id, Seat.status != "returned"))
    gone = exists(
        select(1).where(
            Evidence.about == About.MEMBERSHIP, Evidence.subject_id == Membership.id, Evidence.kind == Kind.DEPARTURE,
            *Evidence.in_force(on),
        )
    )  # fmt: skip
    query = (
        select(Membership, Person, grant, request)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.agency_id == agency_id, or_(grant, request, seat, holds(on) & ~gone))
        .order_by(Person.last_name, Person.first_name, Membership.id)
    )
    rows = session.execute(query).all()
    return [row[0] for row in rows], [(f"{row[1].name} ({row[1].email})", bool(row[2]), bool(row[3])) for row in rows]


def _licences(session: Session, agency_id: int) -> list[int]:
    return list(
        session.scalars(select(Licence.id).where(Licence.agency_id == agency_id, Licence.withdrawn_at.is_(None)))
    )


def _set_paperwork_aside(session: Session, agency: Agency, *, now: datetime) -> None:
    waiting = select(Document).where(
        Document.agency_id == agency.id, Document.status.in_(("prepared", "signed", "scanned", "rejected"))
    )
    for document in session.scalars(waiting.order_by(Document.id)).all():
        paperwork.void(session, document=document, reason="The Agency ended its participation.", actor=PORTAL, now=now)
