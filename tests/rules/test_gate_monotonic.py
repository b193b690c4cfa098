"""Taking away what must be held never opens the gate, and adding what must be absent never does."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from tests.standing.community import draw_world
from workflows.gate import EVERYTHING, FOR_GOOD, NEVER, Evidence, Status, decide
from workflows.policy import load

POLICY = load()
AGAINST = {p.evidence for p in POLICY.prerequisites if p.needs == "absent"}
FRAME = {"published", "role", "access_level", "course_assigned", "device_in_use", "trait"}
"""What is not held itself but says what else must be: taking away a role or an assigned course may ask for less."""


def test_taking_away_what_must_be_held_opens_nothing() -> None:
    rng, tried, closed = Random(11), 0, 0
    for _ in range(6):
        world, day = draw_world(rng, 25)
        for member in world.members:
            rows = world.bearing[member.id]
            before = decide(POLICY, member, rows, day, EVERYTHING)
            held = [e for e in rows if e.kind not in AGAINST | FRAME]
            for gone in rng.sample(held, 8):
                after = decide(POLICY, member, [e for e in rows if e is not gone], day, EVERYTHING)
                assert {f.id for f in before.unmet} <= {f.id for f in after.unmet}, (gone, day)
                assert before.permitted or not after.permitted
                assert not before.closes or after.closes or gone.kind == "inherited"
                tried += 1
                closed += len(after.unmet) > len(before.unmet)
    assert tried > 2000
    assert closed > 200


def test_adding_what_must_be_absent_opens_nothing() -> None:
    rng, tried, closed = Random(12), 0, 0
    for _ in range(6):
        world, day = draw_world(rng, 25)
        for member in world.members:
            rows = world.bearing[member.id]
            before = decide(POLICY, member, rows, day, EVERYTHING)
            for p in (p for p in POLICY.prerequisites if p.needs == "absent"):
                subject = {"agency": member.agency_id, "person": member.person_id, "membership": member.id}[p.about]
                start = day + timedelta(rng.choice((-30, -1, 0, 1)))
                more = Evidence(
                    id=10**6, about=p.about, subject_id=subject, kind=p.evidence, detail=(*p.detail, "")[0],
                    valid_from=start, valid_until=rng.choice((FOR_GOOD, max(day, start))),
                    recorded_at=EVERYTHING - timedelta(1), withdrawn_at=NEVER,
                )  # fmt: skip
                after = decide(POLICY, member, [*rows, more], day, EVERYTHING)
                assert {f.id for f in before.unmet} <= {f.id for f in after.unmet}
                concerned = after.finding(p.id).status is not Status.NOT_APPLICABLE
                assert after.finding(p.id).status is Status.UNMET or start > day or not concerned
                assert after.closes or start > day or not concerned
                tried += 1
                closed += len(after.unmet) > len(before.unmet)
    assert tried > 1000
    assert closed > 500


def test_a_lower_score_never_opens() -> None:
    rng, lowered = Random(13), 0
    world, day = draw_world(rng, 60)
    for member in world.members:
        rows = world.bearing[member.id]
        before = decide(POLICY, member, rows, day, EVERYTHING)
        worse = [replace(e, value=e.value - 1500) if e.kind == "training" else e for e in rows]
        after = decide(POLICY, member, worse, day, EVERYTHING)
        assert {f.id for f in before.unmet} <= {f.id for f in after.unmet}
        lowered += len(after.unmet) > len(before.unmet)
    assert lowered > 50
