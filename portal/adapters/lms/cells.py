"""Reads the single cells of a training row; what is wrong with one refuses its row with a sentence."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")

_UNFINISHED = frozenset({"", "not started", "unfinished", "incomplete", "in progress", "started", "active", "overdue"})
FINISHED = frozenset({"early", "late", "on time", "complete", "completed", "finished", "passed", "failed"})
_EMAIL = re.compile(r"[^@\s,;:<>()\[\]\"]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_LONGEST_EMAIL = 320
LONGEST_COURSE = 200
_MOST_ATTEMPTS = 1000
MIXED_UP = "The columns may be mixed up; check the header against the cells."


class Fault(Exception):
    """A cell that refuses its row."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column
        self.sentence = sentence


class Refused(Exception):
    """A row with everything that refuses it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


class Ignored(Exception):
    """A row without a result, left out with a note."""


def is_address(text: str) -> bool:
    """Whether a text is an e-mail address; the length is asked first, so that a huge cell costs nothing."""
    return len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def tried(faults: list[Fault], read: Callable[[], T], instead: T) -> T:
    """What `read` gives, or `instead` with its fault noted, so that one row names everything that is wrong with it."""
    try:
        return read()
    except Fault as fault:
        faults.append(fault)
        return instead


def check_finished(who: str, status: str, cells: Mapping[str, str]) -> None:
    """Raise `Ignored` for a row without a result, `Refused` for one that has a score and no day."""
    done = bool(cells["completed"].strip())
    if status in _UNFINISHED and not (status == "" and done):
        raise Ignored(f"{who} has not finished the course: the row was left out.")
    if not done and cells["score"].strip():
        said = "The row has a score but no day of completion. Fill it in, or export again."
        raise Refused([Fault("completed", said)])
    if not done:
        raise Ignored(f"{who} has no result yet: the row was left out.")


def address_of_uid(uid: str) -> str:
    """The UID where it is an e-mail address, '' where it is another kind of name."""
    if not uid:
        raise Fault("uid", "The UID is empty, so nobody knows whose result this is. Fill it in.")
    if "@" not in uid:
        return ""
    if is_address(uid):
        return uid.lower()
    raise Fault("uid", "The UID looks like an e-mail address and is none. Correct it.")


def address(cells: Mapping[str, str]) -> str:
    """The e-mail address in lower case; says where it stands when it stands elsewhere."""
    email = cells["email"].strip()
    if is_address(email):
        return email.lower()
    if elsewhere := [name for name, cell in cells.items() if name != "email" and is_address(cell.strip())]:
        raise Fault("email", f"The e-mail address stands in the column {elsewhere[0]}. {MIXED_UP}")
    if not email:
        raise Fault("email", "The e-mail address is empty, so nobody knows whose result this is. Fill it in.")
    raise Fault("email", "This is not an e-mail address. Write it as name@example.org.")


def course_of(cells: Mapping[str, str]) -> str:
    """The name of the course with single spaces."""
    course = " ".join(cells["course"].split())
    if not course:
        raise Fault("course", "The course is empty. Name the course as the LMS does.")
    if len(course) > LONGEST_COURSE:
        said = f"The course has {len(course)} characters; at most {LONGEST_COURSE} are read. Shorten it."
        raise Fault("course", said)
    if is_address(course):
        raise Fault("course", f"The course holds an e-mail address. {MIXED_UP}")
    return course


def attempt_of(written: str) -> int | None:
    """The number of the attempt, None where the cell is empty."""
    text = written.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= _MOST_ATTEMPTS:
        return int(text)
    raise Fault("attempt", f"The attempt must be a whole number from 1 to {_MOST_ATTEMPTS}, or empty.")
