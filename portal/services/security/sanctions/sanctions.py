"""Sanctions: drafted by one, decided by another, lifted, over ('Enforcement Mechanisms'). Appeals are in sanction_appeals."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import PORTAL, Actor
from portal.models import Agency, Incident, Membership, Person, Sanction
from portal.refusals import Refused, a_reason, bad_input
from portal.services.account import sessions
from portal.services.locks import lock
from portal.services.security.sanctions import sanction_force, sanction_notices
from portal.services.security.sanctions.sanction_measures import Measure, in_words, measure_of, refuse_measure
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.ladder import Earlier, Proposal, propose
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Reason

SIGNS_OUT = ("suspension", "revocation")
"""Measures that sign the person out of the portal everywhere."""

WHY = "Say why: it stands on record and in the letter's file for whoever asks later."


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a sanction is about; `agency_id` is where it happened."""

    about: About
    agency_id: int
    person_id: int | None = None
    membership_id: int | None = None


def of_agency(agency: Agency) -> Subject:
    return Subject(About.AGENCY, agency.id)


def of_membership(membership: Membership) -> Subject:
    """The person's access at this one Agency: the license."""
    return Subject(About.MEMBERSHIP, membership.agency_id, membership.person_id, membership.id)


def of_person(membership: Membership) -> Subject:
    """The person's privileges everywhere, for what happened at this Agency."""
    return Subject(About.PERSON, membership.agency_id, membership.person_id)


def draft(
    session: Session,
    *,
    subject: Subject,
    violation: str,
    facts: str,
    measure: Measure,
    departs_because: str = "",
    incident: Incident | None = None,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> Sanction:
    """Drafts a sanction: nothing happens to anybody until another person decides it.

    `departs_because` where the measure is not the ladder's. Refuses BAD_INPUT by field, NOT_ALLOWED about oneself,
    SAME_PERSON for whoever belongs to the Agency.
    """
    _refuse_drafting(session, subject, actor)
    today = local_day(now, policy.zone)
    named = policy.enforcement.violation(violation)
    if named is None:
        raise bad_input("Choose what was violated from the policy pack's list.", "violation")
    found = a_reason(facts, "Say what was found, without any client's name.", field="facts", most=2000)
    proposal = proposed(
        session, subject, violation, on=today, policy=policy, incident_id=incident.id if incident else None
    )
    refuse_measure(measure, subject.about, today, policy)
    departs = proposal is not None and not _as_proposed(measure, proposal)
    because = ""
    if departs:
        ask = (
            f"The ladder proposes another measure ({proposal.measure if proposal else ''}). Say why this one is right."
        )
        because = a_reason(departs_because, ask, field="departs_because")
    row = Sanction(
        about=subject.about.value, agency_id=subject.agency_id, person_id=subject.person_id, membership_id=subject.membership_id,
        violation=named.id, violation_title=named.title, severity=named.severity.value, facts=found, departs=departs,
        departs_because=because, incident_id=incident.id if incident else None,
        investigated_by=incident.investigator_id if incident else None, drafted_by=actor.person_id, drafted_at=now,
        **_from_ladder(proposal), **asdict(measure),
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="sanction.draft", thing=row, after={"measure": row.measure, "violation": row.violation},
        said=f"Drafted a sanction of {row.subject}: {in_words(measure, row.about, policy)}, for: {row.violation_title}.",
    )  # fmt: skip
    return row


def withdraw(session: Session, row: Sanction, *, reason: str, actor: Actor, now: datetime) -> None:
    """Sets a draft aside; it stays on record with the reason."""
    permissions.check(session, actor, Action.SANCTION_DRAFT, row)
    _refuse_own_place(row.agency_id, actor)
    why = a_reason(reason)
    transition(session, row, "withdraw", actor=actor, now=now, why=why)
    row.ended_at, row.ended_reason = now, why
    session.flush()


def decide(session: Session, row: Sanction, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Puts a draft in force from today on: evidence, sessions, letters and the next look at the gate in one commit.

    Refused to whoever drafted or investigated it, to the person concerned (NOT_ALLOWED), and to whoever belongs to the
    Agency (SAME_PERSON).
    """
    permissions.check(session, actor, Action.SANCTION_DECIDE, row)
    _refuse_own_place(row.agency_id, actor)
    why = a_reason(reason, WHY)
    lock_it(session, row)
    today = local_day(now, policy.zone)
    refuse_measure(measure_of(row), About(row.about), today, policy, due_matters=False)
    first, last = today, None if row.days is None else today + timedelta(row.days - 1)
    _refuse_decided(session, row)
    held = sanction_force.begin(session, row, first=first, last=last, note=why, actor=actor, now=now)
    transition(session, row, "decide", actor=actor, now=now, why=why)
    # With the status in one statement: the database keeps them together.
    row.decided_by, row.decided_at, row.decided_reason = actor.person_id, now, why
    row.first_day, row.last_day, row.evidence_id = first, last, held.id
    row.appeal_by = today + timedelta(policy.enforcement.appeal_days)
    session.flush()
    sanction_force.come_back(session, row, now=now, policy=policy)
    sign_out(session, row, now=now)
    sanction_notices.make(session, row, "decision", now=now, policy=policy)


def lift(session: Session, row: Sanction, *, reason: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Ends a sanction today because it has been remedied or is no longer called for; the whole gate is asked again."""
    permissions.check(session, actor, Action.SANCTION_LIFT, row)
    _refuse_own_place(row.agency_id, actor)
    why = a_reason(reason, WHY)
    lock_it(session, row)
    transition(session, row, "lift", actor=actor, now=now, why=why)
    row.ended_at, row.ended_reason = now, why
    session.flush()
    sanction_force.stop(session, row, reason=why, actor=actor, now=now, policy=policy)
    sanction_notices.make(session, row, "lifted", now=now, policy=policy)


def expire(session: Session, sanction_id: int, *, now: datetime, policy: Policy) -> None:
    """Ends what is over by itself: its last day is past, the course was passed, the penalty paid, the time to appeal past.

    While an appeal waits to be heard its status stays, whatever its days.
    """
    row = session.get(Sanction, sanction_id)
    if row is None:
        return
    lock_it(session, row)
    session.refresh(row, with_for_update=True)
    today = local_day(now, policy.zone)
    if row.last_day is not None and row.last_day < today:
        sanction_force.ask_again(session, row, now=now)  # also while an appeal waits: its days are over all the same
    why = sanction_force.over_because(session, row, on=today) if row.status in ("in_force", "upheld") else ""
    if not why:
        return
    transition(session, row, "expire", actor=PORTAL, now=now, why=why)
    row.ended_at, row.ended_reason = now, why
    session.flush()
    if row.measure == "training":
        sanction_force.stop(session, row, reason=why, actor=PORTAL, now=now, policy=policy)


def proposed(
    session: Session, subject: Subject, violation: str, *, on: date, policy: Policy, incident_id: int | None = None
) -> Proposal | None:
    """What the ladder proposes; None where the pack's has no step for it, or lacks the violation."""
    if policy.enforcement.violation(violation) is None:
        return None
    return propose(
        policy.enforcement, violation, earlier(session, subject, policy=policy, but_incident=incident_id), on
    )


def earlier(session: Session, subject: Subject, *, policy: Policy, but_incident: int | None = None) -> list[Earlier]:
    """The subject's violations whose sanction was decided and stands: each incident once, and none of `but_incident`."""
    query = select(Sanction).where(
        Sanction.decided_by.is_not(None), Sanction.status != "changed", Sanction.appeal_outcome != "lifted"
    )
    if subject.about is About.AGENCY:
        query = query.where(Sanction.about == About.AGENCY, Sanction.agency_id == subject.agency_id)
    else:
        query = query.where(Sanction.person_id == subject.person_id)
    found: dict[tuple[str, int], Earlier] = {}
    for row in session.scalars(query.order_by(Sanction.id)):
        if row.decided_at is None or (but_incident is not None and row.incident_id == but_incident):
            continue
        case = ("incident", row.incident_id) if row.incident_id else ("sanction", row.replaces_id or row.id)
        day = local_day(row.decided_at, policy.zone)
        found.setdefault(case, Earlier(row.id, row.violation, row.severity, day))
    return list(found.values())


def lock_it(session: Session, row: Sanction) -> None:
    """Whoever writes evidence locks whom it concerns first: the Agency and the person."""
    lock(session, agencies=[row.agency_id], people=[] if row.person_id is None else [row.person_id])


def sign_out(session: Session, row: Sanction, *, now: datetime) -> None:
    """Ends the person's sessions in the portal where the measure closes access; a link and a code still let them appeal."""
    if row.person_id is not None and row.measure in SIGNS_OUT:
        sessions.end_sessions(session, person_id=row.person_id, now=now)


def refuse_own_place(row: Sanction, actor: Actor) -> None:
    """SAME_PERSON for whoever belongs to the Agency where it happened."""
    _refuse_own_place(row.agency_id, actor)


def _refuse_drafting(session: Session, subject: Subject, actor: Actor) -> None:
    thing: Agency | Person | Membership
    if subject.membership_id is not None:
        thing = session.get_one(Membership, subject.membership_id)
    elif subject.person_id is not None:
        thing = session.get_one(Person, subject.person_id)
    else:
        thing = session.get_one(Agency, subject.agency_id)
    permissions.check(session, actor, Action.SANCTION_DRAFT, thing)
    if actor.person_id is None:
        raise bad_input("A sanction is drafted by a person.")
    if subject.about is About.AGENCY and subject.agency_id == LEAD:
        raise bad_input("The Lead's own organization is not sanctioned here; its people can be.", "about")
    _refuse_own_place(subject.agency_id, actor)


def _refuse_own_place(agency_id: int, actor: Actor) -> None:
    if agency_id != LEAD and any(agency == agency_id for agency, _ in actor.roles):
        raise Refused(
            Reason.SAME_PERSON, "You belong to this Agency yourself, so somebody else of the Lead has to act."
        )


def _refuse_decided(session: Session, row: Sanction) -> None:
    """Before any evidence: of two who decide at once the second finds it decided."""
    session.refresh(row, with_for_update=True)
    if row.status != "drafted":
        raise Refused(Reason.ILLEGAL_MOVE, "This draft was decided or withdrawn meanwhile. Load the page again.")


def _as_proposed(measure: Measure, proposal: Proposal) -> bool:
    given = (measure.measure, measure.days or 0, measure.course)
    return given == (proposal.measure, proposal.days, proposal.course)


def _from_ladder(proposal: Proposal | None) -> dict[str, object]:
    if proposal is None:
        return {}
    return {
        "proposed": proposal.measure, "proposed_days": proposal.days or None, "proposed_course": proposal.course,
        "proposed_because": proposal.because[:500],
    }  # fmt: skip
