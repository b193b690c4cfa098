"""What is found out before there is anything to mail: whose address knocked at the door, and who was locked out."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal import jobs
from portal.actors import Actor
from portal.db import transaction
from portal.jobs import Job
from portal.services.account import lockout, sign_in
from portal.wiring import Context


def _knock(session: Session, payload: Mapping[str, Any], context: Context) -> None:
    """Somebody asked for a link: the worker alone learns whether the address is known, so the page's time tells nothing."""
    asker = Actor(
        person_id=None, name="Nobody signed in", via="nobody", address=payload["address"], agent=payload["agent"]
    )
    sign_in.ask_for_link(
        session, email=payload["email"], purpose=payload["purpose"], actor=asker, now=context.clock(), policy=context.policy
    )  # fmt: skip


def _locked_out(session: Session, _payload: Mapping[str, Any], context: Context) -> None:
    lockout.tell(session, now=context.clock(), policy=context.policy)


BEFORE: Mapping[str, Callable[[Session, Mapping[str, Any], Context], None]] = {
    "knock": _knock,
    "locked_out": _locked_out,
}


def before(context: Context, job: Job) -> None:
    """Has the mails that follow queued, each as a job of its own, in one transaction."""
    with transaction(context.sessions) as session:
        if jobs.holds(session, job):
            BEFORE[job.payload["mail"]](session, job.payload, context)
