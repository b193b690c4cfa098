"""The rows of a roster or a list of people: every cell checked, everything that is wrong with a row said at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import PurePath
from zoneinfo import ZoneInfo

from portal.adapters.lms.cells import Fault, is_address, tried
from portal.adapters.lms.scores import ScoreError, read_score
from portal.adapters.lms.times import Taken, TimeError, check_likely, read_time
from portal.adapters.people_files.columns import FIELDS, Kind, missing
from portal.adapters.tables import Problem, Table

YES = frozenset({"yes", "y", "true", "1", "active", "enabled", "x"})
NO = frozenset({"no", "n", "false", "0", "inactive", "disabled", "deleted"})
USER_ID = re.compile(r"[a-z0-9._@-]{2,50}")
LONGEST = {"phone": 30, "title": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """A quiz result as the list has it: the course as written, hundredths of a percent, when; flags to look at."""

    course: str
    score: int
    score_as_written: str
    taken: Taken
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line about one person at one Agency. `active` is None where the list does not say; days are the Lead's.

    `cells` are all cells as written, by header.
    """

    line: int
    agency: str
    first_name: str
    last_name: str
    email: str
    user_id: str = ""
    active: bool | None = None
    created_on: date | None = None
    role: str = ""
    access_level: str = ""
    worker: str = ""
    title: str = ""
    phone: str = ""
    agreement_signed_on: date | None = None
    quiz: Quiz | None = None
    background_on: date | None = None
    background_status: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(slots=True)
class Sheet:
    """A list that was read: its good rows, everything found wrong, and all its lines as written for whoever mends it."""

    kind: Kind
    name: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    headers: tuple[str, ...] = ()
    lines: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """How many lines there are below the header."""
        return len(self.lines)

    def error(self, line: int, column: str, value: str, sentence: str, rule: str) -> None:
        self.problems.append(Problem("error", self.name, line, column, value, sentence, rule))


def read_rows(
    kind: Kind, table: Table, mapping: Mapping[str, str], *, filename: str, now: datetime, zone: str
) -> Sheet:
    """The rows of a table whose columns are mapped (see columns.chosen); never raises for what is in them.

    `now` is naive UTC: days after it are refused. `zone` is the Lead's.
    """
    name = PurePath(filename.replace("\\", "/")).name[:200]
    sheet = Sheet(kind, name, headers=table.headers, lines={line.number: line.cells for line in table.lines})
    if lacking := missing(kind, mapping):
        sheet.error(1, "", "", lacking, "columns")
        return sheet
    places = {to: at for at, header in enumerate(table.headers) if (to := mapping[header])}
    titles = {to: header for header, to in mapping.items() if to}
    reader = _Reader(now, ZoneInfo(zone))
    for line in table.lines:
        if line.fault:
            sheet.error(line.number, "", "", line.fault, "shape")
            continue
        cells = {
            entry.name: line.cells[places[entry.name]].strip() if entry.name in places else "" for entry in FIELDS[kind]
        }
        faults: list[Fault] = []
        row = reader.row(kind, line.number, cells, dict(zip(table.headers, line.cells, strict=True)), faults)
        for fault in faults:
            column = titles.get(fault.column, fault.column)
            sheet.error(line.number, column, cells.get(fault.column, ""), fault.sentence, fault.column)
        if row is not None and not faults:
            sheet.rows.append(row)
    if table.stopped:
        sheet.error(table.stopped.line, "", "", table.stopped.sentence, "file")
    return sheet


class _Reader:
    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self._now, self._zone = now, zone
        self._today = now.replace(tzinfo=UTC).astimezone(zone).date()

    def row(
        self, kind: Kind, line: int, cells: Mapping[str, str], written: dict[str, str], faults: list[Fault]
    ) -> Row | None:
        """The row, or None with its faults; a fault never hides the next one."""

        def cell(read: Callable[[], str]) -> str:
            return tried(faults, read, "")

        for column, text in cells.items():
            most = LONGEST.get(column, 300)
            if len(text) > most:
                faults.append(Fault(column, f"This has {len(text)} characters; at most {most} are read. Shorten it."))
        if faults:
            return None
        roster = kind == "roster"
        place, user = ("provider", "user_id") if roster else ("agency", "hmis_user_id")
        active = tried(faults, lambda: _truth(cells["active"]) if roster else None, None)
        if active is False:  # nobody is written to, and nothing is given: all that counts is that the User ID is taken
            return self._inactive(line, cells, written, faults)
        first, last = tried(faults, lambda: _names(cells), ("", ""))
        return Row(
            line=line,
            agency=cell(lambda: _given(cells, place, "Say at which Agency this person works.")),
            first_name=first,
            last_name=last,
            email=cell(lambda: _email(cells["email"])),
            user_id=cell(lambda: _user_id(cells[user], user, needed=roster)),
            active=active,
            created_on=self._day(cells, "created_on", faults) if roster else None,
            role=cells.get("role", ""),
            access_level=cells["access_level"],
            worker=cells.get("worker", ""),
            title=cells.get("title", ""),
            phone=cells["phone"],
            agreement_signed_on=None if roster else self._day(cells, "agreement_signed_on", faults),
            quiz=None if roster else self._quiz(cells, faults),
            background_on=None if roster else self._day(cells, "background_checked_on", faults),
            background_status=cells.get("background_status", ""),
            cells=written,
        )

    def _inactive(self, line: int, cells: Mapping[str, str], written: dict[str, str], faults: list[Fault]) -> Row:
        names: list[Fault] = []
        first, last = tried(names, lambda: _names(cells), ("", cells.get("name", "")))
        return Row(
            line=line,
            agency=cells["provider"],
            first_name=first,
            last_name=last,
            email=cells["email"] if is_address(cells["email"]) else "",
            user_id=tried(faults, lambda: _user_id(cells["user_id"], "user_id", needed=True), ""),
            active=False,
            created_on=self._day(cells, "created_on", faults),
            cells=written,
        )

    def _taken(self, cells: Mapping[str, str], column: str, faults: list[Fault]) -> Taken | None:
        if not cells[column]:
            return None
        try:
            found = read_time(cells[column], self._zone)
            check_likely(found, self._now, self._today)
        except TimeError as error:
            faults.append(Fault(column, error.sentence))
            return None
        return found

    def _day(self, cells: Mapping[str, str], column: str, faults: list[Fault]) -> date | None:
        found = self._taken(cells, column, faults)
        return found.on if found else None

    def _quiz(self, cells: Mapping[str, str], faults: list[Fault]) -> Quiz | None:
        columns = ("training_course", "training_score", "training_taken_on")
        empty = [column for column in columns if not cells[column]]
        if len(empty) == len(columns):
            return None
        if empty:
            said = "A quiz result needs its course, its score and its day. Fill this in, or empty all three."
            faults.append(Fault(empty[0], said))
            return None
        try:
            score = read_score(cells["training_score"])
        except ScoreError as error:
            faults.append(Fault("training_score", error.sentence))
            return None
        taken = self._taken(cells, "training_taken_on", faults)
        if taken is None:
            return None
        return Quiz(
            course=cells["training_course"],
            score=score.hundredths,
            score_as_written=cells["training_score"],
            taken=taken,
            flags=score.flags,
        )


def _given(cells: Mapping[str, str], column: str, otherwise: str) -> str:
    if not cells[column]:
        raise Fault(column, f"This is empty. {otherwise}")
    return " ".join(cells[column].split())


def _names(cells: Mapping[str, str]) -> tuple[str, str]:
    """First and last name, from their own columns or from one: 'Sample, Jamie' or 'Jamie Sample'."""
    first, last = (" ".join(cells.get(column, "").split()) for column in ("first_name", "last_name"))
    if first and last:
        return first, last
    whole = " ".join(cells.get("name", "").split())
    if not whole:
        raise Fault("first_name" if not first else "last_name", "The name is not complete. Enter first and last name.")
    if "," in whole:
        last, _, first = (part.strip() for part in whole.partition(","))
    else:
        first, _, last = whole.rpartition(" ")
    if not first or not last:
        raise Fault("name", f"{whole!r} is one word, so first and last name cannot be told apart. Write both.")
    return first, last


def _email(text: str) -> str:
    if not text:
        raise Fault("email", "There is no e-mail address, so nobody can be told anything. Enter the work address.")
    if not is_address(text):
        raise Fault("email", "This is not an e-mail address. Write it as name@example.org.")
    return text


def _user_id(text: str, column: str, *, needed: bool) -> str:
    if not text and needed:
        raise Fault(column, "There is no User ID. Leave the row out, or export the roster again.")
    lower = text.lower()
    if text and not USER_ID.fullmatch(lower):
        raise Fault(column, "A User ID has 2 to 50 letters, digits, points, hyphens or underscores, and no spaces.")
    return lower


def _truth(text: str) -> bool:
    word = text.casefold()
    if word in YES or not word:
        return True
    if word in NO:
        return False
    raise Fault("active", f"{text!r} is neither yes nor no. Write yes for an account that may be used, else no.")
