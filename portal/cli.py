"""The `portal` command: what an operator runs on the server; every act is recorded under the operator's name."""

import getpass
import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, select

from portal import migrate
from portal.actors import Actor, operator
from portal.config import Settings
from portal.db import make_engine, make_sessionmaker, reading, transaction, utc_now
from portal.models import Agency, Membership, Person
from portal.refusals import Refused
from workflows import policy as packs
from workflows.business_time import local_day

REFUSED, WRONG_USAGE = 1, 2


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """--database-url and --policy on every command; refusals become exit status 1 and one line on standard error."""

    @click.option("--database-url", help="Where the data is; default PORTAL_DATABASE_URL.")
    @click.option(
        "--policy",
        "policy_path",
        type=click.Path(path_type=Path),
        help="The policy pack; default PORTAL_POLICY or Maine's.",
    )
    @wraps(command)
    def wrapped(*args: Any, database_url: str | None, policy_path: Path | None, **kwargs: Any) -> Any:
        changes = {k: v for k, v in (("database_url", database_url), ("policy", policy_path)) if v}
        try:
            return command(lambda **more: Settings.from_environment(**(changes | more)), *args, **kwargs)
        except Refused as no:
            fail(no.sentence)
        except packs.PolicyError as wrong:
            fail(str(wrong))

    return wrapped


def fail(*lines: str) -> None:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(REFUSED)


def whoever() -> Actor:
    return operator(getpass.getuser())


def to_print(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@click.group()
def main() -> None:
    """HMIS Access Portal."""


@main.command("migrate")
@common
def migrate_command(settings: Callable[..., Settings]) -> None:
    """Bring the database to this version."""
    engine = make_engine(settings(needs_secret=False).database_url)
    migrate.upgrade(engine)
    click.echo(f"The database is at {migrate.current(engine)}.")


@main.command()
@click.option("--people", default=300, show_default=True, help="How many people.")
@click.option("--seed", default=580, show_default=True, help="The same seed makes the same community.")
@common
def demo(settings: Callable[..., Settings], people: int, seed: int) -> None:
    """Load a made-up community into an empty database."""
    from portal.demo import community
    from portal.wiring import make_context

    context = make_context(settings(demo=True))
    migrate.upgrade(context.engine)
    with reading(context.sessions) as session:
        if session.scalar(select(func.count()).select_from(Agency)):
            fail("This database is not empty. The demonstration is only loaded into an empty one.")
    click.echo(community.load(context, people=people, seed=seed))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, envvar="PORT")
@click.option("--threads", default=8, show_default=True)
@common
def serve(settings: Callable[..., Settings], host: str, port: int, threads: int) -> None:
    """Serve the pages."""
    import waitress

    from portal import create_app

    waitress.serve(create_app(settings()), host=host, port=port, threads=threads, ident=None)


@main.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@common
def worker(settings: Callable[..., Settings], once: bool) -> None:
    """Do what the pages have asked for: provisioning, mail, reconsidering."""
    from portal.wiring import make_context
    from portal.worker import Worker, drain

    context = make_context(settings())
    if once:
        click.echo(f"{drain(context, context.clock())} jobs done.")
    else:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        Worker(context).run(stop)


@main.command()
@click.option("--port", default=8000, show_default=True, envvar="PORT")
@common
def run(settings: Callable[..., Settings], port: int) -> None:
    """Everything on this machine: database, demonstration, pages and worker (what `make run` starts)."""
    from portal.running import run_here

    run_here(port=port, settings=settings)


@main.command()
@click.argument("email")
@click.option("--agency", default="", help="The Agency's name, where the person is at several.")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="The day that is asked about; default today.")
@click.option(
    "--known-at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="As known at this moment (UTC)."
)
@click.option("--json", "as_json", is_flag=True)
@common
def gate(
    settings: Callable[..., Settings],
    email: str,
    agency: str,
    on: datetime | None,
    known_at: datetime | None,
    as_json: bool,
) -> None:
    """One membership before the gate: every finding."""
    from portal.services.decisions import member_of
    from portal.standing.facts import standing_of

    chosen = settings(needs_secret=False)
    pack = packs.load(chosen.policy)
    with reading(make_sessionmaker(make_engine(chosen.database_url))) as session:
        found = _membership(session, email, agency)
        day = on.date() if on else local_day(utc_now(), pack.zone)
        said = standing_of(session, member_of(found), pack, day, known_at)
        answer = said.as_json(found.person.email, found.agency.name)
    if as_json:
        click.echo(to_print(answer))
    else:
        click.echo(
            f"{found.person.name} at {found.agency.name} on {day}: {'permitted' if said.permitted else 'not permitted'}"
        )
        for finding in answer["findings"]:
            click.echo(f"  {finding['status']:<15}{finding['title']}: {finding['sentence']}")
    sys.exit(0 if said.permitted else REFUSED)


def _membership(session: Any, email: str, agency: str) -> Membership:
    query = (
        select(Membership)
        .join(Person)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Person.email_key == email.lower())
    )
    if agency:
        query = query.where(Agency.name_key == agency.casefold())
    rows = session.scalars(query).all()
    if not rows:
        fail(f"Nobody with the e-mail address {email} is known{f' at {agency}' if agency else ''}.")
    if len(rows) > 1:
        fail(f"{email} is at several agencies; add --agency with one of: " + "; ".join(row.agency.name for row in rows))
    found: Membership = rows[0]
    return found


@main.command()
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="The day that is asked about; default today.")
@click.option("--json", "as_json", is_flag=True)
@common
def sweep(settings: Callable[..., Settings], on: datetime | None, as_json: bool) -> None:
    """Everybody before the gate, in one statement."""
    from portal.standing.sweep import tally

    chosen = settings(needs_secret=False)
    pack = packs.load(chosen.policy)
    day = on.date() if on else local_day(utc_now(), pack.zone)
    with reading(make_sessionmaker(make_engine(chosen.database_url))) as session:
        began = time.monotonic()
        counts = tally(session, pack, day)
        answer: dict[str, Any] = {
            "on": day,
            "policy": pack.version,
            "seconds": round(time.monotonic() - began, 3),
        } | counts
    if as_json:
        click.echo(to_print(answer))
    else:
        click.echo(
            f"{answer['permitted']} of {answer['memberships']} memberships would be let in on {answer['on']} ({answer['seconds']} s)."
        )
        for prerequisite, unmet in sorted(answer["by_prerequisite"].items(), key=lambda pair: -pair[1]):
            click.echo(f"  {unmet:>6}  {prerequisite}")


@main.group("policy")
def policy_group() -> None:
    """Policy packs."""


@policy_group.command("show")
@common
def policy_show(settings: Callable[..., Settings]) -> None:
    """What the pack says."""
    pack = packs.load(settings(needs_secret=False).policy)
    click.echo(f"{pack.name}, version {pack.version[:12]}, {len(pack.prerequisites)} prerequisites")
    for p in pack.prerequisites:
        click.echo(f"  {p.id:<32}{p.on_lapse:<10}{p.title} [{p.cite}; {p.basis}]")


@policy_group.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@common
def policy_check(_settings: Callable[..., Settings], file: Path) -> None:
    """Whether a pack is valid; file, stanza and field of what is not."""
    pack = packs.load(file)
    click.echo(
        f"{file.name} is valid: {pack.name}, {len(pack.prerequisites)} prerequisites, version {pack.version[:12]}."
    )


@main.group("import")
def import_group() -> None:
    """Bring files in."""


def _importing(settings: Callable[..., Settings], dry_run: bool, work: Callable[..., Any]) -> None:
    from portal.wiring import make_context

    context = make_context(settings())
    with context.sessions() as session, session.begin() as change:
        report = work(session, actor=whoever(), now=context.clock(), policy=context.policy)
        if dry_run or report.refused:
            change.rollback()
    for line in report.lines():
        click.echo(line)
    if report.refused:
        fail("Nothing was imported. Mend the rows named above, or leave them out with --skip-bad.")


@import_group.command("hmis-csv")
@click.argument("directory", type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True)
@click.option("--skip-bad", is_flag=True)
@common
def import_hmis_csv(settings: Callable[..., Settings], directory: Path, dry_run: bool, skip_bad: bool) -> None:
    """Agencies and projects from a folder or zip of HMIS CSV files."""
    from portal.adapters import hmis_csv
    from portal.services.desk import import_hmis

    reading_ = hmis_csv.read(directory)
    _importing(
        settings,
        dry_run,
        lambda session, **who: import_hmis.import_reading(session, reading_, skip_bad=skip_bad, **who),
    )


@import_group.command("training")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True)
@click.option("--skip-bad", is_flag=True)
@common
def import_training(settings: Callable[..., Settings], file: Path, dry_run: bool, skip_bad: bool) -> None:
    """Quiz results from the LMS's export or a plain CSV file."""
    from portal.services.desk import import_training as training

    content = file.read_bytes()
    _importing(
        settings,
        dry_run,
        lambda session, **who: training.import_file(session, content, file.name, skip_bad=skip_bad, **who),
    )


@main.group("user")
def user_group() -> None:
    """The portal's own people."""


@user_group.command("invite")
@click.argument("email")
@click.option("--role", required=True)
@click.option("--agency", default="", help="An Agency's name; without it, the Lead's own organization.")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@common
def user_invite(
    settings: Callable[..., Settings], email: str, role: str, agency: str, first_name: str, last_name: str
) -> None:
    """Name a person, give a role, and mail an invitation: how the Lead's first administrator comes in."""
    from portal.services import founding
    from portal.wiring import make_context

    context = make_context(settings())
    with transaction(context.sessions) as session:
        person = founding.invite(
            session, email=email, role=role, agency_name=agency, first_name=first_name, last_name=last_name, actor=whoever(),
            now=context.clock(), policy=context.policy,
        )  # fmt: skip
        name = person.name
    click.echo(f"{name} was invited as {role}. The link is mailed by the worker.")
