"""Locked after three failures until somebody else unlocks: who may, who is told, and what comes before the lock."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select

from portal.db import make_sessionmaker, transaction
from portal.models import Link, Person, SignInLimit
from portal.refusals import Refused
from portal.services.account import limits, lockout, resets, sign_in
from tests.services.doors import GOOD, Doors
from tests.web.browsing import statements
from workflows.vocabulary import Reason

ROOT = Path(__file__).resolve().parents[2]


# --- who unlocks


@pytest.mark.parametrize(
    ("whose", "by", "may"),
    [
        ("user", "admin", True), ("user", "desk", True), ("user", "lead", True),
        ("user", "user", False), ("user", "colleague", False), ("user", "director", False), ("user", "admin_elsewhere", False),
        ("director", "admin", True),
        ("admin", "second_admin", False), ("admin", "admin", False), ("admin", "desk", True), ("admin", "lead", True),
        ("lead", "lead", False), ("lead", "second_lead", True), ("lead", "desk", False), ("lead", "admin", False),
        ("desk", "lead", True), ("desk", "desk", False),
    ],
)  # fmt: skip
def test_who_may_unlock_whom(doors: Doors, whose: str, by: str, may: bool) -> None:
    doors.lock(whose)
    if may:
        doors.unlock(whose, by)
        assert not doors.locked(whose) and doors.try_password(whose)
        return
    with pytest.raises(Refused) as no:
        doors.unlock(whose, by)
    assert no.value.reason in {Reason.NOT_ALLOWED, Reason.SAME_PERSON}
    assert doors.locked(whose)


def test_an_unlock_takes_a_reason_is_on_record_and_is_mailed(doors: Doors) -> None:
    doors.lock("user")
    with pytest.raises(Refused, match="Say why"):
        doors.unlock("user", "admin", reason=" . ")
    doors.unlock("user", "admin", reason="Called back on the number on file.")
    entry = doors.said("account.unlock")[-1]
    assert "Called back on the number on file." in entry.said and entry.actor_id == doors.members["admin"].person_id
    assert entry.person_id == doors.members["user"].person_id
    assert [mail["person_id"] for mail in doors.mails("account_unlocked")] == [doors.members["user"].person_id]
    with pytest.raises(Refused) as no:
        doors.unlock("user", "admin")
    assert no.value.reason is Reason.ALREADY_DONE


def test_a_password_chosen_anew_does_not_unlock(doors: Doors) -> None:
    doors.lock("user")
    doors.set_password("user", "velvet harbor onion thirteen")
    assert doors.locked("user")
    assert doors.try_password("user", "velvet harbor onion thirteen") is None


def test_a_locked_person_is_mailed_no_link_but_who_can_help(doors: Doors) -> None:
    doors.lock("user")
    doors.notice()
    before = len(doors.mails("account_locked"))
    doors.world.now += timedelta(minutes=1)
    for purpose in ("sign_in", "reset"):
        with doors.world.change() as session:
            sign_in.ask_for_link(
                session, email=doors.person("user").email, actor=doors.actor("user"), now=doors.world.now,
                policy=doors.world.policy, purpose=purpose,
            )  # fmt: skip
    assert doors.world.count(Link, Link.person_id == doors.members["user"].person_id) == 0
    assert len(doors.mails("account_locked")) == before + 1, "once an hour, however often one asks"


def test_staff_send_no_reset_to_a_locked_person(doors: Doors) -> None:
    doors.lock("user")
    with pytest.raises(Refused, match="Unlock it first"), doors.world.change() as session:
        resets.send_reset(
            session, person=session.get_one(Person, doors.members["user"].person_id), reason="Forgot it.", actor=doors.actor("admin"),
            now=doors.world.now, policy=doors.world.policy,
        )  # fmt: skip


# --- who is told


def test_the_person_and_the_agencys_administrators_are_told_once(doors: Doors) -> None:
    doors.lock("user")
    doors.notice()
    doors.notice()
    assert [mail["person_id"] for mail in doors.mails("account_locked")] == [doors.members["user"].person_id]
    told = {mail["person_id"] for mail in doors.mails("colleague_locked")}
    assert {doors.members["admin"].person_id, doors.members["second_admin"].person_id} <= told
    assert doors.members["admin_elsewhere"].person_id not in told and doors.members["lead"].person_id not in told
    assert all(mail["membership_id"] == doors.members["user"].id for mail in doors.mails("colleague_locked"))
    assert len(doors.said("account.lock")) == 1


def test_of_a_locked_administrator_the_lead_is_told(doors: Doors) -> None:
    doors.lock("admin")
    doors.notice()
    told = {mail["person_id"] for mail in doors.mails("colleague_locked")}
    assert {doors.members[name].person_id for name in ("lead", "second_lead", "third_lead")} <= told
    assert doors.members["second_admin"].person_id not in told and doors.members["admin"].person_id not in told


def test_several_locked_within_an_hour_alarm_the_lead_once(doors: Doors) -> None:
    for name in ("user", "colleague"):
        doors.lock(name)
    doors.notice()
    assert doors.mails("sign_in_attack") == []
    doors.lock("director")
    doors.notice()
    doors.notice()
    alarmed = [mail["person_id"] for mail in doors.mails("sign_in_attack")]
    assert sorted(alarmed) == sorted(set(alarmed))
    assert {doors.members[name].person_id for name in ("lead", "second_lead", "third_lead")} <= set(alarmed)


# --- what comes before the lock


def test_one_address_fails_ten_times_and_waits_without_touching_anybody(doors: Doors) -> None:
    for number in range(10):
        assert doors.try_password("", "wrong", address="203.0.113.9", email=f"nobody{number}@example.org") is None
    said = doors.try_password("user", GOOD, address="203.0.113.9")
    assert isinstance(said, str) and "from your network" in said
    for _ in range(20):
        doors.try_password("user", "wrong", address="203.0.113.9")
    assert doors.credential("user").failures == 0 and not doors.locked("user")
    assert doors.try_password("user", GOOD, address="203.0.113.10").id == doors.members["user"].person_id
    doors.world.now += timedelta(minutes=15)
    assert doors.try_password("user", GOOD, address="203.0.113.9").id == doors.members["user"].person_id


def test_those_who_come_in_do_not_use_up_their_network(doors: Doors) -> None:
    for _ in range(30):
        assert doors.try_password("user", GOOD, address="203.0.113.9").id == doors.members["user"].person_id


def test_one_network_of_ipv6_is_one_address() -> None:
    same = {limits.of_address("failures", f"2001:db8:1:2::{host:x}") for host in (1, 2, 0xFFFF)}
    assert len(same) == 1
    assert limits.of_address("failures", "2001:db8:1:3::1") not in same
    assert limits.of_address("failures", "::ffff:192.0.2.7") == limits.of_address("failures", "192.0.2.7")


def test_after_a_hundred_failures_only_known_places_are_served_and_the_lead_is_alarmed(doors: Doors) -> None:
    doors.start("user", address="192.0.2.77")
    for number in range(100):
        doors.try_password("", "wrong", address=f"198.51.{number}.1", email=f"nobody{number}@example.org")
    for name in ("user", "colleague"):
        said = doors.try_password(name, GOOD, address="203.0.113.200")
        assert isinstance(said, str) and "sign-in link" in said, "the same for everybody"
    unknown = doors.try_password("", "x", address="203.0.113.200", email="nobody@example.org")
    assert isinstance(unknown, str) and "sign-in link" in unknown
    for _ in range(5):
        doors.try_password("colleague", "wrong", address="203.0.113.201")
    assert doors.credential("colleague").failures == 0, "nobody can be shut out from an unknown place"
    assert doors.try_password("user", GOOD, address="192.0.2.77").id == doors.members["user"].person_id
    doors.notice()
    assert doors.mails("sign_in_attack")
    doors.world.now += timedelta(minutes=5)
    assert doors.try_password("colleague", GOOD, address="203.0.113.200").id == doors.members["colleague"].person_id


def test_asking_for_links_has_a_limit_by_address(doors: Doors) -> None:
    stranger = replace(doors.actor("user"), person_id=None, roles=frozenset(), address="203.0.113.77")
    heard = []
    for number in range(40):
        with doors.world.change() as session:
            heard.append(
                sign_in.knock(
                    session, email=f"nobody{number}@example.org", purpose="reset", actor=stranger, now=doors.world.now,
                    policy=doors.world.policy,
                )
            )  # fmt: skip
    assert heard == [True] * 30 + [False] * 10


def test_counts_that_are_over_are_forgotten(doors: Doors) -> None:
    doors.try_password("user", "wrong", address="203.0.113.9")
    assert doors.world.count(SignInLimit) > 0
    doors.world.now += timedelta(days=3)
    with doors.world.change() as session:
        limits.forget(session, now=doors.world.now)
    assert doors.world.count(SignInLimit) == 0


# --- across threads and processes


def test_of_forty_tries_at_once_ten_are_served(each_doors: Doors) -> None:
    together = Barrier(40)

    def one(_number: int) -> int:
        together.wait()
        with transaction(each_doors.world.sessions) as session:
            return limits.take(session, "failures:x", most=10, within=timedelta(minutes=15), now=each_doors.world.now)

    with ThreadPoolExecutor(40) as crowd:
        taken = sorted(crowd.map(one, range(40)))
    assert taken == [0] * 30 + list(range(1, 11))


PROCESS = """
import sys
from datetime import datetime
from argon2 import PasswordHasher
from portal.actors import Actor
from portal.db import make_engine, make_sessionmaker, transaction
from portal.services.account import passwords, sign_in
from workflows.policy import load
url, email, address = sys.argv[1:]
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
sessions, policy, now = make_sessionmaker(make_engine(url)), load(), datetime(2026, 11, 23, 15)
nobody = Actor(person_id=None, name="Nobody signed in", via="nobody", address=address)
print("ready", flush=True)
sys.stdin.readline()
looked = refused = 0
for number in range(25):
    with transaction(sessions) as session:
        attempt = sign_in.begin(session, email=email, now=now, policy=policy, address=address)
    refused += bool(attempt.refused)
    looked += attempt.counts
    with transaction(sessions) as session:
        sign_in.finish(session, attempt=attempt, right=False, password="x", actor=nobody, now=now)
print(looked, refused)
"""


def test_the_limits_hold_across_four_processes(each_doors: Doors, each_engine: Engine) -> None:
    """Four processes, 25 tries each: three are looked at, the account is locked, and ten are counted for the address."""
    url, email = each_engine.url.render_as_string(hide_password=False), each_doors.person("user").email
    command = [sys.executable, "-c", PROCESS, url, email, "203.0.113.40"]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in running:
        assert process.stdout and process.stdout.readline() == "ready\n"
    told = [process.communicate("go\n", timeout=120)[0].split() for process in running]
    assert all(process.returncode == 0 for process in running)
    assert sum(int(looked) for looked, _ in told) == 3
    assert sum(int(refused) for _, refused in told) == 100 - 10
    assert each_doors.locked("user") and each_doors.credential("user").failures == 3
    with make_sessionmaker(each_engine)() as session:
        counted = session.scalars(select(SignInLimit.tries).where(SignInLimit.key == "failures:203.0.113.40")).one()
        assert counted == 10
        assert session.scalar(select(func.count()).where(SignInLimit.key.like("failures:%"))) == 2


def test_right_and_wrong_ones_at_once_do_not_stand_in_each_others_way(each_doors: Doors) -> None:
    """Whoever comes in and whoever fails take the same locks in the same order: nobody waits for ever, nobody gets an error."""
    doors = each_doors
    roomy = replace(doors.world.policy.sign_in, tries=20, address_tries=1000, all_tries=100_000)
    doors.world.policy = replace(doors.world.policy, sign_in=roomy)
    email, together = doors.person("user").email, Barrier(12)

    def come(number: int) -> list[bool]:
        together.wait()
        came = []
        for turn in range(6):
            right = (number + turn) % 2 == 0
            came.append(bool(doors.try_password("", GOOD if right else "wrong", email=email)) is right)
        return came

    with ThreadPoolExecutor(12) as crowd:
        told = [each for one in crowd.map(come, range(12)) for each in one]
    assert all(told), "the right ones came in, the wrong ones did not"


# --- the same work for everybody


def test_the_same_statements_are_run_whoever_it_is(each_doors: Doors, each_engine: Engine) -> None:
    """Known, without a password, locked, unknown: time tells nothing. The order of the statements is the same, too."""
    doors = each_doors
    without = doors.world.person()
    doors.lock("colleague")
    told = {}
    who = {
        "known": doors.person("user").email,
        "locked": doors.person("colleague").email,
        "without": without.email,
        "unknown": "nobody@example.org",
    }
    for number, (name, email) in enumerate(who.items()):
        with statements(each_engine) as run:
            doors.try_password("", "wrong", address=f"203.0.113.{number}", email=email)
        told[name] = [" ".join(one.split())[:60] for one in run]
    assert told["known"] == told["locked"] == told["without"] == told["unknown"]
    assert len(told["known"]) > 8


def test_a_wish_for_a_link_writes_the_same_whoever_it_is(each_doors: Doors, each_engine: Engine) -> None:
    told = []
    for email in (each_doors.person("user").email, "nobody@example.org"):
        with statements(each_engine) as run, each_doors.world.change() as session:
            sign_in.knock(
                session, email=email, purpose="sign_in", actor=each_doors.actor("user"), now=each_doors.world.now,
                policy=each_doors.world.policy,
            )  # fmt: skip
        told.append([" ".join(one.split())[:60] for one in run])
    assert told[0] == told[1] and told[0]
    assert each_doors.world.count(Link) == 0, "whether somebody has this address is the worker's to find out"


def test_the_lock_is_for_failures_of_the_person_alone(doors: Doors) -> None:
    doors.try_password("user", "wrong"), doors.try_password("user", "wrong")
    assert doors.try_password("user").id == doors.members["user"].person_id
    assert doors.credential("user").failures == 0
    with doors.world.look() as session:
        assert lockout.locked_lately(session, now=doors.world.now) == 0
