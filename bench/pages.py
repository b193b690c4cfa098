"""What is opened most, in a community of a thousand people and in a large one: the same statements, and hardly more time."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bench import community, living
from bench.sweep import in_turns, statements
from portal.db import reading
from portal.models import AccessRequest, Agency, Evidence, Membership, Person, WorkOrder
from portal.wiring import Context
from workflows.vocabulary import LEAD

SMALL, LARGE, VERY_LARGE = 1_000, 10_000, 200_000
MADE, MADE_FOR_ALL = 250, 1_000
GOAL = 1.3
ROUNDS = 12
"""More than elsewhere: the least time is that of a machine which does nothing else, and a page takes but milliseconds."""
SPARE = 2
"""As many statements more a page may take in the large community: a queue that was empty in the small one is not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody's view of a page: whose browser, and the address."""

    name: str
    who: int
    path: str


def run(whole: bool = False) -> list[dict[str, Any]]:
    """Rows for the table: name, database, n, milliseconds, beside (those of the small community), ratio, goal, statements."""
    rows: list[dict[str, Any]] = []
    with community.databases() as databases, TemporaryDirectory(prefix="portal-bench-") as kept:
        folder = Path(kept)
        source = living.made(folder, MADE_FOR_ALL if whole else MADE)
        for name, engine in databases:
            sizes = {"small": SMALL, "large": VERY_LARGE if whole else LARGE}
            engines = [living.another(engine, called) for called in sizes]
            people = [living.of_size(source, each, n) for each, n in zip(engines, sizes.values(), strict=True)]
            rows += [{"database": name, "n": people[1], "of": people[0]} | row for row in _beside(engines, folder)]
            for each in engines:
                each.dispose()
        source.dispose()
    return rows


def _beside(engines: list[Engine], folder: Path) -> Iterator[dict[str, Any]]:
    contexts = [living.context_on(living.url_of(engine), folder) for engine in engines]
    with reading(contexts[0].sessions) as session:
        wanted = list(_views(session))
    with ExitStack() as stack:
        whom = sorted({view.who for view in wanted})
        browsers = [{who: stack.enter_context(living.signed_in(of, who)) for who in whom} for of in contexts]
        for view in wanted:
            clients = [each[view.who] for each in browsers]
            yield _measured(view, clients, contexts)
    for each in contexts:
        each.engine.dispose()


def _measured(view: Seen, clients: list[FlaskClient], contexts: list[Context]) -> dict[str, Any]:
    small, large = (lambda client=client: living.get(client, view.path) for client in clients)
    few, many = in_turns(small, large, rounds=ROUNDS)
    sent = [statements(of.engine, do) for of, do in zip(contexts, (small, large), strict=True)]
    ratio = many / few
    return {
        "name": f"page: {view.name}", "milliseconds": many, "beside": few, "ratio": ratio, "goal": f"at most {GOAL}",
        "met": ratio <= GOAL and sent[1] <= sent[0] + SPARE, "statements": sent[1],
    } | ({} if sent[0] == sent[1] else {"statements_of_small": sent[0]})  # fmt: skip


def _views(session: Session) -> Iterator[Seen]:
    """The same pages of the same people in either community: the large one begins with the small one's rows."""
    sizes = session.execute(living.by_size()).all()
    usual = next(each for each in sizes if each[1] < 100)
    big, middle = sizes[0][0], usual[0]
    lead = select(Membership.person_id).where(Membership.agency_id == LEAD).order_by(Membership.id)
    desk = session.scalars(lead).first() or 0
    waits = _first(session, select(AccessRequest.membership_id).where(AccessRequest.status == "open", AccessRequest.agency_id == middle))  # fmt: skip
    granted = session.scalars(living.named()).first() or 0
    copied = session.get_one(Agency, session.scalars(living.ready()).first())
    person = session.get_one(Person, session.get_one(Membership, granted).person_id)
    half = session.scalars(select(Membership.id).join(Membership.person).order_by(Person.last_key, Membership.id)).all()
    order = _first(session, select(WorkOrder.id).where(WorkOrder.status == "open"))
    names = session.scalars(select(Agency).where(Agency.id != LEAD).order_by(Agency.name_key, Agency.id)).all()
    third = names[len(names) // 3]
    for name, path in {
        "home of the Lead": "/",
        "the desk": "/desk",
        "people": "/people",
        "people, a page in the middle": f"/people?after={half[len(half) // 2]}",
        "people, searched by name": f"/people?q={person.last_name.split()[0]}+{person.first_name}",
        "people, those with access": "/people?standing=access",
        "people, those suspended": "/people?standing=suspended",
        "people, those who wait": "/people?standing=waiting",
        "people, those who left": "/people?standing=left",
        "people of one Agency": f"/people?agency={middle}",
        "Agencies": "/agency/",
        "Agencies, a page in the middle": f"/agency/?after={third.name_key}~{third.id}",
        "Agencies, searched": f"/agency/?q={copied.name_key.split()[1]}",
        "requests that wait": "/desk/requests",
        "people to enroll": "/desk/enrolments",
        "people with access to enroll": "/desk/enrolments?show=access",
        "Agencies to set up": "/desk/configurations",
        "Agencies ready to set up": "/desk/configurations?show=ready",
        "licenses": "/desk/licences",
        "work orders": "/desk/orders",
        "one work order": f"/desk/orders/{order}",
        "documents to verify": "/desk/documents",
        "documents to countersign": "/desk/documents?show=countersign",
        "everything signed": "/desk/documents?show=all",
        "certificates to confirm": "/desk/training/certificates",
        "results without a person": "/desk/training/unmatched",
        "what runs out": "/desk/lapses",
        "jobs": "/desk/jobs",
        "the record": "/desk/audit",
        "the record of one person": f"/desk/audit?person={person.email}",
        "one person": f"/people/{granted}",
        "why not yet?": f"/people/{waits or granted}/why",
        f"an Agency of {usual[1]}": f"/agency/{middle}",
        f"an Agency of {sizes[0][1]}": f"/agency/{big}",
    }.items():
        yield Seen(name, desk, path)
    for agency_id, people in (sizes[0], usual):
        yield Seen(f"home of an Agency Administrator of {people}", _admin(session, agency_id), "/")
        yield Seen(f"people of an Agency of {people}", _admin(session, agency_id), "/people")


def _first(session: Session, query: Any) -> int:
    return session.scalars(query.order_by(*query.selected_columns)).first() or 0


def _admin(session: Session, agency_id: int) -> int:
    role = (Evidence.about == "membership", Evidence.kind == "role", Evidence.detail == "agency_admin")
    query = select(Membership.person_id).join(Evidence, Evidence.subject_id == Membership.id)
    return session.scalars(query.where(Membership.agency_id == agency_id, *role).order_by(Membership.id)).first() or 0
