"""What a training file yields: rows, each one attempt at one course, and the problems of the file."""

from dataclasses import dataclass
from datetime import date, datetime

from portal.adapters.lms.formats import Format
from portal.adapters.tables import Problem


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One attempt at one course.

    `score` is in hundredths of a percent (8000 is 80 percent), cut off; `score_as_written` and `max_score` are the
    cells. `taken_at` is naive UTC, noon of the Lead's day where the file gives no time; `taken_on` is the Lead's day.
    `email` is in lower case and empty where Bridge's UID is no address. `fingerprint` is the same for the same result
    however its row is written, and whatever the file it comes in. `flags` are sentences for a person to check.
    """

    line: int
    learner_name: str
    email: str
    uid: str
    course: str
    score: int
    score_as_written: str
    max_score: str
    taken_at: datetime
    taken_on: date
    attempt: int | None
    status: str
    flags: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class TrainingFile:
    """The good rows of a file, its problems by line, and its format ('' when it was not recognised)."""

    rows: tuple[TrainingRow, ...]
    problems: tuple[Problem, ...]
    format: Format
    found: int = 0

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What refuses rows; an import that is all or nothing stops when there is one."""
        return tuple(problem for problem in self.problems if problem.severity == "error")
