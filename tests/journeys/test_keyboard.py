"""An Agency Administrator on a phone-wide window with a keyboard alone: signs in, asks for access, signs out."""

from collections.abc import Callable
from datetime import datetime

import pyotp
import pytest

from portal.db import transaction
from portal.models import Person
from portal.services.account import sign_in
from tests.factories import Town
from tests.journeys.conftest import MovableClock, Visit
from tests.journeys.people import PASSWORD
from tests.support import databases
from tests.support.browser import NARROW, Visitor
from tests.support.living import Living

FOCUSED = """() => {
  const f = document.activeElement;
  if (!f || f === document.body) return '';
  const named = f.labels && f.labels[0] ? f.labels[0].textContent : f.textContent;
  return (named || f.getAttribute('aria-label') || '').trim().replace(/\\s+/g, ' ');
}"""
VISIBLE = """() => {
  const f = document.activeElement, looks = (e, part) => getComputedStyle(e, part);
  const seen = e => looks(e).outlineStyle !== 'none' && parseFloat(looks(e).outlineWidth) > 0;
  return seen(f) || [...(f.labels || [])].some(l => seen(l) || looks(l, '::before').outlineStyle !== 'none');
}"""


@pytest.fixture
def town(clean_url: Callable[[str], str], wall_clock: MovableClock) -> Town:
    """An Agency that takes part, before the portal is started on its database."""
    with databases.engine_on(clean_url("sqlite")) as engine:
        town = Town(engine, now=wall_clock())
        town.build()
        with transaction(town.sessions) as session:
            person = session.get_one(Person, town.harbor.members["admin"].person_id)
            sign_in.set_password(
                session, person=person, password=PASSWORD, actor=town.desk, now=town.now, policy=town.policy
            )
        return town


@pytest.fixture
def database(town: Town) -> str:
    return town.engine.url.render_as_string(hide_password=False)


class Keyboard:
    """Moves through a page with Tab, as somebody does who cannot use a mouse."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.keys = visitor, visitor.page.keyboard

    def to(self, label: str, most: int = 120) -> "Keyboard":
        """Tabs on until what has the focus is called this, and sees that the focus shows."""
        met = []
        for _ in range(most):
            self.keys.press("Tab")
            met.append(self.visitor.page.evaluate(FOCUSED))
            if met[-1].startswith(label):
                assert self.visitor.page.evaluate(VISIBLE), (
                    f"One cannot see that {label!r} has the focus on {self.visitor.path}"
                )
                return self
        raise AssertionError(f"Tab does not lead to {label!r} on {self.visitor.path}; it led to {met}")

    def type(self, label: str, text: str) -> "Keyboard":
        self.to(label)
        self.keys.type(text)
        return self

    def space(self, label: str) -> "Keyboard":
        self.to(label)
        self.keys.press("Space")
        return self

    def enter(self, label: str, expect: int = 200) -> "Keyboard":
        self.to(label)
        self.visitor._moving(lambda: self.keys.press("Enter"), expect)
        return self


def test_keyboard_alone(living: Living, town: Town, visitor: Visit) -> None:
    admin = town.harbor.members["admin"]
    with town.look() as session:
        email = session.get_one(Person, admin.person_id).email
    who = visitor("Admin", width=NARROW).go("/sign-in")
    keyboard = Keyboard(who)
    who.page.keyboard.press("Tab")
    assert who.page.evaluate(FOCUSED) == "Skip to the main content"
    keyboard.type("Work e-mail address", email).type("Password", PASSWORD + "x").enter("Sign in", expect=400)
    assert who.page.evaluate(
        "document.activeElement.closest('.usa-alert--error, [role=alert], .error-summary, .usa-alert') !== null"
    ), "the summary of what is wrong takes the focus"
    keyboard.type("Password", PASSWORD).enter("Sign in")
    assert who.heading == "Set up your second factor"
    key = who.text.split("Key: ")[1].split()[0]
    seconds = int((living.context.clock() - datetime(1970, 1, 1)).total_seconds())
    keyboard.type("Six-digit code", pyotp.TOTP(key).at(seconds)).enter("Continue")
    assert who.heading == "Your second factor"
    keyboard.enter("Later")
    assert who.heading == "What waits for me"

    keyboard.to("Menu")
    who.page.keyboard.press("Enter")
    keyboard.enter("People").enter("Ask for access")
    keyboard.type("First name", "Kim").type("Last name", "Sample").type("Work e-mail address", "kim.sample@example.org")
    keyboard.type("What does this person need the HMIS for?", "Enters intakes").space("Night beds").space("Staff")
    keyboard.to("First day of access")
    day = living.context.clock()
    who.page.keyboard.type(f"{day:%m%d%Y}")
    keyboard.to("Access level")
    who.page.keyboard.type("Case Manager I")
    keyboard.to("Device this person will use")
    who.page.keyboard.press("ArrowDown")
    keyboard.enter("Check your answers")
    who.sees("Nothing has been sent yet", "Kim Sample", "Case Manager I")
    keyboard.enter("Send the request")
    who.sees("Request sent")
    living.mail.fetch("kim.sample@example.org", about="read and sign")
    who.go("/")
    keyboard.enter("Sign out")
    assert who.path.startswith("/sign-in")
