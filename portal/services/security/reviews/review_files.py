"""Photos and documents that show an answer: added, replaced by a newer one, taken over from last year ('Annual security review')."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.models import ReviewFile, SecurityReview, StoredFile
from portal.refusals import Refused, bad_input, not_found
from portal.services.paperwork import Scan
from portal.services.review_content import answer_of, present_files
from portal.services.security.reviews.reviews import hold, may_answer, refuse_settled
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import Reason

MOST = 20
"""As many files as an item may show at once."""

EARLIEST = date(1990, 1, 1)


def add(
    session: Session,
    review: SecurityReview,
    *,
    item: str,
    scan: Scan,
    title: str,
    effective_on: date,
    expires_on: date | None,
    replaces: int | None = None,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> ReviewFile:
    """Keeps a file with an item. One that it replaces stays readable, and counts no longer.

    BAD_INPUT for days that cannot be, ILLEGAL_MOVE once the review was sent, CONFLICT where the other was replaced already.
    """
    _refuse(session, review, item, actor)
    called = " ".join(title.split()) or scan.name
    if len(called) > 200:
        raise bad_input(f"At most 200 characters; this has {len(called)}.", "title")
    today = local_day(now, policy.zone)
    if not EARLIEST <= effective_on <= today:
        raise bad_input(
            f"Enter the day from which it holds: not after today, {us_date(today)}, and not before 1990.",
            "effective_on",
        )
    if expires_on is not None and expires_on < effective_on:
        raise bad_input("The last day is before the first.", "expires_on")
    there = present_files(session, review, item)
    if replaces is not None and replaces not in {each.id for each in there}:
        raise Refused(Reason.CONFLICT, "That file was replaced already. Load the page again.")
    if replaces is None and len(there) >= MOST:
        raise bad_input(f"An item can show {MOST} files. Replace one of them.", "file")
    stored = StoredFile(
        sha256=scan.sha256, document_id=None, media_type=scan.media_type, size=scan.size, pages=scan.pages, name=scan.name[-200:],
        agency_id=review.agency_id, person_id=None, stored_by=actor.person_id, stored_at=now,
    )  # fmt: skip
    session.add(stored)
    session.flush()
    return _kept(
        session,
        review,
        item,
        stored.id,
        called,
        effective_on,
        expires_on,
        replaces=replaces,
        taken_over=None,
        actor=actor,
        now=now,
    )


def take_over(
    session: Session, review: SecurityReview, *, item: str, file: int, actor: Actor, now: datetime
) -> ReviewFile:
    """Shows last year's file again, with its days; NOT_FOUND for any other file, ALREADY_DONE for one that is there."""
    _refuse(session, review, item, actor)
    old = next((each for each in last_years(session, review, item) if each.id == file), None)
    if old is None:
        raise not_found()
    if any(each.taken_over_id == old.id for each in present_files(session, review, item)):
        raise Refused(Reason.ALREADY_DONE, "This file was taken over already.")
    return _kept(
        session,
        review,
        item,
        old.file_id,
        old.title,
        old.effective_on,
        old.expires_on,
        replaces=None,
        taken_over=old.id,
        actor=actor,
        now=now,
    )


def last_years(session: Session, review: SecurityReview, item: str) -> list[ReviewFile]:
    """The files that counted for this item in the last review that was signed off."""
    if review.previous_id is None:
        return []
    before = session.get_one(SecurityReview, review.previous_id)
    return present_files(session, before, item)


def find(session: Session, review: SecurityReview, file: int) -> ReviewFile:
    """One file of this review or of the one before, for whoever may see the review; NOT_FOUND for any other."""
    query = select(ReviewFile).where(
        ReviewFile.id == file, ReviewFile.review_id.in_([review.id, review.previous_id or 0])
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        raise not_found()
    return row


def _refuse(session: Session, review: SecurityReview, item: str, actor: Actor) -> None:
    permissions.check(session, actor, Action.REVIEW_ANSWER, review)
    hold(session, review)
    refuse_settled(review)
    if not may_answer(session, actor, review, answer_of(session, review, item)):
        raise not_found()


def _kept(
    session: Session,
    review: SecurityReview,
    item: str,
    stored: int,
    title: str,
    effective_on: date,
    expires_on: date | None,
    *,
    replaces: int | None,
    taken_over: int | None,
    actor: Actor,
    now: datetime,
) -> ReviewFile:
    if actor.person_id is None:
        raise bad_input("A file is handed in by a person.")
    row = ReviewFile(
        review_id=review.id, agency_id=review.agency_id, item=item, file_id=stored, title=title[:200], effective_on=effective_on,
        expires_on=expires_on, replaces_id=replaces, taken_over_id=taken_over, added_by=actor.person_id, added_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="security review.file", thing=review, after={"item": item, "file": row.id, "replaces": replaces},
        said=f"{'Replaced' if replaces else 'Took over' if taken_over else 'Added'} a file for {item}: {row.title}."[:1000],
    )  # fmt: skip
    return row
