"""How long `portal serve` takes to its first answer beside a bare Flask application, and what a worker's memory does."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from bench import community, living
from portal import jobs, migrate
from portal.db import make_engine, transaction
from portal.models import Agency, Membership, Person
from portal.services import founding
from tests.support.peers import free_port
from workflows.vocabulary import Effect

ROUNDS, JOBS, ALL_JOBS, WARM = 3, 2_000, 10_000, 500
GROWTH_GOAL = 1.1
BARE = """
import sys
import flask, waitress
app = flask.Flask("bare")
app.get("/")(lambda: "bare")
waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]))
"""
WORK = """
import sys
from pathlib import Path
from bench import living
from portal.worker import Worker

def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])

worker, done, warm = Worker(living.context_on(sys.argv[1], Path(sys.argv[2]))), 0, int(sys.argv[3])
while worker.run_once():
    done += 1
    if done == warm:
        print(resident())
print(resident(), done)
"""


def run(whole: bool = False) -> list[dict[str, Any]]:
    """Rows for the table: name, database, n, milliseconds, beside (memory: kilobytes in the end and at first), ratio."""
    with TemporaryDirectory(prefix="portal-bench-") as kept:
        rows = [_start(Path(kept))]
    if not Path("/proc/self/status").exists():
        return rows
    with community.databases() as databases, TemporaryDirectory(prefix="portal-bench-") as kept:
        for name, engine in databases:
            count = ALL_JOBS if whole else JOBS
            first, last = _memory(living.url_of(engine), Path(kept), count)
            rows.append(
                {"name": "memory of a worker, kB", "database": name, "n": count, "milliseconds": last, "beside": first,
                 "ratio": last / first, "goal": f"at most {GROWTH_GOAL}", "met": last / first <= GROWTH_GOAL}
            )  # fmt: skip
    return rows


def _start(folder: Path) -> dict[str, Any]:
    url = f"sqlite:///{folder}/start.sqlite3"
    migrate.upgrade(make_engine(url))
    given = {
        "PORTAL_DATABASE_URL": url, "PORTAL_SECRET_KEY": "for the benchmark alone and for nothing else",
        "PORTAL_STORAGE": str(folder / "storage"), "PORTAL_MAIL_URL": f"file:{folder / 'mail'}",
    }  # fmt: skip
    serve = [str(Path(sys.executable).with_name("portal")), "serve", "--port"]
    times = [
        (_first_answer([*serve], os.environ | given), _first_answer([sys.executable, "-c", BARE], dict(os.environ)))
        for _ in range(ROUNDS)
    ]
    took, bare = (min(each) for each in zip(*times, strict=True))
    return {"name": "serve to the first answer", "milliseconds": took, "beside": bare, "ratio": took / bare}


def _first_answer(command: list[str], environment: dict[str, str]) -> float:
    port, begun = free_port(), perf_counter()
    process = subprocess.Popen(
        [*command, str(port)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            with suppress(URLError, ConnectionError):
                with suppress(HTTPError):  # an answer, if not a page
                    urlopen(f"http://127.0.0.1:{port}/", timeout=30).close()
                return (perf_counter() - begun) * 1000
            sleep(0.01)
    finally:
        process.terminate()
        process.wait(20)
    raise RuntimeError(f"{command[0]} ended with {process.returncode} before it answered: nothing was measured")


def _memory(url: str, folder: Path, count: int) -> tuple[int, int]:
    """Kilobytes in use after WARM jobs, and in the end."""
    engine = make_engine(url)
    migrate.upgrade(engine)
    context = living.context_on(url, folder)
    now = context.clock()
    with transaction(context.sessions) as session:
        founding.establish(session, now=now, policy=context.policy)
        agency = Agency(name="Sample Shelter", name_key="sample shelter", entered_at=now)
        session.add(agency)
        session.flush()
        for n in range(count):
            email = f"sam{n}@example.org"
            person = Person(first_name="Sam", last_name="Sample", email=email, email_key=email, named_at=now)
            session.add(person)
            session.flush()
            session.add(Membership(agency_id=agency.id, person_id=person.id, created_at=now))
            jobs.enqueue(session, Effect.RECONSIDER, key=f"person:{person.id}", now=now)
    context.engine.dispose()
    engine.dispose()
    said = subprocess.run(
        [sys.executable, "-c", WORK, url, str(folder), str(WARM)], capture_output=True, text=True, check=True
    ).stdout.split()
    first, last, done = (int(each) for each in said)
    if done < count:
        raise RuntimeError(f"{done} of {count} jobs were done: nothing was measured")
    return first, last
