"""Files beside an answer: with the days for which they hold, replaced by newer ones that leave the old readable, taken over next year."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from portal.actors import Actor
from portal.models import ReviewFile, SecurityReview
from portal.refusals import Refused
from portal.services.paperwork import Scan
from portal.services.review_content import files, fingerprint, present_files
from portal.services.security.reviews import helping, review_files
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from workflows.vocabulary import Reason


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def at(world: World) -> Reviewing:
    return Reviewing(world)


def scan(letter: str = "a") -> Scan:
    return Scan(sha256=letter * 64, media_type="image/jpeg", size=9, pages=1, name=f"{letter}.jpg")


def add(at: Reviewing, review: SecurityReview, item: str = "PRV1", actor: Actor | None = None, **more) -> ReviewFile:
    values = {"scan": scan(), "title": "Sign", "effective_on": at.world.today, "expires_on": None} | more
    with at.world.change() as session:
        return review_files.add(
            session, session.get_one(SecurityReview, review.id), item=item, actor=actor or at.officer, now=at.world.now,
            policy=at.world.policy, **values,
        )  # fmt: skip


def take_over(at: Reviewing, review: SecurityReview, file: int, item: str = "PRV1") -> ReviewFile:
    with at.world.change() as session:
        found = session.get_one(SecurityReview, review.id)
        return review_files.take_over(session, found, item=item, file=file, actor=at.officer, now=at.world.now)


def refusal(act, *args, **more) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.field


def test_a_newer_file_replaces_and_the_old_one_stays(world: World, at: Reviewing) -> None:
    review = at.begun()
    old = add(at, review, expires_on=world.today + timedelta(90))
    new = add(at, review, scan=scan("b"), title="New sign", replaces=old.id)
    with world.look() as session:
        found = session.get_one(SecurityReview, review.id)
        assert [each.id for each in files(session, found, "PRV1")] == [old.id, new.id]
        assert [each.id for each in present_files(session, found, "PRV1")] == [new.id]
    assert refusal(add, at, review, replaces=old.id)[0] is Reason.CONFLICT


def test_what_is_attested_is_these_files_and_no_others(world: World, at: Reviewing) -> None:
    review = at.begun()

    def print_of() -> str:
        with world.look() as session:
            return fingerprint(session, session.get_one(SecurityReview, review.id))

    before, first = print_of(), add(at, review)
    with_it = print_of()
    add(at, review, scan=scan("b"), replaces=first.id)
    assert len({before, with_it, print_of()}) == 3
    at.fill(review)
    at.send(review)
    assert refusal(add, at, review)[0] is Reason.ILLEGAL_MOVE


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"effective_on": date(2026, 11, 24)}, "effective_on"), ({"effective_on": date(1989, 12, 31)}, "effective_on"),
        ({"expires_on": date(2026, 11, 22)}, "expires_on"), ({"title": "x" * 201}, "title"),
    ],
)  # fmt: skip
def test_days_that_cannot_be_are_refused(world: World, at: Reviewing, more: dict, field: str) -> None:
    assert refusal(add, at, at.begun(), **more) == (Reason.BAD_INPUT, field)
    assert world.count(ReviewFile) == 0


def test_last_years_file_is_taken_over_with_its_days_and_once(world: World, at: Reviewing) -> None:
    first = at.begun()
    day = world.today - timedelta(20)
    kept = add(at, first, effective_on=day, expires_on=world.today + timedelta(700), title="Firewall")
    elsewhere = add(at, first, item="NET1")
    at.fill(first)
    at.send(first)
    at.attest(first)
    at.sign_off(first)
    world.now += timedelta(days=300)
    second = at.begun()
    with world.look() as session:
        offered = review_files.last_years(session, session.get_one(SecurityReview, second.id), "PRV1")
        assert [each.id for each in offered] == [kept.id]
    again = take_over(at, second, kept.id)
    assert (again.file_id, again.title, again.effective_on, again.expires_on) == (
        kept.file_id,
        "Firewall",
        day,
        kept.expires_on,
    )
    assert refusal(take_over, at, second, kept.id)[0] is Reason.ALREADY_DONE
    assert refusal(take_over, at, second, elsewhere.id)[0] is Reason.NOT_FOUND, "it showed another item"


def test_whoever_was_handed_an_item_adds_files_to_that_one_alone(world: World, at: Reviewing) -> None:
    review, colleague = at.begun(), world.actor(at.colleague())
    with world.change() as session:
        found = session.get_one(SecurityReview, review.id)
        helping.hand_over(
            session,
            found,
            items=["PRV1"],
            to=colleague.person_id or 0,
            actor=at.officer,
            now=world.now,
            policy=world.policy,
        )
    assert add(at, review, actor=colleague).added_by == colleague.person_id
    assert refusal(add, at, review, item="NET1", actor=colleague)[0] is Reason.NOT_FOUND
    assert refusal(add, at, review, actor=Reviewing(world).officer)[0] is Reason.NOT_ALLOWED


def test_another_agencys_file_is_not_found_by_its_number(world: World, at: Reviewing) -> None:
    other = Reviewing(world)
    theirs = add(other, other.begun())
    review = at.begun()
    assert refusal(take_over, at, review, theirs.id)[0] is Reason.NOT_FOUND
    with world.look() as session:
        with pytest.raises(Refused) as no:
            review_files.find(session, session.get_one(SecurityReview, review.id), theirs.id)
        assert no.value.reason is Reason.NOT_FOUND
