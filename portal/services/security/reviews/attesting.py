"""A review sent to the executive director to be attested, opened again, called off: what rests on an attestation ends with it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import PORTAL, Actor
from portal.models import Document, Evidence, ReviewAnswer, SecurityReview
from portal.refusals import Refused, a_reason, bad_input
from portal.services import evidence, holders, paperwork
from portal.services.review_content import answers, findings, fingerprint, open_items, summary
from portal.services.security.reviews.reviews import hold
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.review_pack import ANSWERS
from workflows.vocabulary import LEAD, Effect, Kind, Reason, Role

UNSIGNED = ("prepared", "signed", "scanned", "rejected")


def send(session: Session, review: SecurityReview, *, actor: Actor, now: datetime, policy: Policy) -> str:
    """Sends the whole review to be attested by link and code; the Lead's own goes to whoever signs it off. Who has it now.

    BAD_INPUT while an item has no answer, or a change that the Lead asked for was not made; CONFLICT where no executive
    director is recorded.
    """
    permissions.check(session, actor, Action.REVIEW_SEND, review)
    hold(session, review)
    rows = answers(session, review)
    if missing := open_items(rows):
        raise bad_input(
            f"{_counted(missing)} still {'needs' if len(missing) == 1 else 'need'} an answer: {', '.join(missing)}."
        )
    for row in rows:
        row.handed_to = row.handed_by = row.handed_at = None
    review.sent_by, review.sent_at, review.returned_reason = actor.person_id, now, ""
    session.flush()
    if review.agency_id == LEAD:
        return _declare(session, review, actor=actor, now=now, policy=policy)
    transition(session, review, "send", actor=actor, now=now)
    return _ask_director(session, review, actor=actor, now=now, policy=policy)


def reopen(session: Session, review: SecurityReview, *, reason: str, actor: Actor, now: datetime) -> None:
    """Takes back what was sent or attested, so that answers can be changed: the attestation counts no longer."""
    permissions.check(session, actor, Action.REVIEW_SEND, review)
    why = a_reason(reason, "Say what is to be changed: the executive director and the Lead read it.")
    hold(session, review)
    transition(session, review, "reopen", actor=actor, now=now, why=why)
    take_back(session, review, actor=actor, now=now, reason=why)


def call_off(session: Session, review: SecurityReview, *, reason: str, actor: Actor, now: datetime) -> None:
    """Ends a review that is not signed off, without a result: the Agency is reviewed by another one."""
    permissions.check(session, actor, Action.REVIEW_OPEN, review)
    why = a_reason(reason, "Say why: whoever was to answer reads it.")
    hold(session, review)
    transition(session, review, "call_off", actor=actor, now=now, why=why)
    review.returned_reason = why
    take_back(session, review, actor=actor, now=now, reason=why)


def take_back(session: Session, review: SecurityReview, *, actor: Actor, now: datetime, reason: str) -> None:
    """Withdraws the evidence of the attestation, and sets its document aside where nobody has signed it."""
    document = session.get(Document, review.document_id) if review.document_id else None
    if document is not None and document.status in UNSIGNED:
        paperwork.void(
            session,
            document=document,
            reason=f"The security review was opened again: {reason}"[:1000],
            actor=PORTAL,
            now=now,
        )
    for row in sent_evidence(session, review):
        evidence.withdraw(
            session, row, actor=actor, now=now, reason=f"The security review was opened again: {reason}"[:1000]
        )
    review.document_id, review.answers_sha256 = None, ""
    review.attested_at = review.attested_by = review.sent_at = review.sent_by = None
    session.flush()


def sent_evidence(session: Session, review: SecurityReview) -> list[Evidence]:
    """The evidence that this review was attested, as far as it is not withdrawn."""
    query = select(Evidence).where(
        Evidence.kind == Kind.SECURITY_REVIEW_SENT, Evidence.rests_on == SecurityReview.__tablename__,
        Evidence.rests_on_id == review.id, Evidence.withdrawn_at == datetime.max,
    )  # fmt: skip
    return list(session.scalars(query))


def tell(
    session: Session, mail: str, review: SecurityReview, people: set[int], *, now: datetime, about: str = ""
) -> None:
    """Mails everybody named about this review; `about` tells apart one round from the next."""
    for person_id in sorted(people):
        payload = {"mail": mail, "person_id": person_id, "agency_id": review.agency_id, "review_id": review.id}
        jobs.enqueue(session, Effect.MAIL, key=f"{mail}:{review.id}:{about}:{person_id}", now=now, payload=payload)


def signers_of_the_lead(session: Session, *, now: datetime, policy: Policy) -> set[int]:
    """Who may sign the Lead's own review off: the security compliance auditor and the Board ('Annual security review')."""
    return set(holders.of_the_lead(session, Role.AUDITOR, Role.BOARD_MEMBER, on=local_day(now, policy.zone)))


def _declare(session: Session, review: SecurityReview, *, actor: Actor, now: datetime, policy: Policy) -> str:
    review.answers_sha256 = fingerprint(session, review)
    review.attested_by, review.attested_at = actor.person_id, now
    transition(session, review, "declare", actor=actor, now=now)
    others = signers_of_the_lead(session, now=now, policy=policy) - {actor.person_id or 0}
    tell(session, "review_to_sign_off", review, others, now=now, about=now.isoformat())
    return "the security compliance auditor and the Board"


def _ask_director(session: Session, review: SecurityReview, *, actor: Actor, now: datetime, policy: Policy) -> str:
    """The document with the summary and the fingerprint, prepared by the portal, and its link to the director."""
    rows = answers(session, review)
    document = paperwork.prepare(
        session,
        kind="review_attestation",
        agency=review.agency,
        answers=_summary(session, review, rows, actor),
        actor=PORTAL,
        now=now,
    )
    people = paperwork.people_for(session, document, "executive_director", on=local_day(now, policy.zone))
    if not people:
        raise Refused(
            Reason.CONFLICT,
            "No executive director is recorded for this Agency, so nobody can attest. Ask the help desk to invite one.",
        )
    paperwork.send_to_sign(session, document=document, person=people[0], actor=PORTAL, now=now, policy=policy)
    review.document_id = document.id
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="security review.ask_director", thing=review, after={"document": document.id},
        said=f"The answers were sent to {people[0].name} to be attested.",
    )  # fmt: skip
    return people[0].name


def _summary(session: Session, review: SecurityReview, rows: Sequence[ReviewAnswer], actor: Actor) -> dict[str, str]:
    counts = summary(rows)
    lacking = "\n".join(f"{row.item}: {ANSWERS[row.answer]}. {row.note}"[:300] for row in findings(rows))
    return {
        "review_name": review.campaign.name if review.campaign else f"Security review of {review.opened_at.year}",
        "answered": str(len(rows)), "yes": str(counts["yes"]), "partial": str(counts["partial"]), "no": str(counts["no"]),
        "not_applicable": str(counts["not_applicable"]), "not_met": (lacking or "None")[:4000], "filled_in_by": actor.name,
        "checklist_version": review.checklist.version, "answers_sha256": fingerprint(session, review),
    }  # fmt: skip


def _counted(missing: list[str]) -> str:
    return "1 item" if len(missing) == 1 else f"{len(missing)} items"
