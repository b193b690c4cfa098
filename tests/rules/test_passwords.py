"""What a password must be like: the two profiles, what is guessable, and when one runs out."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows import passwords
from workflows.passwords import PROFILES, guessable, known_words, misfit, runs_out
from workflows.periods import Period
from workflows.policy import MAINE, PolicyError, load, text_of

TEXT = text_of(MAINE)
STANZA = TEXT[TEXT.index("[sign_in]") : TEXT.index("[hours]")]
NIST, MANUAL = PROFILES["nist-63b4"], PROFILES["manual"]


def with_sign_in(fields: str) -> str:
    return TEXT.replace(STANZA, f'[sign_in]\n{fields}\ncite = "System Inactivity"\n\n')


def test_the_profiles_say_what_the_sources_say() -> None:
    assert (NIST.shortest, NIST.longest, NIST.digits, NIST.change_after) == (15, 128, 0, Period())
    assert (MANUAL.shortest, MANUAL.longest, MANUAL.digits, MANUAL.change_after) == (8, 50, 2, Period(days=45))


def test_the_manuals_profile_is_what_the_pack_says_of_the_core_hmis() -> None:
    core = load().core_password
    ours = (MANUAL.shortest, MANUAL.longest, MANUAL.digits, MANUAL.change_after)
    assert (core.shortest, core.longest, core.digits, core.change_after) == ours


@pytest.mark.parametrize(
    ("profile", "password", "said"),
    [
        (MANUAL, "abc12de", "8 to 50"),
        (MANUAL, "a" * 49 + "12", "8 to 50"),
        (MANUAL, "lantern quarry 7", "at least 2 digits"),
        (MANUAL, "lantern7quarry4", ""),
        (MANUAL, "a1b2cdef", ""),
        (MANUAL, "a" * 48 + "12", ""),
        (NIST, "lantern quarry", "15 to 128"),
        (NIST, "lantern quarry m", ""),
        (NIST, "x" * 129, "15 to 128"),
        (NIST, "x" * 128, ""),
    ],
)
def test_what_a_password_is_made_of(profile: passwords.Profile, password: str, said: str) -> None:
    wrong = misfit(profile, password)
    assert (said in wrong) if said else not wrong


@given(st.text(min_size=0, max_size=140))
def test_misfit_says_nothing_exactly_where_length_and_digits_fit(password: str) -> None:
    for profile in (NIST, MANUAL):
        fits = (
            profile.shortest <= len(password) <= profile.longest and sum(map(str.isdigit, password)) >= profile.digits
        )
        assert (misfit(profile, password) == "") is fits


@pytest.mark.parametrize(
    "password",
    [
        "Summer2026!!", "WINTER-2026-2027", "november23,2026", "S4mpl3H4rbor2026", "hmisPortal1234!", "Monday&Tuesday42", "May05may05may05",
        "harbor shelter 99", "jamie lantern quarry mosaic", "J4MIE lantern quarry mosaic", "$ummer_2026_$ummer",
    ],
)  # fmt: skip
def test_what_everybody_knows_is_guessable(password: str) -> None:
    known = known_words(["Sample Harbor", "jamie@example.org", "MaineHousing"])
    assert guessable(password, ["jamie", "sample"], known)


@pytest.mark.parametrize(
    "password", ["lantern quarry mosaic", "november lantern quarry", "harbor velvet onion 13", "tr0ub4dor&3 mosaic"]
)
def test_known_words_among_unknown_ones_do_no_harm(password: str) -> None:
    assert not guessable(password, ["jamie", "sample"], known_words(["Sample Harbor"]))


def test_a_short_name_is_not_looked_for_inside_other_words() -> None:
    assert not guessable("velvet onion annual thirteen", ["ann", "wu"], known_words(["Wu"]))


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)))
def test_a_password_runs_out_after_45_days_or_never(day: date) -> None:
    assert runs_out(MANUAL, day) == day + timedelta(45)
    assert runs_out(NIST, day) is None


def test_a_pack_without_the_profile_or_without_the_stanza_has_the_default() -> None:
    assert load(with_sign_in("idle_minutes = 30\ntries = 3")).sign_in.passwords == NIST
    without = load(TEXT.replace(STANZA, "")).sign_in
    assert (without.profile, without.tries, without.address_tries, without.all_tries) == ("nist-63b4", 3, 10, 100)
    assert load(with_sign_in('idle_minutes = 30\ntries = 3\nprofile = "manual"')).sign_in.passwords == MANUAL


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('idle_minutes = 30\ntries = 3\nprofile = "none"', "sign_in, profile"),
        ("idle_minutes = 30\ntries = 0", "sign_in, tries"),
        ("idle_minutes = 30\ntries = 3\naddress_tries = 2", "sign_in, address_tries"),
        ("idle_minutes = 30\ntries = 3\nall_tries = 9", "sign_in, all_tries"),
        ("idle_minutes = 30\ntries = 3\nall_minutes = 0", "sign_in, all_minutes"),
        ("idle_minutes = 30\ntries = 3\nadress_minutes = 5", "sign_in, adress_minutes"),
    ],
)
def test_nonsense_is_refused_by_stanza_and_field(fields: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        load(with_sign_in(fields))
