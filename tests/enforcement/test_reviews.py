"""Security reviews (S1): answered item by item on several devices, attested, signed off by another; what the gate makes of it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError

from portal.actors import Actor
from portal.models import Agency, Document, Evidence, Job, Membership, ReviewRevision, SecurityReview
from portal.refusals import Refused
from portal.services import decisions
from portal.services.desk import evidence_by_hand, record_evidence
from portal.services.review_content import answer_of, previous_answers
from portal.services.security.reviews import attesting, helping, signing_off
from portal.services.security.reviews.reviews import Overtaken
from tests.enforcement.reviewing import Reviewing
from tests.services.world import World
from workflows.vocabulary import LEAD, About, Effect, Kind, Reason, Role

REVIEW = "security-review"


@pytest.fixture
def world(each_engine: Engine) -> World:
    return World(each_engine)


@pytest.fixture
def at(world: World) -> Reviewing:
    return Reviewing(world)


def mails(world: World, name: str) -> set[int]:
    with world.look() as session:
        rows = session.scalars(select(Job).where(Job.effect == Effect.MAIL.value)).all()
        return {job.payload["person_id"] for job in rows if job.payload["mail"] == name}


def evidence_of(world: World, kind: Kind, agency_id: int) -> list[Evidence]:
    with world.look() as session:
        query = select(Evidence).where(
            Evidence.about == About.AGENCY, Evidence.subject_id == agency_id, Evidence.kind == kind
        )
        return list(
            session.scalars(query.where(*Evidence.in_force(world.today), Evidence.rests_on == "security_review"))
        )


def refusal(act, *args, **more) -> tuple[Reason, str]:
    with pytest.raises(Refused) as no:
        act(*args, **more)
    return no.value.reason, no.value.sentence


def test_from_the_first_answer_to_the_open_gate(world: World, at: Reviewing) -> None:
    world.withdraw(Kind.SECURITY_REVIEW, About.AGENCY, at.agency.id)
    member = world.ready(at.agency)
    world.drain()
    assert world.status(member) == "none"
    review = at.begun()
    assert at.begun().id == review.id, "there is one at a time"
    at.fill(review)
    assert at.read(review).status == "answering"
    assert at.send(review) == at.director.name
    assert at.read(review).status == "sent"
    at.attest(review)
    assert at.read(review).status == "attested"
    assert len(evidence_of(world, Kind.SECURITY_REVIEW_SENT, at.agency.id)) == 1
    with world.look() as session:
        said = decisions.ask(session, session.get_one(Membership, member.id), now=world.now, policy=world.policy)
        assert said.finding(REVIEW).waiting_on == "lead", "the officer's step is done, the Lead's is left"
    at.sign_off(review)
    world.drain()
    assert world.status(member) == "live"
    kept = at.read(review)
    [held] = evidence_of(world, Kind.SECURITY_REVIEW, at.agency.id)
    assert (kept.status, kept.signed_off_by, kept.evidence_id, held.detail) == (
        "signed_off",
        at.lead.person_id,
        held.id,
        "",
    )
    assert mails(world, "review_signed_off") == {at.officer.person_id, at.director.person_id}
    with world.look() as session:
        tomorrow = world.today + timedelta(1)
        query = select(Evidence).where(Evidence.kind == Kind.SECURITY_REVIEW_SENT, *Evidence.in_force(tomorrow))
        assert not session.scalars(query).all(), "next year the officer's step is to do again"


def test_the_same_item_from_two_devices_is_told_and_never_overwritten(world: World, at: Reviewing) -> None:
    review, other = at.begun(), world.actor(world.member(at.agency, None, Role.SECURITY_OFFICER))
    at.save(review, "MAL1", "yes", "Seen on two laptops", seen=0)
    with pytest.raises(Overtaken) as no:
        at.save(review, "MAL1", "no", "Not on the front desk", seen=0, actor=other)
    assert f"{at.officer.name} saved this item meanwhile: Yes with the note “Seen on two laptops”" in no.value.sentence
    assert (at.row(review, "MAL1").answer, at.row(review, "MAL1").revision) == ("yes", 1)
    at.save(review, "MAL1", "no", "Not on the front desk", seen=1, actor=other)
    assert (at.row(review, "MAL1").answer, at.row(review, "MAL1").answered_by) == ("no", other.person_id)
    with world.look() as session:
        kept = session.scalars(select(ReviewRevision).order_by(ReviewRevision.id)).all()
        assert [(row.revision, row.answer, row.saved_by) for row in kept] == [
            (1, "yes", at.officer.person_id), (2, "no", other.person_id),
        ]  # fmt: skip


def test_what_a_broken_connection_sends_twice_is_kept_once(world: World, at: Reviewing) -> None:
    review = at.begun()
    for _ in range(3):
        at.save(review, "MAL2", "partial", "One is old", seen=0)
    assert at.row(review, "MAL2").revision == 1 and world.count(ReviewRevision) == 1


@pytest.mark.parametrize(
    ("item", "answer", "note", "says"),
    [
        ("MAL1", "not_applicable", "No devices", "Choose an answer"),
        ("MAL1", "maybe", "", "Choose an answer: Yes, Partial, No."),
        ("NET2", "not_applicable", " ", "Say why it does not apply"),
        ("MAL1", "no", "", "Say what is missing"),
        ("MAL1", "yes", "x" * 2001, "At most 2,000 characters; this has 2,001"),
        ("APP1", "yes", "", "This checklist has no such item"),
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_kept(
    world: World, at: Reviewing, item: str, answer: str, note: str, says: str
) -> None:
    review = at.begun()
    assert says in refusal(at.save, review, item, answer, note, seen=0)[1]
    assert world.count(ReviewRevision) == 0 and at.read(review).status == "not_started"


def test_it_is_sent_only_when_every_item_has_an_answer(world: World, at: Reviewing) -> None:
    review = at.begun()
    at.save(review, "GOV1")
    reason, said = refusal(at.send, review)
    assert reason is Reason.BAD_INPUT and "GOV2, GOV4" in said and "GOV1" not in said
    assert at.read(review).status == "answering" and world.count(Document) == 0


def test_answers_are_changed_after_the_attestation_only_by_opening_it_again(world: World, at: Reviewing) -> None:
    review = at.begun()
    at.fill(review)
    at.send(review)
    first = at.read(review).document_id
    assert "can't be changed as they are" in refusal(at.save, review, "MAL1", "no", "Ran out")[1]
    at.attest(review)
    assert refusal(at.save, review, "MAL1", "no", "Ran out")[0] is Reason.ILLEGAL_MOVE
    with world.change() as session:
        attesting.reopen(
            session,
            session.get_one(SecurityReview, review.id),
            reason="A laptop was found without",
            actor=at.officer,
            now=world.now,
        )
    again = at.read(review)
    assert (again.status, again.document_id, again.attested_by, again.answers_sha256) == ("answering", None, None, "")
    assert not evidence_of(world, Kind.SECURITY_REVIEW_SENT, at.agency.id)
    assert refusal(at.sign_off, review)[0] is Reason.ILLEGAL_MOVE
    at.save(review, "MAL1", "partial", "One laptop had none until today")
    at.send(review)
    at.attest(review)
    assert at.read(review).status == "attested" and at.read(review).document_id != first


def test_what_was_changed_behind_the_portals_back_is_neither_attested_nor_signed_off(
    world: World, at: Reviewing
) -> None:
    review = at.begun()
    at.fill(review)
    at.send(review)
    with world.change() as session:
        row = answer_of(session, session.get_one(SecurityReview, review.id), "MAL1")
        row.note = "Changed by hand"
    assert refusal(at.attest, review)[0] is Reason.CONFLICT
    assert at.read(review).status == "sent"
    with world.change() as session:
        answer_of(session, session.get_one(SecurityReview, review.id), "MAL1").note = ""
    at.attest(review)
    with world.change() as session:
        answer_of(session, session.get_one(SecurityReview, review.id), "MAL1").note = "Changed by hand"
    assert refusal(at.sign_off, review)[0] is Reason.CONFLICT
    assert at.read(review).status == "attested"


def test_the_lead_asks_for_changes_and_it_is_attested_again(world: World, at: Reviewing) -> None:
    review = at.begun()
    at.fill(review)
    at.send(review)
    at.attest(review)
    with world.change() as session:
        signing_off.ask_for_changes(
            session, session.get_one(SecurityReview, review.id), wanted={"PRV1": "Say at how many places.", "MAL1": ""}, reason="One thing is unclear.",
            actor=at.lead, now=world.now, policy=world.policy,
        )  # fmt: skip
    assert at.read(review).status == "returned" and at.row(review, "PRV1").wanted == "Say at how many places."
    assert not evidence_of(world, Kind.SECURITY_REVIEW_SENT, at.agency.id)
    assert mails(world, "review_returned") == {at.officer.person_id}
    assert "1 item still needs an answer: PRV1" in refusal(at.send, review)[1]
    at.save(review, "PRV1", "yes", "4 of 4")
    at.send(review)
    at.attest(review)
    at.sign_off(review)
    assert at.read(review).status == "signed_off"


def test_a_colleague_sees_and_answers_what_was_handed_over_and_no_more(world: World, at: Reviewing) -> None:
    review, colleague = at.begun(), world.actor(at.colleague())
    with world.change() as session:
        found = session.get_one(SecurityReview, review.id)
        helping.hand_over(
            session,
            found,
            items=["PRV1", "PRV2"],
            to=colleague.person_id or 0,
            actor=at.officer,
            now=world.now,
            policy=world.policy,
        )
    assert mails(world, "review_handed") == {colleague.person_id}
    at.save(review, "PRV1", "yes", "4 of 4", actor=colleague)
    assert refusal(at.save, review, "MAL1", actor=colleague)[0] is Reason.NOT_ALLOWED
    assert refusal(at.send, review, colleague)[0] is Reason.NOT_ALLOWED
    with world.change() as session:
        helping.give_back(
            session, session.get_one(SecurityReview, review.id), item="PRV1", actor=colleague, now=world.now
        )
    assert refusal(at.save, review, "PRV1", "no", "Gone", actor=colleague)[0] is Reason.NOT_ALLOWED
    outsider = world.actor(world.member(world.agency()))
    with world.change() as session, pytest.raises(Refused):
        helping.hand_over(
            session, session.get_one(SecurityReview, review.id), items=["PRV3"], to=outsider.person_id or 0, actor=at.officer, now=world.now,
            policy=world.policy,
        )  # fmt: skip


def test_nobody_signs_off_what_they_answered_and_the_database_refuses_it_too(world: World, at: Reviewing) -> None:
    review = at.lead_review()
    at.fill(review, at.lead)
    assert at.send(review, at.lead) == "the security compliance auditor and the Board"
    assert at.read(review).status == "attested"
    assert refusal(at.sign_off, review, at.lead)[0] is Reason.NOT_ALLOWED
    second = world.staff(Role.LEAD_SECURITY)
    assert refusal(at.sign_off, review, second)[0] is Reason.NOT_ALLOWED, "the Lead does not sign its own off"
    with pytest.raises(DBAPIError, match=r"who filled a review in|another_signs_off"):
        signed_behind_the_portals_back(world, review, at.lead.person_id, sent_by=at.lead.person_id)
    auditor = world.staff(Role.AUDITOR)
    at.sign_off(review, auditor)
    assert at.read(review).signed_off_by == auditor.person_id


def test_a_board_member_signs_the_leads_own_off_and_no_agencys(world: World, at: Reviewing) -> None:
    board = world.staff(Role.BOARD_MEMBER)
    review = at.lead_review()
    at.fill(review, at.lead)
    at.send(review, at.lead)
    at.sign_off(review, board)
    assert at.read(review).status == "signed_off"
    other = at.begun()
    at.fill(other)
    at.send(other)
    at.attest(other)
    assert refusal(at.sign_off, other, board)[0] is Reason.NOT_ALLOWED
    assert refusal(at.sign_off, other, world.admin)[0] is Reason.NOT_ALLOWED


def both_offices(world: World) -> Actor:
    """Somebody who answers for the Lead and audits it: the offices are not kept apart, the acts are."""
    with world.look() as session:
        lead = session.get_one(Agency, LEAD)
    return world.actor(world.member(lead, None, Role.LEAD_SECURITY, Role.AUDITOR))


def test_who_holds_both_offices_of_the_lead_answers_or_signs_off_and_never_both(world: World, at: Reviewing) -> None:
    both = both_offices(world)
    review = at.lead_review()
    at.save(review, "GOV3", actor=both)
    at.fill(review, at.lead)
    at.send(review, at.lead)
    assert refusal(at.sign_off, review, both)[0] is Reason.NOT_ALLOWED
    with pytest.raises(DBAPIError, match=r"who filled a review in"):
        signed_behind_the_portals_back(world, review, both.person_id)


def signed_behind_the_portals_back(world: World, review: SecurityReview, by: int | None, **more: int | None) -> None:
    """What no service does: the columns of the sign-off written by hand."""
    with world.change() as session:
        held = session.scalars(select(Evidence.id).limit(1)).one()
        values = {"status": "signed_off", "signed_off_by": by, "signed_off_at": world.now, "evidence_id": held, **more}
        session.execute(update(SecurityReview).where(SecurityReview.id == review.id).values(values))


def test_next_year_the_last_answers_stand_beside_empty_fields(world: World, at: Reviewing) -> None:
    first = at.done()
    world.now += timedelta(days=300)
    second = at.begun()
    assert second.previous_id == first.id
    assert at.row(second, "MAL1").answer == "" and at.row(second, "MAL1").revision == 0
    with world.look() as session:
        before = previous_answers(session, session.get_one(SecurityReview, second.id))
        assert before["MAL1"].answer == "yes"


def test_a_review_that_was_called_off_can_be_begun_again(world: World, at: Reviewing) -> None:
    review = at.begun()
    with world.change() as session:
        attesting.call_off(
            session, session.get_one(SecurityReview, review.id), reason="Opened twice", actor=world.admin, now=world.now
        )
    assert at.read(review).status == "called_off"
    assert refusal(at.save, review, "MAL1")[0] is Reason.ILLEGAL_MOVE
    assert at.begun().id != review.id


# --- by hand only from before


def by_hand(world: World, at: Reviewing, day: date, actor: Actor, kind: Kind = Kind.SECURITY_REVIEW) -> Evidence:
    entry = evidence_by_hand.Entry(
        kind=kind, about=About.AGENCY, subject_id=at.agency.id, valid_from=day, verified_by="Robin Example",
        verified_how="viewed on site", note="The checklist on paper.",
    )  # fmt: skip
    with world.change() as session:
        return record_evidence.record(session, entry=entry, actor=actor, now=world.now, policy=world.policy)


def test_since_the_first_review_nobody_records_one_by_hand(world: World, at: Reviewing) -> None:
    other, yesterday = Reviewing(world), world.today - timedelta(1)
    world.withdraw(Kind.SECURITY_REVIEW, About.AGENCY, at.agency.id)
    assert refusal(by_hand, world, at, yesterday, world.desk)[0] is Reason.NOT_ALLOWED, (
        "the help desk opens no gate with it"
    )
    assert by_hand(world, at, world.today, at.lead).kind == Kind.SECURITY_REVIEW, "all is on paper until the first"
    other.begun()
    world.now += timedelta(days=1)
    for day in (yesterday + timedelta(1), world.today):
        for actor in (at.lead, world.admin):
            reason, said = refusal(by_hand, world, at, day, actor)
            assert reason is Reason.CONFLICT and "attested and signed off on the pages of reviews" in said
    assert by_hand(world, at, yesterday, at.lead).valid_from == yesterday
    assert "pages of reviews" in refusal(by_hand, world, at, yesterday, at.lead, Kind.SECURITY_REVIEW_SENT)[1]


def test_the_help_desk_takes_no_sign_off_back(world: World, at: Reviewing) -> None:
    held = at.done().evidence_id
    with world.change() as session:
        row = session.get_one(Evidence, held)
        with pytest.raises(Refused) as no:
            record_evidence.withdraw(session, row=row, reason="A slip of the hand.", actor=world.desk, now=world.now)
    assert no.value.reason is Reason.NOT_ALLOWED
