"""What starts and runs the portal: the database, the demonstration, pages and worker."""

import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import click
from sqlalchemy import func, select

from portal import audit, logs, migrate, privileges
from portal.cli.common import common, fail
from portal.config import Settings
from portal.db import make_engine, make_sessionmaker, reading, transaction, utc_now
from portal.jobs import LEASE
from portal.models import Agency
from workflows.policy import load


@click.command("migrate")
@click.option("--app-role", help="PostgreSQL: the role of pages and workers, which may then only add to the record.")
@common
def migrate_command(settings: Callable[..., Settings], app_role: str | None) -> None:
    """Bring the database to this version."""
    from portal.services import packs

    chosen = settings(needs_secret=False)
    if not chosen.record_keys.active:
        fail("No key seals the record. Set PORTAL_AUDIT_KEY, or PORTAL_SECRET_KEY, as for the pages and the worker.")
    pack, engine = load(chosen.policy), make_engine(chosen.database_url)
    migrate.upgrade(engine)
    click.echo(f"The database is at {migrate.current(engine)}.")
    if app_role:
        try:
            privileges.grant(engine, app_role)
        except privileges.NotGranted as no:
            fail(str(no))
        click.echo(f"{app_role} may add to the record and read it, and change none of it.")
    sessions = make_sessionmaker(engine, record_keys=chosen.record_keys)
    with transaction(sessions) as session:
        if audit.begin(session, now=utc_now()):
            click.echo("The sealed record begins. Keep its key apart from the database (docs/operations.md).")
    with transaction(sessions) as session:
        if packs.adopt(session, pack, now=utc_now()):
            click.echo(f"The pack in force is {pack.name}, version {pack.version[:12]}.")


@click.command()
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


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, envvar="PORT")
@click.option("--threads", default=8, show_default=True)
@common
def serve(settings: Callable[..., Settings], host: str, port: int, threads: int) -> None:
    """Serve the pages."""
    import waitress

    from portal import create_app

    logs.configure()
    waitress.serve(create_app(settings()), host=host, port=port, threads=threads, ident=None)


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@click.option(
    "--lease",
    type=click.IntRange(1, 3600),
    default=int(LEASE.total_seconds()),
    show_default=True,
    envvar="PORTAL_WORKER_LEASE",
    help="Seconds without a sign of life after which another worker takes a job over; the same for all workers.",
)
@common
def worker(settings: Callable[..., Settings], once: bool, lease: int) -> None:
    """Do what the pages have asked for: provisioning, mail, reconsidering."""
    from portal.wiring import make_context, settle_on_pack
    from portal.worker import Worker, drain

    logs.configure()
    context = make_context(settings())
    if differs := settle_on_pack(context):
        click.echo(differs, err=True)
    if once:
        click.echo(f"{drain(context, context.clock())} jobs done.")
    else:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        Worker(context, lease=timedelta(seconds=lease)).run(stop)


@click.command()
@click.option("--port", default=8000, show_default=True, envvar="PORT")
@common
def run(settings: Callable[..., Settings], port: int) -> None:
    """Everything on this machine: database, demonstration, pages and worker (what `make run` starts)."""
    from portal.running import run_here

    logs.configure()
    run_here(port=port, settings=settings)
