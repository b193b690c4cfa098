"""What people do over and over: open a link and enter its code, choose a password, set up the second factor, sign."""

import re
from dataclasses import dataclass

import pyotp

from portal.actors import PORTAL
from portal.db import transaction
from portal.services import founding
from tests.support.browser import FIELDS, Visitor
from tests.support.living import Living
from workflows.vocabulary import Role

PASSWORD = "lantern quarry mosaic seventeen"


@dataclass
class Staff:
    """Somebody of the Lead: the browser, and the key in the authenticator app."""

    visitor: Visitor
    email: str
    key: str = ""

    @property
    def code(self) -> str:
        seconds = (self.visitor.living.context.clock() - founding.datetime(1970, 1, 1)).total_seconds()
        return pyotp.TOTP(self.key).at(int(seconds))


def invited(living: Living, email: str, role: Role, first: str, last: str) -> None:
    """What `portal user invite` does on the server."""
    with transaction(living.context.sessions) as session:
        founding.invite(
            session,
            email=email,
            role=role,
            agency_name="",
            first_name=first,
            last_name=last,
            actor=PORTAL,
            now=living.context.clock(),
            policy=living.context.policy,
        )


def enter_code(visitor: Visitor, email: str) -> None:
    """The mailed code, typed into the page that asks for it."""
    visitor.fill("Six-digit code", visitor.living.mail.code(email)).press("Continue")


def come_in_by_invitation(visitor: Visitor, email: str) -> Staff:
    """From the invitation to the home page: link, code, password, second factor."""
    living = visitor.living
    visitor.go(living.mail.link(email, about="invited"))
    enter_code(visitor, email)
    assert visitor.heading.startswith("Choose a password")
    visitor.fill("New password", PASSWORD).fill("The same password again", PASSWORD).press("Set the password")
    assert visitor.heading == "Set up your second factor"
    found = re.search(r"Key: ([A-Z2-7]{32})", visitor.text)
    assert found
    staff = Staff(visitor, email, found.group(1))
    visitor.fill("Six-digit code", staff.code).press("Continue")
    return staff


def sign_by_link(visitor: Visitor, email: str, name: str, *, about: str, title: str = "Executive director") -> None:
    """From the mailed link to the confirmation page: code, reading, initials, checking, signing."""
    visitor.go(visitor.living.mail.link(email, about=about))
    enter_code(visitor, email)
    sign_here(visitor, name, title=title)


def sign_here(visitor: Visitor, name: str, *, title: str = "Executive director") -> None:
    """The document that is open, with the code entered: initials and signature, checked, signed."""
    letters = "".join(word[0] for word in name.split())
    initials = {
        one["name"].replace("-", "_"): letters
        for one in visitor.page.evaluate(FIELDS)
        if one["name"].startswith("initials-")
    }
    visitor.fill_in(name=name, title=title, **initials).press("Check before signing")
    assert visitor.heading == "Check before you sign"
    visitor.press("Sign now").sees("You have signed")
