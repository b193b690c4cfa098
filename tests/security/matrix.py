"""The matrix of row 1: who knocks at every route, what the permission table says must happen, and what did happen."""

import re
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import permissions
from portal.actors import Actor, actor_of
from portal.models import (
    Agency,
    Article,
    BoardRecord,
    Containment,
    CorrectiveAction,
    DataRelease,
    Delegation,
    Device,
    Document,
    Evidence,
    Incident,
    IncidentEntry,
    IncidentFile,
    IncidentPerson,
    IncidentStep,
    Job,
    Membership,
    Outage,
    Person,
    PlanComment,
    PlanTask,
    PlanVersion,
    Project,
    Sanction,
    SanctionNotice,
    SecurityReview,
    ServiceRequest,
    StoredFile,
    Survey,
    Ticket,
    TicketEntry,
    TicketFile,
    TrainingResult,
    Waiver,
    WorkOrder,
)
from tests.factories import Side, Town
from tests.support import town as shared
from workflows.actions import Action
from workflows.vocabulary import LEAD, ONLOOKERS

MODELS: Mapping[str, Any] = {
    "agency_id": Agency, "membership_id": Membership, "subject_id": Membership, "person_id": Person, "project_id": Project,
    "device_id": Device, "document_id": Document, "form_id": Document, "order_id": WorkOrder, "result_id": TrainingResult,
    "file_id": StoredFile, "job_id": Job, "evidence_id": Evidence, "row_id": Evidence, "delegation_id": Delegation, "waiver_id": Waiver, "version_id": PlanVersion,
    "comment_id": PlanComment, "task_id": PlanTask, "record_id": BoardRecord, "release_id": DataRelease,
    "action_id": CorrectiveAction, "sanction_id": Sanction, "notice_id": SanctionNotice,
    "review_id": SecurityReview,
    "incident_id": Incident, "involved_id": IncidentPerson, "kept_id": IncidentFile, "containment_id": Containment,
    "entry_id": IncidentEntry, "chain_id": IncidentStep, "outage_id": Outage,
    "article_id": Article, "request_id": ServiceRequest, "survey_id": Survey,
    "ticket_id": Ticket, "said_id": TicketEntry, "attached_id": TicketFile,
}  # fmt: skip
"""What the number in an address is a number of; an argument that is missing here fails the matrix."""

OWN, OTHER, NONE = "own", "other", "none"
NO_ROW = 999_999_999
CHANGES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
NARROWER = {"people.email"}
"""Routes that refuse more than the table does: one's own address is changed on one's own page, not among the people."""

COUNTED = {"knowledge.article": frozenset({"article"})}
"""Pages that count how often they are opened, and where."""

DONE, REFUSED, IN_WORDS = {200, 204, 302, 303}, {403, 404}, {400, 409, 410, 413, 429}


class Watch:
    """The tables to which somebody has committed anything since the last look, but for what a refusal may write."""

    def __init__(self, engine: Engine) -> None:
        self.pending: set[str] = set()
        self.committed: set[str] = set()
        event.listen(engine, "after_cursor_execute", self._saw)
        event.listen(engine, "commit", self._commit)
        event.listen(engine, "rollback", lambda _connection: self.pending.clear())

    def _saw(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if found := CHANGES.match(statement):
            self.pending.add(found.group(1))

    def _commit(self, _connection: Any) -> None:
        self.committed |= self.pending - shared.KEPT_APART
        self.pending.clear()

    def taken(self) -> set[str]:
        seen, self.committed = self.committed, set()
        return seen


class Kept:
    """The town as it was, to put back after a cell that was allowed to change it."""

    def __init__(self, engine: Engine) -> None:
        self.file = str(engine.url.database)
        self.memory = sqlite3.connect(":memory:")
        self._copied(sqlite3.connect(self.file), self.memory)

    def put_back(self) -> None:
        target = sqlite3.connect(self.file, timeout=30)
        self.memory.backup(target)
        target.close()

    def close(self) -> None:
        self.memory.close()

    @staticmethod
    def _copied(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        source.backup(target)
        source.close()


@dataclass(frozen=True, slots=True)
class Knocking:
    """One who knocks. `sent_to` is where a browser in this state is sent from every page that is not public."""

    name: str
    who: Any = None
    via: str = "password"
    at: frozenset[str] = frozenset()
    sent_to: str = ""
    unseen: bool = False


@dataclass
class Table:
    """What was answered, cell by cell."""

    name: str
    rows: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    openable: int = 0
    opened: int = 0

    def enter(self, rule: Rule, method: str, which: str, expected: str, answer: TestResponse) -> None:
        self.rows.setdefault((rule.rule, method), {})[which] = f"{answer.status_code} ({expected})"
        self.counted[expected] += 1
        if expected == "let in" and method == "GET":
            self.openable += 1
            self.opened += answer.status_code in DONE

    def text(self) -> str:
        lines = [
            f"{self.name}: {sum(self.counted.values())} cells; {self.said()}; {self.opened} of {self.openable} pages opened",
            "",
        ]
        for (rule, method), cells in sorted(self.rows.items()):
            lines.append(f"{method:5}{rule:75}" + "".join(f"{which} {cell:24}" for which, cell in cells.items()))
        return "\n".join([*lines, "", *self.faults, ""])

    def said(self) -> str:
        return ", ".join(f"{count} {expected}" for expected, count in sorted(self.counted.items()))


class Oracle:
    """What must happen, from the permission table and the action that the route declares; from nothing else."""

    def __init__(self, app: Flask, town: Town, knocking: Knocking) -> None:
        self.app, self.town, self.knocking = app, town, knocking
        self.actor = self._actor()
        self.anything: dict[Action, bool] = {}

    def _actor(self) -> Actor:
        if self.knocking.who is None or self.knocking.sent_to:
            return Actor(person_id=None, name="Nobody", via="nobody")
        with self.town.look() as session:
            person = session.get_one(Person, self.knocking.who.person_id)
            actor = actor_of(session, person, self.town.today, via=self.knocking.via)
        if self.knocking.via == "link":
            actor = replace(
                actor, roles=frozenset(held for held in actor.roles if held[0] != LEAD or held[1] in ONLOOKERS)
            )
        return actor

    def expects(self, rule: Rule, side: Side | None) -> str:
        """'public', 'sent away', 'refused', 'not there' or 'let in'; `side` is whose things stand in the address."""
        action = shared.declared(self.app, rule)
        if not isinstance(action, Action) or (self.knocking.sent_to and rule.endpoint.startswith("account.")):
            return "public"
        if self.knocking.sent_to:
            return "sent away"
        with self.town.look() as session:
            if action not in self.anything:
                self.anything[action] = permissions.may_anything(self.actor, action, session)
            if not self.anything[action]:
                return "refused"
            numbers = [name for name in re.findall(r"<(?:int:)?(\w+)>", rule.rule) if name in shared.numbers_of(rule)]
            if not numbers:
                return "let in"
            if side is None:
                return "not there"
            last = "ticket_id" if "ticket_id" in numbers else numbers[-1]  # what belongs to a ticket is seen with it
            thing = session.get(MODELS[last], side.arguments()[last])
            assert thing is not None, f"{rule.rule}: the town has no such {last}"
            return "let in" if permissions.allows(session, self.actor, action, thing) else "not there"


class Matrix:
    """Lets one person knock at every route by every method with each Agency's things, and tells what was not as it must be."""

    def __init__(self, app: Flask, town: Town, knocking: Knocking, client: FlaskClient) -> None:
        self.app, self.town, self.knocking, self.client = app, town, knocking, client
        self.token = shared.csrf(client)
        self.oracle = Oracle(app, town, knocking)
        with client.session_transaction() as cookie:
            self.cookie = dict(cookie)
        self.watch, self.kept = Watch(app.extensions["portal"].engine), Kept(app.extensions["portal"].engine)
        self.table, self.places = Table(knocking.name), app.url_map.bind("localhost")
        home = town.inland if knocking.at == {"inland"} else town.harbor
        away = town.harbor if home is town.inland else town.inland
        self.sides: Mapping[str, Side | None] = {OWN: home, OTHER: away, NONE: None}

    def walk(self, rules: Sequence[Rule], which: Sequence[str] = (OWN, OTHER, NONE)) -> Table:
        with self.town.look() as session:
            before = shared.fingerprint(session)
        for rule in rules:
            for method in shared.methods(rule):
                for each in which if shared.numbers_of(rule) else (OWN,):
                    self._cell(rule, method, each)
        self.kept.close()
        with self.town.look() as session:
            if shared.fingerprint(session) != before:
                self.table.faults.append(f"{self.knocking.name}: at the end the database is another one")
        return self.table

    def _cell(self, rule: Rule, method: str, which: str) -> None:
        side = self.sides[which]
        numbers = dict.fromkeys(shared.numbers_of(rule), NO_ROW) if side is None else {}
        address = shared.url(rule, side or self.town.harbor, **numbers)
        data = {"csrf_token": self.token} if method == "POST" else None
        expected = self.oracle.expects(rule, side)
        answer = self.client.open(address, method=method, data=data)
        changed = self.watch.taken()
        wrote = changed - COUNTED.get(rule.endpoint, frozenset())
        self.table.enter(rule, method, which, expected, answer)
        if expected == "not there" and self._led_elsewhere(answer, side):
            expected = "led elsewhere"
        for fault in self._faults(answer, expected, method, which, rule.endpoint in NARROWER, wrote):
            self.table.faults.append(f"{self.knocking.name}: {method} {rule.rule} ({which}, {expected}) {fault}")
        if changed or (method == "POST" and rule.endpoint.startswith("account.")):  # it may have ended the session
            self.table.changed += bool(wrote)
            self.kept.put_back()
            with self.client.session_transaction() as cookie:
                cookie.clear()
                cookie.update(self.cookie)

    def _faults(
        self, answer: TestResponse, expected: str, method: str, which: str, narrower: bool, wrote: set[str]
    ) -> list[str]:
        status, found = answer.status_code, []
        place = answer.headers.get("Location", "")
        right = {
            "public": status < 500,
            "sent away": status == 302 and place.startswith(self.knocking.sent_to),
            "refused": status == 403,
            "not there": status in REFUSED | ({409} if which == NONE else set()),
            "led elsewhere": True,
            "let in": status in DONE | IN_WORDS | {404} | ({403} if narrower else set()),
        }[expected]
        lost = expected == "let in" and place.startswith("/sign-in") and method == "GET"
        if not right or lost:
            found.append(f"answers {answer.status} {place}")
        if wrote and (status >= 400 or method == "GET" or expected not in {"let in", "public"}):
            found.append(f"answers {answer.status} and changed {', '.join(sorted(wrote))}")
        for name, side in (("harbor", self.town.harbor), ("inland", self.town.inland)):
            if not self._may_read(name, expected) and (told := shared.leaks(answer, side)):
                found.append(f"tells {', '.join(told)}")
        return found

    def _led_elsewhere(self, answer: TestResponse, side: Side | None) -> bool:
        """Whether the answer leads to another page that the table does open for this person."""
        place = answer.headers.get("Location", "").partition("?")[0]
        if answer.status_code != 302 or not place:
            return False
        rule, _ = self.places.match(place, method="GET", return_rule=True)
        return self.oracle.expects(rule, side) == "let in"

    def _may_read(self, name: str, expected: str) -> bool:
        """The Lead's staff read of every Agency, all others of those they belong to; an onlooker of none.

        Whoever is sent away from every page reads the own name above the few that open.
        """
        return name in self.knocking.at and (not self.knocking.sent_to or expected == "public")


def written(table: Table, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{table.name.replace(' ', '_')}.txt").write_text(table.text())
