"""The temporary password that the worker makes: by the pack's rules, from the system's randomness, never twice."""

import dataclasses

import pytest
from zxcvbn import zxcvbn

from portal import first_password
from portal.services.people.handover import check_password
from workflows.passwords import misfit
from workflows.policy import load

RULES = load().core_password


@pytest.mark.parametrize(
    ("shortest", "longest", "digits", "length"),
    [(8, 50, 2, 16), (8, 8, 2, 8), (8, 12, 8, 12), (20, 50, 2, 20), (16, 16, 0, 16)],
)
def test_it_keeps_the_rules_of_the_pack(shortest: int, longest: int, digits: int, length: int) -> None:
    rules = dataclasses.replace(RULES, shortest=shortest, longest=longest, digits=digits)
    for _ in range(200):
        password = first_password.make(rules)
        check_password(password, rules)
        assert misfit(rules, password) == ""
        assert len(password) == length and password.isalnum() and password.isascii()
        assert sum(letter.isdigit() for letter in password) >= digits


def test_it_is_drawn_anew_and_from_every_letter() -> None:
    made = [first_password.make(RULES) for _ in range(500)]
    assert len(set(made)) == 500
    assert set("".join(made)) == set(first_password.LETTERS + first_password.DIGITS)
    assert all({password[place].isdigit() for password in made} == {True, False} for place in range(16))


def test_it_is_not_to_be_guessed() -> None:
    assert min(zxcvbn(first_password.make(RULES))["score"] for _ in range(20)) == 4


def test_letters_that_look_alike_are_left_out() -> None:
    assert not set("0O1lI") & set(first_password.LETTERS + first_password.DIGITS)
