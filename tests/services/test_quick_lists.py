"""Lists that stay quick: counted so far and no further, searched by how a word begins, written many at once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from portal import audit
from portal.db import look_over
from portal.models import AuditEntry, Evidence, Job, Person
from portal.refusals import Refused
from portal.services import evidence, searching
from portal.services.desk import desk_lists, desk_requests, licence_lists
from portal.services.people import roster
from portal.services.people.roster import Wanted
from tests.services.world import World
from tests.support import databases
from tests.web.browsing import statements
from workflows.vocabulary import About, Kind


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


def names(world: World, wanted: Wanted) -> list[str]:
    with world.look() as session:
        page = roster.roster(session, wanted, actor=world.admin, on=world.today, policy=world.policy)
        return [row.person.name for row in page.rows]


def test_among_many_a_name_begins_with_the_word_and_else_it_stands_anywhere(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = world.agency()
    for first, last in (("Ann", "Zor"), ("Zorla", "Adams"), ("Bo", "Ashzor"), ("Kim", "Öst%lund_")):
        world.member(agency, world.person(first, last))
    assert names(world, Wanted(q="zor")) == ["Zorla Adams", "Bo Ashzor", "Ann Zor"]
    monkeypatch.setattr(searching, "FEW", 0)
    assert names(world, Wanted(q="zor")) == ["Zorla Adams", "Ann Zor"]
    assert names(world, Wanted(q="ZOR ann")) == ["Ann Zor"]
    assert names(world, Wanted(q="shzo")) == ["Bo Ashzor"], "nobody's name begins so: everybody is looked through"
    assert names(world, Wanted(q="t%l")) == ["Kim Öst%lund_"], "a sign that means something to LIKE is a letter here"
    assert names(world, Wanted(q="_or")) == []
    assert names(world, Wanted(q="zor", agency_id=agency.id)) == ["Zorla Adams", "Bo Ashzor", "Ann Zor"]


def test_the_keys_follow_the_name(world: World) -> None:
    person = world.person("Ann", "McLee")
    with world.change() as session:
        session.get_one(Person, person.id).last_name = "O'Lee"
    with world.look() as session:
        row = session.get_one(Person, person.id)
        assert (row.last_key, row.first_key) == ("o'lee", "ann")


def test_a_list_counts_no_further_than_it_says_and_is_sorted_by_name_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = world.agency()
    for last in ("Ash", "Birch", "Cedar", "Dogwood"):
        world.member(agency, world.person("Kim", last))

    def page(sort: str = "name", most: int | None = 2) -> roster.Page:
        with world.look() as session:
            wanted = Wanted(sort=sort, agency_id=agency.id)
            return roster.roster(session, wanted, actor=world.admin, on=world.today, policy=world.policy, most=most)

    assert (page().total, page().sorts) == (5, frozenset(roster.KEYS)), "the four, and the Agency's administrator"
    with world.look() as session:
        assert searching.counted(session, select(Person.id).where(Person.first_name == "Kim"), Person.id, most=2) == 3
    monkeypatch.setattr(roster, "COUNTED", 3)
    assert page("-since").sorts == {"name"}
    assert [row.person.last_name for row in page("-since", 3).rows][1:] == ["Dogwood", "Cedar"]
    assert len(page("since", most=None).rows) == 5, "the export holds everybody, in the order asked for"


@pytest.mark.parametrize("sort", ["name", "-name", "agency", "-agency", "since", "-since"])
def test_every_page_after_another_shows_everybody_once(world: World, sort: str) -> None:
    for number in range(3):
        agency = world.agency()
        for last in ("Ash", "ash", "Birch", "Åsen", "O'Zor"):
            world.member(agency, world.person("Kim", f"{last}{number % 2 * 'x'}"))
    seen: list[int] = []
    after = 0
    with world.look() as session:
        while True:
            wanted = Wanted(sort=sort, after=after)
            page = roster.roster(session, wanted, actor=world.admin, on=world.today, policy=world.policy, most=4)
            seen += [row.membership.id for row in page.rows]
            if page.following is None:
                break
            after = page.following
        whole = roster.roster(
            session, Wanted(sort=sort), actor=world.admin, on=world.today, policy=world.policy, most=None
        )
    assert seen == [row.membership.id for row in whole.rows]
    assert len(seen) == len(set(seen)) >= 15


def test_requests_come_a_page_at_a_time_with_what_they_lack(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agency = world.agency()
    asked = []
    for number in range(5):
        world.now += timedelta(hours=1)
        member = world.ready(agency, world.person("Kim", f"Waiter{'abcde'[number]}"))
        world.withdraw(Kind.USER_AGREEMENT, About.MEMBERSHIP, member.id)
        asked.append(member.id)
    monkeypatch.setattr(desk_lists, "PAGE", 2)
    seen, after = [], ""
    with world.look() as session:
        while True:
            with statements(world.engine) as said:
                page = desk_requests.requests_page(session, now=world.now, policy=world.policy, after=after)
            assert len(said) <= 4
            seen += [row.request.membership_id for row in page.rows]
            assert all(row.unmet and not row.ready for row in page.rows)
            after = page.next
            if not after:
                break
        found = desk_requests.queues(session, now=world.now, policy=world.policy)
        monkeypatch.setattr(desk_requests, "LOOKED_AT", 3)
        some = desk_requests.queues(session, now=world.now, policy=world.policy)
    assert seen == asked
    assert found["open"].count == found["waiting"].count == 5
    assert (some["waiting"].count, some["open"].count) == (3, 5)


def test_a_queue_says_many_beyond_what_it_counts() -> None:
    assert desk_lists.Queue(desk_lists.MANY).said == "100"
    assert desk_lists.Queue(desk_lists.MANY + 1).said == "more than 100"


def test_evidence_about_many_people_is_what_it_is_one_by_one(world: World) -> None:
    people = [world.person("Kim", f"Learner{letter}") for letter in "abc"]
    new = [
        {"kind": Kind.TRAINING, "subject_id": person.id, "detail": course, "value": 8_000, "valid_from": world.today}
        for person in people
        for course in ("security", "hmis-basics")
    ]

    world.drain()
    with world.change() as session:
        for one in new:
            evidence.record(session, actor=world.admin, now=world.now, about=About.PERSON, **one)
        audit.write(session)
        one_by_one = _now(session)
        session.rollback()
    with world.change() as session, statements(world.engine) as said:
        evidence.record_about_people(session, new, actor=world.admin, now=world.now)
        audit.write(session)
        together = _now(session)
    assert together == one_by_one
    assert together[0]
    assert len([each for each in said if "audit_entry" in each and each.lstrip().startswith("INSERT")]) == 1


def _now(session) -> tuple[list[str], list[str], list[str]]:
    rows = session.execute(
        select(Evidence.subject_id, Evidence.detail, Evidence.value).where(Evidence.kind == Kind.TRAINING)
    )
    said = session.execute(
        select(AuditEntry.act, AuditEntry.thing, AuditEntry.said).where(AuditEntry.thing == "evidence")
    )
    jobs = session.execute(select(Job.effect, Job.key).where(Job.state == "waiting", Job.key.like("person:%")))
    return tuple(sorted(str(tuple(each)) for each in found) for found in (rows, said, jobs))  # type: ignore[return-value]


def test_what_is_refused_of_many_is_refused_before_anything_is_written(world: World) -> None:
    person = world.person("Kim", "Learner")
    right = {
        "kind": Kind.TRAINING,
        "subject_id": person.id,
        "detail": "security",
        "value": 1,
        "valid_from": world.today,
    }
    with pytest.raises(Refused), world.change() as session:
        evidence.record_about_people(
            session, [right, right | {"valid_from": datetime(1989, 1, 1).date()}], actor=world.admin, now=world.now
        )
    assert world.count(Evidence, Evidence.kind == Kind.TRAINING) == 0


def test_entries_of_the_record_keep_their_order(world: World) -> None:
    with world.change() as session:
        audit.record(session, actor=world.admin, now=world.now, act="first", said="First.")
        audit.record_all(
            session, [audit.entry(actor=world.admin, now=world.now, act=f"next.{n}", said="Next.") for n in range(3)]
        )
        audit.record_all(session, [])
    with world.look() as session:
        acts = list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.id.desc()).limit(4)))
    assert acts == ["next.2", "next.1", "next.0", "first"]


def test_sqlite_knows_what_its_tables_hold_once_it_was_looked_over(world: World) -> None:
    world.agency()
    look_over(world.engine)
    with world.engine.connect() as connection:
        if world.engine.dialect.name == "sqlite":
            told = connection.exec_driver_sql("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'evidence'").scalar()
            assert told


def test_two_words_are_a_last_and_a_first_name_before_each_is_looked_for_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = world.agency()
    for first, last in (("Ann", "Zor"), ("Zora", "Annis"), ("Anna", "Birch"), ("Zoe", "Ash")):
        world.member(agency, world.person(first, last))
    monkeypatch.setattr(searching, "FEW", 0)
    assert names(world, Wanted(q="zor ann")) == ["Zora Annis", "Ann Zor"]
    assert names(world, Wanted(q="birch anna")) == ["Anna Birch"]
    assert names(world, Wanted(q="zor xyz")) == []


def test_licences_come_a_page_at_a_time_and_all_of_them_are_added_up_when_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    agencies = [world.agency(f"House {letter}", licences_=number) for number, letter in enumerate("abcde", start=1)]
    world.agency("Without any", licences_=0)
    monkeypatch.setattr(desk_lists, "PAGE", 2)
    seen, after, sent = [], "", []
    with world.look() as session:
        while not sent or after:
            with statements(world.engine) as said:
                page = licence_lists.page(session, after=after)
            sent.append(len(said))
            seen += [(row.agency.id, row.granted) for row in page.rows]
            after = page.next
        whole = licence_lists.whole(session)
        assert [row.agency.name for row in licence_lists.page(session, search="house c").rows] == ["House c"]
        assert licence_lists.page(session, kind="art").rows == []
    mine = [(agency.id, number) for number, agency in enumerate(agencies, start=1)]
    assert [each for each in seen if each in mine] == mine and len(seen) == len(set(seen))
    assert [(row.agency.id, row.granted) for row in whole] == seen
    assert licence_lists.total(whole).granted == sum(granted for _, granted in seen)
    assert max(sent) <= 4


@pytest.mark.postgresql
def test_postgresql_starts_no_helpers_for_a_handful_of_rows(clean_url: Callable[[str], str]) -> None:
    with databases.engine_on(clean_url("postgresql")) as engine, engine.connect() as connection:
        connection.rollback()
        assert connection.exec_driver_sql("SHOW parallel_setup_cost").scalar_one() == "50000"
