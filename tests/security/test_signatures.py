"""Whose signature it is: somebody else's document, another document's link, a text that changed meanwhile, codes tried without end."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Document, Link, Signature
from portal.refusals import Refused
from portal.secrets import Keys
from portal.services import links, paperwork
from tests.services.paper import AGREEMENT, KEYS, NOW, POLICY, USER, World, build, prove
from workflows.vocabulary import Reason


@pytest.fixture
def world(each_session: Session) -> World:
    return build(each_session)


def refusal(*reasons: Reason):
    return pytest.raises(Refused, check=lambda error: error.reason in reasons)


def sign(world: World, document: Document, link: Link, who: str, via: str = "password", seen: Document | None = None):
    text = paperwork.text_of(document)
    return paperwork.sign(
        world.session, document=document, link=link, name=world.people[who].name, title="Director", authority=True, consent=True,
        initials=dict.fromkeys(text.initialled, "JS"), actor=world.actor(who, via, seen), now=NOW, policy=POLICY,
    )  # fmt: skip


def test_who_is_signed_in_and_needs_no_link_to_see_the_document_still_needs_the_code(world: World) -> None:
    """The table lets a person sign what is about that person; the service asks for a link and its code all the same."""
    document = world.prepare("user_agreement", "user", USER)
    for via in ("password", "link"):
        link = world.link(document, "user", proven=False)
        with refusal(Reason.WRONG_CODE):
            sign(world, document, link, "user", via, document)
    here = links.issue_here(
        world.session, keys=KEYS, document=document, actor=world.actor("user"), now=NOW, policy=POLICY
    )
    link = links.open_link(world.session, keys=KEYS, envelope=here, purpose="signing", now=NOW)
    with refusal(Reason.WRONG_CODE):
        sign(world, document, link, "user")
    assert not world.session.scalars(select(Signature)).all() and document.status == "prepared"


def test_a_link_session_for_one_document_signs_no_other(world: World) -> None:
    first, other = world.prepare("user_agreement", "user", USER), world.prepare("privacy_notice", "user")
    link = world.link(first, "user")
    with refusal(Reason.NOT_ALLOWED):
        sign(world, other, link, "user", "link", first)
    with refusal(Reason.WRONG_CODE):
        sign(world, other, world.link(other, "user", proven=False), "user", "link", first)
    envelope = links.send(world.session, link=link, keys=KEYS)
    for purpose in ("sign_in", "invitation", "reset", "download"):
        with refusal(Reason.LINK_SPENT):
            links.open_link(world.session, keys=KEYS, envelope=envelope, purpose=purpose, now=NOW)


def test_nobody_signs_with_somebody_elses_link_or_in_somebody_elses_place(world: World) -> None:
    user = world.prepare("user_agreement", "user", USER)
    agreement = world.prepare("participation_agreement", answers=AGREEMENT)
    for who in ("manager", "director", "desk", "admin"):
        with refusal(Reason.NOT_ALLOWED):
            sign(world, user, world.link(user, "user"), who)
    for who in ("manager", "user", "desk", "admin"):
        with refusal(Reason.NOT_ALLOWED):
            sign(world, agreement, world.link(agreement, "director"), who)
        with refusal(Reason.NOT_ALLOWED):
            paperwork.send_to_sign(
                world.session,
                document=agreement,
                person=world.people[who],
                actor=world.actor("desk"),
                now=NOW,
                policy=POLICY,
            )
    assert not world.session.scalars(select(Signature)).all()


def test_the_agency_admin_cannot_sign_the_participation_agreement_for_the_director_even_with_a_link_made_by_hand(
    world: World,
) -> None:
    agreement = world.prepare("participation_agreement", answers=AGREEMENT)
    with refusal(Reason.NOT_ALLOWED, Reason.NOT_FOUND):
        envelope = links.issue_here(
            world.session, keys=KEYS, document=agreement, actor=world.actor("manager"), now=NOW, policy=POLICY
        )
        link = links.open_link(world.session, keys=KEYS, envelope=envelope, purpose="signing", now=NOW)
        prove(world.session, link)
        sign(world, agreement, link, "manager")
    assert agreement.status == "prepared"


def test_the_countersigner_is_not_its_signer(world: World) -> None:
    """A director who is an administrator of the Lead as well: somebody else countersigns, and verifies."""
    from portal.actors import PORTAL
    from portal.models import Membership
    from portal.services import evidence
    from workflows.vocabulary import LEAD, About, Kind, Role

    both = Membership(agency_id=LEAD, person_id=world.people["director"].id, created_at=NOW)
    world.session.add(both)
    world.session.flush()
    evidence.record(
        world.session, actor=PORTAL, now=NOW, kind=Kind.ROLE, about=About.MEMBERSHIP, subject_id=both.id, detail=Role.LEAD_ADMIN, valid_from=NOW.date(),
    )  # fmt: skip
    agreement = world.prepare("participation_agreement", answers=AGREEMENT)
    world.sign(agreement, "director")
    mine = {"name": world.people["director"].name, "title": "Director", "authority": True, "consent": True}
    with refusal(Reason.NOT_ALLOWED):
        paperwork.countersign(
            world.session, document=agreement, actor=world.actor("director"), now=NOW, policy=POLICY, **mine
        )
    with refusal(Reason.NOT_ALLOWED):
        paperwork.verify(world.session, document=agreement, how="submitted", actor=world.actor("director"), now=NOW)
    others = mine | {"name": world.people["admin"].name}
    paperwork.countersign(
        world.session, document=agreement, actor=world.actor("admin"), now=NOW, policy=POLICY, **others
    )
    assert agreement.status == "executed"


def test_what_is_filled_in_behind_a_signers_back_has_to_be_read_again(world: World) -> None:
    """The director has read 'No sharing' and entered the code; the Agency Admin changes it before the signature arrives."""
    agreement = world.prepare("participation_agreement", answers=AGREEMENT)
    link = world.link(agreement, "director")
    with world.session.no_autoflush:
        changed = AGREEMENT | {"participation_fee": "$100,000"}
    paperwork.fill_in(world.session, document=agreement, answers=changed, actor=world.actor("manager"), now=NOW)
    with refusal(Reason.WRONG_CODE):
        world.sign(agreement, "director", link)
    assert agreement.status == "prepared"
    later = NOW + timedelta(minutes=5)
    prove(world.session, link, later)
    world.sign(agreement, "director", link, now=later)
    assert agreement.status == "signed"


def test_what_the_signer_fills_in_needs_no_second_code(world: World) -> None:
    agreement = world.prepare("participation_agreement", answers=AGREEMENT)
    link = world.link(agreement, "director")
    paperwork.fill_in(
        world.session, document=agreement, answers={"participation_fee": "$5"}, actor=world.actor("director"), now=NOW
    )
    world.sign(agreement, "director", link)
    assert agreement.status == "signed" and agreement.answers["participation_fee"] == "$5"


def test_codes_cannot_be_guessed_by_asking_for_ever_new_links(world: World) -> None:
    """With a stolen session, five tries for a code and five codes for a link would be no limit if links were free."""
    document = world.prepare("user_agreement", "user", USER)
    thief, tries = world.actor("user"), 0
    with refusal(Reason.CONFLICT):
        for _ in range(1000):
            envelope = links.issue_here(
                world.session, keys=KEYS, document=document, actor=thief, now=NOW, policy=POLICY
            )
            links.open_link(world.session, keys=KEYS, envelope=envelope, purpose="signing", now=NOW)
            tries += POLICY.one_time_code.tries * links.CODES
    assert tries <= 250
    links.issue_here(
        world.session, keys=KEYS, document=document, actor=thief, now=NOW + timedelta(days=1, minutes=1), policy=POLICY
    )


def test_a_mailbox_is_not_filled_by_sending_a_document_again_and_again(world: World) -> None:
    document = world.prepare("user_agreement", "user", USER)
    with refusal(Reason.CONFLICT):
        for _ in range(1000):
            paperwork.send_to_sign(
                world.session,
                document=document,
                person=world.people["user"],
                actor=world.actor("manager"),
                now=NOW,
                policy=POLICY,
            )
    mails = [job for job in world.jobs() if job.payload["mail"] == "sign_request"]
    assert len(mails) == links.A_DAY


def test_an_envelope_of_other_keys_or_with_other_content_opens_nothing(world: World) -> None:
    document = world.prepare("user_agreement", "user", USER)
    link = world.link(document, "user", proven=False)
    links.send(world.session, link=link, keys=KEYS)
    for content in (
        [link.id, ""],
        [link.id, None],
        [link.id],
        [str(link.id), "x"],
        {"id": link.id},
        [True, "x"],
        [-1, "x"],
        "x",
        None,
    ):
        with refusal(Reason.LINK_SPENT):
            links.open_link(
                world.session, keys=KEYS, envelope=KEYS.envelope("signing", content), purpose="signing", now=NOW
            )
    forged = Keys(["another key of forty letters, and no more"]).envelope("signing", [link.id, "x"])
    with refusal(Reason.LINK_SPENT):
        links.open_link(world.session, keys=KEYS, envelope=forged, purpose="signing", now=NOW)
