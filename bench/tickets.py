"""The help desk with a thousand tickets and with ten thousand (a hundred thousand with --all): the list, the search and one ticket take hardly longer.

Two of a hundred tickets are open, two hundred at least; words are as common and as rare as in real mail.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, insert, select

from bench import community, living
from bench.sweep import in_turns, statements
from portal import migrate
from portal.db import Base, look_over, make_sessionmaker, reading, utc_now
from portal.models import Membership, Person, Ticket
from portal.services.helpdesk.tickets.words import words_of
from portal.wiring import Context
from workflows.vocabulary import LEAD

SMALL, LARGE, VERY_LARGE = 1_000, 10_000, 100_000
MADE = 60
GOAL = 1.5
ROUNDS = 12
SPARE = 2
"""A search that finds nothing at the small desk reads neither tags nor Agencies."""

CHUNK = 5_000
LEAST_OPEN, OPEN_OF = 200, 50
FIRST = 1_000_000
"""Above every ticket that the made-up community has already."""

WORDS = 3_000
"""As many words are used, the hundredth a hundredth as often as the first."""
KINDS = ("report", "how_to", "lock_out", "data_question", "other")


def run(whole: bool = False) -> list[dict[str, Any]]:
    """Rows for the table: name, database, n, milliseconds, beside (those of the small desk), ratio, goal, statements."""
    rows: list[dict[str, Any]] = []
    with community.databases() as databases, TemporaryDirectory(prefix="portal-bench-") as kept:
        folder = Path(kept)
        source = living.made(folder, MADE)
        for name, engine in databases:
            engines = [living.another(engine, called) for called in ("few_tickets", "many_tickets")]
            many = VERY_LARGE if whole else LARGE
            for each, size in zip(engines, (SMALL, many), strict=True):
                migrate.upgrade(each)
                living.same_as(source, each)
                fill(each, size)
            rows += [{"database": name, "n": many, "of": SMALL} | row for row in _beside(engines, folder)]
            for each in engines:
                each.dispose()
        source.dispose()
    return rows


def fill(engine: Engine, tickets: int) -> None:
    """So many tickets, each with a question, an answer and its words, straight into the tables; the same for the same number."""
    with make_sessionmaker(engine)() as session:
        people = session.execute(
            select(Person.id, Person.email, Membership.agency_id)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.agency_id != LEAD)
            .order_by(Person.id)
        ).all()
    now, chance = utc_now(), random.Random(2026)
    open_from = tickets - max(LEAST_OPEN, tickets // OPEN_OF)
    for start in range(1, tickets + 1, CHUNK):
        ids = range(start, min(start + CHUNK, tickets + 1))
        rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("ticket", "ticket_entry", "ticket_word", "ticket_tag")
        }
        for number in ids:
            age = timedelta(hours=(tickets - number) * 18 * SMALL / tickets)
            _put(rows, number, people[number % len(people)], now - age, number > open_from, chance)
        with engine.begin() as connection:
            for name, values in rows.items():
                connection.execute(insert(Base.metadata.tables[name]), values)
    if engine.dialect.name == "postgresql":  # as its own housekeeping does
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    look_over(engine)  # as the worker does each day


def _put(
    rows: dict[str, list[dict[str, Any]]], number: int, who: Any, at: datetime, is_open: bool, chance: random.Random
) -> None:
    subject = " ".join(_word(chance) for _ in range(4))
    texts = [
        " ".join([f"case{number}", *(_word(chance) for _ in range(18))]),
        " ".join(_word(chance) for _ in range(12)),
    ]
    done = None if is_open else at + timedelta(hours=5)
    key = FIRST + number
    rows["ticket"].append({
        "id": key, "subject": subject, "kind": KINDS[number % len(KINDS)], "priority": "high" if number % 10 == 0 else "normal",
        "channel": "mail", "requester_id": who.id, "requester_email": who.email, "requester_name": "Jamie Sample",
        "agency_id": who.agency_id, "rung": "lead", "rung_since": at, "opened_at": at, "touched_at": done or at,
        "first_answered_at": done, "solved_at": done, "closed_at": done, "status": "open" if is_open else "closed",
        "answer_due": at + timedelta(hours=8), "solve_due": at + timedelta(hours=40), "to_redact": False, "rating": "", "rating_said": "",
        "last_entry_id": 2 * key,
    })  # fmt: skip
    for n, (kind, text) in enumerate(zip(("in", "out"), texts, strict=True)):
        rows["ticket_entry"].append({
            "id": 2 * key - 1 + n, "ticket_id": key, "at": at, "kind": kind, "author_name": "Jamie Sample", "body": text, "html": "",
            "message_id": "", "in_reply_to": "", "to_redact": False, "delivery": "",
        })  # fmt: skip
    words = words_of(subject, who.email, *texts)
    rows["ticket_word"] += [{"word": word, "ticket_id": key} for word in words]
    if number % 5 == 0:
        rows["ticket_tag"].append({"id": key, "ticket_id": key, "tag": "art" if number % 10 else "report"})


def _word(chance: random.Random) -> str:
    """The most common word three thousand times as often as the rarest."""
    return f"word{int(WORDS ** chance.random())}"


def _beside(engines: list[Engine], folder: Path) -> Iterator[dict[str, Any]]:
    contexts = [living.context_on(living.url_of(engine), folder) for engine in engines]
    with reading(contexts[0].sessions) as session:
        lead = select(Membership.person_id).where(Membership.agency_id == LEAD).order_by(Membership.id)
        who = session.scalars(lead).first() or 0
    with ExitStack() as stack:
        clients = [stack.enter_context(living.signed_in(of, who)) for of in contexts]
        paths = [_paths(of) for of in contexts]
        for name in paths[0]:
            get = [
                lambda client=client, path=each[name]: living.get(client, path)
                for client, each in zip(clients, paths, strict=True)
            ]
            few, many = in_turns(*get, rounds=ROUNDS)
            sent = [statements(of.engine, do) for of, do in zip(contexts, get, strict=True)]
            yield {
                "name": f"tickets: {name}", "milliseconds": many, "beside": few, "ratio": many / few, "goal": f"at most {GOAL}",
                "met": many / few <= GOAL and sent[1] <= sent[0] + SPARE, "statements": sent[1],
            }  # fmt: skip
    for each in contexts:
        each.engine.dispose()


def _paths(of: Context) -> dict[str, str]:
    """The same pages on either desk; one ticket is the latest that was closed, of somebody with many or few before it."""
    with reading(of.sessions) as session:
        last = session.scalars(
            select(Ticket.id).where(Ticket.status == "closed").order_by(Ticket.id.desc()).limit(1)
        ).one()
        agency = session.get_one(Ticket, last).agency_id
    return {
        "what is open, due first": "/tickets",
        "overdue": "/tickets?show=overdue",
        "nobody has them": "/tickets?show=unassigned",
        "open, latest first": "/tickets?sort=-touched",
        "all, newest first": "/tickets?show=all",
        "all, latest first": "/tickets?show=all&sort=-touched",
        "all, a page in the middle": f"/tickets?show=all&after={(FIRST + last) // 2}",
        "all of one Agency": f"/tickets?show=all&agency={agency}",
        "all of one kind": "/tickets?show=all&kind=report",
        "all of one tag": "/tickets?show=all&tag=art",
        "searched, two common words": "/tickets?show=all&q=word1+word2",
        "searched, a common and a rare word": "/tickets?show=all&q=word1+word2345",
        "searched, one ticket's word": f"/tickets?show=all&q=case{last - FIRST}",
        "searched, no such word": "/tickets?show=all&q=zebra",
        "one ticket": f"/tickets/{last}",
        "home of the Lead": "/",
    }
