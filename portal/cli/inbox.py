"""The help desk's mailbox on the command line: fetch it now, and how it stands."""

import sys
from collections.abc import Callable
from dataclasses import replace

import click

from portal.cli.common import REFUSED, common, fail, to_print
from portal.config import Settings

NONE = "No mailbox is named. Set PORTAL_INBOX_URL to imaps://user:password@host/INBOX, or to file:FOLDER."


@click.group("inbox")
def inbox_group() -> None:
    """The mailbox that tickets come in by."""


@inbox_group.command()
@common
def fetch(settings: Callable[..., Settings]) -> None:
    """Take in what lies in the mailbox now, as the worker does every minute. Both may run at once: nothing comes in twice."""
    from portal.adapters.inbox import InboxError
    from portal.db import reading, transaction
    from portal.effects.fetch_mail import fetch as take_in
    from portal.services import packs
    from portal.services.helpdesk.mail import mailbox
    from portal.wiring import make_context

    context = make_context(settings())
    box = context.inbox
    if box is None:
        fail(NONE)
        return
    with reading(context.sessions) as session:
        context = replace(context, policy=packs.in_force(session, context.policy))
    trouble, taken = "", 0
    try:
        taken = take_in(context, box, None)
    except InboxError as no:
        trouble = str(no)
    with transaction(context.sessions) as session:
        mailbox.looked(session, box.name, trouble=trouble, now=context.clock())
    if trouble:
        fail(trouble)
    click.echo(f"{taken} {'message' if taken == 1 else 'messages'} taken in from {box.name}.")


@inbox_group.command()
@click.option("--json", "as_json", is_flag=True)
@common
def status(settings: Callable[..., Settings], as_json: bool) -> None:
    """When the mailbox was last got into, what is wrong, and what waits for somebody. Exit status 1 where it is late."""
    from portal.db import reading
    from portal.services.helpdesk.mail import mailbox
    from portal.wiring import make_context

    context = make_context(settings())
    box = context.inbox
    if box is None:
        fail(NONE)
        return
    with reading(context.sessions) as session:
        standing, waiting = mailbox.standing(session, box.name), mailbox.waiting(session)
        late = mailbox.is_late(standing, now=context.clock())
    told = {
        "mailbox": box.name, "late": late, "looked_at": standing.looked_at if standing else None,
        "fetched_at": standing.fetched_at if standing else None, "trouble_since": standing.since if standing else None,
        "trouble": standing.said if standing else "", "held": waiting.held, "not_delivered": waiting.failed, "in_doubt": waiting.uncertain,
    }  # fmt: skip
    if as_json:
        click.echo(to_print(told))
    else:
        for name, value in told.items():
            click.echo(f"{name.replace('_', ' ')}: {'never' if value is None else value if value != '' else 'none'}")
    sys.exit(REFUSED if late or told["trouble"] else 0)
