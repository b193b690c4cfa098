"""`make run`: one command from a fresh checkout to a working portal on this machine."""

import dataclasses
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click
import waitress
from sqlalchemy import func, select

from portal import migrate
from portal.config import OWN_KEY, Settings
from portal.db import reading
from portal.models import Agency
from portal.web.app import build
from portal.wiring import Context, make_context, settle_on_pack
from portal.worker import Worker
from workflows.vocabulary import LEAD

OWN_INBOX = Path("var/inbox")


def run_here(*, port: int, settings: Callable[..., Settings]) -> None:
    """Makes what is missing under var/, migrates, loads the demonstration where nothing is, serves pages and works."""
    chosen = settings(secret_keys=(_secret(OWN_KEY),), base_url=f"http://127.0.0.1:{port}", demo=True)
    context = make_context(chosen if chosen.inbox_url else dataclasses.replace(chosen, inbox_url=f"file:{OWN_INBOX}"))
    migrate.upgrade(context.engine)
    if differs := settle_on_pack(context):
        click.echo(differs, err=True)
    if _is_empty(context):
        chosen.anchors.unlink(missing_ok=True)  # those of an earlier demonstration, whose database is gone
        _load(context)
    stop = threading.Event()
    worker = threading.Thread(target=Worker(context).run, args=(stop,), name="worker")
    worker.start()
    try:
        _greet(context, port)
        waitress.serve(build(context=context), host="127.0.0.1", port=port, threads=8, ident=None)
    finally:
        stop.set()
        worker.join()


def _load(context: Context) -> None:
    from portal.demo import community

    click.echo("Making a made-up community of 30 agencies and 300 people; this takes a minute or two, once …")
    began = time.monotonic()
    try:
        said = community.load(context)
    except BaseException:
        # Each act was committed by itself: half a community would be taken for a whole one at the next start.
        click.echo(
            f"The community is not complete. Empty the database ({context.settings.database_url}) and start again.",
            err=True,
        )
        raise
    click.echo(f"{said} ({time.monotonic() - began:.0f} s)")


def _greet(context: Context, port: int) -> None:
    from portal.demo.people import one_of_each

    click.echo(
        f"\nHMIS Access Portal on http://127.0.0.1:{port} — sign in with one click at http://127.0.0.1:{port}/demo\n"
    )
    for role, name, agency in one_of_each(context):
        click.echo(f"  {role:<34}{name:<26}{agency}")
    click.echo(
        f"\nMail is written under var/mail; a message put into {OWN_INBOX} as an .eml file becomes a ticket. Ctrl-C ends the pages and the worker.\n"
    )


def _is_empty(context: Context) -> bool:
    with reading(context.sessions) as session:
        return not session.scalar(select(func.count()).select_from(Agency).where(Agency.id != LEAD))


def _secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii").strip()
