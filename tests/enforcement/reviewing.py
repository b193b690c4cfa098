"""Helpers of the tests about security reviews: an Agency's officer and director, a review with its answers, signing it."""

from typing import Any

from sqlalchemy import select

from portal.actors import Actor
from portal.models import Agency, Document, Link, Membership, ReviewAnswer, SecurityReview
from portal.services import links, paperwork
from portal.services.review_content import items_of
from portal.services.security.reviews import attesting, reviews, signing_off
from portal.services.security.reviews.reviews import Given
from tests.enforcement.planning import Planning
from tests.services.asking import admin_of, director_of
from tests.services.world import World
from workflows.vocabulary import LEAD, About, Kind, Role


class Reviewing:
    """One Agency whose officer answers, whose director attests, and the Lead's security officer who signs off."""

    def __init__(self, world: World, name: str = "", licences: int = 5):
        self.world = world
        self.agency: Agency = world.agency(name, licences)
        self.officer: Actor = admin_of(world, self.agency)
        self.director: Actor = director_of(world, self.agency)
        self.lead: Actor = world.staff(Role.LEAD_SECURITY)

    def in_order(self, agency_id: int) -> None:
        """Everybody there has a cleared check and has passed the security training: nothing on record contradicts a yes."""
        if agency_id == LEAD:
            Planning(self.world).taken_over()
        with self.world.look() as session:
            people = session.scalars(select(Membership.person_id).where(Membership.agency_id == agency_id)).all()
        for person_id in people:
            self.world.record(Kind.BACKGROUND_CHECK, About.PERSON, person_id, detail="cleared")
            self.world.record(Kind.TRAINING, About.PERSON, person_id, detail="security", value=9000)

    def begun(self, actor: Actor | None = None, agency_id: int | None = None) -> SecurityReview:
        with self.world.change() as session:
            agency = session.get_one(Agency, self.agency.id if agency_id is None else agency_id)
            review = reviews.begin(
                session, agency=agency, actor=actor or self.officer, now=self.world.now, policy=self.world.policy
            )
        return self.read(review)

    def read(self, review: SecurityReview) -> SecurityReview:
        with self.world.look() as session:
            found = session.get_one(SecurityReview, review.id)
            _ = found.checklist, found.agency
            return found

    def row(self, review: SecurityReview, item: str) -> ReviewAnswer:
        with self.world.look() as session:
            query = select(ReviewAnswer).where(ReviewAnswer.review_id == review.id, ReviewAnswer.item == item)
            found = session.scalars(query).one()
            _ = found.answerer
            return found

    def save(
        self,
        review: SecurityReview,
        item: str,
        answer: str = "yes",
        note: str = "",
        *,
        seen: int | None = None,
        actor: Actor | None = None,
        **more: Any,
    ) -> None:
        seen = self.row(review, item).revision if seen is None else seen
        with self.world.change() as session:
            reviews.save(
                session, session.get_one(SecurityReview, review.id), item=item, given=Given(answer, note, **more), seen=seen,
                actor=actor or self.officer, now=self.world.now, policy=self.world.policy,
            )  # fmt: skip

    def fill(self, review: SecurityReview, actor: Actor | None = None, **other: str) -> None:
        """Answers every item with yes, but for those named."""
        self.in_order(review.agency_id)
        for item in items_of(self.read(review)):
            answer = other.get(item.id, "yes")
            self.save(review, item.id, answer, "" if answer == "yes" else "As it is", actor=actor)

    def send(self, review: SecurityReview, actor: Actor | None = None) -> str:
        with self.world.change() as session:
            return attesting.send(
                session, session.get_one(SecurityReview, review.id), actor=actor or self.officer, now=self.world.now, policy=self.world.policy
            )  # fmt: skip

    def attest(self, review: SecurityReview) -> None:
        """The director opens the newest link, proves the code and signs."""
        world = self.world
        with world.change() as session:
            document = session.get_one(Document, session.get_one(SecurityReview, review.id).document_id)
            link = session.scalars(select(Link).where(Link.document_id == document.id).order_by(Link.id.desc())).first()
            assert link is not None
            links.mail_code(session, link=link, now=world.now, policy=world.policy)
            code = links.code_of(link, digits=world.policy.one_time_code.digits)
            assert links.prove_code(session, link=link, code=code, now=world.now, policy=world.policy).proven
        with world.change() as session:
            document, link = session.get_one(Document, document.id), session.get_one(Link, link.id)
            paperwork.sign(
                session, document=document, link=link, name=self.director.name, title="Executive director", authority=True, initials={},
                consent=True, actor=self.director, now=world.now, policy=world.policy,
            )  # fmt: skip

    def sign_off(self, review: SecurityReview, actor: Actor | None = None, note: str = "") -> None:
        with self.world.change() as session:
            signing_off.sign_off(
                session, session.get_one(SecurityReview, review.id), note=note, actor=actor or self.lead, now=self.world.now,
                policy=self.world.policy,
            )  # fmt: skip

    def done(self, **other: str) -> SecurityReview:
        """A review answered, attested and signed off."""
        review = self.begun()
        self.fill(review, **other)
        self.send(review)
        self.attest(review)
        self.sign_off(review)
        return self.read(review)

    def colleague(self) -> Membership:
        return self.world.member(self.agency)

    def lead_review(self) -> SecurityReview:
        return self.begun(self.lead, LEAD)
