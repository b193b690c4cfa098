"""The help desk's mailbox on the first page of whoever works with it: what was held, and that it cannot be read."""

from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.services.helpdesk.mail import mailbox
from portal.services.home.tasks import Task
from workflows.vocabulary import Role

DESK = {Role.LEAD_ADMIN, Role.HELP_DESK}
PLACE = "at:/tickets/mail"


def tasks(session: Session, *, actor: Actor) -> list[Task]:
    """Two statements, and none for whoever has no business there."""
    if not actor.lead_roles & DESK:
        return []
    found = []
    for each in mailbox.standings(session)[:1]:
        if each.since is not None:
            hint = f"{each.said} Mail waits there; nothing is lost."
            found.append(Task(PLACE, "The help desk's mail cannot be fetched", hint=hint, since=each.since, status="overdue"))  # fmt: skip
    if held := mailbox.held(session):
        title = f"{held:,} {'message was' if held == 1 else 'messages were'} held for a look"
        found.append(Task(PLACE, title, hint="They came by mail and became no ticket by themselves."))
    return found
