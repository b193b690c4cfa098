"""Passwords, second factors and sessions, below the pages; the races on both databases."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.actors import PORTAL, Actor
from portal.db import Sessions, transaction
from portal.models import AuditEntry, Credential, Job, Link, Person, WebSession
from portal.refusals import Refused
from portal.secrets import Keys, hash_of
from portal.services.account import lockout, passwords, second_factor, sign_in
from workflows.policy import load
from workflows.vocabulary import Reason

KEYS = Keys(["k" * 40])
GOOD = "lantern quarry mosaic seventeen"
POLICY = load()
NOBODY = Actor(person_id=None, name="Nobody signed in", via="nobody", address="192.0.2.7", agent="A browser")


pytestmark = pytest.mark.usefixtures("quick_passwords")


@dataclass
class Door:
    """One person before the door, and the moment."""

    sessions: Sessions
    now: datetime
    person: Person

    def change(self, what: Callable[[Session], Any]) -> Any:
        with transaction(self.sessions) as session:
            return what(session)

    def credential(self) -> Credential:
        with self.sessions() as session:
            return session.get_one(Credential, self.person.id)

    def try_password(self, password: str, email: str = "jamie@example.org") -> bool:
        attempt = self.change(
            lambda s: sign_in.begin(s, email=email, now=self.now, policy=POLICY, address=NOBODY.address)
        )
        right = sign_in.fits(attempt, password)
        came = self.change(
            lambda s: sign_in.finish(s, attempt=attempt, right=right, password=password, actor=NOBODY, now=self.now)
        )
        return came is not None

    def set_password(self, password: str = GOOD) -> None:
        self.change(
            lambda s: sign_in.set_password(
                s,
                person=s.get_one(Person, self.person.id),
                password=password,
                actor=NOBODY,
                now=self.now,
                policy=POLICY,
            )
        )

    def start(self, via: str = "password") -> str:
        return self.change(
            lambda s: sign_in.start_session(
                s, person=s.get_one(Person, self.person.id), via=via, actor=NOBODY, now=self.now
            )
        )

    def seed(self) -> str:
        uri = self.change(lambda s: second_factor.begin_totp(s, person=s.get_one(Person, self.person.id), keys=KEYS))
        return str(pyotp.parse_uri(uri).secret)

    def code(self, seed: str, steps: int = 0) -> str:
        seconds = int((self.now - datetime(1970, 1, 1)).total_seconds()) + steps * 30
        return pyotp.TOTP(seed).at(seconds)

    def try_code(self, code: str, session_id: int = 0) -> bool:
        return bool(
            self.change(
                lambda s: second_factor.check_totp(
                    s,
                    person=s.get_one(Person, self.person.id),
                    session_id=session_id,
                    code=code,
                    keys=KEYS,
                    actor=NOBODY,
                    now=self.now,
                    policy=POLICY,
                )
            )
        )

    def unlock(self) -> None:
        def open_it(session: Session) -> None:
            session.get_one(Credential, self.person.id).locked_since = None
            session.get_one(Credential, self.person.id).failures = 0

        self.change(open_it)

    def live(self) -> list[str]:
        with self.sessions() as session:
            return list(session.scalars(select(WebSession.token_hash).where(WebSession.ended_at.is_(None))))


def door_on(sessions: Sessions, now: datetime) -> Door:
    with transaction(sessions) as session:
        person = Person(
            first_name="Jamie",
            last_name="Sample",
            email="jamie@example.org",
            email_key="jamie@example.org",
            named_at=now,
        )
        session.add(person)
    return Door(sessions, now, person)


@pytest.fixture
def door(sessions: Sessions, now: datetime) -> Iterator[Door]:
    made = door_on(sessions, now)
    made.set_password()
    return made


@pytest.fixture
def each_door(each_sessions: Sessions, now: datetime) -> Iterator[Door]:
    made = door_on(each_sessions, now)
    made.set_password()
    return made


# --- passwords


def test_the_right_password_comes_in_and_is_kept_as_argon2(door: Door) -> None:
    assert door.try_password(GOOD)
    assert door.try_password(GOOD, email="  JAMIE@example.org ")
    assert door.credential().password_hash.startswith("$argon2id$")
    assert GOOD not in door.credential().password_hash


@pytest.mark.parametrize("wrong", ["", GOOD + " ", GOOD.upper(), GOOD[:-1], "Lantern quarry mosaic seventeen"])
def test_a_wrong_password_does_not(door: Door, wrong: str) -> None:
    assert not door.try_password(wrong)
    assert door.credential().failures == 1


def test_an_address_nobody_has_and_a_person_without_a_password_answer_alike(door: Door) -> None:
    assert not door.try_password(GOOD, email="nobody@example.org")
    door.change(lambda s: setattr(s.get_one(Credential, door.person.id), "password_hash", ""))
    assert not door.try_password("nobody has this password")
    assert not door.try_password("")


def test_the_same_work_is_done_for_an_address_nobody_has(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = passwords.fits

    def watched(password_hash: str, password: str) -> bool:
        looked.append(password_hash.rsplit("$", 2)[0])
        return real(password_hash, password)

    monkeypatch.setattr(passwords, "fits", watched)
    door.try_password("wrong")
    door.try_password("wrong", email="nobody@example.org")
    assert len(looked) == 2
    assert looked[0] == looked[1], "the same parameters, hence the same cost"


def test_after_three_wrong_ones_the_account_is_locked_even_for_the_right_one(door: Door) -> None:
    for _ in range(3):
        assert not door.try_password("wrong")
    assert not door.try_password(GOOD)
    door.now += timedelta(days=400)
    assert not door.try_password(GOOD), "no time unlocks it"
    assert door.credential().locked_since is not None
    door.unlock()
    assert door.try_password(GOOD)
    assert door.credential().failures == 0


def test_a_right_one_among_wrong_ones_begins_the_count_anew(door: Door) -> None:
    for _ in range(3):
        for _ in range(2):
            assert not door.try_password("wrong")
        assert door.try_password(GOOD)
    assert door.credential().locked_since is None


def test_the_lock_signs_the_person_out_everywhere(door: Door) -> None:
    door.start(), door.start("link")
    door.try_password("wrong"), door.try_password("wrong")
    assert len(door.live()) == 2
    door.try_password("wrong")
    assert door.live() == []


def test_of_thirty_passwords_at_once_three_are_looked_at(each_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(sign_in, "fits", lambda attempt, _password: looked.append(attempt.counts) or False)
    together = Barrier(30)

    def guess(number: int) -> bool:
        together.wait()
        return each_door.try_password(f"guess {number}")

    with ThreadPoolExecutor(30) as crowd:
        assert not any(crowd.map(guess, range(30)))
    assert looked.count(True) == 3
    assert looked.count(False) == 27


def test_wrong_passwords_are_on_record_without_the_password(door: Door) -> None:
    door.try_password("a secret that was mistyped")
    with door.sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.refused == "wrong_password")).one()
    assert entry.person_id == door.person.id
    assert entry.address == "192.0.2.7"
    assert "mistyped" not in f"{entry.said}{entry.before}{entry.after}"


@pytest.mark.parametrize(
    ("weak", "said"),
    [
        ("short but odd", "15 to 128"),
        ("x" * 129, "15 to 128"),
        ("aaaaaaaaaaaaaaaaaaaa", "easy to guess"),
        ("passwordpassword", "easy to guess"),
        ("jamie lantern quarry mosaic", "easy to guess"),
        ("lantern SAMPLE quarry mosaic", "easy to guess"),
    ],
)
def test_a_weak_password_is_refused_with_what_to_do(door: Door, weak: str, said: str) -> None:
    before = door.credential().password_hash
    with pytest.raises(Refused, match=said) as no:
        door.set_password(weak)
    assert no.value.reason is Reason.BAD_INPUT and no.value.field == "password"
    assert door.credential().password_hash == before


def test_long_passwords_count_to_their_last_letter(door: Door) -> None:
    long = "lantern quarry mosaic seventeen " * 4
    door.set_password(long)
    assert len(long) == 128
    assert door.try_password(long)
    assert not door.try_password(long[:-1])


def test_a_hash_of_older_parameters_is_made_anew_at_sign_in(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    before = door.credential().password_hash
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert not door.try_password("wrong")
    assert door.credential().password_hash == before
    assert door.try_password(GOOD)
    assert "t=2" in door.credential().password_hash
    assert door.try_password(GOOD)


def test_the_hash_costs_what_it_should() -> None:
    assert PasswordHasher().memory_cost >= 19 * 1024, "at least what OWASP asks of argon2id"


def test_a_password_changed_meanwhile_ends_the_attempt(door: Door) -> None:
    attempt = door.change(lambda s: sign_in.begin(s, email="jamie@example.org", now=door.now, policy=POLICY))
    assert sign_in.fits(attempt, GOOD)
    door.set_password("velvet harbor onion thirteen")
    came = door.change(
        lambda s: sign_in.finish(s, attempt=attempt, right=True, password=GOOD, actor=NOBODY, now=door.now)
    )
    assert came is None


# --- sessions


def test_the_database_holds_no_token(door: Door) -> None:
    token = door.start()
    assert door.live() == [hash_of(token)]


def test_at_most_three_sessions_the_oldest_ends(door: Door) -> None:
    tokens = []
    for _ in range(5):
        tokens.append(door.start())
        door.now += timedelta(seconds=1)
    assert sorted(door.live()) == sorted(hash_of(token) for token in tokens[2:])


def test_twenty_browsers_at_once_leave_three(each_door: Door) -> None:
    together = Barrier(20)

    def come(_number: int) -> str:
        together.wait()
        return each_door.start()

    with ThreadPoolExecutor(20) as crowd:
        list(crowd.map(come, range(20)))
    assert len(each_door.live()) == 3


def test_a_new_password_ends_every_session(door: Door) -> None:
    door.start(), door.start("link")
    door.set_password("velvet harbor onion thirteen")
    assert door.live() == []


def test_ending_one_session_leaves_the_others(door: Door) -> None:
    first, second = door.start(), door.start()
    door.change(lambda s: sign_in.end_session(s, token=first, now=door.now))
    assert door.live() == [hash_of(second)]


def test_a_rotated_token_replaces_the_one_before(door: Door) -> None:
    token = door.start()
    fresh = door.change(lambda s: sign_in.rotate(s, token=token, now=door.now))
    assert door.live() == [hash_of(fresh)] and fresh != token
    with pytest.raises(Refused, match="Sign in again"):
        door.change(lambda s: sign_in.rotate(s, token=token, now=door.now))


# --- the second factor


def test_a_code_of_the_present_step_passes_once(door: Door) -> None:
    token = door.start()
    with door.sessions() as session:
        session_id = session.scalars(select(WebSession.id).where(WebSession.token_hash == hash_of(token))).one()
    seed = door.seed()
    code = door.code(seed)
    assert door.try_code(f" {code[:3]} {code[3:]} ", session_id)
    assert not door.try_code(code, session_id), "a code works once"
    with door.sessions() as session:
        assert session.get_one(WebSession, session_id).second_factor_at == door.now
    assert door.credential().totp_confirmed_at == door.now


@pytest.mark.parametrize("steps", [-2, -1, 1, 2])
def test_codes_of_other_steps_do_not_pass(door: Door, steps: int) -> None:
    assert not door.try_code(door.code(door.seed(), steps))


def test_of_fifty_at_once_one_passes(each_door: Door) -> None:
    seed = each_door.seed()
    code, together = each_door.code(seed), Barrier(50)

    def enter(_number: int) -> bool:
        together.wait()
        return each_door.try_code(code)

    with ThreadPoolExecutor(50) as crowd:
        assert list(crowd.map(enter, range(50))).count(True) == 1


def test_three_wrong_codes_lock_the_right_one_out_too(door: Door) -> None:
    seed = door.seed()
    wrong = "000000" if door.code(seed) != "000000" else "111111"
    for _ in range(3):
        assert not door.try_code(wrong)
    assert not door.try_code(door.code(seed))
    with door.sessions() as session:
        assert lockout.is_locked(session, door.person.id)
    door.unlock()
    assert door.try_code(door.code(seed))


def test_the_password_does_not_wipe_out_wrong_codes(door: Door) -> None:
    """Whoever knows the password would otherwise guess codes for ever, two at a time."""
    seed = door.seed()
    assert door.try_code(door.code(seed))
    guesses = 0
    for _ in range(20):
        if door.try_password(GOOD):
            before = door.credential().failures
            door.try_code("000000")
            guesses += door.credential().failures - before
    assert guesses == 3


def test_a_confirmed_seed_is_never_shown_again(door: Door) -> None:
    seed = door.seed()
    assert door.seed() == seed, "shown again until it is confirmed"
    assert door.try_code(door.code(seed))
    with pytest.raises(Refused) as no:
        door.seed()
    assert no.value.reason is Reason.ALREADY_DONE


def test_the_seed_lies_sealed(door: Door) -> None:
    seed = door.seed()
    sealed = door.credential().totp_sealed
    assert sealed and seed.encode() not in sealed
    assert KEYS.unseal(sealed) == seed


def test_no_second_factor_without_a_password(sessions: Sessions, now: datetime) -> None:
    with pytest.raises(Refused, match="Choose a password first"):
        door_on(sessions, now).seed()


# --- links for whoever comes rarely


def links_of(door: Door) -> tuple[int, int]:
    with door.sessions() as session:
        made = session.scalar(select(func.count()).select_from(Link).where(Link.purpose == "sign_in"))
        jobs = session.scalar(select(func.count()).select_from(Job).where(Job.effect == "mail"))
        return made or 0, jobs or 0


def ask(door: Door, email: str = "jamie@example.org") -> None:
    door.change(lambda s: sign_in.ask_for_link(s, email=email, actor=NOBODY, now=door.now, policy=POLICY))


def test_a_link_is_mailed_to_a_known_address_alone(door: Door) -> None:
    ask(door, "nobody@example.org")
    assert links_of(door) == (0, 0)
    ask(door, " Jamie@Example.org")
    assert links_of(door) == (1, 1)


def test_asking_on_and_on_mails_once_a_minute_and_ten_times_a_day(door: Door) -> None:
    for _ in range(5):
        ask(door)
    assert links_of(door)[0] == 1
    for _ in range(30):
        door.now += timedelta(minutes=1)
        ask(door)
    assert links_of(door)[0] == 10
    door.now += timedelta(days=1)
    ask(door)
    assert links_of(door)[0] == 11


def test_the_record_says_where_the_wish_came_from(door: Door) -> None:
    ask(door)
    with door.sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "link.send")).one()
    assert entry.actor == PORTAL.name and entry.address == "192.0.2.7"
