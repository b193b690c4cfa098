"""The Agency's pages as people use them: every page well made, every form kept when it is refused, every act with its page."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from portal.models import Agency, Device, Evidence, Membership, Person
from portal.services.agencies import agencies, devices
from portal.services.agencies.devices import SAFEGUARDS
from portal.services.people import licences
from portal.web.app import build
from tests.services.joining import ADMIN, DIRECTOR, OFFICER, Joining, jobs_of, joining
from tests.services.test_agency_forms import BASICS
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of, statements
from workflows.vocabulary import PROTOCOLS, About, Kind

Browse = Callable[..., ClientRequest]


@pytest.fixture
def harbor(engine: Engine) -> Joining:
    made = joining(World(engine))
    made.name_officers()
    return made


@pytest.fixture
def app(harbor: Joining) -> Flask:
    return build(context=harbor.world.context)


@pytest.fixture
def desk(harbor: Joining, app: Flask) -> ClientRequest:
    return browser_of(harbor.world, harbor.world.desk, app)


@pytest.fixture
def as_(harbor: Joining, app: Flask) -> Browse:
    return lambda who: browser_of(harbor.world, harbor.actor(who), app)


def path(harbor: Joining, rest: str = "") -> str:
    return f"/agency/{harbor.agency.id}{rest}"


PAGES = (
    "", "/officers", "/documents", "/projects", "/devices", "/licences", "/information", "/inventory", "/protocols", "/posted", "/change",
    "/projects/new", "/devices/new",
)  # fmt: skip


@pytest.mark.parametrize("rest", PAGES)
def test_every_page_is_well_made_for_the_desk_and_for_the_agencys_admin(
    harbor: Joining, desk: ClientRequest, as_: Browse, rest: str
) -> None:
    assert desk.get(path(harbor, rest)).heading
    assert as_(ADMIN).get(path(harbor, rest)).heading


@pytest.mark.parametrize("rest", ["/invite-director", "/exclude"])
def test_the_leads_own_pages(harbor: Joining, desk: ClientRequest, as_: Browse, rest: str) -> None:
    desk.get(path(harbor, rest))
    as_(DIRECTOR).get(path(harbor, rest), expect=403)


def test_another_agency_does_not_exist_for_ones_own(harbor: Joining, as_: Browse) -> None:
    other = harbor.world.agency()
    browser = as_(ADMIN)
    for rest in ("", "/officers", "/information", "/devices", "/licences", "/change"):
        browser.get(f"/agency/{other.id}{rest}", expect=404)


def test_the_leads_own_organization_is_no_agency(desk: ClientRequest) -> None:
    desk.get("/agency/0", expect=404)


def test_a_device_of_another_agency_is_not_shown_under_ones_own(harbor: Joining, desk: ClientRequest) -> None:
    world = harbor.world
    other = world.agency()
    world.ready(other)
    with world.look() as session:
        foreign = session.scalars(select(Device).where(Device.agency_id == other.id)).first()
    desk.get(path(harbor, f"/devices/{foreign.id}"), expect=404)


# --- the list, and a new Agency


def test_the_desk_enters_an_agency_and_goes_on_to_invite(desk: ClientRequest) -> None:
    page = desk.get("/agency/new")
    sent = desk.submit(page, name="Sample North House", city="Bangor", kind="none", mandated_by=["hud_coc"])
    assert sent.location.endswith("/invite-director")
    assert "Invite the executive director" in desk.follow(sent).heading


def test_a_name_that_exists_keeps_everything_typed(harbor: Joining, desk: ClientRequest) -> None:
    page = desk.submit(
        desk.get("/agency/new"), expect=400, name="SAMPLE HARBOR HOUSE", street="7 Sample Street", kind="none"
    )
    assert "Sample Harbor House is on record already" in page.text
    assert page.document.xpath("//input[@name='street']/@value") == ["7 Sample Street"]


def test_the_list_filters_exports_and_hides_where_a_refuge_is(harbor: Joining, desk: ClientRequest) -> None:
    with harbor.world.change() as session:
        agencies.enter(
            session, name="Sample Refuge", kind="victim_service", about=agencies.AgencyFields(street="9 Secret Lane", city="Secretville"), actor=harbor.world.desk,
            now=harbor.now, policy=harbor.world.policy,
        )  # fmt: skip
    assert "Sample Refuge" in desk.get("/agency/").text
    assert "Sample Harbor House" not in desk.get("/agency/?state=excluded").text
    assert "No Agency fits" in desk.get("/agency/?q=nobody").text
    exported = desk.get("/agency/?format=csv").response.get_data(as_text=True)
    assert "Sample Refuge" in exported
    assert "Secret" not in exported
    assert "Secret" not in desk.get("/agency/").text


def test_the_list_runs_the_same_statements_for_five_and_for_fifty(harbor: Joining, desk: ClientRequest) -> None:
    def cost(how_many: int) -> int:
        with harbor.world.change() as session:
            for number in range(how_many):
                agencies.enter(
                    session,
                    name=f"House {how_many} {number}",
                    actor=harbor.world.desk,
                    now=harbor.now,
                    policy=harbor.world.policy,
                )
        with statements(harbor.world.engine) as said:
            desk.get("/agency/")
        return len(said)

    assert cost(4) == cost(44)


def test_the_list_pages(harbor: Joining, desk: ClientRequest) -> None:
    with harbor.world.change() as session:
        for number in range(60):
            agencies.enter(
                session, name=f"House {number:02}", actor=harbor.world.desk, now=harbor.now, policy=harbor.world.policy
            )
    first = desk.get("/agency/")
    following = first.document.xpath("//a[@rel='next']/@href")[0]
    second = desk.get(following)
    assert "House 00" in first.text and "House 00" not in second.text
    assert "Sample Harbor House" in second.text


def test_ones_own_agency_opens_at_once(harbor: Joining, as_: Browse) -> None:
    assert as_(DIRECTOR).get("/agency/", expect=302).location == path(harbor)


# --- the task list


def test_the_task_list_says_whose_turn_it_is(harbor: Joining, desk: ClientRequest, as_: Browse) -> None:
    director = as_(DIRECTOR).get(path(harbor))
    mine = director.document.xpath("//section[contains(@class, 'task-group')][1]")[0].text_content()
    assert "Sign the participation agreement" in mine
    assert "Complete the information form" not in mine
    admin = as_(ADMIN).get(path(harbor))
    links = admin.document.xpath("//a[contains(@class, 'task-list__title')]/@href")
    assert path(harbor, "/information") in links
    assert path(harbor, "/protocols") in links
    assert "The executive director: Dana Sample" in admin.text
    assert "of what the HMIS asks of the Agency is done" in desk.get(path(harbor)).text


def test_what_the_admin_has_signed_waits_for_the_director(harbor: Joining, as_: Browse) -> None:
    harbor.sign("agency_admin_agreement", ADMIN)
    assert "Sign the Agency Administrator Agreement of Ada Sample" in as_(DIRECTOR).get(path(harbor)).text
    admin = as_(ADMIN).get(path(harbor))
    assert "Sign the Agency Administrator Agreement as the director" in admin.text
    assert "Waits for the director" in admin.text
    harbor.sign("agency_admin_agreement", DIRECTOR)
    assert "Sign the Agency Administrator Agreement" not in as_(DIRECTOR).get(path(harbor)).text


def test_the_configuration_cannot_start_before_the_package_is_verified(harbor: Joining, desk: ClientRequest) -> None:
    page = desk.get(path(harbor))
    assert "Starts when the Lead has verified every document" in page.text
    assert "Cannot start yet" in page.text


def test_the_task_list_costs_few_statements(harbor: Joining, desk: ClientRequest) -> None:
    with statements(harbor.world.engine) as before:
        desk.get(path(harbor))
    for _ in range(10):
        harbor.world.member(harbor.agency)
    with statements(harbor.world.engine) as after:
        desk.get(path(harbor))
    assert len(after) == len(before)


# --- director and officers


def test_the_director_is_invited_after_a_look_at_everything(desk: ClientRequest, harbor: Joining) -> None:
    with harbor.world.change() as session:
        other = agencies.enter(
            session,
            name="Sample North",
            actor=harbor.world.desk,
            now=harbor.now,
            policy=harbor.world.policy,
            about=agencies.AgencyFields(street="2 Sample Street", email="n@example.org"),
        )
    page = desk.get(f"/agency/{other.id}/invite-director")
    manuals = dict.fromkeys(page.document.xpath("//input[contains(@name, '_version')]/@name"), "2026")
    check = desk.submit(
        page,
        expect=200,
        first_name="Dora",
        last_name="Sample",
        email="dora@example.org",
        participation_fee="$0",
        participation_option="Voluntary",
        **manuals,
    )
    assert check.heading == "Check before it is sent"
    assert "dora@example.org" in check.text
    assert harbor.world.count(Person, Person.email == "dora@example.org") == 0, "nothing is sent before it is checked"
    done = desk.submit(check, expect=200, checked="1")
    assert done.heading == "Invitation sent"
    assert harbor.world.count(Person, Person.email == "dora@example.org") == 1
    assert len(jobs_of(harbor.world, "invite_director")) == 2, "one for this director, one for the other Agency's"


def test_a_private_mailbox_is_questioned_and_may_be_confirmed(desk: ClientRequest, harbor: Joining) -> None:
    other = harbor.world.agency()
    page = desk.get(f"/agency/{other.id}/invite-director")
    given = dict.fromkeys(page.document.xpath("//input[contains(@name, '_version')]/@name"), "2026") | {
        "first_name": "Dora", "last_name": "Sample", "email": "dora.sample@gmail.com", "participation_fee": "$0", "participation_option": "Voluntary",
    }  # fmt: skip
    assert "private mailbox" in desk.submit(page, expect=400, **given).text
    assert desk.submit(page, expect=200, **given, free_mail_ok="y").heading == "Check before it is sent"


def test_an_agreement_that_ends_before_it_begins_is_refused(desk: ClientRequest, harbor: Joining) -> None:
    page = desk.get(path(harbor, "/invite-director"))
    refused = desk.submit(
        page,
        expect=400,
        first_name="Dora",
        last_name="Sample",
        email="dora@example.org",
        participation_option="Voluntary",
        **{"ends_on-year": "2020"},
    )
    assert "has to come after the first day" in refused.text


def test_the_director_names_one_person_for_both_offices(engine: Engine) -> None:
    harbor = joining(World(engine))
    browser = browser_of(harbor.world, harbor.actor(DIRECTOR))
    page = browser.get(path(harbor, "/officers"))
    sent = browser.submit(
        page, first_name="Ada", last_name="Sample", email="ada@example.org", office="both", designate="y"
    )
    shown = browser.follow(sent).text
    assert "Ada Sample is named. 2 documents go out to be signed." in shown
    assert "a background check is needed" in shown
    assert shown.count("Not signed by everybody yet") == 2


def test_naming_without_confirming_names_nobody(harbor: Joining, as_: Browse) -> None:
    browser = as_(DIRECTOR)
    page = browser.submit(
        browser.get(path(harbor, "/officers")),
        expect=400,
        first_name="Sam",
        last_name="Sample",
        email="sam@example.org",
        office="agency_admin",
    )
    assert "Confirm the designation" in page.text
    assert page.document.xpath("//input[@name='email']/@value") == ["sam@example.org"]
    assert harbor.world.count(Person, Person.email == "sam@example.org") == 0


def test_the_admin_sees_the_officers_and_names_nobody(harbor: Joining, as_: Browse) -> None:
    page = as_(ADMIN).get(path(harbor, "/officers"))
    assert "Olu Sample" in page.text
    assert not page.document.xpath("//input[@name='office']")


def test_the_only_officer_cannot_be_ended_from_the_page_but_the_second_can(harbor: Joining, as_: Browse) -> None:
    browser = as_(DIRECTOR)
    with harbor.world.look() as session:
        officer = session.scalars(
            select(Membership).where(Membership.person_id == harbor.actor(OFFICER).person_id)
        ).one()
    end = path(harbor, f"/officers/{officer.id}/security_officer/end")
    assert "Name somebody else first" in browser.get(end).text
    harbor.name_officers(admin=None, security_officer=ADMIN)
    page = browser.get(end)
    assert "is no longer security officer" in page.text
    assert "Say why" in browser.submit(page, expect=400, reason="").text
    browser.submit(page, reason="Moved to another office.")
    assert harbor.evidence(Kind.ROLE, About.MEMBERSHIP, officer.id) == []


# --- forms


def test_the_information_form_from_its_beginning_to_the_help_desk(harbor: Joining, as_: Browse) -> None:
    browser = as_(ADMIN)
    base = path(harbor, "/information")
    browser.submit(browser.get(base))
    shown = browser.get(base)
    assert "Dana Sample" in shown.text, "the contacts on record are filled in"
    part = browser.get(f"{base}/part/agency")
    kept = browser.submit(
        part, **{name: value for name, value in BASICS.items() if part.document.xpath(f"//*[@name='{name}']")}
    )
    assert kept.location == base
    services = browser.get(f"{base}/part/housing_and_services")
    browser.submit(services, counties="Cumberland", expected_users="4", housing=["Emergency shelter"])
    check = browser.get(f"{base}/check")
    assert "Add at least one project" in check.text
    assert not check.document.xpath("//input[@name='consent']"), "nothing can be submitted before it is complete"
    for number in (1, 2, 3):
        browser.submit(browser.get(f"{base}/contact/{number}"), contact_phone="207-555-0100")
    entry = browser.get(f"{base}/project/0")
    browser.submit(
        entry, project_name="Night beds", project_type="Emergency shelter: night-by-night",
        **{"project_starts_on-month": "1", "project_starts_on-day": "1", "project_starts_on-year": "2020"},
    )  # fmt: skip
    check = browser.get(f"{base}/check")
    assert "January 1, 2020" in check.text
    done = browser.submit(check, name="Ada Sample", correct="y", consent="y")
    assert browser.follow(done).heading == "Submitted"
    assert "With the help desk" in browser.get(base).text
    assert harbor.evidence(Kind.INFORMATION_FORM_SENT) == [("", "2026-1")]
    assert "Night beds" in browser.get(path(harbor, "/projects")).text


def test_a_wrong_number_and_a_day_that_does_not_exist_keep_what_was_typed(harbor: Joining, as_: Browse) -> None:
    browser = as_(ADMIN)
    base = path(harbor, "/information")
    browser.submit(browser.get(base))
    page = browser.submit(
        browser.get(f"{base}/part/housing_and_services"), expect=400, counties="Cumberland", expected_users="a few"
    )
    assert "enter a whole number" in page.text
    assert page.document.xpath("//input[@name='counties']/@value") == ["Cumberland"]
    days = {"project_starts_on-month": "2", "project_starts_on-day": "30", "project_starts_on-year": "2024"}
    page = browser.submit(browser.get(f"{base}/project/0"), expect=400, project_name="Night beds", **days)
    assert "enter a day that exists" in page.text
    assert page.document.xpath("//input[@name='project_starts_on-day']/@value") == ["30"]


def test_what_is_needed_to_submit_is_not_called_optional(harbor: Joining, as_: Browse) -> None:
    browser = as_(ADMIN)
    browser.submit(browser.get(path(harbor, "/information")))
    page = browser.get(path(harbor, "/information/part/agency"))
    labels = {label.get("for"): label.text_content() for label in page.document.xpath("//main//label")}
    assert "(optional)" in labels["website"]
    assert "(optional)" not in labels["city"]


def test_an_entry_is_taken_out(harbor: Joining, as_: Browse) -> None:
    browser = as_(ADMIN)
    base = path(harbor, "/information")
    browser.submit(browser.get(base))
    page = browser.get(base)
    action = page.document.xpath("//form[contains(@action, '/contact/2/remove')]/@action")[0]
    token = page.document.xpath("//form[contains(@action, '/contact/2/remove')]//input[@name='csrf_token']/@value")[0]
    browser.post(action, {"csrf_token": token})
    assert "Olu Sample" in browser.get(base).text
    browser.get(f"{base}/contact/3", expect=404)


def test_the_inventory_page_shows_the_year_and_the_remarks(harbor: Joining, as_: Browse) -> None:
    browser = as_(ADMIN)
    base = path(harbor, "/inventory")
    assert "the inventory of 2026" in browser.get(base).text
    browser.submit(browser.get(base))
    entry = browser.get(f"{base}/inventory/0")
    browser.submit(
        entry,
        project_name="Night beds",
        project_type="Safe haven",
        bed_inventory="4",
        unit_inventory="5",
        other_beds="4",
        household_type="Households with only children",
    )
    check = browser.get(f"{base}/check").text
    assert "there are more units (5) than beds (4)" in check
    assert "Fill in: Night of the count." in check


def test_the_protocols_are_kept_and_then_signed(harbor: Joining, as_: Browse) -> None:
    browser = as_(ADMIN)
    page = browser.get(path(harbor, "/protocols"))
    assert len(page.document.xpath("//input[contains(@name, '_document')]")) == len(PROTOCOLS)
    some = {
        f"{PROTOCOLS[0]}_document": "Breach policy",
        f"{PROTOCOLS[0]}_date-month": "2",
        f"{PROTOCOLS[0]}_date-day": "1",
        f"{PROTOCOLS[0]}_date-year": "2026",
    }
    kept = browser.follow(browser.submit(page, **some))
    assert kept.document.xpath(f"//input[@name='{PROTOCOLS[0]}_document']/@value") == ["Breach policy"]
    assert "Still without a document or its date" in kept.text
    every = {}
    for topic in PROTOCOLS:
        every |= {
            f"{topic}_document": f"Policy on {topic}",
            f"{topic}_date-month": "2",
            f"{topic}_date-day": "1",
            f"{topic}_date-year": "2026",
        }
    ready = browser.follow(browser.submit(kept, having=f"{PROTOCOLS[0]}_document", **every))
    assert ready.document.xpath("//form[contains(@action, '/sign-here')]")
    assert harbor.documents("security_protocols")[0].answers["compliance_audit_date"] == "2026-02-01"


def test_the_postings_are_attested_on_their_page(harbor: Joining, as_: Browse) -> None:
    browser = as_(OFFICER)
    page = browser.get(path(harbor, "/posted"))
    assert "Tick what is posted" in browser.submit(page, expect=400, **_day("on")).text
    browser.submit(page, what=["privacy_notice", "sign"], **_day("on"))
    assert "Both are attested" in browser.get(path(harbor, "/posted")).text


def _day(name: str) -> dict[str, str]:
    return {f"{name}-month": "11", f"{name}-day": "1", f"{name}-year": "2026"}


# --- devices, projects, licenses


def test_a_device_is_entered_by_one_and_authorised_by_the_other(harbor: Joining, as_: Browse) -> None:
    admin, director = as_(ADMIN), as_(DIRECTOR)
    sent = admin.submit(
        admin.get(path(harbor, "/devices/new")), label="Front desk", kind="home_laptop", safeguards=list(SAFEGUARDS)
    )
    assert "Waits for the authorization of the executive director" in admin.follow(sent).text
    page = director.get(sent.location)
    token = page.document.xpath("//form[contains(@action, '/authorise')]//input[@name='csrf_token']/@value")[0]
    done = director.post(f"{sent.location}/authorise", {"csrf_token": token})
    shown = director.follow(done).text
    assert "The device is authorized." in shown
    assert "Authorized, with papers missing" in shown
    assert "Papers missing" in admin.get(path(harbor, "/devices")).text


def test_the_laptop_statement_goes_to_whoever_uses_it_and_the_policy_on_file(
    harbor: Joining, as_: Browse, desk: ClientRequest
) -> None:
    admin = as_(ADMIN)
    sent = admin.submit(
        admin.get(path(harbor, "/devices/new")), label="Laptop 1", kind="home_laptop", safeguards=list(SAFEGUARDS)
    )
    page = admin.get(sent.location)
    user = page.document.xpath("//select[@name='who']/option[contains(., 'Olu')]/@value")[0]
    assert "Choose who uses the device" in admin.submit(page, expect=400, having="who", kind="laptop_statement").text
    admin.submit(page, having="who", kind="laptop_statement", who=user)
    assert [document.kind for document in harbor.documents("laptop_statement")] == ["laptop_statement"]
    shown = desk.get(sent.location)
    desk.submit(shown, having="how", how="submitted", **_day("on"))
    assert "policy is not on file" not in desk.get(sent.location).text


def test_a_device_is_withdrawn_with_a_reason(harbor: Joining, as_: Browse) -> None:
    world = harbor.world
    with world.change() as session:
        agency = session.get_one(Agency, harbor.agency.id)
        device = devices.enter(
            session,
            agency=agency,
            label="Front desk",
            kind="workstation",
            safeguards=list(SAFEGUARDS),
            **harbor.terms(harbor.actor(ADMIN)),
        )
        devices.authorise(session, device=device, **harbor.terms(harbor.actor(DIRECTOR)))
    browser = as_(ADMIN)
    page = browser.get(path(harbor, f"/devices/{device.id}/withdraw"))
    assert "The core HMIS may no longer be used from Front desk" in page.text
    browser.submit(page, reason="It was stolen.")
    assert (
        world.count(Evidence, Evidence.kind == Kind.DEVICE_AUTHORISED, Evidence.withdrawn_reason == "It was stolen.")
        == 1
    )


def test_a_project_is_entered_and_changed(harbor: Joining, as_: Browse) -> None:
    browser = as_(ADMIN)
    browser.submit(
        browser.get(path(harbor, "/projects/new")),
        name="Night beds",
        project_type="1",
        **{"starts_on-month": "", "starts_on-day": "", "starts_on-year": ""},
    )
    listed = browser.get(path(harbor, "/projects"))
    assert "Sample Harbor House: Night beds" in listed.text
    change = listed.document.xpath("//th//a/@href")[0]
    browser.submit(browser.get(change), name="Day room", project_type="11")
    assert "Day shelter" in browser.get(path(harbor, "/projects")).text


def test_licenses_are_granted_and_taken_back_by_the_lead_alone(
    harbor: Joining, desk: ClientRequest, as_: Browse
) -> None:
    page = desk.get(path(harbor, "/licences"))
    desk.submit(page, count="3")
    token = page.document.xpath("//input[@name='csrf_token']/@value")[0]
    too_many = desk.post(
        path(harbor, "/licences"), {"csrf_token": token, "kind": "core", "count": "9", "withdraw": "1"}, expect=400
    )
    assert "are free" in too_many.text
    desk.post(path(harbor, "/licences"), {"csrf_token": token, "kind": "core", "count": "1", "withdraw": "1"})
    with harbor.world.look() as session:
        assert licences.usage(session, harbor.agency.id)["granted"] == 2
    admin = as_(ADMIN)
    assert not admin.get(path(harbor, "/licences")).document.xpath("//input[@name='count']")


# --- exclusion and the end


def test_the_exclusion_page_names_whom_it_suspends(harbor: Joining, desk: ClientRequest) -> None:
    world = harbor.world
    agency = world.agency()
    inside = world.ready(agency, world.person("Jo", "Zephyr"))
    world.let_in(inside)
    page = desk.get(f"/agency/{agency.id}/exclude")
    assert "1 person with access will be suspended: Jo Zephyr" in page.text
    desk.submit(page, kind="victim_service", reason="Its board told us.")
    world.drain()
    assert world.status(inside) == "suspended"
    shown = desk.get(f"/agency/{agency.id}").text
    assert "comparable database" in shown
    desk.submit(desk.get(f"/agency/{agency.id}/include"), reason="The board told us wrongly.")
    world.drain()
    assert world.status(inside) == "live"


def test_the_end_names_everybody_and_wants_the_name_typed(harbor: Joining, app: Flask) -> None:
    world = harbor.world
    agency = world.agency("Sample Ending House")
    inside = world.ready(agency, world.person("Jo", "Zephyr"))
    world.let_in(inside)
    browser = browser_of(world, world.admin, app)
    page = browser.get(f"/agency/{agency.id}/end")
    assert "Jo Zephyr" in page.text
    wrong = browser.submit(page, expect=400, reason="It closed.", typed="Something else", successor="Sample North")
    assert "Type the name exactly as it stands above" in wrong.text
    assert wrong.document.xpath("//input[@name='successor']/@value") == ["Sample North"]
    assert world.status(inside) == "live"
    done = browser.submit(page, expect=200, reason="It closed.", typed="sample ending house", successor="Sample North")
    assert done.heading == "Participation ended"
    assert "Jo Zephyr" in done.text
    assert world.status(inside) == "none"
    shown = browser.get(f"/agency/{agency.id}").text
    assert "Successor: Sample North" in shown
    browser.get(f"/agency/{agency.id}/end", expect=404)


def test_the_help_desk_does_not_end_a_participation(harbor: Joining, desk: ClientRequest) -> None:
    desk.get(path(harbor, "/end"), expect=403)
