"""The desk's pages for work orders: read, copied, confirmed, refused, as a browser without JavaScript would."""

from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal.models import Agency, AuditEntry, Evidence, Handover, Person, WebSession, WorkOrder
from portal.services.account import sign_in
from portal.web.app import build
from tests.services.world import World
from tests.support.pages import ClientRequest
from workflows.vocabulary import About, Kind, Role


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def client_of(world: World, person_id: int) -> ClientRequest:
    """A browser in which this person has signed in, with the second factor where one is needed."""
    with world.change() as session:
        person = session.get_one(Person, person_id)
        token = sign_in.start_session(session, person=person, via="password", actor=world.desk, now=world.now)
        session.flush()
        session.scalars(select(WebSession).order_by(WebSession.id.desc()).limit(1)).one().second_factor_at = world.now
    client = build(context=world.context).test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    return ClientRequest(client)


@pytest.fixture
def desk(world: World) -> ClientRequest:
    assert world.desk.person_id
    return client_of(world, world.desk.person_id)


@pytest.fixture
def member(world: World) -> Any:
    member = world.ready(world.agency("Sample Harbor House"), world.person("Jamie", "Smith"))
    world.drain()
    return member


def path_of(world: World, member: Any) -> str:
    return f"/desk/orders/{world.open_order(member).id}"


def test_the_list_shows_what_is_open_and_marks_what_is_late(world: World, desk: ClientRequest, member: Any) -> None:
    page = desk.get("/desk/orders")
    assert page.heading == "Work orders" and "Jamie Smith (jsmith)" in page.text and "Overdue" not in page.text
    assert "Nothing to show" in desk.get("/desk/orders?status=done").text
    assert "No order is open" in desk.get("/desk/orders?act=remove").text
    assert "Jamie Smith" in desk.get("/desk/orders?act=ensure&status=open&after=0").text
    with world.change() as session:
        session.scalars(select(WorkOrder)).one().due_at = world.now.replace(year=2025)
    assert "Overdue" in desk.get("/desk/orders").text


def test_an_order_is_shown_field_by_field_and_confirmed(world: World, desk: ClientRequest, member: Any) -> None:
    page = desk.get(path_of(world, member))
    assert page.heading == "Make an account"
    labels = page.document.xpath("//dl[@class='copy-list']//dt/text()")
    assert labels == [
        "Default provider",
        "First name",
        "Last name",
        "User ID",
        "E-mail",
        "Telephone",
        "Access level",
        "License",
        "Projects",
        "Active",
    ]
    assert "Harbor42Lights" not in page.text and "within 72 hours" in page.text
    done = desk.follow(desk.submit(page, typed_user_id="jsmith", temporary_password=" Harbor42Lights\n"))
    assert "Confirmed: make an account, jsmith." in done.text and "Confirmed by" in done.text
    assert world.account_of(member).status == "active" and world.count(Handover) == 1
    assert "Jamie Smith" in desk.get("/desk/orders?status=done").text


@pytest.mark.parametrize(
    ("typed", "password", "says"),
    [
        ("jsmiht", "Harbor42Lights", "You typed jsmiht, and this order is for jsmith."),
        ("jsmith", "short12", "8 to 50 characters"),
        ("", "Harbor42Lights", "Type the User ID back"),
        ("jsmith", "", "Paste the temporary password"),
        ("j" * 60, "Harbor42Lights", "may have 50 characters"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_nothing_is_done(
    world: World, desk: ClientRequest, member: Any, typed: str, password: str, says: str
) -> None:
    page = desk.submit(desk.get(path_of(world, member)), expect=400, typed_user_id=typed, temporary_password=password)
    assert says in page.text and "There is a problem" in page.text
    assert page.document.xpath("//input[@name='typed_user_id']/@value") == [typed]
    assert world.account_of(member).status == "ordered" and world.count(Handover) == 0


def test_a_user_id_that_was_taken_there_is_said_on_the_same_page(
    world: World, desk: ClientRequest, member: Any
) -> None:
    page = desk.get(path_of(world, member))
    desk.submit(page, typed_user_id="jsmith5", really_made="jsmith5", temporary_password="Harbor42Lights")
    assert world.account_of(member).user_id == "jsmith5"


def test_an_overtaken_order_points_to_the_one_that_counts(world: World, desk: ClientRequest, member: Any) -> None:
    path = path_of(world, member)
    open_page = desk.get(path)
    world.record(Kind.SANCTION, About.PERSON, member.person_id, detail="suspension", valid_from=world.today)
    world.drain()
    late = desk.submit(open_page, expect=400, typed_user_id="jsmith", temporary_password="Harbor42Lights")
    assert "overtaken" in late.text and f"number {world.open_order(member).id}" in late.text
    page = desk.get(path_of(world, member))
    assert page.heading == "Suspend an account" and "may not exist yet" in page.text
    desk.submit(page, typed_user_id="jsmith")
    assert world.account_of(member).status == "suspended"


def test_an_agency_admin_sees_the_own_orders_and_cannot_confirm(world: World, member: Any) -> None:
    with world.look() as session:
        agency, elsewhere = session.get_one(Agency, member.agency_id), None
    own = client_of(world, world.member(agency, None, Role.AGENCY_ADMIN).person_id)
    page = own.get(path_of(world, member))
    assert "The help desk carries this order out" in page.text and not page.document.xpath(
        "//main//form[@method='post']"
    )
    elsewhere = client_of(world, world.member(world.agency(), None, Role.AGENCY_ADMIN).person_id)
    elsewhere.get(path_of(world, member), expect=404)
    assert "No order is open" in elsewhere.get("/desk/orders").text
    nobody = client_of(world, member.person_id)
    nobody.get("/desk/orders", expect=403)
    assert world.count(AuditEntry, AuditEntry.refused == "not_allowed") == 1


def test_whoever_is_not_signed_in_is_asked_to(world: World, member: Any) -> None:
    client = ClientRequest(build(context=world.context).test_client())
    assert client.get("/desk/orders", expect=302).location.startswith("/sign-in")
    assert client.get(path_of(world, member), expect=302).location.startswith("/sign-in")


def test_a_post_without_its_token_changes_nothing(world: World, desk: ClientRequest, member: Any) -> None:
    desk.post(path_of(world, member), {"typed_user_id": "jsmith", "temporary_password": "Harbor42Lights"}, expect=400)
    assert world.account_of(member).status == "ordered"


def test_an_agency_is_set_up_from_its_page(world: World, desk: ClientRequest) -> None:
    agency = world.agency("Sample Harbor House")
    world.withdraw(Kind.CONFIGURED, About.AGENCY, agency.id)
    page = desk.get(f"/desk/orders/configure/{agency.id}")
    assert "User agreement of the first Agency Administrator" in page.text and not page.document.xpath(
        "//main//form[@method='post']"
    )
    with world.look() as session:
        admin = session.scalars(select(Evidence.subject_id).where(Evidence.kind == Kind.AGENCY_ADMIN_AGREEMENT)).one()
    world.record(Kind.USER_AGREEMENT, About.MEMBERSHIP, admin)
    order = desk.follow(desk.submit(desk.get(f"/desk/orders/configure/{agency.id}")))
    assert "Sample Harbor House: Night beds" in order.text
    assert desk.get(f"/desk/orders/configure/{agency.id}", expect=302).location == order.path
    refused = desk.submit(order, expect=400, provider_id="12 3", project_1="13")
    assert "is no provider id" in refused.text
    done = desk.follow(desk.submit(order, provider_id="12", project_1="13"))
    assert "Sample Harbor House is set up" in done.text
    with world.look() as session:
        assert session.get_one(Agency, agency.id).status == "participating"


def test_an_order_that_does_not_exist_is_not_found(world: World, desk: ClientRequest) -> None:
    desk.get("/desk/orders/999", expect=404)
    desk.get("/desk/orders/configure/999", expect=404)
