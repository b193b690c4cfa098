"""What the answers of a review amount to: findings, and results by category ('Annual security review')."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from workflows.corrective_pack import Counting

WHOLE = 10_000
"""One hundred percent, in hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One item as it was answered. `records`: whether the portal's own records bear a yes out, None where they are silent.

    `observed`: 'yes' or 'no' as a visit showed, '' where nobody looked.
    """

    item: str
    category: str
    answer: str
    records: bool | None = None
    observed: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: the item, and which of the pack's kinds of finding it is."""

    item: str
    category: str
    kind: str


def finding_of(answered: Answered) -> Found | None:
    """The finding that an answer is, or None: a no, a part of it, or a yes that the records or a visit gainsay.

    What somebody owns to comes first: nobody is told twice of one standard. 'Does not apply' is gainsaid by a visit alone,
    since the records cannot know what an Agency has not got.
    """
    if answered.answer in ("no", "partial"):
        kind = answered.answer
    elif answered.observed == "no" and answered.answer in ("yes", "not_applicable"):
        kind = "observed"
    elif answered.records is False and answered.answer == "yes":
        kind = "contradicted"
    else:
        return None
    return Found(answered.item, answered.category, kind)


def findings(answers: Iterable[Answered]) -> tuple[Found, ...]:
    """All findings of a review, in the checklist's order."""
    return tuple(found for answered in answers if (found := finding_of(answered)))


def worth(kind: str, counting: Counting) -> int | None:
    """What an answer counts in hundredths of a percent, by its finding's kind or by the answer itself; None: not at all."""
    return {"yes": WHOLE, "partial": counting.partial, "not_applicable": None, "": None}.get(kind, 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A review counted: shares in hundredths of a percent, rounded down, by category and over all; None where nothing applies."""

    by: Mapping[str, int]
    overall: int | None
    findings: int


def outcome(answers: Iterable[Answered], counting: Counting) -> Outcome:
    """The result of each category and of all items that apply, each counting the same, and how many findings there are.

    A yes that the records or a visit gainsay counts as nothing. A category where nothing applies is left out.
    """
    counted: dict[str, list[int]] = defaultdict(list)
    found = 0
    for answered in answers:
        finding = finding_of(answered)
        found += finding is not None
        value = worth(finding.kind if finding else answered.answer, counting)
        if value is not None:
            counted[answered.category].append(value)
    by = {category: sum(values) // len(values) for category, values in counted.items()}
    items = sum(map(len, counted.values()))
    return Outcome(by, sum(map(sum, counted.values())) // items if items else None, found)


def medians(results: Iterable[Mapping[str, int]], counting: Counting) -> dict[str, int]:
    """The median of each category over the results of several Agencies; none where fewer than the pack's fewest have one."""
    listed: dict[str, list[int]] = defaultdict(list)
    for each in results:
        for category, value in each.items():
            listed[category].append(value)
    return {category: int(median(values)) for category, values in listed.items() if len(values) >= counting.fewest}


def tone(result: int | None, counting: Counting) -> str:
    """How a result is shown: 'met', 'warning' or 'unmet', 'not_applicable' where there is none."""
    if result is None:
        return "not_applicable"
    return "met" if result >= counting.good else "warning" if result >= counting.fair else "unmet"
