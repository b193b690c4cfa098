"""A lost second factor: two different people within the hour, one of the Lead; and what recovery codes are worth."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.actors import operator
from portal.models import FactorReset, FactorVouch, Person, RecoveryCode
from portal.refusals import Refused
from portal.secrets import hash_of
from portal.services.account import second_factor, vouching
from tests.services.doors import Doors
from workflows.vocabulary import Reason, Role

HOW = "Called back on the number on file and know the voice."


def vouch(doors: Doors, whose: str, by: str, how: str = HOW) -> bool:
    actor = doors.actor(by)
    with doors.world.change() as session:
        person = session.get_one(Person, doors.members[whose].person_id)
        return vouching.vouch(
            session, person=person, recognised=how, actor=actor, now=doors.world.now, policy=doors.world.policy
        )  # fmt: skip


def codes(doors: Doors, name: str) -> list[str]:
    with doors.world.change() as session:
        person = session.get_one(Person, doors.members[name].person_id)
        return second_factor.new_codes(session, person=person, actor=doors.actor(name), now=doors.world.now)


def use(doors: Doors, name: str, code: str) -> bool:
    actor = doors.actor(name)
    with doors.world.change() as session:
        person = session.get_one(Person, doors.members[name].person_id)
        return second_factor.use_recovery_code(
            session, person=person, session_id=0, code=code, actor=actor, now=doors.world.now, policy=doors.world.policy
        )  # fmt: skip


def has_factor(doors: Doors, name: str) -> bool:
    with doors.world.look() as session:
        return second_factor.is_set_up(session, doors.members[name].person_id)


@pytest.mark.parametrize(
    ("whose", "first", "second"),
    [
        ("admin", "second_admin", "desk"), ("admin", "director", "lead"), ("admin", "desk", "director"), ("admin", "lead", "desk"),
        ("lead", "second_lead", "third_lead"), ("desk", "lead", "second_lead"),
    ],
)  # fmt: skip
def test_two_people_take_the_factor_away(doors: Doors, whose: str, first: str, second: str) -> None:
    doors.set_up_factor(whose)
    kept = codes(doors, whose)
    doors.start(whose), doors.start(whose)
    assert not vouch(doors, whose, first)
    assert has_factor(doors, whose) and doors.live(whose) == 2
    doors.world.now += timedelta(minutes=59)
    assert vouch(doors, whose, second)
    assert not has_factor(doors, whose) and doors.live(whose) == 0
    assert not use(doors, whose, kept[0]), "the codes are gone with it"
    assert len(doors.mails("factor_reset")) == 1 and len(doors.mails("factor_vouched")) == 1
    assert [HOW in entry.said for entry in doors.said("factor.vouch")] == [True, True]
    assert len(doors.said("factor.reset")) == 1
    assert doors.set_up_factor(whose), "a new one is set up"


@pytest.mark.parametrize(
    ("whose", "voices"),
    [
        ("admin", ["admin"]), ("admin", ["desk", "admin"]), ("admin", ["desk", "desk"]), ("admin", ["second_admin", "director"]),
        ("admin", ["colleague"]), ("admin", ["admin_elsewhere"]), ("admin", ["desk", "admin_elsewhere"]),
        ("lead", ["lead"]), ("lead", ["desk"]), ("lead", ["second_lead", "desk"]), ("lead", ["second_lead", "lead"]), ("desk", ["admin"]),
    ],
)  # fmt: skip
def test_nobody_else_does(doors: Doors, whose: str, voices: list[str]) -> None:
    doors.set_up_factor(whose)
    for voice in voices[:-1]:
        assert not vouch(doors, whose, voice)
    with pytest.raises(Refused) as no:
        vouch(doors, whose, voices[-1])
    assert no.value.reason in {Reason.NOT_ALLOWED, Reason.SAME_PERSON}
    assert has_factor(doors, whose)


def test_after_an_hour_it_begins_anew(doors: Doors) -> None:
    doors.set_up_factor("admin")
    vouch(doors, "admin", "second_admin")
    doors.world.now += timedelta(hours=1)
    assert not vouch(doors, "admin", "desk"), "the first voice has lapsed"
    assert has_factor(doors, "admin")
    assert vouch(doors, "admin", "second_admin")
    assert doors.world.count(FactorReset) == 2


def test_one_says_how_one_recognised_the_person(doors: Doors) -> None:
    doors.set_up_factor("admin")
    with pytest.raises(Refused, match="how you recognized"):
        vouch(doors, "admin", "desk", "by mail")
    assert doors.world.count(FactorVouch) == 0


def test_where_nothing_is_set_up_there_is_nothing_to_lose(doors: Doors) -> None:
    with pytest.raises(Refused, match="no second factor"):
        vouch(doors, "admin", "desk")


def test_the_database_refuses_the_same_voice_twice_and_ones_own(each_doors: Doors) -> None:
    doors = each_doors
    doors.set_up_factor("admin")
    vouch(doors, "admin", "desk")
    with doors.world.look() as session:
        reset = session.scalars(select(FactorReset)).one()
    for voucher in ("desk", "admin"):
        with pytest.raises(IntegrityError), doors.world.change() as session:
            session.add(
                FactorVouch(
                    reset_id=reset.id, person_id=reset.person_id, voucher_id=doors.members[voucher].person_id, of_the_lead=True,
                    recognised=HOW, at=doors.world.now,
                )
            )  # fmt: skip
    with pytest.raises(IntegrityError), doors.world.change() as session:
        session.add(
            FactorReset(person_id=reset.person_id, asked_at=doors.world.now, expires_at=doors.world.now, done=False)
        )


def test_two_voices_in_the_same_moment_are_two(each_doors: Doors) -> None:
    each_doors.set_up_factor("admin")
    together = Barrier(2)

    def one(by: str) -> bool:
        together.wait()
        return vouch(each_doors, "admin", by)

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(one, ("desk", "lead"))) == [False, True]
    assert not has_factor(each_doors, "admin")


def test_the_way_back_on_the_server_is_on_record_as_such(doors: Doors) -> None:
    doors.set_up_factor("lead")
    with doors.world.change() as session:
        person = session.get_one(Person, doors.members["lead"].person_id)
        vouching.reset_by_operator(session, person=person, actor=operator("root"), now=doors.world.now)
    assert not has_factor(doors, "lead")
    assert doors.said("factor.reset")[0].actor == "root (command line)"
    other, person = doors.actor("second_lead"), doors.person("lead")
    with doors.world.change() as session, pytest.raises(Refused):
        vouching.reset_by_operator(session, person=person, actor=other, now=doors.world.now)


# --- recovery codes


def test_ten_codes_each_of_which_works_once(doors: Doors) -> None:
    doors.set_up_factor("admin")
    made = codes(doors, "admin")
    assert len(set(made)) == 10 and all(len(code) == 29 for code in made)
    assert use(doors, "admin", made[0].upper().replace("-", " "))
    assert not use(doors, "admin", made[0])
    doors.world.now += timedelta(minutes=1)
    assert use(doors, "admin", made[1])
    with doors.world.look() as session:
        assert second_factor.codes_left(session, doors.members["admin"].person_id) == 8
        kept = session.scalars(select(RecoveryCode.code_hash)).all()
    plain = [code.replace("-", "") for code in made]
    assert not {*made, *plain} & set(kept), "hashed"
    assert not {hash_of(code) for code in plain} & set(kept), "and bound to the person"
    assert len(doors.mails("recovery_used")) == 2


def test_new_codes_end_the_old_ones_and_are_nobody_elses(doors: Doors) -> None:
    doors.set_up_factor("admin"), doors.set_up_factor("second_admin")
    old, new = codes(doors, "admin"), codes(doors, "admin")
    assert not use(doors, "admin", old[0])
    assert not use(doors, "second_admin", new[0])
    assert use(doors, "admin", new[0])


def test_three_wrong_codes_lock(doors: Doors) -> None:
    doors.set_up_factor("admin")
    made = codes(doors, "admin")
    for _ in range(3):
        assert not use(doors, "admin", "aaaa-bbbb-cccc-dddd")
    assert doors.locked("admin") and not use(doors, "admin", made[0])


def test_one_code_fifty_times_at_once_works_once(each_doors: Doors) -> None:
    each_doors.set_up_factor("admin")
    code = codes(each_doors, "admin")[0]
    together = Barrier(50)

    def one(_number: int) -> bool:
        together.wait()
        return use(each_doors, "admin", code)

    with ThreadPoolExecutor(50) as crowd:
        assert list(crowd.map(one, range(50))).count(True) == 1


def test_no_codes_before_a_factor(doors: Doors) -> None:
    with pytest.raises(Refused, match="Set that up first"):
        codes(doors, "admin")


@pytest.mark.parametrize(
    ("role", "needed"), [(Role.END_USER, False), *((role, True) for role in Role if role != Role.END_USER)]
)
def test_everybody_above_end_user_needs_one(role: Role, needed: bool) -> None:
    assert second_factor.needed([(7, role)]) is needed
    assert second_factor.needed([(7, Role.END_USER), (8, role)]) is needed
    assert not second_factor.needed([])
