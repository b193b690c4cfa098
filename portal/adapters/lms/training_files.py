"""Reads files of training results: Bridge's program export and a plain table, one row for each attempt at a course."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import PurePath
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.adapters.lms.cells import (
    FINISHED,
    LONGEST_COURSE,
    MIXED_UP,
    Fault,
    Ignored,
    Refused,
    address,
    address_of_uid,
    attempt_of,
    check_finished,
    course_of,
    tried,
)
from portal.adapters.lms.formats import ALIASES, COLUMNS, Format, column_key, format_of
from portal.adapters.lms.results import TrainingFile, TrainingRow
from portal.adapters.lms.scores import Score, ScoreError, read_score
from portal.adapters.lms.times import Taken, TimeError, check_likely, read_time
from portal.adapters.tables import Limits, Problem, Severity, Table, TableError, read_table

# So many rows that fail alike are no accident.
_A_PATTERN = 3
_DEFAULT_LIMITS = Limits(bytes=32_000_000, rows=200_000, columns=100)


class _Result(NamedTuple):
    """A row without its flags and fingerprint."""

    learner: str
    email: str
    uid: str
    course: str
    score: Score
    taken: Taken
    attempt: int | None
    status: str
    flags: tuple[str, ...]


class _Reader:
    """Reads the lines of one file and remembers what it has seen."""

    def __init__(self, name: str, form: Format, now: datetime, zone: ZoneInfo) -> None:
        self.name = name
        self.form = form
        self.now = now
        self.rows: list[TrainingRow] = []
        self.problems: list[Problem] = []
        self._lines: dict[str, int] = {}
        self._attempts: dict[tuple[object, ...], int] = {}

        today = now.replace(tzinfo=UTC).astimezone(zone).date()

        # Thousands of rows share a few hundred dates and scores.
        @lru_cache(maxsize=20_000)
        def taken(written: str) -> Taken:
            found = read_time(written, zone)
            check_likely(found, now, today)
            return found

        self._taken = taken
        self._score = lru_cache(maxsize=20_000)(read_score)

    def say(self, severity: Severity, line: int, column: str, value: str, sentence: str, rule: str) -> None:
        """Note a problem of this file."""
        self.problems.append(Problem(severity, self.name, line, column, value, sentence, rule))

    def read(self, number: int, cells: Mapping[str, str]) -> None:
        """Read one line into a row, a problem or a note."""
        try:
            result = self._bridge(cells) if self.form == "bridge" else self._plain(cells)
        except Ignored as ignored:
            self.say("note", number, "status", cells.get("status", ""), str(ignored), "unfinished")
        except Refused as refused:
            for fault in refused.faults:
                self.say("error", number, fault.column, cells[fault.column], fault.sentence, fault.column)
        else:
            self._keep(number, cells, result)

    # --- one row -----------------------------------------------------------------------------------------------------

    def _plain(self, cells: Mapping[str, str]) -> _Result:
        faults: list[Fault] = []
        email = tried(faults, lambda: address(cells), "")
        course = tried(faults, lambda: course_of(cells), "")
        score = tried(faults, lambda: self._read_score(cells, cells["max_score"]), None)
        taken = tried(faults, lambda: self._read_taken("taken_at", cells["taken_at"]), None)
        attempt = tried(faults, lambda: attempt_of(cells["attempt"]), None)
        if faults or score is None or taken is None:
            raise Refused(faults)
        return _Result("", email, "", course, score, taken, attempt, "", ())

    def _bridge(self, cells: Mapping[str, str]) -> _Result:
        status = " ".join(cells["status"].split())
        key = status.casefold().replace("-", " ").replace("_", " ")
        learner, uid = (" ".join(cells[name].split()) for name in ("learner", "uid"))
        check_finished(learner or uid or "The learner", key, cells)
        faults: list[Fault] = []
        email = tried(faults, lambda: address_of_uid(uid), "")
        course = tried(faults, lambda: course_of(cells), "")
        score = tried(faults, lambda: self._read_score(cells, ""), None)
        taken = tried(faults, lambda: self._read_taken("completed", cells["completed"]), None)
        if faults or score is None or taken is None:
            raise Refused(faults)
        flags = () if key in FINISHED else (f"Bridge is not known to use the status '{status}': check it.",)
        return _Result(learner, email, uid, course, score, taken, None, status, flags)

    def _read_score(self, cells: Mapping[str, str], most: str) -> Score:
        try:
            return self._score(cells["score"], most)
        except ScoreError as error:
            swapped = cells["course"].strip().removesuffix("%").replace(".", "", 1).isdigit()
            sentence = f"The score is no number but the course is one. {MIXED_UP}" if swapped else error.sentence
            raise Fault(error.column, sentence) from None

    def _read_taken(self, column: str, written: str) -> Taken:
        try:
            return self._taken(written)
        except TimeError as error:
            sentence = f"The date holds an e-mail address. {MIXED_UP}" if "@" in written else error.sentence
            raise Fault(column, sentence) from None

    # --- among the others --------------------------------------------------------------------------------------------

    def _keep(self, number: int, cells: Mapping[str, str], result: _Result) -> None:
        fingerprint = _fingerprint(result)
        first = self._lines.setdefault(fingerprint, number)
        if first != number:
            said = f"The same result stands on line {first}. It is counted once."
            self.say("note", number, "", "", said, "repeated")
            return
        who = result.email or result.uid.casefold()
        attempt = (who, result.course.casefold(), result.taken.at, result.attempt)
        other = self._attempts.setdefault(attempt, number)
        if other != number:
            said = f"Line {other} gives another score for the same attempt at the same time. Check which is right."
            self.say("warning", number, "score", cells["score"], said, "contradiction")
        flags = result.flags + result.score.flags
        for flag in flags:
            column = "score" if flag in result.score.flags else "status"
            self.say("warning", number, column, cells[column], flag, "check")
        self.rows.append(
            TrainingRow(
                line=number,
                learner_name=result.learner,
                email=result.email,
                uid=result.uid,
                course=result.course,
                score=result.score.hundredths,
                score_as_written=cells["score"].strip(),
                max_score=cells.get("max_score", "").strip(),
                taken_at=result.taken.at,
                taken_on=result.taken.on,
                attempt=result.attempt,
                status=result.status,
                flags=flags,
                fingerprint=fingerprint,
            )
        )


def _fingerprint(result: _Result) -> str:
    """SHA-256 of what makes a result the same: who, which course, the exact share, when, which attempt."""
    share = result.score.share
    parts = (
        result.email or result.uid.casefold(),
        result.course.casefold(),
        f"{share.numerator}/{share.denominator}",
        result.taken.at.isoformat() if result.taken.timed else result.taken.on.isoformat(),
        str(result.attempt or ""),
    )
    # No part holds the separator: it is white space, which the cells were freed of.
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


# --- the file --------------------------------------------------------------------------------------------------------


def read_training(
    data: bytes,
    filename: str,
    *,
    now: datetime,
    zone: str = "America/New_York",
    limits: Limits | None = None,
) -> TrainingFile:
    """Read the bytes of a training file; never raises for what is in them.

    `now` is naive UTC: a result after it is refused. `zone` is the Lead's, in which times without an offset are read.
    Rows with an error are left out and named by line and column; rows without a result yet are left out with a note.
    """
    name = PurePath(filename.replace("\\", "/")).name[:LONGEST_COURSE]

    def refused(sentence: str, line: int = 0, column: str = "") -> TrainingFile:
        return TrainingFile((), (Problem("error", name, line, column, "", sentence, "file"),), "")

    known = {*COLUMNS["bridge"], *COLUMNS["plain"], *ALIASES}
    try:
        table = read_table(data, known=known, limits=limits or _DEFAULT_LIMITS)
    except TableError as error:
        return refused(error.sentence, error.line)
    form, sentence = format_of(table.headers)
    if not form:
        return refused(sentence, 1)
    reader = _Reader(name, form, now, ZoneInfo(zone))
    _read_lines(reader, table)
    if not table.lines:
        reader.say("warning", 0, "", "", "The file has a header and no rows.", "no-rows")
    _say_mixed_up(reader, len(table.lines))
    if table.stopped:
        reader.say("error", table.stopped.line, "", "", table.stopped.sentence, "file")
    return TrainingFile(tuple(reader.rows), tuple(reader.problems), form, len(table.lines))


def _read_lines(reader: _Reader, table: Table) -> None:
    keys = [column_key(header) for header in table.headers]
    wanted = COLUMNS[reader.form]
    for header, key in zip(table.headers, keys, strict=True):
        if key not in wanted:
            said = f"The column {header.strip()} is not used; it was left out."
            reader.say("note", 1, header.strip(), "", said, "column-unknown")
    if table.encoding == "cp1252":
        said = "The file is not UTF-8 and was read as Windows-1252. Check the names with accents, or save it as UTF-8."
        reader.say("warning", 0, "", "", said, "encoding")
    places = [(key, position) for position, key in enumerate(keys) if key in wanted]
    for line in table.lines:
        if line.fault:
            reader.say("error", line.number, "", "", line.fault, "shape")
        else:
            reader.read(line.number, {key: line.cells[position] for key, position in places})


def _say_mixed_up(reader: _Reader, found: int) -> None:
    """One error at the header where the same column refuses every row: the cause is the file, not its thousand rows."""
    if reader.rows or found < _A_PATTERN:
        return
    for column in COLUMNS[reader.form]:
        if sum(1 for problem in reader.problems if problem.severity == "error" and problem.column == column) == found:
            reader.say("error", 1, column, "", f"No row has a usable {column}. {MIXED_UP}", "mixed-up")
            return
