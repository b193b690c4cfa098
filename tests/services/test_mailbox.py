"""Another e-mail address: asked by whom, confirmed by the mailbox alone, and what follows from it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.actors import PORTAL
from portal.models import EmailChange, Link, OtherAddress, Person
from portal.refusals import Refused
from portal.services.account import sign_in
from portal.services.people import mailbox
from tests.services.doors import GOOD, Doors
from workflows.vocabulary import Reason

NEW = "new.address@example.org"


def ask(doors: Doors, whose: str, by: str, email: str = NEW, reason: str = "Married, new mailbox.") -> int:
    with doors.world.change() as session:
        row = mailbox.ask_change(
            session, person=session.get_one(Person, doors.members[whose].person_id), email=email, reason=reason,
            actor=doors.actor(by), now=doors.world.now, policy=doors.world.policy,
        )  # fmt: skip
        return row.id


def envelope(doors: Doors, change_id: int) -> str:
    with doors.world.change() as session:
        return mailbox.send(session, change=session.get_one(EmailChange, change_id), keys=doors.world.keys)


def confirm(doors: Doors, text: str) -> None:
    with doors.world.change() as session:
        change = mailbox.open_change(session, keys=doors.world.keys, envelope=text, now=doors.world.now)
        mailbox.confirm(session, change=change, actor=PORTAL, now=doors.world.now, policy=doors.world.policy)


def test_it_counts_once_the_new_mailbox_says_so(doors: Doors) -> None:
    doors.start("user"), doors.start("user")
    old = doors.person("user").email
    with doors.world.change() as session:
        sign_in.ask_for_link(
            session, email=old, actor=doors.actor("user"), now=doors.world.now, policy=doors.world.policy, purpose="reset"
        )  # fmt: skip
    change = ask(doors, "user", "user")
    assert doors.person("user").email == old and doors.try_password("user", email=old)
    confirm(doors, envelope(doors, change))
    assert doors.person("user").email == doors.person("user").email_key == NEW
    assert doors.live("user") == 0
    assert doors.world.count(Link, Link.revoked_at.is_(None)) == 0, "links that went to the old mailbox are void"
    assert doors.try_password("user", GOOD, email=NEW).id == doors.members["user"].person_id
    assert doors.try_password("user", GOOD, email=old) is None
    assert [mail["change_id"] for mail in doors.mails("email_changed")] == [change]
    with doors.world.look() as session:
        assert session.get_one(OtherAddress, old).person_id == doors.members["user"].person_id


@pytest.mark.parametrize(
    ("whose", "by", "may"),
    [
        ("user", "admin", True), ("user", "desk", True), ("user", "colleague", False), ("user", "director", False),
        ("user", "admin_elsewhere", False), ("admin", "second_admin", False), ("admin", "admin", True), ("admin", "desk", True),
        ("lead", "desk", False), ("lead", "lead", True),
    ],
)  # fmt: skip
def test_who_may_ask(doors: Doors, whose: str, by: str, may: bool) -> None:
    if may:
        assert ask(doors, whose, by)
        assert doors.person(whose).email != NEW, "nobody but the mailbox decides"
        return
    with pytest.raises(Refused) as no:
        ask(doors, whose, by)
    assert no.value.reason in {Reason.NOT_ALLOWED, Reason.SAME_PERSON}
    assert doors.world.count(EmailChange) == 0


def test_staff_say_why(doors: Doors) -> None:
    with pytest.raises(Refused, match="Say why"):
        ask(doors, "user", "admin", reason="")


def test_each_link_works_once_and_the_newest_alone(doors: Doors) -> None:
    first = envelope(doors, ask(doors, "user", "user"))
    second_change = ask(doors, "user", "user", "other.address@example.org")
    with pytest.raises(Refused):
        confirm(doors, first)
    stale, fresh = envelope(doors, second_change), envelope(doors, second_change)
    with pytest.raises(Refused):
        confirm(doors, stale)
    confirm(doors, fresh)
    with pytest.raises(Refused, match="already"):
        confirm(doors, fresh)


def test_it_runs_out_after_a_day(doors: Doors) -> None:
    text = envelope(doors, ask(doors, "user", "user"))
    doors.world.now += timedelta(days=1)
    with pytest.raises(Refused, match="expired"):
        confirm(doors, text)
    assert doors.person("user").email != NEW


def test_an_address_that_is_somebodys_is_not_taken(doors: Doors) -> None:
    taken = doors.person("colleague").email
    with pytest.raises(Refused, match="somebody else"):
        ask(doors, "user", "desk", taken)
    text = envelope(doors, ask(doors, "user", "user", taken))
    with pytest.raises(Refused) as no:
        confirm(doors, text)
    assert no.value.reason is Reason.CONFLICT
    assert doors.person("user").email != taken


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "x" * 400 + "@example.org"])
def test_what_is_no_address_is_refused(doors: Doors, email: str) -> None:
    with pytest.raises(Refused) as no:
        ask(doors, "user", "user", email)
    assert no.value.field == "email"


def test_the_core_hmis_is_told(doors: Doors) -> None:
    world = doors.world
    membership = world.ready(world.agency())
    world.let_in(membership)
    doors.members["holder"] = membership
    world_orders = len(world.orders(membership))
    with world.change() as session:
        row = mailbox.ask_change(
            session, person=session.get_one(Person, membership.person_id), email=NEW, actor=world.actor(membership), now=world.now,
            policy=world.policy,
        )  # fmt: skip
        change = row.id
    confirm(doors, envelope(doors, change))
    world.drain()
    assert len(world.orders(membership)) == world_orders + 1
    with world.look() as session:
        assert session.scalars(select(Person.email).where(Person.id == membership.person_id)).one() == NEW
