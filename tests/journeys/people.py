"""What people do over and over: open a link and enter its code, choose a password, set up the second factor, sign."""

import re
from dataclasses import dataclass

import pyotp

from portal.actors import PORTAL
from portal.db import transaction
from portal.services import founding
from tests.support.browser import Living, Visitor
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
            session, email=email, role=role, agency_name="", first_name=first, last_name=last, actor=PORTAL, now=living.context.clock(),
            policy=living.context.policy,
        )  # fmt: skip


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
