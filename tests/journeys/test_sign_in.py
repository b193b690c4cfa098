"""Coming in: the first administrator by invitation, somebody by link, and everything by keyboard on a phone."""

from tests.journeys.conftest import Visit
from tests.journeys.people import come_in_by_invitation, invited
from tests.support.living import Living
from workflows.vocabulary import Role

LEE = "lee.leader@example.org"


def test_the_first_administrator(living: Living, visitor: Visit) -> None:
    invited(living, LEE, Role.LEAD_ADMIN, "Lee", "Leader")
    lee = visitor("Lee")
    come_in_by_invitation(lee, LEE)
    lee.press("Sign out", within="header")
    assert lee.path.startswith("/sign-in")
