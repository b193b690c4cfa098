"""Security reviews on screen: answered without a script and by the script, sent, attested, signed off; who sees what; lists."""

import csv
import io
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.models import ReviewAnswer, ReviewCampaign, SecurityReview
from portal.services.paperwork import Scan
from portal.services.review_content import fingerprint
from portal.services.security.reviews import helping, review_files
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from tests.support.pages import ClientRequest, Page
from tests.web.browsing import browser_of, statements
from tests.web.desk_world import stored
from workflows.vocabulary import About, Kind, Role


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return stored(World(engine), tmp_path)


@pytest.fixture
def at(world: World) -> Reviewing:
    return Reviewing(world, "Sample Harbor")


def answer(browser: ClientRequest, page: Page, item: str, word: str = "yes", note: str = "", expect: int = 302) -> Page:
    values = {f"{item}-answer": word, f"{item}-note": note}
    return browser.submit(page, having=f"{item}-answer", expect=expect, **values)


def by_script(browser: ClientRequest, page: Page, item: str, path: str, **values: str) -> tuple[int, dict]:
    """What the page's script sends: the form's fields, asking for an answer in JSON."""
    form = page.form(f"{item}-answer")
    data = dict(form.form_values()) | {f"{item}-{name}": value for name, value in values.items()}
    answered = browser.client.post(path, data=data, headers={"Accept": "application/json"})
    return answered.status_code, answered.get_json()


def test_the_officer_answers_by_plain_forms_and_goes_on_to_the_next_item(world: World, at: Reviewing) -> None:
    world.withdraw(Kind.SECURITY_REVIEW, About.AGENCY, at.agency.id)
    officer = browser_of(world, at.officer)
    listed = officer.get("/security/reviews")
    begin = officer.follow(officer.submit(officer.get(f"/security/reviews/of/{at.agency.id}")))
    assert "The checklist is open" in begin.text and "No review" in listed.text
    [review] = reviews_of(world)
    first = officer.get(f"/security/reviews/{review.id}/items/GOV1")
    assert "No participation agreement" not in first.text and "is in force since" in first.text
    bad = answer(officer, first, "GOV1", "no", "", expect=400)
    assert "Say what is missing" in bad.text
    second = officer.follow(answer(officer, bad, "GOV1", "no", "The signer has left"))
    assert second.path.endswith("/items/GOV2") and "GOV1 is saved." in second.text
    again = officer.get(f"/security/reviews/{review.id}/items/GOV1")
    assert "The signer has left" in again.response.get_data(as_text=True)
    assert officer.get(f"/security/reviews/of/{at.agency.id}", expect=302).location.endswith(f"/reviews/{review.id}")


def reviews_of(world: World) -> list[SecurityReview]:
    with world.look() as session:
        return list(session.scalars(select(SecurityReview).order_by(SecurityReview.id)))


def test_two_devices_at_the_same_item_are_told_by_form_and_by_script(world: World, at: Reviewing) -> None:
    review = at.begun()
    path = f"/security/reviews/{review.id}/items/MAL1"
    phone, desktop = browser_of(world, at.officer), browser_of(world, at.officer)
    other = browser_of(world, world.actor(world.member(at.agency, None, Role.SECURITY_OFFICER)))
    shown, stale, also = phone.get(path), desktop.get(path), other.get(path)
    status, said = by_script(phone, shown, "MAL1", path, answer="yes", note="Two laptops")
    assert status == 200 and re.fullmatch(r"Saved at 10:00 a\.m\. Eastern", said["saved"]) and said["revision"] == 1
    assert by_script(phone, shown, "MAL1", path, answer="yes", note="Two laptops")[1]["revision"] == 1, (
        "sent twice, kept once"
    )
    status, said = by_script(desktop, stale, "MAL1", path, answer="partial", note="Not at the front desk")
    assert (status, said["overtaken"], said["revision"]) == (409, True, 1) and "Two laptops" in said["refused"]
    told = answer(other, also, "MAL1", "no", "Nowhere", expect=400)
    assert "saved this item meanwhile: Yes with the note “Two laptops”" in told.text and "Nowhere" in told.text
    kept = other.follow(answer(other, told, "MAL1", "no", "Nowhere"))
    assert "MAL1 is saved." in kept.text and at.row(review, "MAL1").answer == "no"
    status, said = by_script(phone, shown, "MAL1", path, answer="maybe")
    assert status == 400 and said["overtaken"] is False
    assert at.row(review, "MAL1").revision == 2


def test_all_on_one_page_costs_the_same_however_much_is_answered(world: World, at: Reviewing) -> None:
    review, officer = at.begun(), browser_of(world, at.officer)
    path = f"/security/reviews/{review.id}/all"
    with statements(world.engine) as few:
        page = officer.get(path)
    assert len(page.document.xpath("//*[@data-review-item]")) == 31
    kept = officer.submit(page, having="MAL2-answer", **{"MAL2-answer": "yes"})
    assert kept.location.endswith("/all#item-MAL2")
    at.fill(review)
    for _ in range(5):
        world.let_in(world.ready(at.agency))
    with statements(world.engine) as many:
        officer.get(path)
    assert len(many) == len(few)


def test_from_sending_to_signing_off_through_the_pages(world: World, at: Reviewing) -> None:
    review, officer, lead = at.begun(), browser_of(world, at.officer), browser_of(world, at.lead)
    at.fill(review)
    page = officer.get(f"/security/reviews/{review.id}/send")
    assert "Yes: 31" in page.text
    sent = officer.follow(officer.submit(page))
    assert f"The answers are with {at.director.name}." in sent.text and "Waits for the director" in sent.text
    director = browser_of(world, at.director)
    assert "Sign: Attestation of the annual security review" in director.get("/").text
    document = director.get(f"/documents/{at.read(review).document_id}")
    assert "Standards answered" in document.text and "31" in document.text
    assert "sign the security review off" not in lead.get("/").text
    at.attest(review)
    done = lead.get(f"/security/reviews/{review.id}")
    assert "Attested, to sign off" in done.text
    off = lead.follow(lead.submit(lead.get(f"/security/reviews/{review.id}/sign-off"), note="Thank you."))
    assert "Signed off" in off.text and "Thank you." in officer.get(f"/security/reviews/{review.id}").text
    gone = officer.get(f"/security/reviews/{review.id}/items/MAL1")
    assert not gone.document.xpath("//*[@data-review-item]")


def test_changes_are_asked_for_and_made(world: World, at: Reviewing) -> None:
    review, officer, lead = at.begun(), browser_of(world, at.officer), browser_of(world, at.lead)
    at.fill(review)
    at.send(review)
    at.attest(review)
    form = lead.get(f"/security/reviews/{review.id}/changes")
    empty = lead.submit(form, reason="One thing", expect=400)
    assert "Say at one item at least" in empty.text and "One thing" in empty.response.get_data(as_text=True)
    lead.submit(empty, reason="One thing", **{"wanted-PRV1": "At how many places?"})
    shown = officer.get(f"/security/reviews/{review.id}")
    assert "Changes requested" in shown.text and "The Lead asks: At how many places?" in shown.text
    item = officer.get(f"/security/reviews/{review.id}/items/PRV1")
    officer.submit(item, having="text", text="At four. I add it.")
    assert "At four. I add it." in lead.get(f"/security/reviews/{review.id}/items/PRV1").text
    assert officer.follow(answer(officer, item, "PRV1", "yes", "4 of 4")).path.endswith(f"/reviews/{review.id}")


def test_a_helper_sees_nothing_but_what_is_in_hand(world: World, at: Reviewing) -> None:
    review, colleague = at.begun(), at.colleague()
    officer, helper = browser_of(world, at.officer), browser_of(world, world.actor(colleague))
    helper.get(f"/security/reviews/{review.id}", expect=403)
    page = officer.get(f"/security/reviews/{review.id}/hand-over")
    officer.submit(page, to=str(colleague.person_id), items=["PRV1", "WRK3"])
    seen = helper.get(f"/security/reviews/{review.id}")
    assert "PRV1" in seen.text and "MAL1" not in seen.text
    helper.get(f"/security/reviews/{review.id}/items/MAL1", expect=404)
    helper.get(f"/security/reviews/{review.id}/send", expect=403)
    training = helper.get(f"/security/reviews/{review.id}/items/WRK3")
    assert "security training passed" in training.text
    assert at.officer.name in officer.get(f"/security/reviews/{review.id}/items/WRK3").text
    assert at.officer.name not in training.text, "who lacks training is not a helper's to read"
    back = helper.follow(
        helper.submit(training, having="WRK3-answer", **{"WRK3-answer": "partial", "WRK3-note": "One is late"})
    )
    assert back.path.endswith("/items/PRV1")
    returned = helper.get(f"/security/reviews/{review.id}/items/WRK3")
    action = f"/security/reviews/{review.id}/items/WRK3/give-back"
    [form] = [each for each in returned.document.xpath("//form") if each.get("action") == action]
    helper.post(action, dict(form.form_values()))
    helper.get(f"/security/reviews/{review.id}/items/WRK3", expect=404)


def test_other_agencies_and_the_board_see_nothing_of_it(world: World, at: Reviewing) -> None:
    review, lead_review = at.begun(), at.lead_review()
    outsider = browser_of(world, Reviewing(world).officer)
    board, trainer = browser_of(world, world.staff(Role.BOARD_MEMBER)), browser_of(world, world.staff(Role.TRAINER))
    for path in (
        f"/security/reviews/{review.id}",
        f"/security/reviews/{review.id}/items/MAL1",
        f"/security/reviews/{review.id}/send",
    ):
        assert outsider.get(path, expect=404).status == 404
    assert "Sample Harbor" not in outsider.get("/security/reviews").text
    board.get(f"/security/reviews/{review.id}", expect=404)
    board.get(f"/security/reviews/{lead_review.id}")
    assert "Sample Harbor" not in board.get("/security/reviews?show=all").text
    trainer.get(f"/security/reviews/{review.id}", expect=403)


def test_photos_are_kept_without_where_they_were_taken_and_replaced_by_newer_ones(world: World, at: Reviewing) -> None:
    review, officer = at.begun(), browser_of(world, at.officer)
    path = f"/security/reviews/{review.id}/items/PRV1/files"
    page = officer.get(path)
    officer.submit(page, file=(io.BytesIO(photo()), "sign.jpg"), title="Sign at the door", having="title")
    shown = officer.get(f"/security/reviews/{review.id}/items/PRV1")
    [link] = [each for each in shown.document.xpath("//main//a/@href") if "/files/" in each and each[-1].isdigit()]
    kept = officer.client.get(link).get_data()
    assert kept.startswith(b"\xff\xd8\xff") and b"GPS-SECRET" not in kept and b"Sample Phone" not in kept
    newer = officer.get(path)
    officer.submit(
        newer,
        file=(io.BytesIO(photo((9, 9))), "new.jpg"),
        title="New sign",
        replaces=link.rsplit("/", 1)[1],
        having="title",
    )
    both = officer.get(f"/security/reviews/{review.id}/items/PRV1")
    assert "(replaced by a newer one)" in both.text and "New sign" in both.text
    assert officer.client.get(link).get_data() == kept, "the old one stays readable"
    bad = officer.submit(newer, file=(io.BytesIO(b"MZ no picture"), "x.jpg"), title="What", having="title", expect=400)
    assert "is not a PDF, PNG or JPEG file" in bad.text


def photo(size: tuple[int, int] = (8, 8)) -> bytes:
    """A phone's picture: with the phone's name, where it was taken, and which side is up."""
    from PIL import Image

    made = io.BytesIO()
    image = Image.new("RGB", size, (200, 30, 30))
    exif = image.getexif()
    exif[0x010F], exif[0x0112] = "Sample Phone", 6
    exif.get_ifd(0x8825)[0x001D] = "GPS-SECRET"
    image.save(made, "JPEG", exif=exif)
    return made.getvalue()


def test_a_campaign_is_looked_at_first_then_opened_and_drawn_again(world: World, at: Reviewing) -> None:
    for _ in range(9):
        world.agency()
    lead = browser_of(world, at.lead)
    form = lead.get("/security/reviews/campaigns/new")
    looked = lead.submit(
        form,
        name="Security review 2027",
        spread="over_the_year",
        share="25",
        seed="lottery 4 8 15",
        step="look",
        expect=200,
    )
    assert "Open the campaign" in looked.text and not reviews_of(world)
    wrong = lead.submit(looked, share="25", seed="", step="open", expect=400)
    assert "Enter what the lots are drawn from" in wrong.text and "Security review 2027" in wrong.response.get_data(
        as_text=True
    )
    lead.submit(wrong, seed="lottery 4 8 15", step="open")
    with world.look() as session:
        [campaign] = session.scalars(select(ReviewCampaign)).all()
    assert len(reviews_of(world)) == 11 and sum(review.visit for review in reviews_of(world)) == 3
    drawn = lead.get(f"/security/reviews/campaigns/{campaign.id}")
    rows = [
        [cell.text_content().strip() for cell in row.xpath("./td | ./th")] for row in drawn.document.xpath("//tbody/tr")
    ]
    assert "lottery 4 8 15" in drawn.text and all(row[-1] == row[-2] for row in rows)
    assert [row[-1] for row in rows].count("Yes") == 3


def test_the_board_costs_the_same_for_fifty_as_for_five(world: World, at: Reviewing) -> None:
    lead = browser_of(world, at.lead)
    counts = []
    for more in (4, 55):
        for _ in range(more):
            other = world.agency()
            at.begun(world.admin, other.id)
        with statements(world.engine) as said:
            page = lead.get("/security/reviews")
        counts.append(len(said))
    assert counts[0] == counts[1] and "more follow" in page.text
    told = lead.get("/security/reviews?format=csv").response.get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(told)))
    assert len(rows) == 60 and rows[1][1] == "Not started"
    assert world.count(ReviewAnswer) == 59 * 31


def test_the_step_of_the_gate_leads_to_the_checklist(world: World, at: Reviewing) -> None:
    world.withdraw(Kind.SECURITY_REVIEW, About.AGENCY, at.agency.id)
    member = world.ready(at.agency)
    officer = browser_of(world, at.officer)
    link = f"/security/reviews/of/{at.agency.id}"
    for path in (f"/agency/{at.agency.id}", f"/people/{member.id}/why"):
        assert link in officer.get(path).document.xpath("//main//a/@href"), path


def test_a_comment_that_is_too_long_comes_back_whole(world: World, at: Reviewing) -> None:
    review, officer = at.begun(), browser_of(world, at.officer)
    words = "x" * 1990 + " and a last word"
    page = officer.get(f"/security/reviews/{review.id}/items/MAL1")
    told = officer.submit(page, having="text", text=words, expect=400)
    assert "At most 2,000 characters" in told.text and words in told.response.get_data(as_text=True)
    empty = officer.submit(told, having="text", text=" ", expect=400)
    assert "Write something." in empty.text
    assert words[:1990] in officer.follow(officer.submit(empty, having="text", text=words[:1990])).text


def test_an_item_with_many_files_and_comments_costs_as_much_as_with_one(world: World, at: Reviewing) -> None:
    review, officer = at.begun(), browser_of(world, at.officer)
    counts = []
    for more in (1, 6):
        for number in range(more):
            another = world.actor(world.member(at.agency, None, Role.SECURITY_OFFICER))
            with world.change() as session:
                found = session.get_one(SecurityReview, review.id)
                helping.comment(session, found, item="PRV1", text="Seen.", actor=another, now=world.now)
                review_files.add(
                    session, found, item="PRV1", scan=Scan(f"{more}{number}" * 32, "image/png", 9, 1, "sign.png"), title="Sign",
                    effective_on=world.today, expires_on=None, actor=another, now=world.now, policy=world.policy,
                )  # fmt: skip
        with statements(world.engine) as said:
            officer.get(f"/security/reviews/{review.id}/items/PRV1")
        counts.append(len(said))
        with world.look() as session, statements(world.engine) as said:
            fingerprint(session, session.get_one(SecurityReview, review.id))
        counts.append(len(said))
    assert counts[:2] == counts[2:]


def test_who_helps_and_reads_all_answers_only_what_was_handed_over(world: World, at: Reviewing) -> None:
    """The director reads the whole review; the first item in her hands makes the others no forms."""
    review = at.begun()
    with world.change() as session:
        helping.hand_over(
            session, session.get_one(SecurityReview, review.id), items=["GOV1", "PRV1"], to=at.director.person_id or 0, actor=at.officer,
            now=world.now, policy=world.policy,
        )  # fmt: skip
    page = browser_of(world, at.director).get(f"/security/reviews/{review.id}/all")
    assert page.document.xpath("//*[@data-review-item]/@data-review-item") == ["GOV1", "PRV1"]
    assert "MAL1" in page.text
