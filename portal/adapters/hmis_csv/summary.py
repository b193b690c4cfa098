"""What a reading of HMIS CSV files comes to: counts for each file and for each rule that was broken."""

from collections import Counter
from dataclasses import dataclass

from portal.adapters.hmis_csv.rows import FILES, Reading, Record
from portal.adapters.hmis_csv.rules import TITLES


@dataclass(frozen=True)
class FileCount:
    """Rows of one file: `found` in it, `accepted`, `deleted` among those accepted; `present` if it was readable."""

    file: str
    present: bool
    found: int
    accepted: int
    deleted: int

    @property
    def refused(self) -> int:
        """Rows that an error kept out."""
        return self.found - self.accepted


@dataclass(frozen=True)
class RuleCount:
    """How often a rule was broken, its title, and one sentence as an example."""

    rule: str
    title: str
    count: int
    example: str


@dataclass(frozen=True)
class Summary:
    """The counts of a reading."""

    files: tuple[FileCount, ...]
    warnings: tuple[RuleCount, ...]
    errors: int
    ignored: tuple[str, ...]

    def lines(self) -> list[str]:
        """The summary as lines of plain text."""
        said = [self._file_line(file) for file in self.files]
        said += [f"Ignored: {name}" for name in self.ignored]
        said += [f"Warning, {each.count} times: {each.title}" for each in self.warnings]
        said.append(f"Errors: {self.errors}")
        return said

    @staticmethod
    def _file_line(file: FileCount) -> str:
        if not file.present:
            return f"{file.file}: not read"
        return f"{file.file}: {file.accepted} of {file.found} rows, {file.deleted} marked deleted"


def summary(reading: Reading) -> Summary:
    """Count a reading: every file in the order of reading, warnings by rule with the most frequent first."""
    files = []
    for row_type in FILES:
        rows = reading.rows(row_type)
        deleted = sum(1 for row in rows if isinstance(row, Record) and row.deleted)
        found = reading.found.get(row_type.FILE, 0)
        files.append(FileCount(row_type.FILE, row_type.FILE in reading.found, found, len(rows), deleted))
    counts = Counter(problem.rule for problem in reading.warnings)
    examples = {problem.rule: problem.sentence for problem in reversed(reading.warnings)}
    warnings = tuple(RuleCount(rule, TITLES[rule], count, examples[rule]) for rule, count in counts.most_common())
    return Summary(tuple(files), warnings, len(reading.errors), reading.ignored)
