"""What is done most: a request, and an approval by the Lead's second person."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import community, living
from bench.sweep import best, statements
from portal import migrate
from portal.db import reading, transaction
from portal.demo.people import Listed, listed
from portal.models import AccessRequest, Agency, Membership, Project
from portal.services.people import approvals, requests
from portal.services.people.particulars import PersonFields
from portal.services.people.request_checks import Work
from portal.wiring import Context
from workflows.business_time import local_day
from workflows.vocabulary import LEAD

PEOPLE, ROUNDS = 100, 10


def run(_whole: bool = False) -> list[dict[str, Any]]:
    """Rows for the table: name, database, n (people), milliseconds, statements."""
    rows = []
    with community.databases() as databases, TemporaryDirectory(prefix="portal-bench-") as kept:
        source = living.made(Path(kept), PEOPLE)
        for name, engine in databases:
            migrate.upgrade(engine)
            living.same_as(source, engine)
            context = living.context_on(living.url_of(engine), Path(kept))
            for what, do in _deeds(context):
                sent = statements(context.engine, do)
                took = best(do, ROUNDS)
                rows.append({"name": what, "database": name, "n": PEOPLE, "milliseconds": took, "statements": sent})
            context.engine.dispose()
        source.dispose()
    return rows


def _deeds(context: Context) -> Iterator[tuple[str, Callable[[], object]]]:
    with reading(context.sessions) as session:
        everybody = listed(session, on=local_day(context.clock(), context.policy.zone), now=context.clock())
    roles = {one.role: one for one in everybody}
    lead, second = roles["Lead administrator"], roles["Second Lead administrator"]
    numbers = itertools.count(1)
    yield "deed: create a request", lambda: _request(context, roles["Agency administrator"], next(numbers))
    yield "deed: create and approve a request of the Lead", lambda: _approve(context, lead, second, next(numbers))


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
            actor=living.actor_in(session, context, who.person_id), now=context.clock(), policy=context.policy,
        )  # fmt: skip


def _approve(context: Context, asks: Listed, approves: Listed, number: int) -> None:
    with transaction(context.sessions) as session:
        request = requests.submit(
            session, agency=session.get_one(Agency, LEAD), work=_work(session, context, LEAD), person=_fields(number),
            actor=living.actor_in(session, context, asks.person_id), now=context.clock(), policy=context.policy,
        )  # fmt: skip
        approvals.approve(
            session,
            request=request,
            actor=living.actor_in(session, context, approves.person_id),
            now=context.clock(),
            policy=context.policy,
        )
