"""What looks like a client's in a text is found, and what does not is left alone: on addresses, days and the field's words."""

import pytest

from workflows.client_data import BESIDE, BIRTH, NAMED, NUMBER, REMOVED, looks_like_client, without


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Her number is 123-45-6789.", NUMBER),
        ("It read 123 45 6789 on the fax", NUMBER),
        ("It read 123.45.6789", NUMBER),
        ("xxx-xx-1234 was on the screen", NUMBER),
        ("***-**-1234", NUMBER),
        ("SSN 123456789", NUMBER),
        ("ssn: 4321", NUMBER),
        ("her Social Security number ending in 4321", NUMBER),
        ("SS# 4321", NUMBER),
        ("DOB 4/12/1987", BIRTH),
        ("D.O.B.: 04-12-87", BIRTH),
        ("date of birth (April 12, 1987)", BIRTH),
        ("a child born on March 3, 2024", BIRTH),
        ("born 2019-03-04", BIRTH),
        ("Birthday: 12 Apr 1987", BIRTH),
        ("Maria Sample 03/14/1987 was seen", BESIDE),
        ("Sample, Maria (3/14/87)", BESIDE),
        ("Anne-Marie O'Sample, July 4, 1999", BESIDE),
        ("a client named Maria Sample", NAMED),
        ("the guest: Jo Sample", NAMED),
        ("Client Maria T. Sample left", NAMED),
        ("our tenants, Jo Sample and another", NAMED),
        ("a household member called Jo Sample", NAMED),
    ],
)
def test_a_clients_data_is_found(text: str, why: str) -> None:
    assert looks_like_client(text) == (why,)
    assert REMOVED in without(text)
    assert looks_like_client(without(text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Call 207-555-0123, or (207) 555-0199, or 1-800-555-0123.",
        "ZIP 04101-1234",
        "EIN 01-0211501",
        "900-12-3456 and 000-12-3456 and 666-12-3456 are given to nobody",
        "123-00-6789 and 123-45-0000 neither",
        "Order 123456789, account 987654321",
        "Version 2026.11.23 of the manual",
        "We ask every client for the date of birth and the SSN.",
        "The SSN field stood open for 5000 records.",
        "Social Security cards of 1200 people",
        "The social worker said 2026 was worse.",
        "Pat Sample signed on 11/20/2026.",
        "Pat Sample, 11/20/2026: laptop lost",
        "On November 3, 2026 Pat Sample left.",
        "Security Training 11/02/2016",
        "Policy Manual, April 2, 2012",
        "the client Data Standards Manual",
        "Residents Handbook Policy",
        "the Client Consent Form lies open",
        "The guests: Front Desk staff saw them",
        "a client was here, and a client left",
        "client smith and client jo",
        "Clients complained on Monday Morning",
        "I was born in Maine",
        "192.168.10.1234",
        "Phone 555 45 67890",
    ],
)
def test_what_is_no_clients_is_left_alone(text: str) -> None:
    assert looks_like_client(text) == ()
    assert without(text) == text


def test_each_reason_is_said_once_and_everything_is_taken_out() -> None:
    text = "Client Maria Sample (DOB 4/12/1987, SSN 123-45-6789) and guest Jo Sample, born 1/2/2003."
    assert looks_like_client(text) == (NUMBER, BIRTH, NAMED)
    assert without(text) == f"Client {REMOVED} (DOB {REMOVED}, SSN {REMOVED}) and guest {REMOVED}, born {REMOVED}."


def test_a_long_text_is_looked_at_in_no_time_that_anybody_notices() -> None:
    """Every pattern is bounded: what repeats a beginning ten thousand times costs no more than its length."""
    for piece in ("SSN ", "client ", "Maria Sample ", "DOB ", "123-45-", "Aa "):
        assert looks_like_client(piece * 10_000) in ((), (NAMED,))
