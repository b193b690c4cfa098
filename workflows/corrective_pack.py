"""The pack's words for what a review finds, how long it may take to put right, and how results are counted (S1, S5)."""

from dataclasses import dataclass

from workflows.periods import Period
from workflows.questions import Basis
from workflows.stanza import Stanza

KINDS = ("no", "partial", "contradicted", "observed")
"""What makes an answer a finding: what it says, what the portal's own records say against it, what a visit showed."""

LONGEST = 1100
_YEAR = Period.parse("P1Y")


@dataclass(frozen=True, slots=True)
class FindingRule:
    """One kind of finding, and in how many days it is proposed to be put right."""

    id: str
    title: str
    days: int
    cite: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Counting:
    """How results are counted and shown: shares in hundredths of a percent; fewer Agencies than `fewest` have no median."""

    partial: int = 5000
    good: int = 9000
    fair: int = 7000
    fewest: int = 5
    cite: str = ""
    basis: Basis = Basis.LOCAL


@dataclass(frozen=True, slots=True)
class Corrective:
    """All of it. `exception`: the longest that a standard may go unmet before it is decided about again."""

    exception: Period
    findings: tuple[FindingRule, ...]
    counting: Counting
    cite: str
    basis: Basis

    def rule(self, kind: str) -> FindingRule | None:
        return next((rule for rule in self.findings if rule.id == kind), None)


FROM_BEFORE = Corrective(_YEAR, (), Counting(), "Security management", Basis.PROPOSED_RULE)
"""For packs kept from before there were any: no answer is a finding, and an exception lasts a year."""


def read_corrective(pack: Stanza) -> Corrective:
    """The stanzas [corrective_actions], [[finding]] and [review_results] of a pack; PolicyError by stanza and field."""
    if "corrective_actions" not in pack:
        return FROM_BEFORE
    own = pack.stanza("corrective_actions")
    rules = pack.each("finding", _finding)
    counting = pack.one("review_results", _counting)
    made = Corrective(own.period("exception"), rules, counting, own.text("cite"), own.choice("basis", Basis))
    own.done()
    return made


def _finding(s: Stanza) -> FindingRule:
    return FindingRule(
        s.one_of("id", KINDS), s.text("title", longest=60), s.number("days", 1, LONGEST), s.text("cite"), s.choice("basis", Basis)
    )  # fmt: skip


def _counting(s: Stanza) -> Counting:
    made = Counting(
        s.percent("partial"), s.percent("good"), s.percent("fair"), s.number("fewest", 2, 1000), s.text("cite"), s.choice("basis", Basis)
    )  # fmt: skip
    if made.fair > made.good:
        raise s.wrong("fair", "this cannot be more than what counts as good")
    return made
