"""Security reviews opened and answered, item by item ('Annual security review')."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Agency, Checklist, ReviewAnswer, ReviewRevision, SecurityReview
from portal.refusals import Refused, bad_input
from portal.services.locks import lock
from portal.services.review_content import answer_of, item_of
from portal.services.security.reviews import facts
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.review_pack import ANSWERS, FINDINGS, Item, Review, as_data, from_data, version_of
from workflows.vocabulary import LEAD, Reason

EDITABLE = ("not_started", "answering", "returned")
NOTE, OWNER = 2000, 200


class Overtaken(Refused):
    """Somebody saved this item since it was shown; `revision` is the one that stands there now."""

    def __init__(self, revision: int, said: str):
        super().__init__(Reason.CONFLICT, said, "answer")
        self.revision = revision


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody answers to one item."""

    answer: str
    note: str = ""
    owner: str = ""
    due: date | None = None


def rules(policy: Policy) -> Review:
    """The pack's part about reviews; CONFLICT where the pack in force has none."""
    if policy.review is None:
        raise Refused(Reason.CONFLICT, "The policy pack in force has no security checklist. Put one in force first.")
    return policy.review


def open_one(session: Session, agency_id: int) -> SecurityReview | None:
    """The review of an Agency that is not signed off yet."""
    query = select(SecurityReview).where(
        SecurityReview.agency_id == agency_id, SecurityReview.status.not_in(("signed_off", "called_off"))
    )
    return session.scalars(query).one_or_none()


def begin(session: Session, *, agency: Agency, actor: Actor, now: datetime, policy: Policy) -> SecurityReview:
    """Opens a review of one Agency, or of the Lead, outside any campaign; the one that is open already, where there is one."""
    permissions.check(session, actor, Action.REVIEW_BEGIN, agency)
    lock(session, agencies=[agency.id], lead=agency.id == LEAD)
    there = open_one(session, agency.id)
    if there is not None:
        return there
    if agency.status == "ended":
        raise Refused(Reason.CONFLICT, "This Agency has ended its participation, so nothing is reviewed there.")
    due = rules(policy).answer_within.after(local_day(now, policy.zone))
    (review,) = put_up(session, {agency.id: due}, campaign_id=None, visited=(), actor=actor, now=now, policy=policy)
    return review


def put_up(
    session: Session,
    due: dict[int, date],
    *,
    campaign_id: int | None,
    visited: Iterable[int],
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> list[SecurityReview]:
    """Opens a review of each Agency by its due day, with an empty answer for every item, in a fixed number of statements."""
    kept = _kept(session, rules(policy), now)
    before = _before(session, list(due))
    drawn = set(visited)
    reviews = [
        SecurityReview(
            agency_id=agency_id, campaign_id=campaign_id, checklist_id=kept.id, previous_id=before.get(agency_id), due=day,
            opened_at=now, opened_by=actor.person_id, visit=agency_id in drawn,
        )
        for agency_id, day in sorted(due.items())
    ]  # fmt: skip
    session.add_all(reviews)
    session.flush()
    items = [from_data(each) for each in kept.items]
    session.add_all(
        ReviewAnswer(review_id=review.id, item=item.id, place=place)
        for review in reviews
        for place, item in enumerate(items)
        if item.concerns(lead=review.agency_id == LEAD)
    )
    session.flush()
    audit.record_all(
        session,
        [
            audit.entry(
                actor=actor, now=now, act="security review.open", thing=review, after={"due": review.due.isoformat(), "checklist": kept.version},
                said=f"Opened the security review, due {us_date(review.due)}." + (" It will be visited." if review.visit else ""),
            )
            for review in reviews
        ],
    )  # fmt: skip
    return reviews


def may_answer(session: Session, actor: Actor, review: SecurityReview, row: ReviewAnswer) -> bool:
    """Whoever sends the review answers any item; whoever was handed some answers those alone."""
    if permissions.allows(session, actor, Action.REVIEW_SEND, review):
        return True
    return row.handed_to == actor.person_id and permissions.allows(session, actor, Action.REVIEW_ANSWER, review)


def save(
    session: Session,
    review: SecurityReview,
    *,
    item: str,
    given: Given,
    seen: int,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> ReviewAnswer:
    """Keeps the answer to one item by itself. `seen` is the revision that whoever answers was looking at.

    The same words sent twice, as after a broken connection, are kept once. Overtaken where somebody else saved meanwhile;
    ILLEGAL_MOVE once the review was sent; BAD_INPUT with the field.
    """
    permissions.check(session, actor, Action.REVIEW_ANSWER, review)
    hold(session, review)
    row = answer_of(session, review, item, hold=True)
    if not may_answer(session, actor, review, row):
        raise Refused(
            Reason.NOT_ALLOWED, "This item is in somebody else's hands. Ask the security officer to hand it to you."
        )
    refuse_settled(review)
    clean = _checked(item_of(review, item), given)
    if _same(row, clean) and row.answered_by == actor.person_id and not row.wanted:
        return row
    if seen != row.revision:
        raise Overtaken(row.revision, _overtaken(row))
    row.answer, row.note, row.owner, row.due = clean.answer, clean.note, clean.owner, clean.due
    row.revision += 1
    row.answered_by, row.answered_at, row.wanted, row.wanted_at = actor.person_id, now, "", None
    row.fact = facts.snapshot(session, review, item, on=local_day(now, policy.zone), policy=policy)
    if actor.person_id is None:
        raise Refused(Reason.NOT_ALLOWED, "A checklist is answered by a person.")
    session.add(
        ReviewRevision(
            answer_id=row.id, revision=row.revision, answer=row.answer, note=row.note, owner=row.owner, due=row.due,
            saved_by=actor.person_id, saved_at=now,
        )
    )  # fmt: skip
    session.flush()
    if review.status == "not_started":
        transition(session, review, "begin", actor=actor, now=now)
    audit.record(
        session, actor=actor, now=now, act="security review.answer", thing=review,
        after={"item": item, "answer": row.answer, "revision": row.revision}, said=f"Answered {item}: {ANSWERS[row.answer]}.",
    )  # fmt: skip
    return row


def refuse_settled(review: SecurityReview) -> None:
    """ILLEGAL_MOVE for a review whose answers can't be changed as it is, with the way there is."""
    if review.status in EDITABLE:
        return
    if review.status in ("sent", "attested"):
        raise Refused(
            Reason.ILLEGAL_MOVE,
            "The answers were sent to be attested, so they can't be changed as they are. Open the review again first: "
            "the executive director then attests anew.",
        )
    raise Refused(Reason.ILLEGAL_MOVE, "This review is closed, so nothing in it can be changed any more.")


def hold(session: Session, review: SecurityReview) -> None:
    """Locks the Agency first, as whoever writes evidence does, then the review; reads it afresh."""
    lock(session, agencies=[review.agency_id], lead=review.agency_id == LEAD)
    session.refresh(review, with_for_update=True)


def _checked(item: Item, given: Given) -> Given:
    if given.answer not in item.answers:
        raise bad_input(f"Choose an answer: {', '.join(item.answers.values())}.", "answer")
    note, owner = given.note.replace("\r\n", "\n").strip(), " ".join(given.owner.split())
    for text, most, field in ((note, NOTE, "note"), (owner, OWNER, "owner")):
        if len(text) > most:
            raise bad_input(f"At most {most:,} characters; this has {len(text):,}. Shorten it.", field)
    if given.answer == "not_applicable" and len(note) < 3:
        raise bad_input("Say why it does not apply, in a few words.", "note")
    if given.answer in FINDINGS and len(note) < 3:
        raise bad_input("Say what is missing, in a few words.", "note")
    return Given(given.answer, note, owner, given.due)


def _same(row: ReviewAnswer, given: Given) -> bool:
    return (row.answer, row.note, row.owner, row.due) == (given.answer, given.note, given.owner, given.due)


def _overtaken(row: ReviewAnswer) -> str:
    who = row.answerer.name if row.answerer else "Somebody"
    said = f" with the note “{row.note}”" if row.note else ""
    return f"{who} saved this item meanwhile: {ANSWERS.get(row.answer, 'no answer')}{said}. Look at both, and save again if yours is right."


def _kept(session: Session, review: Review, now: datetime) -> Checklist:
    """The pack's checklist as it is kept for reviews, once for each version of it."""
    version = version_of(review.items)
    there = session.scalars(select(Checklist).where(Checklist.version == version)).one_or_none()
    if there is None:
        there = Checklist(version=version, items=[as_data(item) for item in review.items], kept_at=now)
        session.add(there)
        session.flush()
    return there


def _before(session: Session, agencies: list[int]) -> dict[int, int]:
    """The last review of each Agency that was signed off."""
    rows = session.execute(
        select(SecurityReview.agency_id, SecurityReview.id)
        .where(SecurityReview.agency_id.in_(agencies), SecurityReview.status == "signed_off")
        .order_by(SecurityReview.signed_off_at, SecurityReview.id)
    )
    return {agency_id: review_id for agency_id, review_id in rows}  # noqa: C416
