"""Choosing a password under either profile: guessable ones, ones that come back, ones that have run out; and resets."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.models import Credential, Link, PastPassword, Person
from portal.refusals import Refused
from portal.services import links
from portal.services.account import passwords, resets, sign_in
from tests.services.doors import GOOD, Doors
from workflows.policy import MAINE, load, text_of
from workflows.vocabulary import Reason

MANUAL = load(text_of(MAINE).replace('profile          = "nist-63b4"', 'profile = "manual"'))
FIRST, SECOND, THIRD = "velvet7onion4", "quarry3mosaic9", "lantern5basin8"


def test_the_pack_of_this_test_has_the_other_profile() -> None:
    assert MANUAL.sign_in.profile == "manual"


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("Summer2026!!", "easy to guess"), ("Winter26/Spring27", "easy to guess"), ("password12", "easy to guess"),
        ("qwerty123456", "easy to guess"), ("Shelter2026x", "easy to guess"), ("MaineHousing42", "easy to guess"),
        ("hmisPortal99", "easy to guess"), ("onion4velvet", "at least 2 digits"), ("a1b2", "8 to 50"),
        ("12345678901234567890", "easy to guess"),
    ],
)  # fmt: skip
def test_the_manuals_profile_refuses(doors: Doors, password: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as no:
        doors.set_password("user", password, MANUAL)
    assert no.value.field == "password"


@pytest.mark.parametrize(
    "password", ["Summer2026!!Summer2026!!", "november november 2026", "Sample Shelter 2026 Maine"]
)
def test_the_portals_own_profile_refuses(doors: Doors, password: str) -> None:
    with pytest.raises(Refused, match="easy to guess"):
        doors.set_password("user", password)


def test_ones_own_name_and_agency_do_not_help(doors: Doors) -> None:
    person = doors.person("user")
    with pytest.raises(Refused, match="easy to guess"):
        doors.set_password("user", f"{person.last_name} lantern quarry")
    with pytest.raises(Refused, match="easy to guess"):
        doors.set_password("user", f"{doors.agency.name} 2026 2027")


def test_passwords_count_capital_and_small_letters(doors: Doors) -> None:
    doors.set_password("user", FIRST, MANUAL)
    assert doors.try_password("user", FIRST).id == doors.members["user"].person_id
    assert doors.try_password("user", FIRST.upper()) is None


def test_a_password_does_not_come_back_while_it_would_not_have_run_out(doors: Doors) -> None:
    doors.set_password("user", FIRST, MANUAL)
    with pytest.raises(Refused, match="used lately"):
        doors.set_password("user", FIRST, MANUAL)
    doors.world.now += timedelta(days=10)
    doors.set_password("user", SECOND, MANUAL)
    doors.world.now += timedelta(days=1)
    doors.set_password("user", THIRD, MANUAL)
    for again in (FIRST, SECOND, THIRD):
        with pytest.raises(Refused, match="used lately"):
            doors.set_password("user", again, MANUAL)
    doors.world.now += timedelta(days=45)
    with pytest.raises(Refused, match="used lately"):
        doors.set_password("user", SECOND, MANUAL)
    doors.set_password("user", FIRST, MANUAL)  # replaced 46 days ago; SECOND 45


def test_the_portals_own_profile_remembers_nothing_against_anybody(doors: Doors) -> None:
    doors.set_password("user", "velvet harbor onion thirteen")
    doors.set_password("user", GOOD)


def test_only_hashes_of_earlier_ones_are_kept_and_for_a_year(doors: Doors) -> None:
    doors.set_password("user", FIRST, MANUAL)
    doors.set_password("user", SECOND, MANUAL)
    with doors.world.look() as session:
        kept = session.scalars(
            select(PastPassword).where(PastPassword.person_id == doors.members["user"].person_id)
        ).all()
    assert len(kept) == 2 and all(row.password_hash.startswith("$argon2id$") for row in kept)
    doors.world.now += timedelta(days=367)
    doors.set_password("user", THIRD, MANUAL)
    assert doors.world.count(PastPassword, PastPassword.person_id == doors.members["user"].person_id) == 1


def test_a_password_runs_out_on_the_leads_day(doors: Doors) -> None:
    doors.set_password("user", FIRST, MANUAL)
    changed = doors.credential("user").changed_at
    assert passwords.runs_out(changed, MANUAL) == doors.world.today + timedelta(45)
    assert passwords.runs_out(changed, doors.world.policy) is None


# --- resets


def reset(doors: Doors, whose: str, by: str, reason: str = "Forgot it, called me.") -> None:
    with doors.world.change() as session:
        resets.send_reset(
            session, person=session.get_one(Person, doors.members[whose].person_id), reason=reason, actor=doors.actor(by),
            now=doors.world.now, policy=doors.world.policy,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("whose", "by", "may"),
    [
        ("user", "admin", True), ("user", "desk", True), ("user", "user", False), ("user", "colleague", False),
        ("user", "admin_elsewhere", False), ("admin", "second_admin", False), ("admin", "admin", False), ("admin", "desk", True),
        ("lead", "desk", False), ("lead", "second_lead", True), ("lead", "admin", False),
    ],
)  # fmt: skip
def test_who_may_have_a_reset_mailed_to_whom(doors: Doors, whose: str, by: str, may: bool) -> None:
    if may:
        reset(doors, whose, by)
        sent = doors.mails("password_reset")
        assert [mail["person_id"] for mail in sent] == [doors.members[whose].person_id], "to the person, to nobody else"
        return
    with pytest.raises(Refused) as no:
        reset(doors, whose, by)
    assert no.value.reason in {Reason.NOT_ALLOWED, Reason.SAME_PERSON}
    assert doors.world.count(Link, Link.purpose == "reset") == 0


def test_a_reset_changes_nothing_by_itself_and_is_on_record(doors: Doors) -> None:
    before = doors.credential("user").password_hash
    reset(doors, "user", "admin")
    assert doors.credential("user").password_hash == before
    assert doors.try_password("user").id == doors.members["user"].person_id
    assert "Forgot it, called me." in doors.said("password.reset")[-1].said


def test_a_change_of_password_ends_every_link_to_come_in_by(doors: Doors) -> None:
    for purpose in ("reset", "sign_in"):
        with doors.world.change() as session:
            sign_in.ask_for_link(
                session, email=doors.person("user").email, actor=doors.actor("user"), now=doors.world.now,
                policy=doors.world.policy, purpose=purpose,
            )  # fmt: skip
    mine = Link.person_id == doors.members["user"].person_id
    assert doors.world.count(Link, mine, Link.revoked_at.is_(None)) == 2
    doors.set_password("user", "velvet harbor onion thirteen")
    assert doors.world.count(Link, mine, Link.revoked_at.is_(None)) == 0
    with doors.world.look() as session:
        link = session.scalars(select(Link).where(mine)).first()
        assert link
        with pytest.raises(Refused):
            links.refuse_spent(link, doors.world.now)


def test_nobody_chooses_a_password_for_anybody(doors: Doors) -> None:
    """There is no service by which staff would: the one that sets a password takes it from the person's own page."""
    with doors.world.look() as session:
        assert session.scalar(select(func.count()).select_from(Credential)) == len(doors.members)
    assert not [name for name in dir(resets) if "set" in name and name != "send_reset"]


def test_the_person_is_told_of_a_change_and_not_of_the_first_password(doors: Doors) -> None:
    assert doors.mails("password_changed") == []
    doors.set_password("user", "velvet harbor onion thirteen")
    assert [mail["person_id"] for mail in doors.mails("password_changed")] == [doors.members["user"].person_id]
