"""What is opened and done most: statements and milliseconds of lists, of a request, and of an approval."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bench import community
from bench.sweep import best, statements
from portal import migrate
from portal.actors import actor_of
from portal.config import Settings
from portal.db import reading, transaction
from portal.demo import community as made_up
from portal.demo.people import Listed, listed
from portal.models import AccessRequest, Agency, Membership, Person, Project
from portal.services.people import requests
from portal.services.people.people import PersonFields
from portal.services.people.request_checks import Work
from portal.services.security import sign_in
from portal.web.app import build
from portal.wiring import Context, make_context
from workflows.business_time import local_day
from workflows.vocabulary import LEAD

PEOPLE = 100
ROUNDS = 10


def run(people: int = PEOPLE) -> list[dict[str, Any]]:
    """Rows for the table: name, database, n (people), milliseconds, statements."""
    rows = []
    with community.databases() as databases, TemporaryDirectory(prefix="portal-bench-") as folder:
        for name, engine in databases:
            context = _community(engine, Path(folder), people)
            for what, do in _deeds(context):
                sent = statements(context.engine, do)
                rows.append(
                    {"name": what, "database": name, "n": people, "milliseconds": best(do, ROUNDS), "statements": sent}
                )
            context.engine.dispose()
    return rows


def _community(engine: Engine, folder: Path, people: int) -> Context:
    url = engine.url.render_as_string(hide_password=False)
    settings = Settings(
        database_url=url, secret_keys=("for the benchmark alone, and nothing else",), mail_url=f"file:{folder / 'mail'}",
        storage=folder / "storage", testing=True,
    )  # fmt: skip
    context = make_context(settings)
    migrate.upgrade(context.engine)
    made_up.load(context, people=people)
    return context


def _deeds(context: Context) -> Iterator[tuple[str, Callable[[], object]]]:
    with reading(context.sessions) as session:
        everybody = listed(session, on=local_day(context.clock(), context.policy.zone), now=context.clock())
    roles = {one.role: one for one in everybody}
    lead, admin = roles["Lead administrator"], roles["Agency administrator"]
    with _signed_in(context, lead) as desk, _signed_in(context, admin) as agency:
        yield "page: 50 people of all Agencies", lambda: _get(desk, "/people")
        yield "page: the people of one Agency", lambda: _get(agency, "/people")
        yield "page: requests that wait", lambda: _get(desk, "/desk/requests")
        yield "page: home of the Lead", lambda: _get(desk, "/")
        yield "page: home of an Agency Administrator", lambda: _get(agency, "/")
    numbers = itertools.count(1)
    yield "deed: create a request", lambda: _request(context, admin, next(numbers))
    second = roles["Second Lead administrator"]
    yield "deed: create and approve a request of the Lead", lambda: _approve(context, lead, second, next(numbers))


@contextmanager
def _signed_in(context: Context, who: Listed) -> Iterator[FlaskClient]:
    with transaction(context.sessions) as session:
        person = session.get_one(Person, who.person_id)
        actor, now = _actor(session, context, who), context.clock()
        token = sign_in.start_session(session, person=person, via="password", actor=actor, now=now)
        session.flush()
        for row in session.scalars(select(sign_in.WebSession).where(sign_in.WebSession.person_id == person.id)):
            row.second_factor_at = now
    client = build(context.settings, context).test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    yield client


def _get(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}: nothing was measured")


def _actor(session: Session, context: Context, who: Listed) -> Any:
    on = local_day(context.clock(), context.policy.zone)
    return actor_of(session, session.get_one(Person, who.person_id), on, via="password")


def _fields(number: int) -> PersonFields:
    letters = "".join("abcdefghij"[int(digit)] for digit in str(number))
    return PersonFields(first_name="Bench", last_name=f"Sample{letters}", email=f"bench{number}@example.org")


def _work(session: Session, context: Context, agency_id: int | None) -> Work:
    today = local_day(context.clock(), context.policy.zone)
    projects = session.scalars(select(Project.id).where(Project.agency_id == agency_id)).all()
    return Work(
        purpose="Enters intake records for the benchmark",
        access_level="case_manager_1",
        start_on=today,
        project_ids=projects,
    )


def _request(context: Context, who: Listed, number: int) -> AccessRequest:
    with transaction(context.sessions) as session:
        agency_id = session.scalars(
            select(Membership.agency_id).where(Membership.person_id == who.person_id, Membership.agency_id != LEAD)
        ).first()
        return requests.submit(
            session, agency=session.get_one(Agency, agency_id), work=_work(session, context, agency_id), person=_fields(number),
            actor=_actor(session, context, who), now=context.clock(), policy=context.policy,
        )  # fmt: skip


def _approve(context: Context, asks: Listed, approves: Listed, number: int) -> None:
    with transaction(context.sessions) as session:
        request = requests.submit(
            session, agency=session.get_one(Agency, LEAD), work=_work(session, context, LEAD), person=_fields(number),
            actor=_actor(session, context, asks), now=context.clock(), policy=context.policy,
        )  # fmt: skip
        requests.approve(
            session,
            request=request,
            actor=_actor(session, context, approves),
            now=context.clock(),
            policy=context.policy,
        )
