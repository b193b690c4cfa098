"""A version is published: whoever it concerns is asked once, signs in time or loses access on a business morning."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal import jobs
from portal.actors import actor_of
from portal.effects import mail
from portal.effects.registry import HANDLERS
from portal.models import Agency, Document, Evidence, Grant, Job, Link, Membership, Person
from portal.services import daily, paperwork
from portal.services.desk import publishing
from portal.services.home import home
from portal.services.paperwork import again
from portal.services.people import grants
from portal.worker import drain
from tests.services.world import World
from workflows.vocabulary import LEAD, About, Effect, Kind, Role

KINDS = ("participation_agreement", "agency_admin_agreement", "user_agreement")
NEXT_DAY = timedelta(days=1)
GRACE_ENDS = date(2027, 1, 6)
"""The user agreement is published on November 23 with 45 days of grace: the older one counts until here."""
MORNING_AFTER = datetime(2027, 1, 7, 14, 0)


class Community(World):
    """Agencies whose papers are all of version 1, which has no text in the portal, and whose directors are known."""

    def house(self) -> Agency:
        agency = self.agency()
        self.member(agency, None, Role.EXECUTIVE_DIRECTOR)
        with self.change() as session:
            session.get_one(Agency, agency.id).status = "participating"
        return agency

    def publish(self, kind: str, version: str = "2026-1", on: date | None = None) -> None:
        with self.change() as session:
            publishing.publish(
                session,
                kind=kind,
                version=version,
                in_force_from=on or self.today,
                actor=self.admin,
                now=self.now,
            )

    def day(self, moment: datetime) -> None:
        """A day begins, as see_to_duties() lets it: the sweep, the versions to sign, and everything that is due."""
        self.now = moment
        with self.change() as session:
            daily.sweep(session, now=self.now, policy=self.policy)
            daily.ask_to_sign_again(session, now=self.now)
        self.drain()

    def asked(self, kind: str) -> list[Document]:
        with self.look() as session:
            return list(session.scalars(select(Document).where(Document.kind == kind).order_by(Document.id)))

    def requests_to_sign(self) -> Counter[int]:
        """By document: how many mails were ordered for its links."""
        with self.look() as session:
            ordered = [job.payload for job in session.scalars(select(Job).where(Job.effect == Effect.MAIL.value))]
            links = {link.id: link.document_id for link in session.scalars(select(Link))}
        return Counter(links[one["link_id"]] for one in ordered if one["mail"] == "sign_request")

    def sign(self, document: Document) -> None:
        with self.change() as session:
            paper = session.get_one(Document, document.id)
            link = session.scalars(select(Link).where(Link.document_id == paper.id, Link.used_at.is_(None))).one()
            link.code_proven_at = self.now
            person, text = session.get_one(Person, link.person_id), paperwork.text_of(paper)
            initials = "".join(word[0] for word in person.name.split())
            left = {"job_title": "Case manager", "supervisor_name": "Robin Sample", "projects": "Night beds", "purpose": "Intakes",
                    "access_level": "Case manager 1", "courses": "Security"}  # fmt: skip
            empty = {field.name for field in paperwork.to_fill(text, paper.answers)}
            paperwork.sign(
                session,
                document=paper,
                link=link,
                name=person.name,
                title="",
                authority=True,
                initials=dict.fromkeys(text.initialled, initials),
                consent=True,
                answers={name: value for name, value in left.items() if name in empty},
                actor=actor_of(session, person, self.today, via="link", document_id=paper.id),
                now=self.now,
                policy=self.policy,
            )
        self.drain()

    def at_home(self, person_id: int) -> list[home.Task]:
        with self.look() as session:
            actor = actor_of(session, session.get_one(Person, person_id), self.today, via="password")
            return home.waiting(session, actor=actor, now=self.now, policy=self.policy).mine


@pytest.fixture
def world(each_engine: Engine) -> Community:
    return Community(each_engine)


def test_everybody_it_concerns_is_asked_once(world: Community) -> None:
    agency, other = world.house(), world.house()
    inside, waits = world.ready(agency), world.ready(other)
    world.withdraw(Kind.TRAINING, About.PERSON, waits.person_id)
    left, idle = world.ready(other), world.member(other)
    world.drain()
    with world.change() as session:
        grant = session.scalars(select(Grant).where(Grant.membership_id == left.id)).one()
        grants.end(session, grant, actor=world.desk, now=world.now, reason="She left.", policy=world.policy)
    assert (world.status(inside), world.status(waits), world.status(left)) == ("live", "none", "none")
    for kind in KINDS:
        world.publish(kind)
    world.drain()
    assert {document.membership_id for document in world.asked("user_agreement")} == {inside.id, waits.id}
    assert idle.id not in {document.membership_id for document in world.asked("user_agreement")}
    assert [document.agency_id for document in world.asked("participation_agreement")] == [agency.id, other.id]
    assert {document.agency_id for document in world.asked("agency_admin_agreement")} == {agency.id, other.id}
    everything = [document for kind in KINDS for document in world.asked(kind)]
    assert {document.version for document in everything} == {"2026-1"} and len(everything) == 6
    assert world.requests_to_sign() == Counter({document.id: 1 for document in everything})
    for days in (1, 2):
        world.day(world.now + days * NEXT_DAY)
    assert world.requests_to_sign() == Counter({document.id: 1 for document in everything})
    assert world.count(Document) == 6


def test_whoever_has_the_version_or_was_asked_for_it_is_left_alone(world: Community) -> None:
    agency = world.house()
    signed, sent = world.ready(agency), world.ready(agency)
    world.drain()
    world.record(Kind.USER_AGREEMENT, About.MEMBERSHIP, signed.id, version="2026-1")
    with world.change() as session:
        document = paperwork.prepare(
            session,
            kind="user_agreement",
            agency=agency,
            membership=session.get_one(Membership, sent.id),
            version="2026-1",
            actor=world.desk,
            now=world.now,
        )
        paperwork.void(session, document=document, reason="Prepared by mistake.", actor=world.desk, now=world.now)
    world.publish("user_agreement")
    world.drain()
    assert [document.id for document in world.asked("user_agreement")] == [document.id]
    assert not world.requests_to_sign()


def test_many_are_asked_in_batches(world: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    agency = world.house()
    for _ in range(5):
        world.ready(agency)
    world.drain()
    world.publish("user_agreement")
    done = [_ask(world, most=2) for _ in range(4)]
    assert done == [2, 2, 1, 0] and len(world.asked("user_agreement")) == 5


def _ask(world: Community, **more: Any) -> int:
    with world.change() as session:
        return again.ask(session, now=world.now, policy=world.policy, **more)


def test_a_version_that_comes_into_force_later_is_asked_for_on_that_day(world: Community) -> None:
    member = world.ready(world.house())
    world.let_in(member)
    world.publish("user_agreement", on=world.today + 3 * NEXT_DAY)
    world.drain()
    assert not world.asked("user_agreement")
    world.day(world.now + 3 * NEXT_DAY)
    assert len(world.asked("user_agreement")) == 1


def test_signing_gives_evidence_of_the_new_version_and_access_goes_on(world: Community) -> None:
    member = world.ready(world.house())
    world.let_in(member)
    world.publish("user_agreement")
    world.drain()
    (document,) = world.asked("user_agreement")
    world.sign(document)
    with world.look() as session:
        rows = session.scalars(
            select(Evidence.version).where(Evidence.kind == Kind.USER_AGREEMENT, Evidence.subject_id == member.id)
        )
        assert sorted(rows) == ["1", "2026-1"]
    world.day(MORNING_AFTER)
    assert world.status(member) == "live" and len(world.asked("user_agreement")) == 1


def test_whoever_has_not_signed_loses_access_on_a_business_morning_and_gets_it_back_by_signing(
    world: Community,
) -> None:
    member = world.ready(world.house())
    world.let_in(member)
    world.publish("user_agreement")
    world.drain()
    world.day(datetime(2027, 1, 6, 14, 0))
    assert world.status(member) == "live"
    world.day(datetime(2027, 1, 7, 6, 0))  # one o'clock in the night in Maine: not yet
    assert world.status(member) == "live"
    world.day(MORNING_AFTER)
    assert world.status(member) == "suspended"
    assert world.grant_of(member).suspended_for.startswith("The user agreement in force is not signed")  # type: ignore[union-attr]
    world.now += timedelta(hours=1)
    (document,) = world.asked("user_agreement")
    with world.change() as session:  # the first link has run out by now; the home page gives a new one
        paper = session.get_one(Document, document.id)
        for link in session.scalars(select(Link).where(Link.document_id == paper.id)):
            link.expires_at = world.now + NEXT_DAY
    world.sign(document)
    assert world.status(member) == "live" and len(world.requests_to_sign()) == 1


def test_the_first_page_says_until_when(world: Community) -> None:
    agency = world.house()
    member = world.ready(agency)
    world.let_in(member)
    world.publish("user_agreement")
    world.drain()
    (task,) = [task for task in world.at_home(member.person_id) if task.kind == "sign"]
    assert (task.title, task.due, task.status) == (
        "Sign the new user agreement by January 6, 2027",
        GRACE_ENDS,
        "to_do",
    )
    world.now = MORNING_AFTER
    (task,) = [task for task in world.at_home(member.person_id) if task.kind == "sign"]
    assert (task.title, task.status) == ("Sign the new user agreement", "overdue")


def test_the_director_finds_the_agreement_of_the_agency_on_the_first_page(world: Community) -> None:
    agency = world.house()
    world.publish("participation_agreement")
    world.drain()
    with world.look() as session:
        director = session.scalars(
            select(Membership.person_id)
            .join(Evidence, (Evidence.subject_id == Membership.id) & (Evidence.kind == Kind.ROLE))
            .where(Membership.agency_id == agency.id, Evidence.detail == Role.EXECUTIVE_DIRECTOR)
        ).one()
    (document,) = world.asked("participation_agreement")
    (task,) = [task for task in world.at_home(director) if task.id == document.id]
    assert (task.kind, task.title) == ("sign_for_agency", "Sign the new participation agreement by February 20, 2027")


def test_the_message_says_what_changed_and_until_when(world: Community) -> None:
    world.record(
        Kind.PUBLISHED, About.LEAD, LEAD, detail="user_agreement", version="2025-1", valid_from=date(2026, 1, 2)
    )
    agency = world.house()
    member = world.ready(agency)
    world.record(Kind.USER_AGREEMENT, About.MEMBERSHIP, member.id, version="2025-1", valid_from=world.today)
    world.drain()
    world.publish("user_agreement")
    drain(world.context, handlers={**HANDLERS, Effect.MAIL: mail.handle})
    (message,) = [each for each in world.context.mailer.sent if "new version" in each.subject]  # type: ignore[attr-defined]
    assert message.subject.endswith("a new version to read and sign by January 6, 2027")
    flat = " ".join(message.text.split())
    assert "You have version 2025-1 on record, which counts until January 6, 2027" in flat
    assert "After that day, access to the core HMIS is suspended until this version is signed." in flat
    assert "- You now say that you use only approved devices and places, home included." in message.text
    assert "<li>You now say that you use only approved devices and places, home included.</li>" in message.html


def test_what_was_filled_in_before_is_filled_in_again_and_the_record_knows_better(world: Community) -> None:
    agency = world.house()
    member = world.ready(agency)
    world.drain()
    with world.change() as session:
        old = paperwork.prepare(
            session,
            kind="user_agreement",
            agency=agency,
            membership=session.get_one(Membership, member.id),
            version="2025-1",
            answers={"job_title": "Case manager", "user_name": "An older name"},
            actor=world.desk,
            now=world.now,
        )
    world.publish("user_agreement")
    world.drain()
    before, document = world.asked("user_agreement")
    assert (before.id, before.status, document.version) == (old.id, "void", "2026-1")
    assert document.answers["job_title"] == "Case manager" and document.answers["user_name"] != "An older name"


def test_what_publishing_does_is_known_before(world: Community) -> None:
    agency = world.house()
    for _ in range(2):
        world.ready(agency)
    world.drain()
    with world.look() as session:

        def preview(kind: str) -> publishing.Preview:
            return publishing.preview(
                session, kind=kind, version="2026-1", in_force_from=world.today, on=world.today, policy=world.policy
            )

        assert (preview("user_agreement").asked, preview("user_agreement").last_day) == (2, GRACE_ENDS)
        assert "everybody's access at the Agency is suspended" in preview("participation_agreement").consequence
        assert preview("participation_agreement").asked == preview("agency_admin_agreement").asked == 1
        assert "no new access" in preview("agency_admin_agreement").consequence
        assert preview("privacy_notice") == publishing.Preview(False, 0, None, "")


def test_one_document_that_cannot_be_prepared_holds_up_nobody_and_fails_where_it_is_seen(
    world: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency = world.house()
    first, broken, last = (world.ready(agency) for _ in range(3))
    for member in (first, broken, last):
        world.let_in(member)
    real = again._carried

    def carried(session: Any, kind: str, version: str, where: Any, membership: Any, **more: Any) -> dict[str, Any]:
        answers: dict[str, Any] = real(session, kind, version, where, membership, **more)
        return answers | ({"no such field": "x"} if membership.id == broken.id else {})

    monkeypatch.setattr(again, "_carried", carried)
    world.publish("user_agreement")
    world.drain()
    assert {document.membership_id for document in world.asked("user_agreement")} == {first.id, last.id}
    with world.look() as session:
        job = jobs_of(session)[-1]
        assert job.state == "waiting" and f"membership {broken.id}" in job.error and "1 not asked" in job.error
    for _ in range(jobs.TRIES):
        world.now += timedelta(hours=2)
        world.drain()
    with world.look() as session:
        assert [job.effect for job in jobs.list_failed(session)] == ["sign_again"]
    monkeypatch.undo()
    with world.change() as session:
        daily.ask_to_sign_again(session, now=world.now)
    world.drain()
    assert {document.membership_id for document in world.asked("user_agreement")} == {first.id, broken.id, last.id}


def jobs_of(session: Any) -> list[Job]:
    return list(session.scalars(select(Job).where(Job.effect == Effect.SIGN_AGAIN.value).order_by(Job.id)))
