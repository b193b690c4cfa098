"""A security officer answers the whole checklist on a phone, the connection breaks twice, and nothing is lost."""

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select

from portal.models import Person, ReviewAnswer, ReviewRevision, SecurityReview, WebSession
from portal.services.account import sign_in
from portal.services.review_content import items_of
from portal.web.app import build
from tests.enforcement.reviewing import Reviewing
from tests.journeys.conftest import Visit
from tests.services.world import World
from tests.support.browser import Visitor
from tests.support.living import Living

PHONE = 390


def signed_in(visit: Visitor, world: World, person_id: int | None) -> None:
    """The cookie that signing in leaves: how that is done has a journey of its own."""
    with world.change() as session:
        person = session.get_one(Person, person_id)
        token = sign_in.start_session(session, person=person, via="password", actor=world.desk, now=world.now)
        session.flush()
        session.scalars(select(WebSession).order_by(WebSession.id.desc()).limit(1)).one().second_factor_at = world.now
    app = build(context=visit.living.context)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    name = app.config["SESSION_COOKIE_NAME"]
    kept = client.get_cookie(name)
    assert kept is not None
    visit.context.add_cookies([{"name": name, "value": kept.value, "url": visit.living.base_url}])


def answer(visit: Visitor, item: str, note: str = "") -> None:
    """Ticks Yes, and writes a note where there is one to write."""
    visit.page.locator(f"label[for='{item}-answer-0']").click()
    if note:
        visit.page.locator(f"[id='{item}-note']").fill(note)
        visit.page.locator(f"[id='{item}-note']").blur()


def says(visit: Visitor, item: str, words: str) -> None:
    expect(visit.page.locator(f"[data-review-item='{item}'] [data-review-state]")).to_contain_text(
        words, timeout=20_000
    )


def cut(visit: Visitor, off: bool) -> None:
    visit.context.set_offline(off)


def test_an_officer_loses_nothing_on_a_phone(living: Living, visitor: Visit) -> None:
    world = World(living.context.engine, now=living.context.clock())
    at = Reviewing(world, "Sample Harbor")
    review = at.begun()
    at.in_order(at.agency.id)
    items = [item.id for item in items_of(at.read(review))]
    phone = visitor("Olive", width=PHONE)
    signed_in(phone, world, at.officer.person_id)
    phone.go(f"/security/reviews/{review.id}").sees("Not started", "0 of 31").follow("Go on answering")
    phone.sees("Is the participation agreement", "is in force since")
    phone.tick("Yes").press("Save and go on").sees("GOV2: item 2 of 31")

    phone.go(f"/security/reviews/{review.id}/all")
    for item in items[1:4]:
        answer(phone, item)
        says(phone, item, "Saved at")

    cut(phone, True)
    for item in items[4:16]:
        answer(phone, item, f"Seen at the desk: {item}")
        says(phone, item, "Kept on this device, not sent yet")
    phone.sees("12 answers are kept on this device and not sent yet.")
    assert answered(world, review) == set(items[:4])
    cut(phone, False)
    for item in items[4:16]:
        says(phone, item, "Saved at")
    phone.sees("Everything you answered is saved.")
    assert answered(world, review) == set(items[:16])

    cut(phone, True)
    for item in items[16:]:
        answer(phone, item, "Seen upstairs")
    says(phone, items[-1], "Kept on this device")
    phone.said = []  # Chromium reports that there was no connection: that is what this is about
    phone.page.close()
    phone.page = phone.context.new_page()
    phone.page.on("response", phone._answered)
    cut(phone, False)
    phone.go(f"/security/reviews/{review.id}/all")
    says(phone, items[-1], "Saved at")
    for item in items[16:]:
        says(phone, item, "Saved at")
    assert answered(world, review) == set(items)
    with world.look() as session:
        kept = session.scalars(select(ReviewAnswer).where(ReviewAnswer.review_id == review.id)).all()
        assert {row.note for row in kept if row.item in items[16:]} == {"Seen upstairs"}
        assert len(session.scalars(select(ReviewRevision)).all()) <= 2 * len(items), "nothing was sent over and over"
    assert phone.page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('portal-review'))") == []

    desktop = visitor("Olive at the desk")
    signed_in(desktop, world, at.officer.person_id)
    desktop.go(f"/security/reviews/{review.id}").sees("31 of 31").follow("Check and send")
    desktop.press("Send to the executive director").sees(f"The answers are with {at.director.name}.")


def answered(world: World, review: SecurityReview) -> set[str]:
    with world.look() as session:
        query = select(ReviewAnswer.item).where(ReviewAnswer.review_id == review.id, ReviewAnswer.answer != "")
        return set(session.scalars(query))


def test_the_same_item_from_a_phone_without_connection_and_a_desktop_is_told(living: Living, visitor: Visit) -> None:
    world = World(living.context.engine, now=living.context.clock())
    at = Reviewing(world, "Sample Harbor")
    review = at.begun()
    phone, desktop = visitor("Olive", width=PHONE), visitor("Olive at the desk")
    for each in (phone, desktop):
        signed_in(each, world, at.officer.person_id)
    phone.go(f"/security/reviews/{review.id}/items/MAL1")
    cut(phone, True)
    answer(phone, "MAL1", "Two laptops, both fine")
    says(phone, "MAL1", "Kept on this device")
    desktop.go(f"/security/reviews/{review.id}/items/MAL1")
    desktop.tick("Partial")
    says(desktop, "MAL1", "Write a few words in the note")
    desktop.fill("Note", "The front desk has none").press("Save and go on")
    cut(phone, False)
    says(phone, "MAL1", "saved this item meanwhile: Partial with the note “The front desk has none”")
    assert at.row(review, "MAL1").answer == "partial"
    phone.said = []
    phone.go(f"/security/reviews/{review.id}/items/MAL1")
    says(phone, "MAL1", "kept on this device and not sent")
    assert at.row(review, "MAL1").answer == "partial", "loading the page again sends nothing unasked"
    phone.page.get_by_role("button", name="Save and go on").click()
    says(phone, "MAL1", "meanwhile")
    phone.said = []
    phone.page.get_by_role("button", name="Save and go on").click()
    phone.page.wait_for_url("**/items/MAL2")
    assert (at.row(review, "MAL1").answer, at.row(review, "MAL1").note) == ("yes", "Two laptops, both fine")


NO_STORE = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("Keeping is switched off.", "SecurityError"); },
});"""


def test_a_browser_that_keeps_nothing_sends_all_the_same_and_says_so(living: Living, visitor: Visit) -> None:
    world = World(living.context.engine, now=living.context.clock())
    at = Reviewing(world, "Sample Harbor")
    review = at.begun()
    phone = visitor("Olive", width=PHONE)
    phone.context.add_init_script(NO_STORE)
    signed_in(phone, world, at.officer.person_id)
    phone.go(f"/security/reviews/{review.id}/items/GOV1").tick("Yes").press("Save and go on").sees("GOV2: item 2 of 31")
    phone.go(f"/security/reviews/{review.id}/all")
    answer(phone, "GOV2")
    says(phone, "GOV2", "Saved at")
    cut(phone, True)
    answer(phone, "MAL1", "Two laptops")
    says(phone, "MAL1", "This browser keeps nothing, so leave this page open")
    phone.sees("1 answer is not sent yet. Leave this page open.")
    cut(phone, False)
    says(phone, "MAL1", "Saved at")
    phone.sees("Everything you answered is saved.")
    phone.said = []  # Chromium reports that there was no connection
    assert at.row(review, "MAL1").note == "Two laptops"


def test_what_is_still_on_the_device_is_told_wherever_the_review_is_opened(living: Living, visitor: Visit) -> None:
    world = World(living.context.engine, now=living.context.clock())
    at = Reviewing(world, "Sample Harbor")
    review = at.begun()
    phone = visitor("Olive", width=PHONE)
    signed_in(phone, world, at.officer.person_id)
    phone.go(f"/security/reviews/{review.id}/items/MAL1").does_not_see("kept on this device")
    cut(phone, True)
    answer(phone, "MAL1", "Two laptops")
    says(phone, "MAL1", "Kept on this device")
    phone.page.route("**/items/MAL1", lambda route: route.abort())
    with phone.page.expect_console_message(lambda said: "ERR_FAILED" in said.text):
        cut(phone, False)
    phone.said = []
    for path in ("", "/items/MAL2"):
        phone.go(f"/security/reviews/{review.id}{path}")
        phone.sees("1 answer to another item is kept on this device and not sent yet.")
    phone.page.unroute("**/items/MAL1")
    phone.follow("Send what is kept").sees("The whole checklist")
    says(phone, "MAL1", "Saved at")
    phone.go(f"/security/reviews/{review.id}").does_not_see("kept on this device")
    assert at.row(review, "MAL1").answer == "yes"


def test_without_a_script_the_same_pages_do(living: Living, visitor: Visit) -> None:
    world = World(living.context.engine, now=living.context.clock())
    at = Reviewing(world, "Sample Harbor")
    review = at.begun()
    phone = visitor("Olive", width=PHONE, script=False)
    signed_in(phone, world, at.officer.person_id)
    phone.go(f"/security/reviews/{review.id}/items/MAL1").tick("Partial").press("Save and go on", expect=400)
    phone.sees("Say what is missing, in a few words.")
    phone.fill("Note", "One of three").press("Save and go on").sees("MAL1 is saved.", "MAL2: item")


def test_the_lead_runs_a_campaign_of_seventy_five(living: Living, visitor: Visit) -> None:
    """Seen before it is opened, opened, watched on the board, and one of them signed off."""
    world = World(living.context.engine, now=living.context.clock())
    at = Reviewing(world, "Sample Harbor")
    for number in range(74):
        world.agency(f"Sample Agency {number:02}", 0)
    due = world.today + timedelta(60)
    avery = visitor("Avery")
    signed_in(avery, world, at.lead.person_id)
    avery.go("/security/reviews").sees("Not started 0").follow("Open a campaign")
    avery.fill_in(
        name="Yearly review",
        spread="at_once",
        due_month=due.month,
        due_day=due.day,
        due_year=due.year,
        share="10",
        seed="sample lots",
    )
    avery.press("See who is due when").sees("Reviews 76", "Visited 8", "Sample Agency 73", "MaineHousing")
    avery.fill_in(share="0", seed=None).press("Show it again").sees("Reviews 76", "Visited 0")
    avery.press("Open the campaign").sees("The campaign is open")
    avery.go("/security/reviews").sees("Not started 76", "50 shown, more follow").follow("Next").sees("26 shown")

    with world.look() as session:
        review = session.scalars(select(SecurityReview).where(SecurityReview.agency_id == at.agency.id)).one()
    at.fill(review)
    at.send(review)
    at.attest(review)
    living.settled()
    avery.go("/security/reviews?show=attested").sees("Not started 75", "Attested, to sign off 1").follow(
        "Sample Harbor"
    )
    avery.sees("31 of 31").follow("Sign off").press("Sign off").sees("The review is signed off")
    living.settled()
    avery.go("/security/reviews").sees("Not started 75", "Attested, to sign off 0")
