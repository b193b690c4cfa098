"""What a scanner once took for a fault and is none: shown here, so that its alarm may be passed over by name."""

import re

from tests.factories import Town
from tests.support.town import Browser, csrf

NUMBER = "0606060606"


def test_a_true_and_an_untrue_condition_are_answered_alike(town: Town, browser: Browser) -> None:
    """The telephone number of an Agency: of one length, true and untrue get the same page; one letter more is too long."""
    client = browser(town.harbor.members["admin"])
    path, token = f"/agency/{town.harbor.agency_id}/change", csrf(client)

    def answer(phone: str) -> tuple[int, str]:
        data = {"csrf_token": token, "name": "Sample Harbor", "phone": phone, "email": "no address"}
        said = client.post(path, data=data)
        return said.status_code, re.sub(re.escape(phone), "", said.get_data(as_text=True))

    true, untrue, longer = (f"{NUMBER} AND {each} AND 93=93" for each in ("40=40", "40=41", "40=140"))
    assert (len(true), len(longer)) == (30, 31)
    assert answer(true) == answer(untrue) != answer(longer)
    assert "30 characters" in answer(longer)[1] and "30 characters" not in answer(true)[1]
