"""The desk's pages without JavaScript: each opens, says what waits, and costs the same however long its list."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.models import Evidence, Job, Person
from tests.services.world import World
from tests.support.pages import ClientRequest
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import certificate, device, signed_agreement, stored, to_enrol, unmatched
from workflows.vocabulary import About, Kind, Role

PAGES = (
    "/desk",
    "/desk/requests",
    "/desk/documents",
    "/desk/training",
    "/desk/training/unmatched",
    "/desk/training/certificates",
    "/desk/training/by-hand",
    "/desk/training/import",
    "/desk/imports",
    "/desk/enrolments",
    "/desk/evidence",
    "/desk/people",
    "/desk/configurations",
    "/desk/licences",
    "/desk/jobs",
    "/desk/documents-in-force",
)
LEAD_ONLY = ("/desk/audit", "/desk/documents-in-force/user_agreement")


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def desk(world: World) -> ClientRequest:
    return browser_of(world, world.desk)


@pytest.fixture
def lead(world: World) -> ClientRequest:
    return browser_of(world, world.admin)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_on_an_empty_desk(desk: ClientRequest, path: str) -> None:
    assert desk.get(path).heading


@pytest.mark.parametrize("path", LEAD_ONLY)
def test_what_the_lead_decides_is_not_for_the_help_desk(desk: ClientRequest, lead: ClientRequest, path: str) -> None:
    assert lead.get(path).heading
    assert desk.get(path, 403).status == 403


@pytest.mark.parametrize("path", [*PAGES, *LEAD_ONLY])
def test_nobody_else_opens_the_desk(world: World, path: str) -> None:
    agency = world.agency(licences_=0)
    admin = browser_of(world, world.actor(world.member(agency, None, Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR)))
    assert admin.get(path, 403).status == 403


def test_a_trainer_sees_training_and_no_documents(world: World) -> None:
    trainer = browser_of(world, world.staff(Role.TRAINER))
    page = trainer.get("/desk")
    assert "People to enroll" in page.text and "Documents to verify" not in page.text
    trainer.get("/desk/training")
    trainer.get("/desk/documents", 403)


def test_the_desk_counts_what_waits_and_since_when(world: World, lead: ClientRequest) -> None:
    signed_agreement(world)
    to_enrol(world)
    certificate(world, world.person("Jamie", "Sample"))
    unmatched(world)
    page = lead.get("/desk")
    for queue in (
        "Agreements to countersign",
        "People to enroll",
        "Certificates to confirm",
        "Results without a person",
    ):
        row = page.document.xpath(f"//li[.//a[text()='{queue}']]")[0].text_content()
        assert "1 waiting" in row and "November 23, 2026" in row, queue
    assert "Nothing waits" in page.document.xpath("//li[.//a[text()='Failed jobs']]")[0].text_content()


def test_the_oldest_request_comes_first_and_says_what_lacks_or_that_it_is_ready(
    world: World, desk: ClientRequest
) -> None:
    to_enrol(world)
    world.ready(world.agency())
    page = desk.get("/desk/requests")
    rows = [row.text_content() for row in page.document.xpath("//tbody/tr")]
    assert "Every assigned course passed" in rows[0]
    assert "Ready to issue" in rows[1]
    assert "Ready to issue 1" in desk.get("/desk").text.replace("  ", " ")


def test_the_record_of_a_subject_strikes_through_what_was_withdrawn(world: World, desk: ClientRequest) -> None:
    agency = world.agency(licences_=0)
    world.withdraw(Kind.POSTED, About.AGENCY, agency.id, "sign")
    page = desk.get(f"/desk/evidence/agency/{agency.id}")
    assert [struck.text for struck in page.document.xpath("//s")] == ["Notice posted (sign) from November 13, 2026"]
    assert "It was recorded by mistake." in page.text
    assert "Seats are reserved" in desk.get(f"/desk/evidence/membership/{world.member(agency).id}").text


@pytest.mark.parametrize(
    ("about", "text"),
    [("agency", "harbor"), ("person", "sample jam"), ("membership", "jamie harbor"), ("device", "front")],
)
def test_subjects_are_found_by_parts_of_their_names(world: World, desk: ClientRequest, about: str, text: str) -> None:
    agency = world.agency("Harbor House", licences_=0)
    member = world.member(agency, world.person("Jamie", "Sampler"))
    wanted = {
        "agency": agency.id,
        "person": member.person_id,
        "membership": member.id,
        "device": device(world, agency).id,
    }[about]
    page = desk.get(f"/desk/evidence?about={about}&q={text}")
    assert f"/desk/evidence/{about}/{wanted}" in page.document.xpath("//tbody//a/@href")
    assert "Nothing fits" in desk.get(f"/desk/evidence?about={about}&q=100%25_").text


def test_a_failed_job_is_put_back_by_hand_once(world: World, desk: ClientRequest) -> None:
    with world.change() as session:
        session.add(
            Job(
                effect="mail",
                key="m:1",
                state="failed",
                enqueued_at=world.now,
                run_at=world.now,
                ended_at=world.now,
                error="No route",
                tries=8,
            )
        )
    page = desk.get("/desk/jobs")
    assert "No route" in page.text and "8 tries" in page.text
    done = desk.submit(page)
    assert "tried again" in desk.follow(done).text
    desk.post(page.form().get("action"), dict(page.form().form_values()), 409)
    assert world.count(Job, Job.state == "waiting", Job.key == "m:1") == 1


def test_licences_are_counted_and_can_be_taken_away(world: World, desk: ClientRequest) -> None:
    world.let_in(world.ready(world.agency("Harbor House", licences_=3)))
    page = desk.get("/desk/licences")
    cells = [" ".join(cell.text_content().split()) for cell in page.document.xpath("//tbody/tr[1]/*")]
    assert cells == ["Harbor House", "3", "1", "0", "2", "0"]
    csv = desk.get("/desk/licences?format=csv").response
    assert csv.headers["Content-Disposition"].startswith("attachment") and "Harbor House,3,1,0,2,0" in csv.get_data(
        as_text=True
    )


def test_people_are_searched_paged_and_downloaded_on_record(world: World, desk: ClientRequest) -> None:
    agency = world.agency("Harbor House", licences_=0)
    for number in range(60):
        world.member(agency, world.person("Robin", f"Paged{number:02}"))
    first = desk.get("/desk/people?q=paged")
    assert len(first.document.xpath("//tbody/tr")) == 50
    second = desk.get(first.document.xpath("//a[@rel='next']/@href")[0])
    names = [row.split()[0] for page in (first, second) for row in page.document.xpath("//tbody/tr/th//a/text()")]
    assert names == [f"Paged{number:02}," for number in range(60)]
    text = desk.get("/desk/people?q=paged&format=csv").response.get_data(as_text=True)
    assert text.count("Harbor House") == 60
    with world.look() as session:
        assert "Nobody fits" in desk.get("/desk/people?q=nobody").text
        assert session.scalar(select(Evidence.id).limit(1))


def test_the_record_is_filtered_paged_and_downloaded(world: World, lead: ClientRequest) -> None:
    agency, other = world.agency("Harbor House", licences_=0), world.agency("Other Place", licences_=0)
    member = world.member(agency, world.person("Jamie", "Filtered"))
    world.record(Kind.WORKER, About.MEMBERSHIP, member.id, detail="volunteer")
    with world.look() as session:
        email = session.get_one(Person, member.person_id).email
    page = lead.get(f"/desk/audit?person={email}")
    assert "Staff, volunteer or contractor (volunteer)" in page.text
    assert "sign.in" not in page.text
    of_agency = lead.get("/desk/audit?agency=harbor&act=evidence.record")
    assert "volunteer" in of_agency.text
    assert "volunteer" not in lead.get("/desk/audit?agency=Other+Place&act=evidence.record").text
    assert other.id
    today = "since-month=11&since-day=23&since-year=2026"
    assert "Recorded:" in lead.get(f"/desk/audit?{today}").text
    assert "No entry fits" in lead.get("/desk/audit?since-month=11&since-day=24&since-year=2026").text
    csv = lead.get(f"/desk/audit?person={email}&format=csv").response.get_data(as_text=True)
    assert "volunteer" in csv
    assert "Downloaded" in lead.get("/desk/audit?act=audit.export").text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("person=nobody@example.org", "Nobody here"),
        ("agency=nowhere", "No Agency"),
        ("agency=sample", "Several Agencies"),
        ("since-month=13&since-day=1&since-year=2026", "exists"),
    ],
)
def test_a_filter_that_makes_no_sense_says_so(world: World, lead: ClientRequest, query: str, says: str) -> None:
    world.agency("Sample One", licences_=0)
    world.agency("Sample Two", licences_=0)
    assert says in lead.get(f"/desk/audit?{query}", 400).text


@pytest.mark.parametrize(
    "path",
    ["/desk", "/desk/requests", "/desk/enrolments", "/desk/people", "/desk/licences", "/desk/training/unmatched"],
)
def test_a_list_costs_the_same_for_5_and_for_50(world: World, desk: ClientRequest, engine: Engine, path: str) -> None:
    agency, counts = world.agency(licences_=0), []
    desk.get(path)
    for more in (5, 45):
        for _ in range(more):
            to_enrol(world, agency)
            unmatched(world, uid=f"e-{world.person().id}")
        with statements(engine) as seen:
            desk.get(path)
        counts.append(len(seen))
    assert counts[0] == counts[1], seen


def test_a_hostile_name_is_shown_as_it_is_and_runs_nowhere(world: World, desk: ClientRequest) -> None:
    world.agency("=HYPERLINK(1) <script>alert(1)</script>", licences_=1)
    page = desk.get("/desk/licences")
    assert "<script>alert" in page.text and not page.document.xpath("//main//script")
    assert "'=HYPERLINK" in desk.get("/desk/licences?format=csv").response.get_data(as_text=True)


def test_alive_and_ready_say_nothing_about_anybody(world: World, desk: ClientRequest) -> None:
    anonymous = ClientRequest(desk.client.application.test_client())
    assert anonymous.get("/healthz").response.json == {"alive": True}
    assert anonymous.get("/readyz").response.json["ready"] is True
    assert "Sign in" in anonymous.get("/welcome").text
    with world.change() as session:
        session.add(Job(effect="mail", key="old", enqueued_at=world.now, run_at=world.now.replace(year=2025)))
    late = anonymous.get("/readyz", 503).response.json
    assert (late["ready"], late["queue"], late["database"]) == (False, False, True)


def test_queues_lists_and_their_next_pages_work_on_both_databases(each_engine: Engine, tmp_path: Path) -> None:
    world = stored(World(each_engine), tmp_path)
    joined = signed_agreement(world)
    to_enrol(world, joined.agency)
    certificate(world, world.person("Jamie", "Sample"))
    unmatched(world)
    world.ready(world.agency("Harbor House"))
    for number in range(55):
        world.member(joined.agency, world.person("Robin", f"Paged{number:02}"))
    lead = browser_of(world, world.admin)
    for path in (*PAGES, *LEAD_ONLY):
        assert lead.get(path).heading
    for path in ("/desk/people", "/desk/audit"):
        page = lead.get(path)
        shown = page.document.xpath("string(//tbody)")
        following = lead.get(page.document.xpath("//a[@rel='next']/@href")[0]).document.xpath("string(//tbody)")
        assert following and following not in shown
    assert (
        "Agency Participation Agreement"
        in lead.get(lead.get("/desk/documents").document.xpath("//a[text()='Begin with the oldest']/@href")[0]).text
    )
    assert "Sample Harbor House" in lead.get("/desk/audit?agency=Sample+Harbor+House&act=agency.enter").text
    assert (
        "Paged07" in lead.get("/desk/people?q=PAGED07").text and "Nobody fits" in lead.get("/desk/people?q=_%25").text
    )
    assert "Robin Paged07" in lead.get("/desk/evidence?about=membership&q=paged07+harbor").text
