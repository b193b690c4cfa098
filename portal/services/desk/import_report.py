"""What an import did, or would do: counts, sentences, and every row that was refused by line, column and reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from portal.adapters.tables import Problem, report_csv


@dataclass(slots=True)
class Report:
    """The outcome of one import; `refused` means that the file has errors, so that nothing was written."""

    source: str
    dry_run: bool = False
    refused: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What refuses rows, or the file as a whole."""
        return self.of("error")

    @property
    def changes(self) -> bool:
        """Whether anything was, or would be, written."""
        return not self.refused and any(count for name, count in self.counts.items() if name not in UNCHANGED)

    def of(self, severity: str) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == severity)

    def count(self, name: str, by: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + by

    def lines(self) -> list[str]:
        """The report as lines of plain text, errors last, where they are seen."""
        found = [f"{self.source}: {self._outcome()}."]
        found += [f"{name[:1].upper()}{name[1:]}: {count:,}" for name, count in self.counts.items()]
        found += self.said
        found += [f"{_severity(problem)} {where(problem)}: {problem.sentence}" for problem in _ranked(self.problems)]
        return found

    def counted(self) -> str:
        """The counts in one line."""
        return ", ".join(f"{name} {count}" for name, count in self.counts.items())

    def _outcome(self) -> str:
        if self.refused:
            return "refused, nothing was written"
        return "a trial, nothing was written" if self.dry_run else "imported"

    def csv(self) -> str:
        """Every problem as CSV: the report file that names each rejected row."""
        return report_csv(self.problems)


UNCHANGED = frozenset({"rows in the file", "already on record", "unchanged", "left out"})


def where(problem: Problem) -> str:
    """'results.csv, line 7, score', as far as it is known."""
    return ", ".join(
        part for part in (problem.file, f"line {problem.line}" if problem.line else "", problem.column) if part
    )


def _severity(problem: Problem) -> str:
    return {"error": "Error in", "warning": "Warning in", "note": "Note on"}[problem.severity]


def _ranked(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: ("note", "warning", "error").index(problem.severity))
