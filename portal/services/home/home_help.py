"""Questions to the help desk on the first page: what one is asked back, and what waits for the Agency Administrator (H1)."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Ticket
from portal.services.helpdesk.tickets import own_lists
from portal.services.home.tasks import Task
from workflows.actions import Action


def tasks(session: Session, *, actor: Actor) -> list[Task]:
    """One's own questions that wait for one's answer, and one's people's questions that one has first; one statement."""
    own, admins = Ticket.requester_id == actor.person_id, own_lists.at_my_agency(actor)
    asked, with_me = own & (Ticket.status == "waiting"), admins & Ticket.status.in_(("new", "open"))
    may = permissions.visible(actor, Action.TICKET_SEE, Ticket)
    mine, since, which, many, oldest = session.execute(
        select(
            func.count().filter(asked), func.min(Ticket.clock_stopped_at).filter(asked), func.min(Ticket.id).filter(asked),
            func.count().filter(with_me), func.min(Ticket.rung_since).filter(with_me),
        ).where(may, or_(asked, with_me))
    ).one()  # fmt: skip
    found = []
    if mine:
        title = (
            "The help desk asks you something" if mine == 1 else f"The help desk asks you something in {mine} questions"
        )
        path = f"at:/help/{which}" if mine == 1 else "at:/help?show=living"
        found.append(Task(path, title, hint="It goes on as soon as you answer.", since=since, status="waiting"))
    if many:
        title = "One question of your people to answer" if many == 1 else f"{many:,} questions of your people to answer"
        hint = "They come to you first. What is not answered in time goes on to the HMIS Team."
        found.append(Task("at:/help?whose=agency&show=living", title, hint=hint, since=oldest, status="open"))
    return found
