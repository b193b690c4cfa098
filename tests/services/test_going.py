"""Going straight to something: everybody finds by number and name exactly what they may see, at the same cost among many."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from portal import permissions
from portal.actors import Actor
from portal.db import reading
from portal.models import (
    Agency,
    CorrectiveAction,
    Incident,
    Membership,
    Outage,
    Person,
    ServiceRequest,
    Ticket,
    WorkOrder,
)
from portal.refusals import Refused
from portal.services import searching
from portal.services.going import finding
from portal.services.going.hits import Group, Hit
from portal.services.going.sources import SOURCES
from tests.factories import Town
from tests.helpdesk.front_world import an_article
from tests.helpdesk.ticketing import Ticketing
from tests.services.world import World
from tests.support import town as shared
from tests.web.browsing import statements
from workflows.actions import Action
from workflows.going import PREFIXES, Fit, read
from workflows.vocabulary import LEAD, About, Kind, Role

built = shared.built
NUMBERED: tuple[tuple[str, type[Any], Action], ...] = (
    ("ticket", Ticket, Action.TICKET_SEE),
    ("order", WorkOrder, Action.ORDER_SEE),
    ("incident", Incident, Action.INCIDENT_SEE),
    ("corrective", CorrectiveAction, Action.CORRECTIVE_SEE),
    ("service", ServiceRequest, Action.SERVICE_SEE),
    ("outage", Outage, Action.HOME_SEE),
)
AT_AN_AGENCY = ("director", "admin", "officer", "user", "comer", "delegate")
OF_THE_LEAD = (
    Role.LEAD_ADMIN, Role.HELP_DESK, Role.LEAD_SECURITY, Role.AUDITOR, Role.TRAINER, Role.BOARD_MEMBER, Role.COMMITTEE_MEMBER,
)  # fmt: skip


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def found(world: World, typed: str, actor: Actor, *, limit: int = finding.FEW) -> list[Group]:
    with reading(world.sessions) as session:
        groups = finding.find(session, read(typed), actor=actor, now=world.now, policy=world.policy, limit=limit)
        session.expunge_all()
    return groups


def hits(world: World, typed: str, actor: Actor, noun: str = "", **more: Any) -> list[Hit]:
    return [hit for group in found(world, typed, actor, **more) for hit in group.hits if noun in ("", hit.noun)]


def titles(world: World, typed: str, actor: Actor, noun: str = "") -> list[str]:
    return [hit.title for hit in hits(world, typed, actor, noun)]


# --- who finds what


@pytest.fixture(scope="module")
def everybody(built: Town) -> dict[str, Actor]:
    """Somebody in every role: at one Agency, and of the Lead."""
    people = {part: built.actor(built.harbor.members[part]) for part in AT_AN_AGENCY}
    return people | {role.value: built.staff(role) for role in OF_THE_LEAD}


@pytest.mark.parametrize("who", [*AT_AN_AGENCY, *(role.value for role in OF_THE_LEAD)])
def test_everybody_finds_exactly_what_the_table_lets_them_see(
    built: Town, everybody: dict[str, Actor], who: str
) -> None:
    """Each row of the town is put before the table one by one; the search has to find those, and no others."""
    actor = everybody[who]
    with built.look() as session:
        may = lambda action, row: permissions.allows(session, actor, action, row)  # noqa: E731
        members = {row.id for row in session.scalars(select(Membership)) if may(Action.MEMBERSHIP_SEE, row)}
        agencies = {row.id for row in session.scalars(select(Agency)) if row.id != LEAD and may(Action.AGENCY_SEE, row)}
        numbered = {
            (noun, row.id) for noun, model, action in NUMBERED for row in session.scalars(select(model)) if may(action, row)
        }  # fmt: skip
        last = max(
            session.scalars(select(model.id).order_by(model.id.desc()).limit(1)).one() for _, model, _ in NUMBERED
        )
    assert {hit.id for hit in hits(built, "example.org", actor, "person", limit=1000)} == members
    assert {hit.id for hit in hits(built, "sample", actor, "agency", limit=1000)} == agencies
    met = [hit for number in range(1, last + 1) for hit in hits(built, str(number), actor) if hit.numbered]
    assert {("ticket" if hit.noun == "question" else hit.noun, hit.id) for hit in met} == numbered


def test_the_comparison_has_something_to_compare(built: Town, everybody: dict[str, Actor]) -> None:
    mine, theirs = built.harbor.ids["ticket_id"], built.inland.ids["ticket_id"]
    assert [hit.id for hit in hits(built, f"HD-{mine}", everybody["admin"])] == [mine]
    assert not hits(built, f"HD-{theirs}", everybody["admin"]), "another Agency's"
    assert not hits(built, f"HD-{mine}", everybody["comer"]), "a colleague's"
    assert hits(built, f"HD-{theirs}", everybody["help_desk"])
    assert not hits(built, "inland", everybody["admin"]) and hits(built, "inland", everybody["help_desk"])
    assert not [hit for hit in hits(built, "Harbor", everybody["board_member"]) if hit.noun != "article"]


def test_nobody_who_has_not_signed_in_finds_anything(built: Town) -> None:
    nobody = Actor(person_id=None, name="Nobody signed in", via="nobody")
    with pytest.raises(Refused):
        found(built, "harbor", nobody)


def test_every_kind_of_number_is_found_by_its_letters(built: Town, everybody: dict[str, Actor]) -> None:
    assert {source.prefix for source in SOURCES} - {""} == PREFIXES
    ids = built.harbor.ids
    year = built.now.year
    for typed, noun, key in (
        (f"HD-{ids['ticket_id']}", "ticket", ids["ticket_id"]),
        (f"work order {ids['order_id']}", "order", ids["order_id"]),
        (f"I-{year}-{ids['incident_id']:04}", "incident", ids["incident_id"]),
        (f"CA-{year}-{ids['action_id']:04}", "corrective", ids["action_id"]),
        (f"SR-{year}-{ids['request_id']:04}", "service", ids["request_id"]),
        (f"O-{year}-{ids['outage_id']:04}", "outage", ids["outage_id"]),
    ):
        groups = found(built, typed, everybody["lead_admin"])
        straight = finding.numbered(read(typed), groups)
        assert straight is not None and (straight.noun, straight.id) == (noun, key), typed
        assert [group.noun for group in groups] == [noun], "a number with its letters is that of one noun"
        bare = finding.numbered(read(str(key)), found(built, str(key), everybody["lead_admin"]))
        assert bare is None, "without them nobody is sent anywhere: several things may have it"
    wrong = f"I-{year - 1}-{ids['incident_id']:04}"
    assert finding.numbered(read(wrong), found(built, wrong, everybody["lead_admin"])) is None


# --- by name


def test_a_whole_name_comes_first_then_what_begins_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agency = world.agency("Lee House")
    for first, last in (("Leeann", "Adams"), ("Bo", "Ashlee"), ("Kim", "Lee"), ("Lee", "Zor")):
        world.member(agency, world.person(first, last))
    assert titles(world, "lee", world.desk, "person") == ["Kim Lee", "Lee Zor", "Leeann Adams", "Bo Ashlee"]
    assert titles(world, "kim lee", world.desk, "person") == ["Kim Lee"]
    assert next(group.noun for group in found(world, "lee house", world.desk)) == "agency"
    monkeypatch.setattr(searching, "FEW", 0)
    assert titles(world, "lee", world.desk, "person") == ["Kim Lee", "Lee Zor", "Leeann Adams"]
    assert titles(world, "shlee", world.desk, "person") == [], "among very many nobody is looked through"
    assert titles(world, "lee k", world.desk, "person") == ["Kim Lee"]


def test_a_user_id_finds_whose_it_is(world: World) -> None:
    member = world.ready(world.agency())
    world.drain()
    user_id = world.account_of(member).user_id
    assert [hit.id for hit in hits(world, user_id.upper(), world.desk, "person")] == [member.id]
    assert not hits(world, user_id[:-1] + "~", world.desk, "person")
    elsewhere = world.actor(world.member(world.agency("Sample Inland"), None, Role.AGENCY_ADMIN))
    assert not hits(world, user_id, elsewhere, "person")


def test_whoever_has_left_stands_apart(world: World) -> None:
    member = world.member(world.agency(), world.person("Kim", "Gone"))
    world.record(Kind.DEPARTURE, About.MEMBERSHIP, member.id)
    assert [(hit.noun, hit.title) for hit in hits(world, "gone", world.desk)] == [("left", "Kim Gone")]


def test_no_more_than_a_few_of_each_and_how_many_there_are(world: World) -> None:
    agency = world.agency()
    for number in range(finding.FEW + 2):
        world.member(agency, world.person("Ida", f"Many{number}"))
    (group,) = [group for group in found(world, "many", world.desk) if group.noun == "person"]
    assert (len(group.hits), group.more, group.total) == (finding.FEW, True, finding.FEW + 2)
    assert group.hits[0].title == "Ida Many0"


def test_tickets_by_their_words_for_staff_and_for_whoever_asked(world: World) -> None:
    desk = Ticketing(world)
    ticket = desk.open(subject="The quarterly report is wrong")
    asker, other = desk.actor(desk.asker), desk.actor(world.member(desk.agency))
    assert titles(world, "quarterly", world.desk) == [f"HD-{ticket.id} The quarterly report is wrong"]
    assert titles(world, "dates", world.desk), "a word of the conversation"
    assert [hit.noun for hit in hits(world, "quarterly", asker)] == ["question"]
    assert titles(world, "quarterly", other) == []
    assert titles(world, "xquarterly", world.desk) == []


def test_a_bare_number_leads_nowhere_even_where_one_thing_has_it(world: World) -> None:
    ticket = Ticketing(world).open()
    bare = found(world, str(ticket.id), world.desk)
    assert [hit.id for group in bare for hit in group.hits if hit.numbered] == [ticket.id]
    assert finding.numbered(read(str(ticket.id)), bare) is None


def test_articles_as_far_as_they_are_in_print(world: World) -> None:
    an_article(world, "Merging duplicate clients", audience="signed_in")
    an_article(world, "Merging households", publish=False)
    user = world.actor(world.member(world.agency()))
    assert [(hit.noun, hit.title) for hit in hits(world, "merging", user)] == [("article", "Merging duplicate clients")]
    assert {hit.noun for hit in hits(world, "merging", world.desk)} == {"article", "draft"}


@pytest.mark.parametrize("typed", ["", "x", "%", "__", "²", "😀😀", "\x00\x00", "'; --", "!!", "/%", "\\", "HD-99999999999", "0"])  # fmt: skip
def test_odd_signs_find_nothing_and_break_nothing(each_engine: Engine, typed: str) -> None:
    world = World(each_engine)
    world.member(world.agency(), world.person("Kim", "Plain"))
    assert found(world, typed, world.desk) == []


def test_a_search_costs_the_same_among_many(each_engine: Engine) -> None:
    world = World(each_engine)
    agency = world.agency()
    world.member(agency, world.person("Ida", "Common"))
    admin = world.actor(world.member(agency, None, Role.AGENCY_ADMIN))

    def cost() -> dict[str, int]:
        counted = {}
        for name, actor in (("desk", world.desk), ("admin", admin)):
            for typed in ("common", "ida common", "12", "HD-12"):
                with statements(world.engine) as said:
                    found(world, typed, actor)
                counted[f"{name}: {typed}"] = len(said)
        return counted

    before = cost()
    _many(world, agency.id, 500)
    assert cost() == before
    assert max(before.values()) <= 26, before


def _many(world: World, agency_id: int, number: int) -> None:
    people = [
        {"first_name": "Ida", "last_name": f"Common{each}", "email": f"c{each}@example.org", "email_key": f"c{each}@example.org", "named_at": world.now}
        for each in range(number)
    ]  # fmt: skip
    with world.change() as session:
        ids = session.scalars(insert(Person).returning(Person.id), people).all()
        rows = [{"agency_id": agency_id, "person_id": key, "created_at": world.now} for key in ids]
        session.execute(insert(Membership), rows)


def test_of_names_that_fit_alike_the_nouns_keep_their_order() -> None:
    hit = Hit(noun="person", id=1, title="x", fit=Fit.BEGINS)
    group = Group("person", (hit, replace(hit, fit=Fit.EXACT)))
    assert (group.fit, Group("agency", ()).fit) == (Fit.EXACT, Fit.INSIDE)
