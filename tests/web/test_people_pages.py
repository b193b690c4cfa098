"""The pages about people: asking, the list, one person, leaving; each for whoever may and nobody else."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal.models import AccessRequest, Agency, BackgroundCheck, Draft, Job, Membership, Person
from portal.services.people.particulars import PersonFields
from tests.services.asking import admin_of, ask, device_of, director_of, in_force, projects_of
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from workflows.vocabulary import Kind, Role


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def agency(world: World) -> Agency:
    return world.agency("Sample Harbor House")


@pytest.fixture
def admin(world: World, agency: Agency) -> ClientRequest:
    return browser_of(world, admin_of(world, agency))


def filled(world: World, agency: Agency, **more: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "first_name": "Jamie",
        "last_name": "Sample",
        "email": "jamie@example.org",
        "purpose": "Enters intakes at the night shelter.",
        "project_ids": [str(each) for each in projects_of(world, agency)],
        "worker": "volunteer",
        "start_on": "11/23/2026",
        "access_level": "case_manager_1",
    }
    return values | more


def checked(admin: ClientRequest, world: World, agency: Agency, expect: int = 200, **more: Any) -> Page:
    page = admin.get("/people/new")
    return admin.submit(page, expect=expect, having="step", step="check", **filled(world, agency, **more))


def test_a_request_is_typed_checked_sent_and_confirmed(world: World, agency: Agency, admin: ClientRequest) -> None:
    page = checked(admin, world, agency)
    assert page.heading == "Check your answers"
    for shown in (
        "Jamie Sample",
        "jamie@example.org",
        "Enters intakes",
        "Night beds",
        "Volunteer",
        "November 23, 2026",
        "Case Manager I",
    ):
        assert shown in page.text
    assert world.count(AccessRequest) == 0, "checking sends nothing"
    assert world.count(Person, Person.email_key == "jamie@example.org") == 0
    sent = admin.follow(admin.submit(page, having="step", step="send"))
    assert sent.heading == "Request sent" and "Jamie" in sent.text
    with world.look() as session:
        made = session.scalars(select(AccessRequest)).one()
    assert (made.worker, made.access_level, made.status, made.project_ids) == (
        "volunteer",
        "case_manager_1",
        "open",
        projects_of(world, agency),
    )
    assert world.count(Draft) == 0


def test_going_back_and_errors_keep_everything_that_was_typed(
    world: World, agency: Agency, admin: ClientRequest
) -> None:
    back = admin.submit(checked(admin, world, agency), expect=200, having="step", step="change")
    assert back.document.xpath("//input[@name='last_name']/@value") == ["Sample"]
    wrong = checked(admin, world, agency, expect=400, email="no address", start_on="02/30/2026", last_name="Пример")
    assert "like name@example.org" in wrong.text and "a date that exists" in wrong.text
    assert wrong.document.xpath("//input[@name='last_name']/@value") == ["Пример"]
    assert wrong.document.xpath("//input[@name='start_on']/@value") == ["02/30/2026"]
    assert wrong.document.xpath("//textarea[@name='purpose']")[0].text.strip() == "Enters intakes at the night shelter."


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("last_name", "S" * 300, "100 characters"),
        ("start_on", "1900-01-01", "more than a year away"),
        ("email", "jamie@gmail.com", "private mailbox"),
        ("purpose", "Client 123-45-6789 needs help.", "Social Security"),
    ],
)
def test_what_the_services_refuse_stands_on_the_field(
    world: World, agency: Agency, admin: ClientRequest, field: str, value: str, says: str
) -> None:
    page = checked(admin, world, agency, expect=400, **{field: value})
    assert says in page.text
    assert page.document.xpath(f"//*[@name='{field}'][@aria-invalid='true']")


def test_a_private_mailbox_goes_through_once_it_is_confirmed(
    world: World, agency: Agency, admin: ClientRequest
) -> None:
    assert checked(admin, world, agency, email="jamie@gmail.com", free_mail_ok="y").heading == "Check your answers"


def test_what_was_checked_and_not_sent_is_there_the_next_time(
    world: World, agency: Agency, admin: ClientRequest
) -> None:
    checked(admin, world, agency)
    again = admin.get("/people/new")
    assert "We kept what you typed" in again.text and again.document.xpath("//input[@name='email']/@value") == [
        "jamie@example.org"
    ]
    assert again.document.xpath("//input[@name='project_ids'][@checked]")
    fresh = admin.get("/people/new?fresh=1")
    assert fresh.document.xpath("//input[@name='email']/@value") == [""]


def test_replacing_somebody_says_who_loses_access_and_does_it(
    world: World, agency: Agency, admin: ClientRequest
) -> None:
    leaver = world.ready(agency, world.person("Robin", "Example"))
    world.let_in(leaver)
    page = checked(admin, world, agency, act="replace", replaces=str(leaver.id))
    assert "Robin Example: access ends when you send this" in page.text
    assert world.status(leaver) == "live"
    admin.submit(page, having="step", step="send")
    assert world.status(leaver) == "none"


def test_a_project_or_an_agency_of_others_cannot_be_slipped_in(
    world: World, agency: Agency, admin: ClientRequest
) -> None:
    other = world.agency()
    page = checked(admin, world, agency, expect=400, project_ids=[str(projects_of(world, other)[0])])
    assert "Choose from the list" in page.text
    assert admin.get(f"/people/new?agency={other.id}", expect=404)
    assert admin.get("/people/new?agency=0", expect=404)


def test_the_lead_is_asked_for_the_directors_instruction(world: World, agency: Agency) -> None:
    desk = browser_of(world, world.desk)
    assert "At which Agency?" in desk.get("/people/new").text
    page = desk.get(f"/people/new?agency={agency.id}")
    refused = desk.submit(page, expect=400, having="step", step="check", **filled(world, agency))
    assert "signed instruction only" in refused.text
    fine = desk.submit(
        page,
        expect=200,
        having="step",
        step="check",
        **filled(world, agency, instruction="Letter of the director, November 20, 2026."),
    )
    assert "Letter of the director" in fine.text


def test_the_list_searches_filters_sorts_and_exports(world: World, agency: Agency, admin: ClientRequest) -> None:
    live = world.ready(agency, world.person("Robin", "Example"))
    world.let_in(live)
    ask(world, agency)
    other = world.agency()
    world.member(other, world.person("Hidden", "Stranger"))
    page = admin.get("/people")
    assert "Robin Example" in page.text and "Jamie Sample" in page.text and "Stranger" not in page.text
    assert "rexample" in page.text
    waiting = admin.get("/people?standing=waiting")
    assert "Jamie Sample" in waiting.text and "Robin Example" not in waiting.text
    assert "Robin Example" not in admin.get("/people?q=jam").text
    assert "Nobody fits" in admin.get("/people?q=nobody+at_all%25").text
    names = [
        each.strip() for each in admin.get("/people?sort=-name&standing=access").document.xpath("//tbody//th//a/text()")
    ]
    assert names == ["Robin Example"]
    answer = admin.client.get("/people?format=csv&standing=waiting")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row["E-mail"] for row in rows] == ["jamie@example.org"]


def test_the_list_goes_on_by_key(world: World, agency: Agency, admin: ClientRequest) -> None:
    for number in range(57):
        world.member(agency, world.person("Page", f"Turner{'abcdefghij'[number // 10]}{'abcdefghij'[number % 10]}"))
    seen: list[str] = []
    path = "/people?sort=name"
    while path:
        page = admin.get(path)
        seen += [" ".join(each.split()) for each in page.document.xpath("//tbody//th//a/text()")]
        path = next(iter(page.document.xpath("//a[@rel='next']/@href")), "")
    assert len(seen) == len(set(seen)) == 58
    assert seen == sorted(seen, key=lambda name: name.split()[-1].lower())


def test_the_list_costs_the_same_for_five_people_and_for_fifty(
    world: World, agency: Agency, admin: ClientRequest
) -> None:
    def cost() -> int:
        admin.get("/people")
        with statements(world.engine) as said:
            admin.get("/people")
        return len(said)

    for number in range(5):
        ask(world, agency, email=f"jamie{number}@example.org")
    few = cost()
    for number in range(5, 48):
        ask(world, agency, email=f"jamie{number}@example.org")
    assert cost() == few
    assert few <= 21


def test_whoever_left_stands_apart(world: World, agency: Agency, admin: ClientRequest) -> None:
    member = world.ready(agency, world.person("Robin", "Example"))
    page = admin.get(f"/people/{member.id}/deactivate")
    assert "What will happen" in page.text and page.heading == "Deactivate Robin Example?"
    assert "Say why" in admin.submit(page, expect=400).text
    done = admin.follow(admin.submit(page, reason="Took another job."))
    assert "was deactivated" in done.text and "left on November 23, 2026" in done.text
    assert "Robin Example" not in admin.get("/people").text
    assert "Robin Example" in admin.get("/people?standing=left").text
    again = admin.follow(admin.get(f"/people/{member.id}/deactivate", expect=302))
    assert "has left already" in again.text


def test_a_planned_departure_shows_and_can_be_called_off(world: World, agency: Agency, admin: ClientRequest) -> None:
    member = world.ready(agency, world.person("Robin", "Example"))
    page = admin.get(f"/people/{member.id}/deactivate")
    assert "Enter the last day" in admin.submit(page, expect=400, when="later", reason="Moves away.").text
    done = admin.follow(admin.submit(page, when="later", last_day="2026-12-04", reason="Moves away."))
    assert "keeps access through December 4, 2026" in done.text and "A departure is planned" in done.text
    stay = admin.get(f"/people/{member.id}/stay")
    gone = admin.follow(admin.submit(stay, reason="Stays after all."))
    assert "called off" in gone.text and "A departure is planned" not in gone.text


def test_why_not_yet_shows_mine_first_and_names_the_others(world: World, agency: Agency, admin: ClientRequest) -> None:
    device = device_of(world, agency)
    asked = ask(world, agency, device=device)
    page = admin.get(f"/people/{asked.membership_id}/why")
    assert page.heading == "Why not yet?"
    mine = page.document.xpath("//section[@class='findings'][h2='What you can do now']")[0].text_content()
    assert "An authorized device" in mine
    others = page.document.xpath("//section[@class='findings'][h2='What waits for others']")[0].text_content()
    assert "Jamie Sample" in others and "HMIS help desk" in others
    assert "An authorized device" not in others


def test_the_person_sees_her_own_page_and_nobody_elses(world: World, agency: Agency) -> None:
    asked, colleague = ask(world, agency), world.ready(agency)
    with world.look() as session:
        membership = session.get_one(Membership, asked.membership_id)
    own = browser_of(world, world.actor(membership))
    page = own.get(f"/people/{membership.id}/why")
    mine = page.document.xpath("//section[@class='findings'][h2='What you can do now']")[0].text_content()
    assert "User agreement in force signed" in mine
    own.get(f"/people/{colleague.id}", expect=404)
    own.get(f"/people/{colleague.id}/why", expect=404)
    for act in ("deactivate", "cancel", "change", "ask", "background", "name"):
        assert own.client.get(f"/people/{membership.id}/{act}").status_code in {403, 404}, act


def test_others_get_404_and_change_nothing(world: World, agency: Agency) -> None:
    asked = ask(world, agency)
    stranger = browser_of(world, admin_of(world, world.agency()))
    for act in ("", "/why", "/deactivate", "/cancel", "/change", "/ask", "/background", "/name", "/stay", "/asked"):
        assert stranger.client.get(f"/people/{asked.membership_id}{act}").status_code == 404, act
    token = stranger.get("/people").document.xpath("//input[@name='csrf_token']/@value")[0]
    for act in ("nudge", "resend", "approve", "deactivate", "cancel"):
        answer = stranger.client.post(
            f"/people/{asked.membership_id}/{act}", data={"csrf_token": token, "reason": "x" * 9, "when": "now"}
        )
        assert answer.status_code in {403, 404}, act
    with world.look() as session:
        assert session.get_one(AccessRequest, asked.id).status == "open"


def test_a_reminder_goes_out_once_a_day(world: World, agency: Agency, admin: ClientRequest) -> None:
    asked = ask(world, agency)
    page = admin.get(f"/people/{asked.membership_id}")
    button = page.document.xpath("//form[contains(@action, '/nudge')]")[0]
    token = dict(button.form_values())["csrf_token"]
    first = admin.follow(admin.post(button.get("action"), {"csrf_token": token}))
    assert "A reminder goes to Jamie Sample" in first.text
    second = admin.follow(admin.post(button.get("action"), {"csrf_token": token}))
    assert "A reminder went out today" in second.text
    assert world.count(Job, Job.key.like("nudge:%")) == 1


def test_cancelling_asks_for_a_reason_and_says_what_happens(world: World, agency: Agency, admin: ClientRequest) -> None:
    asked = ask(world, agency)
    page = admin.get(f"/people/{asked.membership_id}/cancel")
    assert "goes back to the Agency" in page.text
    done = admin.follow(admin.submit(page, reason="The offer was declined."))
    assert "was canceled" in done.text and "Access has not been asked for" in done.text


def test_a_background_check_is_checked_before_it_is_entered(world: World, agency: Agency) -> None:
    member = world.ready(agency, world.person("Robin", "Example"))
    director = browser_of(world, director_of(world, agency))
    page = director.get(f"/people/{member.id}/background")
    bad = director.submit(
        page,
        expect=400,
        having="step",
        step="check",
        status="cleared",
        ordered_on="2026-11-01",
        decided_on="2026-11-10",
        reference="SSN 123-45-6789",
        decider="Alex Director",
    )
    assert "Social Security number" in bad.text
    check = director.submit(
        page,
        expect=200,
        having="step",
        step="check",
        status="cleared",
        ordered_on="11/01/2026",
        decided_on="11/10/2026",
        reference="ORD-20441",
        decider="Alex Director",
    )
    assert check.heading == "Check your answers" and "November 10, 2026" in check.text
    assert world.count(BackgroundCheck) == 0
    done = director.follow(director.submit(check, having="step", step="send"))
    assert "the report stays with your Agency" in done.text and "Cleared" in done.text
    assert world.count(BackgroundCheck, BackgroundCheck.status == "cleared") == 1


def test_a_name_change_keeps_the_user_id(world: World, agency: Agency, admin: ClientRequest) -> None:
    member = world.ready(agency, world.person("Robin", "Example"))
    world.let_in(member)
    page = admin.get(f"/people/{member.id}/name")
    done = admin.follow(admin.submit(page, last_name="Newname"))
    assert done.heading == "Robin Newname" and "rexample" in done.text


def test_a_change_of_access_starts_from_what_there_is(world: World, agency: Agency, admin: ClientRequest) -> None:
    member = world.ready(agency, world.person("Robin", "Example"))
    world.let_in(member)
    page = admin.get(f"/people/{member.id}/change")
    assert page.document.xpath("//select[@name='access_level']/option[@selected]/@value") == ["case_manager_1"]
    check = admin.submit(
        page,
        expect=200,
        having="step",
        step="check",
        access_level="case_manager_2",
        purpose="Also leads the night team.",
        project_ids=[str(projects_of(world, agency)[0])],
    )
    assert "Robin Example" in check.text and "Case Manager II" in check.text
    admin.submit(check, having="step", step="send")
    world.drain()
    grant = world.grant_of(member)
    assert grant and grant.access_level == "case_manager_2"


def test_a_person_at_two_agencies_shows_each_viewer_only_theirs(
    world: World, agency: Agency, admin: ClientRequest
) -> None:
    other = world.agency("Sample Inland Center")
    person = world.person("Robin", "Example")
    here, there = world.ready(agency, person), world.ready(other, person)
    world.let_in(here)
    page = admin.get(f"/people/{here.id}")
    assert "Inland" not in page.text
    admin.get(f"/people/{there.id}", expect=404)


def test_the_second_person_of_the_lead_approves_on_the_persons_page(world: World) -> None:
    with world.look() as session:
        lead = session.get_one(Agency, 0)
    asked = ask(world, lead, world.admin, access_level="system_admin_1", project_ids=())
    first, second = browser_of(world, world.admin), browser_of(world, world.staff(Role.LEAD_ADMIN))
    assert not first.get(f"/people/{asked.membership_id}").document.xpath("//form[contains(@action, '/approve')]")
    button = second.get(f"/people/{asked.membership_id}").document.xpath("//form[contains(@action, '/approve')]")[0]
    token = dict(button.form_values())["csrf_token"]
    assert "Approved" in second.follow(second.post(button.get("action"), {"csrf_token": token})).text


def test_the_device_is_chosen_later_and_the_frame_keeps_the_viewers_name(
    world: World, agency: Agency, admin: ClientRequest
) -> None:
    asked = ask(world, agency, person=PersonFields(first_name="Robin", last_name="Example", email="robin@example.org"))
    assert "No device is entered yet" in admin.get(f"/people/{asked.membership_id}/device").text
    device = device_of(world, agency)
    page = admin.get(f"/people/{asked.membership_id}/device")
    assert "Robin Example" not in page.document.xpath("string(//header[@class='site-header'])"), (
        "the header names who is signed in"
    )
    assert "Choose the device" in admin.submit(page, expect=400).text
    done = admin.follow(admin.submit(page, device_id=str(device.id)))
    assert "uses this device from today" in done.text
    assert in_force(world, asked.membership_id, Kind.DEVICE_IN_USE) == [("", device.id)]
    again = admin.submit(admin.get(f"/people/{asked.membership_id}/device"), expect=400)
    assert "on record already" in again.text
