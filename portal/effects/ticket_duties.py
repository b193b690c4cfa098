"""What tickets do by themselves in business hours: they move on, close, and are told of when overdue. One at a time, each in its own transaction."""

import logging
from collections.abc import Callable
from datetime import datetime

from portal.db import reading, transaction
from portal.services.helpdesk.mail import pruning
from portal.services.helpdesk.tickets import closing, ladder, overdue
from portal.wiring import Context
from workflows.policy import Policy

log = logging.getLogger("portal.worker")

Find = Callable[..., list[int]]
Do = Callable[..., bool]
DUTIES: tuple[tuple[Find, Do], ...] = ((ladder.due_to_move, ladder.move_on), (closing.due_to_close, closing.close))
"""What finds the tickets whose time has come, and what is done to each, if it is still so then."""


def see_to(context: Context, *, now: datetime, policy: Policy) -> int:
    """Moves on, closes and tells of what is due; how many tickets were moved or closed. Nothing happens at night.

    A ticket with which something is wrong is left for the log to tell: it holds up neither the others nor the worker.
    """
    done = 0
    for find, do in DUTIES:
        with reading(context.sessions) as session:
            found = find(session, now=now, policy=policy)
        for ticket_id in found:
            try:
                with transaction(context.sessions) as session:
                    done += do(session, ticket_id, now=now, policy=policy)
            except Exception:
                log.exception("ticket %s could not be moved on", ticket_id)
    with transaction(context.sessions) as session:
        overdue.tell(session, now=now, policy=policy)
    return done


def once_a_day(context: Context, *, now: datetime, policy: Policy) -> int:
    """Removes the originals of old mail that became no ticket, a batch after the other, each its own transaction; how many."""
    removed = 0
    while True:
        with transaction(context.sessions) as session:
            batch = pruning.prune(session, now=now, policy=policy)
        removed += batch
        if batch < pruning.AT_ONCE:
            return removed
