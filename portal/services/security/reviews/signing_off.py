"""The Lead reads an attested review: asks for changes, enters what a visit showed, signs it off ('Annual security review')."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Evidence, SecurityReview
from portal.refusals import Refused, a_reason, bad_input
from portal.services import evidence, holders
from portal.services.review_content import answer_of, answers, fingerprint, item_of
from portal.services.security.actions import review_findings
from portal.services.security.reviews import attesting
from portal.services.security.reviews.reviews import hold
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Reason, Role

NOTES = 4000


def ask_for_changes(
    session: Session,
    review: SecurityReview,
    *,
    wanted: Mapping[str, str],
    reason: str,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """Sends an attested review back, with words to each item that has to change; it is attested again afterwards."""
    permissions.check(session, actor, Action.REVIEW_SIGN_OFF, review)
    why = a_reason(reason, "Say in a few words what has to change.")
    words = {
        item: a_reason(text, "Say what has to change here.", field=item)
        for item, text in wanted.items()
        if text.strip()
    }
    if not words:
        raise bad_input("Say at one item at least what has to change there.", "wanted")
    hold(session, review)
    officers = _officers(session, review, now=now, policy=policy)
    transition(session, review, "return", actor=actor, now=now, why=why)
    for item, text in words.items():
        row = answer_of(session, review, item, hold=True)
        row.wanted, row.wanted_at = text, now
    attesting.take_back(session, review, actor=actor, now=now, reason=why)
    review.returned_reason = why
    session.flush()
    attesting.tell(session, "review_returned", review, officers, now=now, about=now.isoformat())


def sign_off(
    session: Session, review: SecurityReview, *, note: str, actor: Actor, now: datetime, policy: Policy
) -> Evidence:
    """Signs a review off: the evidence of the Agency's review is in the same commit, and the gate asks again.

    SAME_PERSON for whoever belongs to the Agency; NOT_ALLOWED for whoever filled in any of it; CONFLICT where the answers
    are not those that were attested.
    """
    permissions.check(session, actor, Action.REVIEW_SIGN_OFF, review)
    hold(session, review)
    if review.agency_id != LEAD and any(agency == review.agency_id for agency, _ in actor.roles):
        raise Refused(
            Reason.SAME_PERSON, "You belong to this Agency yourself, so another person of the Lead has to sign it off."
        )
    if review.status == "attested" and review.answers_sha256 != fingerprint(session, review):
        raise Refused(
            Reason.CONFLICT,
            "The answers are not those that were attested. Send the review back, so that it is attested anew.",
        )
    if review.visit and review.visited_on is None:
        raise bad_input("This Agency was drawn to be visited. Enter the visit first.", "note")
    if left := review_findings.unanswered(session, review, now=now, policy=policy):
        open_ = ", ".join(each.item.id for each in left)
        raise bad_input(f"Each finding needs a corrective action or an exception first. Still open: {open_}.", "note")
    if len(note) > 1000:
        raise bad_input(f"At most 1,000 characters; this has {len(note):,}.", "note")
    today = local_day(now, policy.zone)
    told = _officers(session, review, now=now, policy=policy) | ({review.attested_by} if review.attested_by else set())
    for row in attesting.sent_evidence(session, review):
        if row.valid_until > today:
            evidence.end(session, row, actor=actor, now=now, last_day=today, reason="The review is signed off.")
    held = evidence.record(
        session, actor=actor, now=now, kind=Kind.SECURITY_REVIEW, about=About.AGENCY, subject_id=review.agency_id, valid_from=today,
        rests_on=SecurityReview.__tablename__, rests_on_id=review.id, verified_how="viewed on site" if review.visited_on else "submitted",
    )  # fmt: skip
    transition(session, review, "sign_off", actor=actor, now=now, why=note.strip())
    # With the status in one statement: the database keeps them together.
    review.signed_off_by, review.signed_off_at, review.signed_off_note = actor.person_id, now, note.strip()
    review.evidence_id = held.id
    session.flush()
    attesting.tell(session, "review_signed_off", review, told - {actor.person_id or 0}, now=now)
    return held


def visit(
    session: Session,
    review: SecurityReview,
    *,
    on: date,
    notes: str,
    observed: Mapping[str, tuple[str, str]],
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """Enters a visit: its day, notes, and for items that were looked at whether it was so ('yes', 'no') with a word on it."""
    permissions.check(session, actor, Action.REVIEW_VISIT, review)
    hold(session, review)
    if review.status in ("signed_off", "called_off"):
        raise Refused(Reason.ILLEGAL_MOVE, "This review is closed, so nothing in it can be changed any more.")
    if not local_day(review.opened_at, policy.zone) <= on <= local_day(now, policy.zone):
        raise bad_input("Enter the day of the visit: not before the review was opened, and not after today.", "on")
    if len(notes) > NOTES:
        raise bad_input(f"At most {NOTES:,} characters; this has {len(notes):,}.", "notes")
    for item, (seen, word) in observed.items():
        item_of(review, item)
        if seen not in ("", "yes", "no"):
            raise bad_input("Choose whether it was so.", item)
        row = answer_of(session, review, item, hold=True)
        row.observed, row.observed_note = seen, word.strip()[:2000] if seen else ""
    review.visited_on, review.visited_by, review.visit_notes = on, actor.person_id, notes.strip()
    session.flush()
    count = sum(1 for row in answers(session, review) if row.observed)
    audit.record(
        session, actor=actor, now=now, act="security review.visit", thing=review, after={"observed": count},
        said=f"Visited on {us_date(on)}; {count} items were looked at.",
    )  # fmt: skip


def _officers(session: Session, review: SecurityReview, *, now: datetime, policy: Policy) -> set[int]:
    """Who answers for the review: the security officers there."""
    on = local_day(now, policy.zone)
    role = Role.LEAD_SECURITY if review.agency_id == LEAD else Role.SECURITY_OFFICER
    return holders.at_agency(session, review.agency_id, role, on=on)
