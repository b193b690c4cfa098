"""What the tests that knock at every route share: the town's database, browsers of its people, addresses, digests.

A test module that wants the town takes its fixtures over: `built, engine, town, browser = (town_.built, ...)`.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal.db import Base, Sessions, reading
from portal.wiring import Context
from tests.factories import Side, Town
from tests.support import databases
from workflows.actions import Action

Browser = Callable[..., FlaskClient]

WORDS: dict[str, Any] = {
    "envelope": "none", "purpose": "sign_in", "filename": "none", "kind": "user_agreement", "role": "agency_admin", "group": "inventory",
    "about": "membership", "what": "sign", "which": "information", "version": "0" * 64, "sheet": "people", "item": "MAL1",
}  # fmt: skip
"""What a route's arguments may be besides numbers; a route with another argument has to be told here."""

NUMBERS = {
    "number": 1,
    "difference_id": 1,
    "arrival_id": 1,
    "closure_id": 1,
    "canned_id": 1,
    "view_id": 1,
    "campaign_id": 1,
    "scan_id": 1,
    "session_id": 2_000_000_000,
}
"""Numbers that no row of the town has to be."""

KEPT_APART = frozenset({"audit_entry", "web_session", "alembic_version"})
"""Tables that a look or a refusal may write to: the record, when a browser was seen."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, town_as_built: Town) -> Iterator[Town]:
    """A copy of the town for this module; every test gets a copy of its database."""
    copied = tmp_path_factory.mktemp("town") / "town.sqlite3"
    shutil.copyfile(str(town_as_built.engine.url.database), copied)
    with databases.engine_on(f"sqlite:///{copied}") as made:
        yield town_as_built.moved_to(made)


@pytest.fixture
def engine(built: Town, tmp_path: Path) -> Iterator[Engine]:
    copied = tmp_path / "town.sqlite3"
    built.engine.dispose()  # what was written goes from the log of the database into its file
    shutil.copyfile(str(built.engine.url.database), copied)
    with databases.engine_on(f"sqlite:///{copied}") as made:
        yield made


@pytest.fixture
def town(built: Town, context: Context) -> Town:
    return built.moved_to(context.engine)


@pytest.fixture
def browser(app: Flask, town: Town) -> Browser:
    """Makes a browser in which a membership's person (or an actor of the Lead) has signed in; `via` says how."""

    def make(who: Any = None, via: str = "password") -> FlaskClient:
        return signed_in(app, town, who, via)

    return make


def signed_in(app: Flask, town: Town, who: Any = None, via: str = "password") -> FlaskClient:
    return holding(app, town.token(who, via) if who is not None else None)


def holding(app: Flask, token: str | None) -> FlaskClient:
    """A browser whose cookie names this session."""
    client = app.test_client()
    if token is not None:
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
    return client


def csrf(client: FlaskClient) -> str:
    """A token that this browser's session vouches for."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert found
    return found.group(1)


def fingerprint(session: Session) -> str:
    """A hash of everything in the database but what a refusal may write."""
    found = hashlib.sha256()
    for name, table in sorted(Base.metadata.tables.items()):
        if name not in KEPT_APART:
            rows = session.execute(select(table).order_by(*table.primary_key))
            found.update(f"{name}{[tuple(row) for row in rows]}".encode())
    return found.hexdigest()


class Fingerprints:
    """The fingerprint over and over: worked out anew only after a statement that may have written what counts."""

    def __init__(self, engine: Engine, sessions: Sessions) -> None:
        self.sessions, self.last = sessions, ""
        event.listen(engine, "before_cursor_execute", self._note)

    def __call__(self) -> str:
        if not self.last:
            with reading(self.sessions) as session:
                self.last = fingerprint(session)
        return self.last

    def _note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        written = _WRITES.findall(statement)
        if any(name.lower() not in KEPT_APART for name in written) or (not written and not _LOOKS.match(statement)):
            self.last = ""


_WRITES = re.compile(
    r'\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+"?(\w+)', re.IGNORECASE
)
_LOOKS = re.compile(r"\s*(?:SELECT|WITH|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET)\b", re.IGNORECASE)


def routes(app: Flask) -> list[Rule]:
    every = (rule for rule in app.url_map.iter_rules() if rule.endpoint != "static")
    return sorted(every, key=lambda rule: (rule.rule, rule.endpoint))


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) & {"GET", "POST"})


def having(rules: list[Rule], method: str) -> list[Rule]:
    return [rule for rule in rules if method in (rule.methods or ())]


def numbers_of(rule: Rule) -> set[str]:
    """The arguments that are numbers of the town's things."""
    return set(rule.arguments) - set(WORDS) - set(NUMBERS)


def with_things(rules: list[Rule]) -> list[Rule]:
    return [rule for rule in rules if numbers_of(rule)]


def declared(app: Flask, rule: Rule) -> Any:
    return app.view_functions[rule.endpoint].__permission__  # type: ignore[attr-defined]


def is_public(app: Flask, rule: Rule) -> bool:
    return not isinstance(declared(app, rule), Action)


def url(rule: Rule, side: Side, **instead: Any) -> str:
    """The route's address with this Agency's things in it; an argument that nobody told of is an error."""
    given = {**WORDS, **NUMBERS, **side.arguments(), **instead}
    unknown = rule.arguments - set(given)
    assert not unknown, f"{rule.rule} takes {sorted(unknown)}: add it to Town or to WORDS"
    made = rule.build({name: given[name] for name in rule.arguments}, append_unknown=False)
    assert made
    return made[1]


def text_of(answer: TestResponse) -> str:
    return answer.get_data(as_text=True) if answer.mimetype.startswith("text/") else ""


def leaks(answer: TestResponse, side: Side) -> list[str]:
    """The words of this Agency that the answer tells."""
    return [word for word in side.words if word in text_of(answer) or word in answer.headers.get("Location", "")]
