"""The ladder: which step is reached, what counts as an earlier violation, and why, in words."""

from datetime import date, timedelta

import pytest

from workflows.enforcement_pack import Severity
from workflows.ladder import Earlier, propose
from workflows.policy import load
from workflows.vocabulary import SANCTIONS

PACK = load().enforcement
TODAY = date(2026, 11, 23)
DAY = timedelta(1)


def before(*days: date, violation: str = "policies", severity: str = "minor") -> list[Earlier]:
    return [Earlier(n, violation, severity, day) for n, day in enumerate(days, 1)]


@pytest.mark.parametrize(
    ("violation", "earlier", "measure", "counted"),
    [
        ("policies", [], "reprimand", 0),
        ("policies", before(TODAY - DAY), "training", 1),
        ("policies", before(TODAY - DAY, TODAY), "suspension", 2),
        ("policies", before(TODAY - DAY, TODAY, TODAY), "suspension", 3),
        ("policies", before(date(2025, 11, 23)), "training", 1),  # the period reaches to the very day
        ("policies", before(date(2025, 11, 22)), "reprimand", 0),
        ("policies", before(TODAY - DAY, violation="look-up", severity="severe"), "training", 1),
        ("unattended", [], "training", 0),
        ("unattended", before(TODAY - DAY), "training", 0),  # a lighter one does not count
        ("unattended", before(TODAY - DAY, severity="major"), "suspension", 1),
        ("unattended", before(TODAY - DAY, TODAY, severity="severe"), "revocation", 2),
        ("look-up", [], "suspension", 0),
        ("look-up", before(TODAY - DAY, severity="severe"), "revocation", 1),
        ("look-up", before(date(2023, 11, 22), severity="severe"), "suspension", 0),
        ("look-up", before(TODAY + DAY, severity="severe"), "suspension", 0),
    ],
)
def test_the_highest_step_that_is_reached(violation: str, earlier: list[Earlier], measure: str, counted: int) -> None:
    proposal = propose(PACK, violation, earlier, TODAY)
    assert proposal is not None and (proposal.measure, len(proposal.counted)) == (measure, counted)


def test_it_says_why_in_a_sentence() -> None:
    first, again = (propose(PACK, "policies", earlier, TODAY) for earlier in ([], before(date(2026, 5, 1))))
    assert first is not None and first.because == "This is what a first minor violation leads to."
    assert again is not None and again.because == (
        "There is one earlier violation as grave or graver in the period that counts, decided on May 1, 2026."
    )


def test_a_step_for_a_violation_goes_before_those_for_its_severity() -> None:
    import dataclasses

    own = next(rung for rung in PACK.ladder if rung.id == "departed-login-at-once")
    used = dataclasses.replace(PACK, ladder=(*PACK.ladder, dataclasses.replace(own, used=True, id="used")))
    with_it, without = propose(used, "departed-login", [], TODAY), propose(PACK, "departed-login", [], TODAY)
    assert with_it is not None and (with_it.rung, with_it.measure) == ("used", "revocation")
    assert without is not None and without.measure == "suspension"  # what is not used proposes nothing


def test_every_violation_leads_somewhere_however_often() -> None:
    for violation in PACK.violations:
        for often in range(5):
            days = before(*[TODAY] * often, violation=violation.id, severity=violation.severity)
            proposal = propose(PACK, violation.id, days, TODAY)
            assert proposal is not None and proposal.measure in SANCTIONS


def test_more_earlier_ones_never_lead_to_less() -> None:
    rank = {"reprimand": 0, "training": 1, "suspension": 2, "revocation": 3}
    for violation in PACK.violations:
        found = []
        for often in range(5):
            proposal = propose(PACK, violation.id, before(*[TODAY] * often, severity=Severity.SEVERE), TODAY)
            found.append(rank[proposal.measure] if proposal else -1)
        assert found == sorted(found)


def test_a_violation_that_the_pack_lacks_is_an_error_and_a_pack_without_a_ladder_proposes_nothing() -> None:
    with pytest.raises(KeyError):
        propose(PACK, "rudeness", [], TODAY)
    from workflows.enforcement_pack import FROM_BEFORE

    assert propose(FROM_BEFORE, "violation", [], TODAY) is None
