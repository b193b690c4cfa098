"""The staff's pages of the knowledge base, service requests and surveys: each task done in a browser, and who may not."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.models import AuditEntry, ServiceRequest, SurveyAnswer, SurveyInvite
from portal.services.helpdesk.feedback import answering
from tests.helpdesk.front_world import a_request, a_survey, an_article, stranger, visitor
from tests.services.asking import admin_of
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import Role


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


def sent(browser: ClientRequest, path: str, expect: int = 302, having: str | None = None, **values: object) -> Page:
    answer = browser.submit(browser.get(path), expect, having=having, **values)
    return browser.follow(answer) if expect == 302 else answer


def lines(page: Page) -> list[str]:
    return page.response.get_data(as_text=True).lstrip("\ufeff").splitlines()


# --- articles


def test_an_article_is_written_looked_over_published_and_found(world: World) -> None:
    desk = browser_of(world, world.desk)
    page = desk.get("/knowledge/manage/new")
    values = {
        "title": "Signing in",
        "topic": "getting_in",
        "audience": "public",
        "body": "## First\n\n<b>No</b> HTML, **bold**.",
    }
    seen = desk.submit(page, 200, step="preview", **values)
    assert "<strong>bold</strong>" in seen.response.text and "&lt;b&gt;No&lt;/b&gt;" in seen.response.text
    assert desk.get("/knowledge/manage").text.count("Signing in") == 0  # looking at it keeps nothing
    kept = desk.follow(desk.submit(seen, **values))
    assert "Draft" in kept.text and stranger(world).get("/knowledge/1", 404)
    done = desk.follow(desk.submit(kept, having="sure"))
    assert "Published. Readers see this version now." in done.text and "In print" in done.text
    reader = stranger(world)
    assert "Signing in" in reader.get("/knowledge?q=signing").text
    read = reader.get("/knowledge/1")
    assert (
        read.heading == "Signing in"
        and read.document.xpath("//main//h3/text()") == []
        and "Did this help?" in read.text
    )
    assert [each.text for each in read.document.xpath("//main//div[contains(@class,'usa-prose')]/h2")] == ["First"]


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(world: World) -> None:
    desk = browser_of(world, world.desk)
    values = {
        "title": "",
        "topic": "getting_in",
        "audience": "public",
        "body": "Client Jamie Sample was born 3/4/1980.",
    }
    page = sent(desk, "/knowledge/manage/new", 400, **values)
    assert "Enter a title." in page.text and "birth date" in page.text
    assert page.document.xpath("//textarea[@name='body']")[0].text.strip() == values["body"]
    row = an_article(world)
    old = desk.get(f"/knowledge/manage/{row.id}/write")
    assert sent(desk, f"/knowledge/manage/{row.id}/write", why="Shorter.", body="Press.").status == 200
    late = desk.submit(old, 400, why="Mine.", body="My own words.")
    assert "Somebody else has written a newer version" in late.text and "My own words." in late.text


def test_versions_are_compared_and_the_article_retired(world: World) -> None:
    desk, row = browser_of(world, world.desk), an_article(world)
    sent(desk, f"/knowledge/manage/{row.id}/write", why="It was wrong.", body="Press the other button, then wait.")
    assert "1 article with a newer version" in desk.get("/").text
    compared = desk.get(f"/knowledge/manage/{row.id}/compare")
    assert compared.document.xpath("//del/text()") == ["Press the button, then wait."]
    assert compared.document.xpath("//ins/text()") == ["Press the other button, then wait."]
    desk.get(f"/knowledge/manage/{row.id}/compare?old=1&new=9", 404)
    desk.get(f"/knowledge/manage/{row.id}?version=9", 404)
    assert "Versions" in desk.get(f"/knowledge/manage/{row.id}?version=1").text
    gone = sent(desk, f"/knowledge/manage/{row.id}/retire", reason="Nobody needs it.")
    assert "Retired. Nobody finds it any more." in gone.text
    stranger(world).get(f"/knowledge/{row.id}", 404)
    assert lines(desk.get("/knowledge/manage?show=retired&format=csv"))[1].startswith(
        "My password does not work,Getting in,"
    )


def test_an_old_article_waits_to_be_looked_at(world: World) -> None:
    row = an_article(world)
    world.now += timedelta(400)
    desk = browser_of(world, world.desk)
    assert "1 article to look at again" in desk.get("/").text
    page = desk.get(f"/knowledge/manage/{row.id}")
    assert "Is this still right?" in page.text
    assert "you read it today and it is still right" in desk.follow(desk.submit(page)).text
    assert "to look at again" not in desk.get("/").text


def test_a_vote_from_the_page_is_counted_once(world: World) -> None:
    row = an_article(world)
    user = browser_of(world, world.actor(world.member(world.agency())))
    token = user.get(f"/knowledge/{row.id}").document.xpath(
        "//form[contains(@action,'helped')]//input[@name='csrf_token']/@value"
    )[0]
    for _ in range(2):
        user.post(f"/knowledge/{row.id}/helped", {"csrf_token": token, "helped": "yes"})
    assert "It helped 1 person." in user.get(f"/knowledge/{row.id}").text
    reader = stranger(world)
    asked = reader.get(f"/knowledge/{row.id}/helped?said=no")
    assert reader.get(f"/knowledge/{row.id}").text.count("It helped 1 person.") == 1  # opening it counted nothing
    assert "Did you look for something else?" in reader.follow(reader.submit(asked)).text
    reader.submit(asked)
    assert lines(browser_of(world, world.desk).get("/knowledge/manage?format=csv"))[1].endswith(",1,1,2026-11-23")


def test_an_article_for_those_signed_in_is_not_there_for_others(world: World) -> None:
    row = an_article(world, audience="signed_in")
    reader = stranger(world)
    for path in ("", "/helped", "/thanks"):
        reader.get(f"/knowledge/{row.id}{path}", 404)
    assert "My password does not work" not in reader.get("/knowledge?q=password").text
    user = browser_of(world, world.actor(world.member(world.agency())))
    assert "My password does not work" in user.get("/knowledge?q=password").text
    for path in ("/manage", "/manage/new", f"/manage/{row.id}", f"/manage/{row.id}/write", f"/manage/{row.id}/compare"):
        user.get(f"/knowledge{path}", 403)
    auditor = browser_of(world, world.staff(Role.AUDITOR))
    assert "Write the next version" not in auditor.get(f"/knowledge/manage/{row.id}").text
    auditor.get(f"/knowledge/manage/{row.id}/write", 403)


# --- service requests


def test_a_request_goes_through_the_pages(world: World) -> None:
    agency = world.agency()
    admin, desk = browser_of(world, admin_of(world, agency)), browser_of(world, world.desk)
    values = {"title": "A bell", "description": "It should ring when a bed is free.", "sent_to": "vendor"}
    page = sent(admin, "/service-requests/new", **values)
    assert "SR-2026-0001" in page.text and "Begin the work" not in page.text
    admin.get("/service-requests/1/work?do=decline", 403)
    assert "1 service request to accept or decline" in desk.get("/").text
    wrong = sent(
        desk, "/service-requests/1/work?do=accept", 400, deliverable="A bell.", reason="", due=world.today.isoformat()
    )
    assert "Say what happens first." in wrong.text and "A bell." in wrong.response.text
    due = (world.today + timedelta(9)).isoformat()
    done = sent(desk, "/service-requests/1/work?do=accept", deliverable="A bell.", reason="The vendor looks.", due=due)
    assert "Accepted" in done.text and "It was accepted. The vendor looks." in done.text
    sent(desk, "/service-requests/1/work?do=begin", reason="The second team.")
    desk.get("/service-requests/1/work?do=nothing", 404)
    sent(desk, "/service-requests/1/change", priority="urgent", reference="V-9", reason="It is winter.")
    sent(admin, "/service-requests/1", said="It rings too softly.")
    sent(desk, "/service-requests/1/work?do=deliver", deliverable="A loud bell.", reason="Listen.")
    ended = sent(desk, "/service-requests/1/work?do=resolve", resolution="Every shelter hears it.")
    assert (
        "Resolved" in ended.text and "Priority: normal → urgent" in ended.text and "It rings too softly." in ended.text
    )
    assert lines(desk.get("/service-requests?show=all&format=csv"))[1].startswith("SR-2026-0001,A bell,")
    with world.look() as session:
        assert "service.export" in session.scalars(select(AuditEntry.act)).all()


def test_the_months_list_is_reviewed_and_taken_to_the_board(world: World) -> None:
    row, lead = a_request(world), browser_of(world, world.admin)
    world.now += timedelta(20)
    lead = browser_of(world, world.admin)
    assert "Review the service requests of November 2026" in lead.get("/").text
    page = lead.get("/service-requests/month?month=2026-11")
    stale = lead.get("/service-requests/month?month=2026-11")
    assert row.title in page.text
    kept = lead.follow(lead.submit(page, notes="Nothing is late."))
    assert "The list as it stood then" in kept.text and world.admin.name in kept.text
    assert "reviewed already" in lead.submit(stale, 400, notes="Once more.").text
    assert "Review the service requests" not in lead.get("/").text
    review = "/service-requests/reviews/1"
    assert lead.get(f"{review}?format=pdf").response.get_data().startswith(b"%PDF")
    assert lines(lead.get(f"{review}?format=csv"))[0].startswith("Number,Title,Asked for")
    assert lead.get("/service-requests/month?format=pdf").response.get_data().startswith(b"%PDF")
    assert lead.get("/service-requests/month?month=nonsense").heading == "The list of December 2026"
    auditor = browser_of(world, world.staff(Role.AUDITOR))
    assert "Nothing is late." in auditor.get(review).text
    auditor.get("/service-requests/month", 403)
    browser_of(world, world.desk).get("/service-requests/month", 403)


def test_an_agency_sees_its_own_requests_and_no_others(world: World) -> None:
    one, other = world.agency(), world.agency()
    theirs = a_request(world, agency_id=other.id)
    admin = browser_of(world, admin_of(world, one))
    assert "No service request" in admin.get("/service-requests").text
    admin.get(f"/service-requests/{theirs.id}", 404)
    admin.get("/service-requests/reviews/1", 403)
    browser_of(world, world.actor(world.member(one))).get("/service-requests", 403)
    with statements(world.engine) as few:
        admin.get("/service-requests?show=all")
    for _ in range(20):
        a_request(world, agency_id=one.id)
    with statements(world.engine) as many:
        admin.get("/service-requests?show=all")
    assert len(few) == len(many)


def test_nothing_typed_is_lost_when_asking(world: World) -> None:
    desk = browser_of(world, world.desk)
    page = sent(
        desk,
        "/service-requests/new",
        400,
        title="A bell",
        description="Client Jamie Sample, DOB 3/4/1980, needs it.",
        sent_to="lead",
    )
    assert "birth date" in page.text and page.document.xpath("//input[@name='title']/@value") == ["A bell"]
    kept = desk.follow(desk.submit(page, anyway="y"))
    assert "SR-2026-0001" in kept.text
    with world.look() as session:
        assert len(session.scalars(select(ServiceRequest)).all()) == 1


# --- surveys


def test_a_survey_is_written_opened_answered_and_told_about(world: World) -> None:
    lead = browser_of(world, world.admin)
    values = {
        "title": "How is it for you?", "asked": "lived_experience", "closes_on": (world.today + timedelta(30)).isoformat(),
        "text_1": "Were you treated well?", "kind_1": "scale", "text_2": "Where?", "kind_2": "choice", "choices_2": "Shelter",
    }  # fmt: skip
    wrong = sent(lead, "/feedback/surveys/new", 400, **values)
    assert "Question 2 needs between 2 and 8 different answers" in wrong.text
    kept = lead.follow(lead.submit(wrong, choices_2="Shelter\nStreet"))
    assert "Draft" in kept.text and "Where? (Shelter, Street)" in kept.text
    assert visitor(world).get("/feedback/open/1").status_code == 404
    asked = lead.get("/feedback/surveys/1/open")
    assert "Everybody can answer it, without signing in" in asked.text
    assert "The survey is open." in lead.follow(lead.submit(asked)).text
    assert "How is it for you?" in stranger(world).get("/feedback").text
    for said in ("5", "4", "4", "4", "3"):
        answerer = stranger(world)
        assert (
            "Your answers are counted."
            in answerer.follow(answerer.submit(answerer.get("/feedback/open/1"), q1=said)).text
        )
    shown = lead.get("/feedback/surveys/1")
    assert "5 people answered; on average 4.00" in shown.text and "Too few answered this to show it." in shown.text
    assert "All,Were you treated well?,4,3" in lines(lead.get("/feedback/surveys/1?format=csv"))
    sent(lead, "/feedback/surveys/1/tell", said="There are more beds now.")
    assert "There are more beds now." in stranger(world).get("/feedback").text
    sent(lead, "/feedback/surveys/1/tell", said="For ourselves.", public=None)
    assert "For ourselves." not in stranger(world).get("/feedback").text
    closed = sent(lead, "/feedback/surveys/1/close", reason="Enough answers.")
    assert "Closed" in closed.text and visitor(world).get("/feedback/open/1").status_code == 404


def test_too_few_answers_are_not_shown_on_any_page(world: World) -> None:
    survey = a_survey(world)
    for number in range(4):
        answerer = stranger(world)
        answerer.submit(answerer.get(f"/feedback/open/{survey.id}"), q1="2", q3=f"Secret words {number}")
    lead = browser_of(world, world.admin)
    for path in (f"/feedback/surveys/{survey.id}", "/feedback/surveys", f"/feedback/surveys/{survey.id}?format=csv"):
        text = lead.get(path).response.get_data(as_text=True)
        assert "Secret words" not in text and "4 of" not in text, path
    assert "Too few to show" in lead.get(f"/feedback/surveys/{survey.id}").text


def test_an_answer_that_may_name_a_client_is_asked_about_and_blacked_out(world: World) -> None:
    survey, answerer = a_survey(world), stranger(world)
    page = answerer.submit(
        answerer.get(f"/feedback/open/{survey.id}"), 400, q1="2", q3="Client Jamie Sample was born 3/4/1980."
    )
    assert "birth date" in page.text and "Client Jamie Sample" in page.response.text
    answerer.submit(page, anyway="y")
    lead = browser_of(world, world.admin)
    assert "1 answer to a survey may hold a client's data" in lead.get("/").text
    shown = lead.get(f"/feedback/surveys/{survey.id}")
    assert "Jamie Sample" not in shown.text and "blacked out unseen" in shown.text
    with world.look() as session:
        number = session.scalars(select(SurveyAnswer.id)).one()
    for each in range(5):
        other = stranger(world)
        other.submit(other.get(f"/feedback/open/{survey.id}"), q1="2", q3=f"Other words {each}")
    shown = lead.get(f"/feedback/surveys/{survey.id}")
    assert shown.text.count("Jamie Sample") == 1 and "It is no client's data" in shown.text
    assert "Jamie Sample" not in browser_of(world, world.desk).get(f"/feedback/surveys/{survey.id}").text
    token = shown.document.xpath("//main//input[@name='csrf_token']/@value")[0]
    done = lead.post(f"/feedback/surveys/{survey.id}/redact/{number}", {"csrf_token": token}, expect=302)
    assert "Blacked out for good." in lead.follow(done).text
    assert "Jamie Sample" not in lead.get(f"/feedback/surveys/{survey.id}").text
    browser_of(world, world.desk).post(f"/feedback/surveys/{survey.id}/redact/{number}", expect=400)


def test_a_link_from_the_mail_is_used_by_answering_and_by_nothing_else(world: World) -> None:
    member = world.member(world.agency())
    survey = a_survey(world, "users")
    world.drain()
    with world.look() as session:
        invite = session.scalars(select(SurveyInvite).where(SurveyInvite.person_id == member.person_id)).one()
    path = f"/feedback/{answering.link(world.keys, invite)}"
    for _ in range(3):
        assert survey.title in stranger(world).get(path).text
    reader = stranger(world)
    assert "Answer at least one of the questions." in reader.submit(reader.get(path), 400).text
    assert "Your answers are counted." in reader.follow(reader.submit(reader.get(path), q1="4")).text
    assert "was used to answer already" in stranger(world).get(path, 410).text
    assert visitor(world).get(f"/feedback/open/{survey.id}").status_code == 404


def test_who_may_not_write_surveys(world: World) -> None:
    survey = a_survey(world)
    committee = browser_of(world, world.staff(Role.COMMITTEE_MEMBER))
    assert "How is it for you?" in committee.get("/feedback/surveys").text
    assert "Close it" not in committee.get(f"/feedback/surveys/{survey.id}").text
    draft = a_survey(world, open_=False)
    committee.get(f"/feedback/surveys/{draft.id}", 404)
    for path in ("new", f"{survey.id}/write", f"{survey.id}/open", f"{survey.id}/close", f"{survey.id}/tell"):
        committee.get(f"/feedback/surveys/{path}", 403)
        browser_of(world, world.desk).get(f"/feedback/surveys/{path}", 403)
    browser_of(world, world.actor(world.member(world.agency()))).get("/feedback/surveys", 403)


def test_more_questions_are_asked_without_losing_what_was_typed(world: World) -> None:
    lead = browser_of(world, world.admin)
    page = lead.get("/feedback/surveys/new")
    assert len(page.document.xpath("//input[starts-with(@name, 'text_')]")) == 5
    more = lead.submit(page, 200, step="more", text_1="Were you treated well?", kind_1="scale")
    assert len(more.document.xpath("//input[starts-with(@name, 'text_')]")) == 7
    assert more.document.xpath("//input[@name='text_1']/@value") == ["Were you treated well?"]
    values = {
        "title": "A survey",
        "asked": "users",
        "closes_on": world.today.isoformat(),
        "text_7": "And how?",
        "kind_7": "words",
    }
    kept = lead.follow(lead.submit(more, **values))
    assert "Were you treated well?" in kept.text and "And how?" in kept.text
