"""The auditor's SQL against the gate, on random communities: three hands wrote the same thirty rules."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from random import Random

import pytest
from sqlalchemy import Engine, insert, text

from portal.auditor import pack as packs
from portal.auditor.prerequisites import put_to
from portal.db import make_engine
from portal.models import AuditEntry, Decision
from tests.standing import plain
from tests.standing.community import World, draw_world, questions
from workflows.gate import decide
from workflows.policy import Policy, load

SEED, WORLDS, COMMUNITIES, ASKED = 20261201, 2, 200, 3
WORDS = {"met": "met", "unmet": "unmet", "waived": "waived", "not_applicable": "-"}

DECISION = """CREATE TABLE decision (id integer PRIMARY KEY, membership_id integer, outcome varchar(12), on_day date,
    made_at timestamp, policy_version varchar(64))"""
AUDIT = (
    "CREATE TABLE audit_entry (id integer, thing varchar(40), thing_id integer, act varchar(60), decision_id integer)"
)


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


def ask_about_everybody(engine: Engine, world: World, asked: list[tuple[date, datetime]], policy: Policy) -> dict:
    """Puts the same questions to the auditor as decisions that somebody made; by decision, what was asked."""
    plain.fill(engine, world)
    made = {
        n: (member, on, known_at)
        for n, (member, on, known_at) in enumerate(((m, *each) for m in world.members for each in asked), start=1)
    }
    with engine.begin() as connection:
        for table in ("decision", "audit_entry"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
        connection.execute(text(DECISION))
        connection.execute(text(AUDIT))
        connection.execute(
            insert(Decision.__table__).inline(),
            [
                {"id": n, "membership_id": m.id, "outcome": "permitted", "on_day": on, "made_at": at, "policy_version": policy.version}
                for n, (m, on, at) in made.items()
            ],
        )  # fmt: skip
    return made


def differences(engine: Engine, world: World, made: dict, policy: Policy) -> tuple[list, Counter]:
    found, seen = [], Counter()
    with engine.connect() as connection:
        rows = list(put_to(connection, "decisions", packs.read(policy.version, policy.text)))
    assert [row["ask"] for row in rows] == sorted(made)
    for row in rows:
        member, on, known_at = made[row["ask"]]
        said = decide(policy, member, world.bearing[member.id], on, known_at)
        if bool(row["inherited"]) != said.inherited:
            found.append((member, on, known_at, "inherited"))
        for finding in said.findings:
            status = WORDS[str(finding.status)]
            seen[finding.id, status] += 1
            if row[finding.id] != status:
                found.append((member, on, known_at, finding.id, row[finding.id], status))
    return found, seen


def test_the_auditor_and_the_gate_agree_about_random_communities(engine: Engine) -> None:
    policy, rng, seen = load(), Random(SEED), Counter()
    for n in range(WORLDS):
        world, day = draw_world(rng, COMMUNITIES)
        made = ask_about_everybody(engine, world, list(questions(rng, world, day, ASKED)), policy)
        found, some = differences(engine, world, made, policy)
        assert not found, f"world {n} of seed {SEED}: {len(found)} differences, such as {found[:3]}"
        seen += some
    for p in policy.prerequisites:
        assert seen[p.id, "met"] > 50 and seen[p.id, "unmet"] > 4, p.id
        assert (seen[p.id, "waived"] > 0) == p.waivable, p.id


@pytest.mark.proof
def test_the_auditor_and_the_gate_agree_about_thousands_of_communities(engine: Engine) -> None:
    policy, rng = load(), Random(SEED + 1)
    for n in range(25):
        world, day = draw_world(rng, 200)
        made = ask_about_everybody(engine, world, list(questions(rng, world, day, 3)), policy)
        found, _ = differences(engine, world, made, policy)
        assert not found, f"world {n} of seed {SEED + 1}: {len(found)} differences, such as {found[:3]}"


def test_other_thresholds_are_read_from_the_packs_own_text(engine: Engine) -> None:
    text_of = load().text
    for one, other in (
        ("pass_mark = 80 ", "pass_marks = { security = 79.99, hmis-basics = 85 }\npass_mark = 90 "),
        ('grace    = "P90D"', 'grace    = "P1M"'),
        ('grace    = "P3M"', 'grace    = "P10D"'),
        ('max_age  = "P1Y"\nwarn     = "P60D"', 'max_age  = "P11M29D"\nwarn     = "P60D"'),
        (
            'each     = ["manual", "governance_model", "data_quality_plan",',
            'each     = ["manual", "data_quality_plan",',
        ),
    ):
        assert one in text_of, one
        text_of = text_of.replace(one, other)
    policy, rng = load(text_of, "another Lead's pack"), Random(SEED + 2)
    world, day = draw_world(rng, COMMUNITIES)
    made = ask_about_everybody(engine, world, list(questions(rng, world, day, ASKED)), policy)
    found, _ = differences(engine, world, made, policy)
    assert not found, f"{len(found)} differences, such as {found[:3]}"


def test_the_plain_tables_have_the_columns_that_the_auditor_reads() -> None:
    assert {"thing", "thing_id", "act", "decision_id"} <= set(AuditEntry.__table__.c.keys())
    assert {"on_day", "made_at", "policy_version", "outcome"} <= set(Decision.__table__.c.keys())
