"""Incidents on screen: reported by anybody, triaged, worked on and concluded by the Lead; who sees what of it."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.models import AuditEntry, Containment, Incident, IncidentEntry, IncidentPerson, IncidentStep
from portal.web.app import build
from tests.enforcement.incidents_world import SAID, Incidents
from tests.services.asking import admin_of, director_of
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def made(world: World) -> Incidents:
    return Incidents(world)


def stranger(world: World) -> ClientRequest:
    return ClientRequest(build(context=world.context).test_client())


def send(browser: ClientRequest, **typed: str) -> Page:
    checked = browser.submit(browser.get("/report"), having="said", expect=200, **{"said": SAID, **typed})
    assert "Nothing has been sent yet." in checked.text
    return browser.follow(browser.submit(checked, having="said", step="send"))


def the_one(world: World) -> Incident:
    with world.look() as session:
        return session.scalars(select(Incident).order_by(Incident.id.desc())).first()


def test_a_stranger_reports_checks_sends_and_adds_by_the_link(world: World, made: Incidents) -> None:
    browser = stranger(world)
    assert "Report an incident" in browser.get("/welcome").text
    sent = send(browser, place="Front desk", affected="2", contact="worried@example.org")
    row = the_one(world)
    assert (row.reporter_id, row.place, row.affected, row.contact) == (None, "Front desk", 2, "worried@example.org")
    link = re.search(r"http\S+(/report/\S+?)(?:\s|$)", sent.text)
    assert row.reference in sent.text
    assert link
    for reader in (browser, stranger(world)):  # it opens as often as it is used, wherever
        page = reader.get(link.group(1))
        assert SAID in page.text
        assert "Received. Somebody of the HMIS Lead reads it next." in page.text
    more = browser.follow(browser.submit(browser.get(link.group(1)), text="It was so again today."))
    assert "It was so again today." in more.text
    browser.get(link.group(1)[:-3], expect=410)
    browser.get("/report/none", expect=410)
    assert made.read(row).status == "reported"


def test_what_looks_like_a_clients_is_warned_of_and_may_be_changed_or_sent(world: World, made: Incidents) -> None:
    browser = stranger(world)
    words = "Client Maria Sample, born 3/14/1987, was read out."
    checked = browser.submit(browser.get("/report"), having="said", expect=200, said=words)
    assert "This looks like a client's data" in checked.text
    assert "There is a birth date in it." in checked.text
    changing = browser.submit(checked, having="said", step="change", expect=200)
    assert words in changing.text
    assert world.count(Incident) == 0
    browser.submit(checked, having="said", step="send")
    assert the_one(world).to_redact
    lead = browser_of(world, made.guard)
    page = lead.get(f"/security/incidents/{the_one(world).id}")
    assert "This looks like a client's data" in page.text
    redacting = lead.get(f"/security/incidents/{the_one(world).id}/redact")
    assert "Client [removed], born [removed], was read out." in redacting.text
    done = lead.follow(lead.submit(redacting))
    assert "Maria" not in done.text
    assert "looks like" not in done.text


def test_somebody_signed_in_is_known_unless_they_choose_otherwise(world: World, made: Incidents) -> None:
    user = world.actor(world.member(world.agency()))
    browser = browser_of(world, user)
    send(browser)
    assert the_one(world).reporter_id == user.person_id
    assert SAID in browser.get(f"/report/mine/{the_one(world).id}").text
    send(browser, unnamed="y")
    row = the_one(world)
    assert row.reporter_id is None
    browser.get(f"/report/mine/{row.id}", expect=404)
    assert row.reference not in browser.get("/report/mine").text
    with world.look() as session:
        about = select(AuditEntry).where(AuditEntry.thing == "incident", AuditEntry.thing_id == row.id)
        assert {entry.actor_id for entry in session.scalars(about)} == {None}


def test_too_many_reports_from_one_network_are_refused_and_nothing_typed_is_lost(world: World) -> None:
    browser = stranger(world)
    for _ in range(world.policy.incidents.address_reports):
        send(browser)
    checked = browser.submit(browser.get("/report"), having="said", expect=200, said="One more of these.")
    refused = browser.submit(checked, having="said", step="send", expect=429)
    assert "Too many reports came in" in refused.text
    assert "One more of these." in refused.text
    assert world.count(Incident) == world.policy.incidents.address_reports


def triaged(world: World, made: Incidents, agency, **more: str) -> tuple[ClientRequest, Incident]:
    row, _ = made.report()
    lead = browser_of(world, made.guard)
    page = lead.get(f"/security/incidents/{row.id}/triage")
    values = {"title": "Shared user ID", "kind": "shared_login", "severity": "major", "agency": str(agency.id)} | more
    lead.submit(page, having="title", **values)
    return lead, row


def test_the_security_officer_works_through_an_incident(world: World, made: Incidents) -> None:
    agency = world.agency("Sample Harbor")
    accused = world.ready(agency)
    world.let_in(accused)
    lead, row = triaged(world, made, agency, affected="3")
    here = f"/security/incidents/{row.id}"
    page = lead.get(here)
    for words in ("Triaged", "Tell the Agency's executive director", "Sample Harbor", "Nobody yet"):
        assert words in page.text
    named = lead.submit(lead.get(f"{here}/people"), having="part", member=str(accused.id), part="accused")
    with world.look() as session:
        involved = session.scalars(select(IncidentPerson)).one()
        person = involved.person.name
        step = session.scalars(select(IncidentStep).order_by(IncidentStep.id)).first()
    assert "named as involved" in lead.follow(named).text
    lead.submit(lead.get(f"{here}/investigator"), having="who", who=str(made.guard.person_id))
    lead.submit(lead.get(f"/security/incidents/people/{involved.id}"), having="asked", asked="Who knew your password?")
    lead.submit(
        lead.get(f"/security/incidents/chain/{step.id}"), having="told", told="The director", words="By telephone."
    )
    checked = lead.submit(
        lead.get(f"{here}/contain"),
        having="what",
        expect=200,
        what=f"person:{accused.person_id}",
        reason="Still signed in.",
    )
    assert f"The access of {person} at Sample Harbor closes (user ID" in checked.text
    assert world.count(Containment) == 0
    assert "Closed." in lead.follow(lead.submit(checked, having="what", step="do")).text
    world.drain()
    assert world.status(accused) == "suspended"
    wrong = lead.submit(
        lead.get(f"{here}/conclude"), having="finding", finding="found", conclusion="Both used one user ID.", expect=400
    )
    assert "say what has to be put right" in wrong.text
    assert "Both used one user ID." in wrong.text
    done = lead.follow(lead.submit(wrong, having="finding", wrong="One user ID for two.", due="2026-12-31"))
    assert "A violation was found" in done.text
    assert "One user ID for two." in done.text
    refused = lead.submit(lead.get(f"{here}/close"), having="reason", reason="All is done.", expect=400)
    assert "Still to be done before it is closed" in refused.text
    with world.look() as session:
        held = session.scalars(select(Containment)).one()
    opened = lead.submit(
        lead.get(f"/security/incidents/contained/{held.id}/release"), having="reason", reason="Mended."
    )
    assert "Opened again" in lead.follow(opened).text
    world.drain()
    assert world.status(accused) == "live"


def test_a_minor_leak_is_refused_and_nothing_typed_is_lost(world: World, made: Incidents) -> None:
    row, _ = made.report()
    lead = browser_of(world, made.guard)
    page = lead.get(f"/security/incidents/{row.id}/triage")
    wrong = lead.submit(page, having="title", title="Names on paper", kind="paper", severity="minor", expect=400)
    assert "What is about privacy is never minor." in wrong.text
    assert "Names on paper" in wrong.document.xpath("string(//input[@name='title']/@value)")
    assert made.read(row).status == "reported"


def test_a_note_that_looks_like_a_clients_is_asked_about_first(world: World, made: Incidents) -> None:
    row = made.investigated(world.agency())
    lead = browser_of(world, made.guard)
    here = f"/security/incidents/{row.id}"
    asked = lead.submit(lead.get(here), having="text", text="She was born 3/14/1987.", expect=400)
    assert "There is a birth date in it." in asked.text
    assert "She was born 3/14/1987." in asked.text
    page = lead.follow(lead.submit(asked, having="text", anyway="y"))
    assert "Looks like a client's data" in page.text
    with world.look() as session:
        entry = session.scalars(select(IncidentEntry).where(IncidentEntry.to_redact)).one()
    after = lead.follow(lead.submit(lead.get(f"{here}/redact/{entry.id}"), having="text"))
    assert "1987" not in after.text
    other = made.investigated(world.agency())
    lead.get(f"/security/incidents/{other.id}/redact/{entry.id}", expect=404)


def test_a_file_is_kept_by_its_fingerprint_and_opening_it_goes_on_record(world: World, made: Incidents) -> None:
    row = made.investigated(agency := world.agency())
    lead = browser_of(world, made.guard)
    here = f"/security/incidents/{row.id}"
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db0"
        "0000000049454e44ae426082"
    )
    page = lead.get(f"{here}/files")
    bad = lead.submit(page, having="what", file=(io.BytesIO(b"nothing"), "x.pdf"), what="A screen", expect=400)
    assert "A screen" in bad.document.xpath("string(//input[@name='what']/@value)")
    shown = lead.follow(
        lead.submit(page, having="what", file=(io.BytesIO(png), "screen.png"), what="A screen left open")
    )
    assert "SHA-256" in shown.text
    before = world.count(AuditEntry, AuditEntry.act == "incident.file_open")
    [form] = [each for each in shown.document.forms if "/files/" in (each.get("action") or "")]
    answer = lead.post(form.get("action"), dict(form.form_values()), expect=200)
    assert answer.response.data == png or answer.response.mimetype == "image/png"
    assert "attachment" in answer.response.headers["Content-Disposition"]
    assert world.count(AuditEntry, AuditEntry.act == "incident.file_open") == before + 1
    director = browser_of(world, director_of(world, agency))
    assert "SHA-256" not in director.get(here).text.split("Timeline")[0]
    director.get(f"{here}/files", expect=403)


def test_the_list_is_filtered_searched_exported_and_costs_the_same(world: World, made: Incidents) -> None:
    agency = world.agency("Sample Harbor")
    lead = browser_of(world, made.guard)
    first = made.investigated(agency)
    with statements(world.engine) as few:
        lead.get("/security/incidents")
    world.now += timedelta(hours=1)
    for number in range(55):
        world.now += timedelta(minutes=11)
        row, _ = made.report(said=f"Number {number}, something happened.")
        made.triage(row, agency_id=agency.id, severity="severe" if number % 2 else "major")
    lead = browser_of(world, made.guard)
    with statements(world.engine) as many:
        page = lead.get("/security/incidents")
    assert len(many) == len(few)
    assert "more follow" in page.text
    assert first.reference in lead.get(f"/security/incidents?q={first.reference}").text
    assert first.reference not in lead.get("/security/incidents?severity=severe").text
    assert first.reference not in lead.get("/security/incidents?show=new").text
    assert "No incident" in lead.get("/security/incidents?q=Nowhere").text
    text = lead.get("/security/incidents?format=csv").response.get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text)))
    assert (len(rows), rows[1][5]) == (57, "Sample Harbor")


def test_one_incident_costs_the_same_however_much_belongs_to_it(world: World, made: Incidents) -> None:
    agency = world.agency()
    row = made.investigated(agency, world.member(agency))
    lead = browser_of(world, made.guard)
    with statements(world.engine) as few:
        lead.get(f"/security/incidents/{row.id}")
    for _ in range(20):
        made.name(row, world.member(agency), "witness")
    with statements(world.engine) as many:
        lead.get(f"/security/incidents/{row.id}")
    assert len(many) == len(few)


def test_a_complaint_goes_through_the_agencys_pages(world: World, made: Incidents) -> None:
    agency = world.agency("Sample Harbor")
    officer = browser_of(world, admin_of(world, agency))
    new = officer.get("/security/complaints/new")
    sent = officer.submit(
        new,
        having="title",
        title="The notice is missing",
        from_whom="A visitor",
        said="It hangs nowhere.",
        agency=str(agency.id),
    )
    page = officer.follow(sent)
    assert "The notice is missing" in page.text
    row = the_one(world)
    looked = officer.follow(officer.submit(page, having="note", note="Went to the front door."))
    assert "Being reviewed" in looked.text
    answered = officer.submit(
        officer.get(f"/security/complaints/{row.id}/answer"), having="answer", answer="It hangs there again."
    )
    assert "It hangs there again." in officer.follow(answered).text
    assert row.reference not in officer.get("/security/complaints").text
    assert row.reference in officer.get("/security/complaints?show=over").text
    text = officer.get("/security/complaints?show=all&format=csv").response.get_data(as_text=True)
    assert "It hangs there again." in text
    browser_of(world, admin_of(world, world.agency())).get(f"/security/complaints/{row.id}", expect=404)
    raised = officer.submit(
        officer.get(f"/security/complaints/{row.id}/raise"), having="reason", reason="Somebody took pictures."
    )
    assert "an incident now" in officer.follow(raised).text
    officer.get(f"/security/complaints/{row.id}", expect=404)
