"""Work at the desk, page by page: verify, match, confirm, enroll, record, import, publish; nothing typed is lost."""

import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfWriter
from sqlalchemy import Engine, select

from portal.models import Agency, AuditEntry, Document, Evidence, HudRecord, Person, StoredFile, TrainingResult
from tests.services.joining import ADMIN, DIRECTOR, OFFICER
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of
from tests.web.desk_world import certificate, device, signed_agreement, stored, to_enrol, unmatched
from workflows.vocabulary import About, Kind, Role

HMIS = Path(__file__).parents[1] / "data" / "hmis-sample"
DAY = {"-month": "11", "-day": "20", "-year": "2026"}


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def desk(world: World) -> ClientRequest:
    return browser_of(world, world.desk)


@pytest.fixture
def lead(world: World) -> ClientRequest:
    return browser_of(world, world.admin)


def a_pdf() -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.write(out)
    return out.getvalue()


def upload(content: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def day(name: str, **parts: str) -> dict[str, str]:
    return {
        f"{name}{part}": value for part, value in (DAY | {f"-{key}": value for key, value in parts.items()}).items()
    }


def scores(world: World, person_id: int) -> list[int]:
    with world.look() as session:
        query = select(Evidence.value).where(
            Evidence.kind == Kind.TRAINING, Evidence.subject_id == person_id, Evidence.withdrawn_at == datetime.max
        )
        return list(session.scalars(query))


# --- documents -------------------------------------------------------------------------------------------------------


def test_documents_are_verified_one_after_the_other(world: World, desk: ClientRequest) -> None:
    joined = signed_agreement(world)
    joined.countersign()
    joined.name_officers()
    joined.sign("agency_admin_agreement", ADMIN)
    joined.sign("agency_admin_agreement", DIRECTOR)
    joined.sign("security_officer_acceptance", OFFICER)
    joined.sign("security_officer_acceptance", DIRECTOR)
    assert len(desk.get("/desk/documents?show=all").document.xpath("//tbody/tr")) == 3
    page = desk.get("/desk/documents")
    assert len(page.document.xpath("//tbody/tr")) == 2 and "Security Officer" not in page.text
    first = desk.get(page.document.xpath("//a[text()='Begin with the oldest']/@href")[0])
    assert first.heading == "Agency Participation Agreement" and "Dana Sample" in first.text and "settled" in first.text
    done = desk.submit(first, having="how", how="viewed on site")
    second = desk.follow(done)
    assert second.path != first.path and "Verified." in second.text
    empty = desk.follow(desk.submit(second, having="how", how="submitted"))
    assert "Nothing waits to be verified" in empty.text
    with world.look() as session:
        found = session.execute(
            select(Document.verified_how, Document.verified_by)
            .where(Document.verified_at.is_not(None))
            .order_by(Document.id)
        ).all()
    assert sorted(how for how, _ in found) == ["submitted", "viewed on site"]
    assert {by for _, by in found} == {world.desk.person_id}


def test_a_document_goes_back_with_a_reason_or_not_at_all(world: World, desk: ClientRequest) -> None:
    joined = signed_agreement(world)
    number = joined.documents("participation_agreement")[-1].id
    page = desk.get(f"/desk/documents/{number}")
    assert "Say what has to be corrected" in desk.submit(page, 400, having="reason").text
    assert "Say how you saw it" in desk.submit(page, 400, having="how").text
    desk.submit(page, having="reason", reason="The term is missing.")
    assert joined.documents("participation_agreement")[-1].status == "rejected"
    assert "Nothing to decide here" in desk.get(f"/desk/documents/{number}").text


def test_the_lead_is_led_to_the_countersignature_and_the_help_desk_is_not(
    world: World, desk: ClientRequest, lead: ClientRequest
) -> None:
    number = signed_agreement(world).documents("participation_agreement")[-1].id
    assert lead.get(f"/desk/documents/{number}").document.xpath(f"//a[@href='/documents/{number}/countersign']")
    assert not desk.get(f"/desk/documents/{number}").document.xpath(f"//a[@href='/documents/{number}/countersign']")
    assert "participation" in lead.get("/desk/documents?kind=participation_agreement&q=harbor").text.lower()
    assert "Nothing waits" in lead.get("/desk/documents?kind=laptop_statement").text


def test_what_its_agency_has_not_finished_signing_is_not_on_the_list(world: World, desk: ClientRequest) -> None:
    joined = signed_agreement(world)
    joined.countersign()
    joined.name_officers()
    joined.sign("agency_admin_agreement", ADMIN)
    document = joined.documents("agency_admin_agreement")[-1]
    assert document.status == "signed"
    titles = [row.text_content() for row in desk.get("/desk/documents").document.xpath("//tbody/tr/th")]
    assert not any("Administrator Agreement" in title for title in titles)
    joined.sign("agency_admin_agreement", DIRECTOR)
    titles = [row.text_content() for row in desk.get("/desk/documents").document.xpath("//tbody/tr/th")]
    assert any("Administrator Agreement" in title for title in titles)


# --- training --------------------------------------------------------------------------------------------------------


def test_an_unmatched_result_is_matched_by_choosing_or_by_address(world: World, desk: ClientRequest) -> None:
    jamie, robin = world.person("Jamie", "Sampel"), world.person("Robin", "Elsewhere")
    first, second = unmatched(world), unmatched(world, learner="R. E.", uid="e-77")
    tray = desk.get("/desk/training/unmatched")
    assert "Jamie Sampel" in tray.text
    page = desk.get(f"/desk/training/unmatched/{first.id}")
    assert "Choose whose result it is" in desk.submit(page, 400, having="person").text
    done = desk.submit(page, having="person", person=str(jamie.id))
    assert "1 result is now Jamie Sampel's" in desk.follow(done).text
    other = desk.get(f"/desk/training/unmatched/{second.id}")
    wrong = desk.submit(other, 400, having="email", email="nobody@example.org")
    assert (
        "Nobody here has this e-mail address" in wrong.text
        and "nobody@example.org" in wrong.form("email").form_values().__str__()
    )
    desk.submit(other, having="email", email=robin.email)
    assert (scores(world, jamie.id), scores(world, robin.id)) == ([9000], [9000])
    assert "Every result has its person" in desk.get("/desk/training/unmatched").text
    desk.get(f"/desk/training/unmatched/{first.id}", 404)


def test_a_result_that_belongs_to_nobody_is_taken_out_with_a_reason(world: World, desk: ClientRequest) -> None:
    row = unmatched(world, learner="Somebody Elsewhere")
    page = desk.get(f"/desk/training/unmatched/{row.id}")
    assert "Say why" in desk.submit(page, 400, having="reason").text
    desk.submit(page, having="reason", reason="Works for another Lead.")
    assert world.count(TrainingResult, TrainingResult.status == "refused") == 1


def test_a_certificate_is_compared_and_confirmed(world: World, desk: ClientRequest) -> None:
    jamie = world.person("Jamie", "Sampel")
    row = certificate(world, jamie)
    assert "Jamie Sampel" in desk.get("/desk/training/certificates").text
    page = desk.get(f"/desk/training/certificates/{row.id}")
    assert "85 %, which passes" in page.text
    form = page.document.xpath("//form[contains(@action, '/confirm')]")[0]
    done = desk.post(form.get("action"), dict(form.form_values()))
    assert "Confirmed" in desk.follow(done).text
    assert scores(world, jamie.id) == [8500]


def test_a_lost_file_is_said_and_is_no_fault(world: World, desk: ClientRequest) -> None:
    row = certificate(world, world.person("Jamie", "Sampel"))
    page = desk.get(f"/desk/training/{row.id}/file", 409)
    assert "Restore it from the backup" in page.text


def by_hand(desk: ClientRequest, expect: int, world: World, person: Person, **more: Any) -> Page:
    values = {
        "email": person.email,
        "course": "security",
        "score": "17",
        "out_of": "20",
        "source": "session",
        "proof": upload(a_pdf(), "sheet.pdf"),
    } | day("taken_on")
    page = desk.get("/desk/training/by-hand")
    return desk.submit(page, expect, **(values | more))


def test_a_result_is_entered_by_hand_with_its_proof(world: World, desk: ClientRequest) -> None:
    jamie = world.person("Jamie", "Sampel")
    done = desk.follow(by_hand(desk, 302, world, jamie))
    assert "85 %, passed" in done.text
    with world.look() as session:
        row = session.scalars(select(TrainingResult)).one()
        assert (row.score, row.score_as_written, row.attempt, row.source) == (8500, "17 / 20", 1, "session")
        file = session.get_one(StoredFile, row.file_id)
        assert (file.name, file.media_type, file.pages) == ("sheet.pdf", "application/pdf", 1)
    download = desk.get(f"/desk/training/{row.id}/file").response
    assert download.headers["Content-Disposition"].startswith("attachment") and download.get_data() == a_pdf()
    assert world.count(AuditEntry, AuditEntry.act == "training.download") == 1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"score": "105", "out_of": ""}, "105"),
        ({"score": "NaN", "out_of": ""}, "not a number"),
        ({"score": "21"}, "20"),
        ({"email": "nobody@example.org"}, "Nobody here"),
        ({"taken_on-year": "1900"}, "year"),
        ({"taken_on-year": "2027"}, "future"),
        ({"taken_on-day": "31"}, "exists"),
        ({"attempt": "x"}, "whole number"),
        ({"proof": (io.BytesIO(b"not a pdf"), "sheet.pdf")}, "is not a PDF"),
        ({"proof": (io.BytesIO(b""), "")}, "Add the proof"),
    ],
)
def test_nonsense_by_hand_says_what_to_do_and_loses_nothing(
    world: World, desk: ClientRequest, more: dict, says: str
) -> None:
    page = by_hand(desk, 400, world, world.person("Jamie", "Sampel"), note="From the morning group", **more)
    assert says in page.text, page.text[:600]
    assert "From the morning group" in page.text
    assert world.count(TrainingResult) == 0


# --- imports ---------------------------------------------------------------------------------------------------------

RESULTS = "email,course,score,max_score,taken_at,attempt\n"


def tried(desk: ClientRequest, content: str, name: str = "results.csv") -> Page:
    page = desk.get("/desk/training/import")
    return desk.follow(desk.submit(page, file=upload(content.encode(), name)))


def test_results_are_tried_then_imported_and_the_second_time_nothing_changes(world: World, desk: ClientRequest) -> None:
    jamie = world.person("Jamie", "Sampel")
    content = f"{RESULTS}{jamie.email},security,90,,2026-11-20,1\nnobody@example.org,security,80,,2026-11-20,1\n"
    check = tried(desk, content)
    assert check.heading == "Check before you import" and scores(world, jamie.id) == []
    done = desk.submit(check, 200)
    assert done.heading == "Imported" and "Waiting to be matched 1" in done.text
    assert scores(world, jamie.id) == [9000]
    again = tried(desk, content)
    assert again.heading == "Nothing to change" and not again.document.xpath("//main//form[@method='post']")
    with world.look() as session:
        assert session.scalars(select(StoredFile.name)).all() == ["results.csv"]


def test_a_file_with_errors_comes_in_without_those_rows_only_when_asked(world: World, desk: ClientRequest) -> None:
    jamie = world.person("Jamie", "Sampel")
    check = tried(desk, f"{RESULTS}{jamie.email},security,90,,2026-11-20,1\n{jamie.email},security,105,,2026-11-21,2\n")
    assert check.heading == "This file has errors" and "line 3, score" in check.text and "Recorded 1" in check.text
    report = desk.get("/desk/training/import/check?format=csv").response
    assert report.headers["Content-Disposition"].startswith("attachment") and "105" in report.get_data(as_text=True)
    assert desk.submit(check, 400).heading == "This file has errors"
    assert scores(world, jamie.id) == []
    assert desk.submit(check, 200, skip_bad="y").heading == "Imported"
    assert scores(world, jamie.id) == [9000]


@pytest.mark.parametrize("content", ["", "a,b,c\n1,2,3\n", "PK\x03\x04 no table"])
def test_a_file_that_is_none_is_refused_in_one_sentence(world: World, desk: ClientRequest, content: str) -> None:
    check = tried(desk, content)
    assert check.heading == "This file has errors"
    assert len(check.document.xpath("//tbody/tr")) == 1


def test_no_file_chosen_says_so(world: World, desk: ClientRequest) -> None:
    assert "Choose the file" in desk.submit(desk.get("/desk/training/import"), 400).text
    assert "Choose the zip file" in desk.submit(desk.get("/desk/imports"), 400).text
    assert "no file to import" in desk.follow(desk.get("/desk/imports/check", 302)).text


def test_hmis_files_come_in_one_by_one_or_as_a_zip(world: World, desk: ClientRequest) -> None:
    files = [upload(path.read_bytes(), path.name) for path in sorted(HMIS.glob("*.csv"))]
    check = desk.follow(desk.submit(desk.get("/desk/imports"), files=files))
    assert check.heading == "Check before you import" and "Agencies added 3" in check.text
    assert world.count(Agency) == 1
    done = desk.submit(check, 200)
    assert done.heading == "Imported"
    assert (world.count(Agency), world.count(HudRecord) > 0) == (4, True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in HMIS.glob("*.csv"):
            archive.write(path, path.name)
    again = desk.follow(desk.submit(desk.get("/desk/imports"), files=[upload(packed.getvalue(), "export.zip")]))
    assert again.heading == "Nothing to change" and "on record already" in again.text


# --- enrolment -------------------------------------------------------------------------------------------------------


def test_whoever_signed_is_enrolled_in_what_is_proposed(world: World, desk: ClientRequest) -> None:
    membership = to_enrol(world)
    assert "HMIS end user training" in desk.get("/desk/enrolments").text
    page = desk.get(f"/desk/enrolments/{membership.id}")
    checked = page.document.xpath("//input[@name='courses'][@checked]/@value")
    assert checked == ["hmis-basics", "security"]
    done = desk.submit(page)
    assert "enrolled in 2 courses" in desk.follow(done).text
    assert "Nobody waits to be enrolled" in desk.get("/desk/enrolments").text


def test_who_has_not_signed_is_not_enrolled_and_the_page_says_why(world: World, desk: ClientRequest) -> None:
    membership = world.member(world.agency(licences_=0))
    page = desk.get(f"/desk/enrolments/{membership.id}")
    assert "The user agreement in force is not signed." in page.text
    refused = desk.submit(page, 400, courses=["security"])
    assert "cannot be enrolled yet" in refused.text and refused.document.xpath("//input[@value='security'][@checked]")


# --- evidence --------------------------------------------------------------------------------------------------------


def recording(desk: ClientRequest, path: str, expect: int = 200, **more: Any) -> Page:
    values = {"verified_by": "Robin Example", "verified_how": "submitted"} | day("valid_from")
    return desk.submit(desk.get(path), expect, **(values | more))


def test_evidence_is_checked_before_it_is_recorded(world: World, desk: ClientRequest) -> None:
    agency = world.agency("Harbor House", licences_=0)
    path = f"/desk/evidence/agency/{agency.id}/record/posted"
    before = world.count(Evidence)
    check = recording(desk, path, detail="sign", file=upload(a_pdf(), "photo.pdf"))
    assert (
        check.heading == "Check before you record this"
        and "November 20, 2026" in check.text
        and "photo.pdf" in check.text
    )
    assert world.count(Evidence) == before
    back = desk.submit(check, 200, change="1", confirmed=None)
    assert back.heading == "Notice posted" and "kept" in back.text
    done = desk.submit(check, confirmed="1", change=None)
    page = desk.follow(done)
    assert "Recorded for Harbor House: Notice posted (sign) from November 20, 2026" in page.text
    with world.look() as session:
        row = session.scalars(select(Evidence).order_by(Evidence.id.desc())).first()
        assert (row.rests_on, row.valid_from, row.recorded_by) == (
            "stored_file",
            date(2026, 11, 20),
            world.desk.person_id,
        )
    assert desk.get(f"/desk/evidence/files/{row.rests_on_id}").response.get_data() == a_pdf()
    desk.get("/desk/evidence/files/4711", 404)


def test_what_is_typed_wrongly_stays_on_the_form(world: World, desk: ClientRequest) -> None:
    agency = world.agency(licences_=0)
    path = f"/desk/evidence/agency/{agency.id}/record/posted"
    page = recording(desk, path, 400, detail="sign", note="In the hall", **{"valid_from-year": "2027"})
    assert "cannot begin after today" in page.text and "In the hall" in page.text
    assert "is not a PDF" in recording(desk, path, 400, detail="sign", file=upload(b"x", "photo.pdf")).text


def test_a_device_in_use_names_a_device_of_the_same_agency(world: World, desk: ClientRequest) -> None:
    agency = world.agency(licences_=0)
    member, mine, other = world.member(agency), device(world, agency), device(world, world.agency(licences_=0))
    path = f"/desk/evidence/membership/{member.id}/record/device_in_use"
    assert desk.get(path).document.xpath("//select[@name='device_id']/option/@value") == ["", str(mine.id)]
    recording(desk, path, 400, device_id=str(other.id))
    desk.submit(recording(desk, path, device_id=str(mine.id)), confirmed="1", change=None)
    with world.look() as session:
        assert session.scalars(select(Evidence.value).where(Evidence.kind == Kind.DEVICE_IN_USE)).one() == mine.id


def test_evidence_is_ended_or_withdrawn_with_a_reason(world: World, lead: ClientRequest) -> None:
    person = world.person("Jamie", "Sampel")
    row = world.record(Kind.SANCTION, About.PERSON, person.id, detail="suspension")
    page = lead.get(f"/desk/evidence/rows/{row.id}")
    assert "Say why" in lead.submit(page, 400, how="withdraw").text
    assert "Enter the last day" in lead.submit(page, 400, how="end", reason="Remedied").text
    done = lead.submit(page, how="end", reason="Remedied", **day("last_day", day="22"))
    assert "Ended: Sanction (suspension)" in lead.follow(done).text
    assert "Withdrawn" in lead.get(f"/desk/evidence/rows/{row.id}").text
    with world.look() as session:
        kept = session.scalars(
            select(Evidence).where(Evidence.kind == Kind.SANCTION, Evidence.withdrawn_at == datetime.max)
        ).one()
        assert kept.valid_until == date(2026, 11, 22)


@pytest.mark.parametrize(
    "path", ["agency/4711", "planet/1", "agency/1/record/magic", "agency/1/record/worker", "rows/4711"]
)
def test_what_does_not_exist_is_not_found(world: World, desk: ClientRequest, path: str) -> None:
    world.agency(licences_=0)
    desk.get(f"/desk/evidence/{path}", 404)


def test_what_services_own_is_explained_and_not_recorded(world: World, desk: ClientRequest) -> None:
    member = world.member(world.agency(licences_=0))
    page = desk.get(f"/desk/evidence/membership/{member.id}/record/seat")
    assert "kept by the portal itself" in page.text or "reserved, taken and returned" in page.text
    assert not page.document.xpath("//main//form")


# --- documents in force ----------------------------------------------------------------------------------------------


def test_a_version_is_published_after_its_consequences_were_shown(world: World, lead: ClientRequest) -> None:
    agency = world.agency(licences_=0)
    world.request(world.member(agency))
    page = lead.get("/desk/documents-in-force/user_agreement")
    check = lead.submit(page, 200, version="2026-1", **day("in_force_from", day="23"))
    assert "From November 23, 2026 on, 1 person is mailed a link to sign this version." in check.text
    assert "What was signed before still counts until January 6, 2027. After that day, access to the core" in check.text
    assert world.count(Evidence, Evidence.kind == Kind.PUBLISHED, Evidence.version == "2026-1") == 0
    done = lead.submit(check, confirmed="1", change=None)
    assert "is in force from November 23, 2026" in lead.follow(done).text
    listed = " ".join(
        lead.get("/desk/documents-in-force").document.xpath("//tbody/tr[last()]")[0].text_content().split()
    )
    assert listed.startswith("User agreement") and "Version 2026-1from November 23, 2026" in listed
    again = lead.submit(
        lead.submit(page, 200, version="2026-1", **day("in_force_from", day="23")), 400, confirmed="1", change=None
    )
    assert "published already" in again.text
    assert lead.get("/desk/documents-in-force/housing_inventory").document.xpath(
        "//select[@name='version']/option/@value"
    ) == ["", "2024", "2025", "2026", "2027", "2028"]
    lead.get("/desk/documents-in-force/poem", 404)


def test_a_trainer_confirms_nothing_of_her_own(world: World) -> None:
    trainer = world.staff(Role.TRAINER)
    with world.look() as session:
        oneself = session.get_one(Person, trainer.person_id)
    row = certificate(world, oneself)
    browser = browser_of(world, trainer)
    page = browser.get(f"/desk/training/certificates/{row.id}")
    form = page.document.xpath("//form[contains(@action, '/confirm')]")[0]
    browser.post(form.get("action"), dict(form.form_values()), 404)
    assert scores(world, oneself.id) == []
