"""Day one: 700 people come in through the services, beside a bare executemany of the evidence rows that they leave behind."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, select

from portal import migrate
from portal.actors import operator
from portal.adapters.people_files import known_keys, proposed, read_rows, read_spreadsheet
from portal.db import make_engine, make_sessionmaker, transaction
from portal.models import Agency, Evidence
from portal.secrets import RecordKeys
from portal.services import founding
from portal.services.day_one import imports
from portal.services.day_one.options import DayOneReport, Options
from workflows.policy import load

KEYS = RecordKeys(["seals the record of the benchmark alone"])
PEOPLE, GOAL_SECONDS = 700, 60
NOW = datetime(2026, 11, 23, 15, 0)
HEADER = (
    "agency,first_name,last_name,email,role,access_level,hmis_user_id,agreement_signed_on,training_course,training_score,"
    "training_taken_on,background_checked_on"
)


def run(_whole: bool = False, people: int = PEOPLE) -> list[dict[str, Any]]:
    """Rows for the table: the trial, the import, the same list again; milliseconds of the clock and of this processor."""
    with _portal(people // 10) as engine:
        content = _list(people)
        tried, trial = _timed(lambda: _bring(engine, content, dry_run=True))
        came_in, used = _timed(lambda: _bring(engine, content))
        again, third = _timed(lambda: _bring(engine, content))
        if (
            came_in.counts.get("accounts taken over as inherited") != people
            or again.changes
            or tried.counts != came_in.counts
        ):
            raise RuntimeError(f"the import did not do what it should: {came_in.counts}, then {again.counts}")
        bare = _bare(engine)
    seconds = used["clock"] / 1000
    return [
        {"name": "day one: trial", "n": people, "milliseconds": trial["clock"]},
        {
            "name": "day one: import", "n": people, "milliseconds": used["clock"], "ratio": used["clock"] / bare,
            "goal": f"{GOAL_SECONDS} s", "met": seconds < GOAL_SECONDS,
        },
        {"name": "day one: import, processor time", "n": people, "milliseconds": used["processor"]},
        {"name": "day one: the same list again", "n": people, "milliseconds": third["clock"]},
        {"name": "the same evidence by executemany", "n": people, "milliseconds": bare, "ratio": 1.0},
    ]  # fmt: skip


@contextmanager
def _portal(agencies: int) -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'portal.db'}")
        migrate.upgrade(engine)
        with transaction(make_sessionmaker(engine, record_keys=KEYS)) as session:
            founding.establish(session, now=NOW, policy=load())
            for number in range(agencies):
                name = f"Sample House {number}"
                session.add(Agency(name=name, name_key=name.casefold(), mandated_by=[], cells={}, entered_at=NOW))
        yield engine
        engine.dispose()


def _list(people: int) -> bytes:
    """Two lines a person, as a Lead's spreadsheet has them: two courses; one in ten administers and was checked."""
    lines = [HEADER]
    for number in range(people):
        who = f"Sample House {number // 10},Jamie,{_name(number)},person{number}@example.org"
        admin = number % 10 == 0
        role, level = ("agency admin", "Agency Admin") if admin else ("end user", "Case Manager I")
        checked = "2025-05-05" if admin else ""
        lines.append(f"{who},{role},{level},user{number},2026-03-02,security,{number % 40 + 60}.5,2026-02-01,{checked}")
        lines.append(f"{who},,,,,hmis-basics,88.5,2026-01-15,")
    return "\n".join(lines).encode()


def _name(number: int) -> str:
    """A last name that is like none of the same Agency: likenesses are asked about, and nobody answers here."""
    parts = ("Quill", "Brandt", "Osei", "Ferro", "Lindqvist", "Moreau", "Tanaka", "Vargas", "Whitby", "Zielinska")
    return f"{parts[number % 10]}-{'abcdefghij'[number // 10 % 10] * 3}"


def _bring(engine: Engine, content: bytes, *, dry_run: bool = False) -> DayOneReport:
    policy = load()
    table = read_spreadsheet(content, known=known_keys("people"))
    sheet = read_rows(
        "people", table, proposed("people", table.headers), filename="people.csv", now=NOW, zone=policy.zone
    )
    with transaction(make_sessionmaker(engine, record_keys=KEYS)) as session:
        return imports.import_sheet(
            session, sheet, Options(takes_over=date(2027, 3, 1)), sha256="0" * 64, actor=operator("bench"), now=NOW, policy=policy, dry_run=dry_run
        )  # fmt: skip


def _timed(work: Any) -> tuple[Any, dict[str, float]]:
    clock, processor = time.perf_counter(), time.process_time()
    done = work()
    return done, {
        "clock": (time.perf_counter() - clock) * 1000,
        "processor": (time.process_time() - processor) * 1000,
    }


def _bare(engine: Engine) -> float:
    """Milliseconds to write as many evidence rows, the same ones, in one executemany and one transaction."""
    with make_sessionmaker(engine, record_keys=KEYS)() as session:
        rows = [
            {column.key: value for column, value in zip(Evidence.__table__.c, row, strict=True) if column.key != "id"}
            for row in session.execute(select(Evidence.__table__))
        ]
    began = time.perf_counter()
    with engine.begin() as connection:
        connection.execute(insert(Evidence.__table__), rows)
    return (time.perf_counter() - began) * 1000
