"""Whether a text looks as if a client stood in it: a Social Security number, a birth date, a name beside the word 'client'."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

REMOVED = "[removed]"

# A number written in groups of three, two and four, of which the Social Security Administration gives none out that
# begin with 000, 666 or 9; telephone numbers are grouped otherwise.
_SSN = re.compile(r"(?<![\d.-])(?!000|666|9\d\d)\d{3}([ .-])(?!00)\d{2}\1(?!0000)\d{4}(?![\d-])")
_MASKED = re.compile(r"(?<![\w.-])[xX*#]{3}[ .-]?[xX*#]{2}[ .-]?\d{4}(?!\d)")
_SSN_NAMED = re.compile(
    r"\b(?:SSN|SS\s?(?:#|no\b\.?|number)|soc(?:ial)?\s+sec(?:urity)?)(?:[^\n\d]{0,25}?(?P<whole>\d{3}[ .-]?\d{2}[ .-]?\d{4})"
    r"|[\s:#]*(?:number\s+)?(?:ends?|ending|last\s+(?:four|4)(?:\s+digits)?)?\s*(?:in|with|is|are|:)?\s*(?P<four>\d{4}))(?!\d)",
    re.IGNORECASE,
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE = (
    rf"(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}})|(?:19|20)\d{{2}}-\d{{2}}-\d{{2}}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}\s+{_MONTH}\s+\d{{4}})(?!\d)"
)
_BORN = re.compile(
    rf"\b(?:D\.?\s?O\.?\s?B\b\.?|dates?\s+of\s+birth|birth\s?-?(?:date|day)s?|born(?:\s+on)?)(?P<between>[^\n\d]{{0,15}}?)(?P<day>{_DATE})",
    re.IGNORECASE,
)
_NAME = r"(?:[A-Z]')?[A-Z][a-z]+(?:[-'][A-Z][a-z]+)?"
_FULL_NAME = rf"(?:{_NAME}\s+(?:[A-Z]\.?\s+)?{_NAME}|{_NAME},\s+{_NAME})"
_NAME_THEN_DAY = re.compile(rf"\b{_FULL_NAME}[\s,;:(/–-]{{1,4}}(?P<day>{_DATE})")
_NAMED_CLIENT = re.compile(
    rf"\b(?i:clients?|guests?|residents?|tenants?|patients?|consumers?|household\s+members?)"
    rf"(?:,\s*|:\s*|\s+(?i:named|called|by\s+the\s+name\s+of|is|was)?\s*)(?P<name>{_NAME}\s+(?:[A-Z]\.?\s+)?{_NAME})"
)
_LAST_BIRTH_YEAR = 2018
"""A day beside a name counts as a birth date up to this year unless it is called one: later ones are the portal's own days."""

_OF_THE_FIELD = re.compile(
    r"\b(?:"
    r"Access|Administrator|Admin|Advocate|Agency|Area|Assessment|Assistance|Board|Care|Case|Center|"
    r"Children|Coalition|Confidentiality|Consent|Continuum|Council|Data|Department|Desk|Director|"
    r"Education|Entry|File|Files|Form|Forms|Grievance|Group|Handbook|Health|Home|Homeless|House|"
    r"Housing|Information|Intake|Maine|Management|Manager|Network|Notice|Notification|Office|Officer|"
    r"Ownership|Participation|Policies|Policy|Portland|Privacy|Procedures|Program|Project|Protection|"
    r"Record|Records|Release|Report|Rights|Room|Satisfaction|Security|Service|Services|Shelter|"
    r"Software|Specialist|Staff|Street|Survey|System|Track|Training|Unit|Worker|January|February|"
    r"March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|"
    r"Thursday|Friday|Saturday|Sunday|The|This|That|They|Their|We|Our|Please"
    r")\b"
)
"""Words that are no part of a name: 'client Data Standards' is none."""


@dataclass(frozen=True, slots=True)
class Look:
    """One thing in a text that looks like a client's: why, in a sentence, and where it stands."""

    why: str
    start: int
    end: int


NUMBER = "There is a number in it that looks like a Social Security number."
BIRTH = "There is a birth date in it."
BESIDE = "There is a name with a date beside it that looks like a birth date."
NAMED = "There is a name beside a word such as 'client' or 'guest'."


def looks_like_client(text: str) -> tuple[str, ...]:
    """Why a text looks as if it held a client's data, a sentence each; empty where it does not.

    A guess that errs on the side of asking: whoever wrote it may reword it, or go on and have it looked at.
    """
    return tuple(dict.fromkeys(each.why for each in looks(text)))


def without(text: str) -> str:
    """The text with all that looks like a client's blacked out: what the staff begin with when they redact it."""
    kept, at = [], 0
    for each in sorted(looks(text), key=lambda look: (look.start, -look.end)):
        if each.start >= at:
            kept += [text[at : each.start], REMOVED]
        at = max(at, each.end)
    return "".join([*kept, text[at:]])


def looks(text: str) -> tuple[Look, ...]:
    """Every place in the text that looks like a client's, in the order of the reasons."""
    return (*_numbers(text), *_births(text), *_beside(text), *_names(text))


def _numbers(text: str) -> Iterator[Look]:
    for pattern in (_SSN, _MASKED):
        for found in pattern.finditer(text):
            yield Look(NUMBER, *found.span())
    for found in _SSN_NAMED.finditer(text):
        yield Look(NUMBER, *found.span("whole" if found["whole"] else "four"))


def _births(text: str) -> Iterator[Look]:
    for found in _BORN.finditer(text):
        yield Look(BIRTH, *found.span("day"))


def _beside(text: str) -> Iterator[Look]:
    for found in _NAME_THEN_DAY.finditer(text):
        name = text[found.start() : found.start("day")]
        if _year(found["day"]) <= _LAST_BIRTH_YEAR and not _OF_THE_FIELD.search(name):
            yield Look(BESIDE, *found.span())


def _names(text: str) -> Iterator[Look]:
    for found in _NAMED_CLIENT.finditer(text):
        if not _OF_THE_FIELD.search(found["name"]):
            yield Look(NAMED, *found.span("name"))


def _year(day: str) -> int:
    """The year of a day as it is written; two digits up to 40 are of this century, the rest of the last."""
    if day[:4].isdigit():
        return int(day[:4])
    digits = re.search(r"(\d{4}|\d{2})$", day)
    number = int(digits.group(1)) if digits else 9999
    if number >= 100:
        return number
    return 2000 + number if number <= 40 else 1900 + number
