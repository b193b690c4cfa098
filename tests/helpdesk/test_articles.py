"""Articles: versions that stay, what is in print, who finds what, votes that lead to nobody."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from portal.actors import Actor
from portal.models import Article, ArticleVersion, ArticleVote, ArticleWord, SignInLimit
from portal.refusals import Refused
from portal.services.helpdesk.knowledge import article_lists, articles, reading, searching
from tests.helpdesk.front_world import NOBODY, an_article, refused, written
from tests.services.world import World
from tests.web.browsing import statements
from workflows.vocabulary import Reason, Role


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def write(world: World, row: Article, title: str, expected: int | None = None, **more: object) -> int:
    with world.change() as session:
        return articles.write(
            session, session.get_one(Article, row.id), written=written(title, **{"why": "It was wrong."} | more),
            actor=world.desk, now=world.now, policy=world.policy, expected=expected,
        ).number  # fmt: skip


def publish(world: World, row: Article, number: int, **more: object) -> None:
    with world.change() as session:
        articles.publish(
            session, session.get_one(Article, row.id), number=number, actor=world.desk, now=world.now, policy=world.policy, **more
        )  # fmt: skip


def found(world: World, actor: Actor, words: str) -> list[str]:
    with world.look() as session:
        return [each.title for each in searching.suggest(session, actor, words, policy=world.policy)]


def vote(world: World, row: Article, helped: bool, actor: Actor = NOBODY, envelope: str = "", address: str = "192.0.2.7") -> bool:  # fmt: skip
    with world.change() as session:
        return reading.vote(
            session, session.get_one(Article, row.id), helped=helped, actor=actor, now=world.now, policy=world.policy,
            keys=world.keys, envelope=envelope, address=address,
        )  # fmt: skip


def read(world: World, row: Article) -> Article:
    with world.look() as session:
        return session.get_one(Article, row.id)


def test_what_is_written_is_seen_once_it_is_published_and_every_version_stays(world: World) -> None:
    row = an_article(world, publish=False)
    assert found(world, world.desk, "password") == []
    publish(world, row, 1)
    assert write(world, row, "Your passcode fails", body="Something else entirely.") == 2
    assert read(world, row).title == "My password does not work" and found(world, NOBODY, "entirely") == []
    publish(world, row, 2)
    now = read(world, row)
    assert (now.title, now.printed, now.written, now.status) == ("Your passcode fails", 2, 2, "published")
    assert found(world, NOBODY, "entirely") == ["Your passcode fails"] and found(world, NOBODY, "button") == []
    publish(world, row, 1)  # back to what was right before
    assert read(world, row).title == "My password does not work" and found(world, NOBODY, "button") != []
    with world.look() as session:
        kept = article_lists.versions(session, row)
        lines = article_lists.differences(kept[1], kept[0])
    assert [each.number for each in kept] == [2, 1] and kept[0].why == "It was wrong."
    assert ("-", "Press the button, then wait.") in [(line.sign, line.text) for line in lines]


@pytest.mark.parametrize("statement", ["UPDATE article_version SET body = 'x'", "DELETE FROM article_version"])
def test_the_database_keeps_every_version_as_it_was_written(world: World, statement: str) -> None:
    an_article(world)
    with pytest.raises(DBAPIError, match="never changed"), world.change() as session:
        session.execute(text(statement))


def test_two_who_write_at_once_do_not_overwrite_each_other(world: World) -> None:
    row = an_article(world)
    assert write(world, row, "First", expected=1) == 2
    assert refused(write, world, row, "Second", expected=1) == (Reason.CONFLICT, "")
    assert write(world, row, "Second", expected=2) == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"), ({"body": "\n "}, "body"), ({"topic": "nowhere"}, "topic"), ({"audience": "staff"}, "audience"),
        ({"summary": "x" * 301}, "summary"), ({"why": ""}, "why"), ({"body": "x" * 60_001}, "body"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_said_by_field(world: World, change: dict[str, str], field: str) -> None:
    row = an_article(world)
    values = {"title": "A title"} | change
    assert refused(write, world, row, values.pop("title"), **values) == (Reason.BAD_INPUT, field)


def test_what_looks_like_a_clients_data_is_not_published_unless_somebody_is_sure(world: World) -> None:
    row = an_article(world, body="Search for client Jamie Sample, born 3/4/1980.", publish=False)
    assert refused(publish, world, row, 1) == (Reason.BAD_INPUT, "sure")
    assert read(world, row).status == "draft"
    publish(world, row, 1, sure=True)
    assert read(world, row).status == "published"


def test_everybody_finds_what_is_for_everybody_and_whoever_is_signed_in_the_rest(world: World) -> None:
    agency = world.agency()
    user = world.actor(world.member(agency))
    open_, inner = an_article(world, "Getting a password"), an_article(world, "Password rules", audience="signed_in")
    assert found(world, NOBODY, "password") == [open_.title]
    assert set(found(world, user, "password")) == {open_.title, inner.title}
    with world.look() as session:
        assert reading.shelves(session, NOBODY, world.policy) == {"getting_in": 1}
        assert reading.shelves(session, user, world.policy) == {"getting_in": 2}
        assert reading.one(session, user, inner.id)[1].number == 1
        assert refused(reading.one, session, NOBODY, inner.id)[0] == Reason.NOT_FOUND


def test_what_is_retired_is_found_by_nobody_and_can_come_back(world: World) -> None:
    row, draft = an_article(world), an_article(world, "A draft", publish=False)
    for each in (row, draft):
        with world.change() as session:
            articles.retire(
                session, session.get_one(Article, each.id), reason="It is wrong.", actor=world.desk, now=world.now
            )
    assert found(world, world.desk, "password draft") == []
    with world.look() as session:
        assert not session.scalars(select(ArticleWord)).all()
        assert refused(reading.one, session, world.desk, row.id)[0] == Reason.NOT_FOUND
    publish(world, row, 1)
    assert found(world, NOBODY, "password") == [row.title]


def test_only_the_leads_staff_write(world: World) -> None:
    agency = world.agency()
    for actor in (NOBODY, world.actor(world.member(agency, None, Role.AGENCY_ADMIN)), world.staff(Role.AUDITOR)):
        with world.change() as session:
            act = refused(
                articles.write, session, None, written=written("Mine"), actor=actor, now=world.now, policy=world.policy
            )
        assert act[0] == Reason.NOT_ALLOWED, actor
    with world.change() as session:
        articles.write(
            session, None, written=written("Ours"), actor=world.staff(Role.TRAINER), now=world.now, policy=world.policy
        )


# --- looking for them


def test_the_best_answer_comes_first_in_other_words_and_by_their_beginnings(world: World) -> None:
    for title, body in (
        ("Merging two records of one client", "Open the record."),
        ("Running a report", "Choose the program."),
        ("Signing in", "You need a password and a code."),
        ("Where is my password?", "Ask for a link."),
    ):
        an_article(world, title, body=body)
    assert found(world, NOBODY, "passwords")[0] == "Where is my password?"
    assert found(world, NOBODY, "I have a duplicate guest")[0] == "Merging two records of one client"
    assert found(world, NOBODY, "ART does not run")[0] == "Running a report"
    assert found(world, NOBODY, "repo") == ["Running a report"]  # still being typed
    assert found(world, NOBODY, "the and of") == [] and found(world, NOBODY, "") == []
    assert found(world, NOBODY, "zebra") == []


def test_a_long_question_wants_more_than_one_word_of_it(world: World) -> None:
    an_article(world, "A code for the printer", body="Nothing else.")
    assert found(world, NOBODY, "printer") == ["A code for the printer"]
    assert found(world, NOBODY, "the printer in our kitchen smells of burnt coffee") == []


@pytest.mark.parametrize(
    "words",
    ["100%", "_", "'; DROP TABLE article; --", "ÄÖÜ ẞ", "z" * 5000, "\x00"],
    ids=["percent", "underscore", "sql", "letters", "long", "nul"],
)
def test_anything_may_be_looked_for(world: World, words: str) -> None:
    an_article(world)
    assert found(world, NOBODY, words) == []


def test_searching_costs_two_statements_however_many_articles_there_are(world: World) -> None:
    for number in range(5):
        an_article(world, f"Password number {number}")
    with statements(world.engine) as few:
        assert len(found(world, NOBODY, "password button")) == 5
    for number in range(55):
        an_article(world, f"Password again {number}")
    with statements(world.engine) as many:
        found(world, NOBODY, "password button")
    assert len(few) == len(many) and sum("article" in each for each in many) == 2


# --- whether they helped


def test_a_person_votes_once_and_may_change_their_mind(world: World) -> None:
    row, user = an_article(world), world.actor(world.member(world.agency()))
    assert vote(world, row, True, user) and not vote(world, row, True, user)
    assert (read(world, row).helped, read(world, row).not_helped) == (1, 0)
    assert vote(world, row, False, user)
    assert (read(world, row).helped, read(world, row).not_helped) == (0, 1)
    with world.look() as session:
        assert len(session.scalars(select(ArticleVote)).all()) == 1


def test_whoever_is_not_signed_in_votes_once_by_a_token_that_leads_to_nobody(world: World) -> None:
    row, other = an_article(world), an_article(world, "Another")
    token = reading.token(world.keys, row)
    assert vote(world, row, True, envelope=token) and not vote(world, row, False, envelope=token)
    assert vote(world, row, True, envelope=reading.token(world.keys, row))
    assert (read(world, row).helped, read(world, row).not_helped) == (2, 0)
    for wrong in ("", "made.up", reading.token(world.keys, other), world.keys.envelope("survey", [row.id, "x"])):
        assert refused(vote, world, row, True, envelope=wrong)[0] == Reason.LINK_SPENT
    with world.look() as session:
        kept = session.execute(text("SELECT * FROM article_vote")).all()
        limited = session.scalars(select(SignInLimit.key)).all()
    assert all(token.partition(".")[0] not in str(each) and "192.0.2.7" not in str(each) for each in kept)
    assert limited and not any("192.0.2.7" in key for key in limited)


def test_a_token_works_for_a_day(world: World) -> None:
    row = an_article(world)
    token = reading.token(world.keys, row)
    import time_machine

    with time_machine.travel(timedelta(days=2), tick=False):
        assert refused(vote, world, row, True, envelope=token)[0] == Reason.LINK_SPENT


def test_a_network_votes_so_often_within_an_hour_and_no_more(world: World) -> None:
    row, most = an_article(world), world.policy.front.knowledge.votes
    for _ in range(most):
        assert vote(world, row, True, envelope=reading.token(world.keys, row))
    assert refused(vote, world, row, True, envelope=reading.token(world.keys, row))[0] == Reason.CONFLICT
    assert vote(world, row, True, envelope=reading.token(world.keys, row), address="198.51.100.4")
    assert read(world, row).helped == most + 1


def test_nobody_votes_about_what_they_may_not_read(world: World) -> None:
    row = an_article(world, audience="signed_in")
    assert refused(vote, world, row, True, envelope=reading.token(world.keys, row))[0] == Reason.NOT_ALLOWED


# --- looked at again


def test_a_year_after_it_was_looked_at_an_article_is_to_be_looked_at_again(world: World) -> None:
    row = an_article(world)
    year = world.policy.front.knowledge.review.after(world.today)

    def stale(on) -> list[int]:
        with world.look() as session:
            page = article_lists.page(session, world.desk, on=on, policy=world.policy, show="stale")
            counts = article_lists.counted(session, world.desk, on=on, policy=world.policy)
        assert counts.stale == len(page.rows)
        assert [article_lists.is_stale(each, on, world.policy) for (each,) in page.rows] == [True] * len(page.rows)
        return [each.id for (each,) in page.rows]

    assert stale(year) == [] and stale(year + timedelta(1)) == [row.id]
    world.now += timedelta(400)
    with world.change() as session:
        articles.looked_at(
            session, session.get_one(Article, row.id), actor=world.desk, now=world.now, policy=world.policy
        )
    assert stale(world.today) == []


def test_a_draft_is_not_looked_at_again(world: World) -> None:
    row = an_article(world, publish=False)
    with world.change() as session, pytest.raises(Refused):
        articles.looked_at(
            session, session.get_one(Article, row.id), actor=world.desk, now=world.now, policy=world.policy
        )


def test_the_staffs_list_costs_the_same_for_five_and_for_sixty(world: World) -> None:
    def cost() -> int:
        with statements(world.engine) as said, world.look() as session:
            page = article_lists.page(session, world.desk, on=world.today, policy=world.policy)
            assert all(each.author.name and each.reviewer.name for (each,) in page.rows)
        return len(said)

    for number in range(5):
        an_article(world, f"Article {number:02}")
    few = cost()
    for number in range(5, 60):
        an_article(world, f"Article {number:02}")
    assert cost() == few
    with world.look() as session:
        first = article_lists.page(session, world.desk, on=world.today, policy=world.policy)
        rest = article_lists.page(session, world.desk, on=world.today, policy=world.policy, after=first.next)
    titles = [each.title for (each,) in [*first.rows, *rest.rows]]
    assert len(titles) == len(set(titles)) == 60 and titles == sorted(titles)


def test_versions_hold_who_wrote_them(world: World) -> None:
    row = an_article(world)
    with world.look() as session:
        assert session.scalars(select(ArticleVersion.written_by)).all() == [world.desk.person_id]
        assert session.get_one(Article, row.id).reviewed_on == world.today
