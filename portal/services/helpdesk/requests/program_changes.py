"""Changes of an Agency's programs: announced ahead, set up by the HMIS Team task by task ('Agency Administrator')."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import Agency, ProgramChange, ProgramTask, Project, ServiceRequest, Ticket
from portal.refusals import Refused, bad_input
from portal.services.agencies.projects import own_name
from portal.services.helpdesk.requests import service_requests
from portal.services.helpdesk.requests.service_requests import LIVING, locked, say_so
from portal.services.helpdesk.tickets import clock
from workflows.actions import Action
from workflows.business_time import add_business_days, local_day, us_date
from workflows.policy import Policy
from workflows.program_pack import ProgramChangeKind
from workflows.vocabulary import LEAD, Reason

FURTHEST = timedelta(days=730)
MOST_NOTICE = 60


def announce(
    session: Session, *, agency_id: int, kind: str, program: str, becomes: str, effective_on: date, details: str, actor: Actor, now: datetime,
    policy: Policy, ticket: Ticket | None = None,
) -> ServiceRequest:  # fmt: skip
    """Records a change of a program as a request to the Lead, with the tasks that the pack names for it.

    Fewer business days of notice than the pack asks for are kept as such and never refused. BAD_INPUT by field: for an
    unknown kind, no program, one that exists where it is to open, or a day more than two years away.
    """
    about = policy.programs.kind(kind)
    if about is None:
        raise bad_input("Choose what changes.", "kind")
    agency = session.get(Agency, agency_id)
    if agency is None or agency.id == LEAD:
        raise bad_input("Choose the Agency.", "agency")
    permissions.check(session, actor, Action.SERVICE_ASK, agency)
    called, what = _program(agency, program), _becomes(about, becomes)
    project = _project(session, agency, called)
    if about.new and project is not None:
        raise bad_input(f"{agency.name} has a program {project.name} already. Choose another kind of change, or another name.", "program")  # fmt: skip
    today = local_day(now, policy.zone)
    if not today - FURTHEST <= effective_on <= today + FURTHEST:
        raise bad_input("Check the day: it should lie within two years.", "effective_on")
    days = notice(session, today, effective_on, policy=policy)
    wanted = policy.notice.program_change_days
    row = service_requests.ask(
        session, title=f"{about.title}: {called}"[:150], description=details.strip() or f"{about.title}: {called}. {what}".strip(),
        sent_to="lead", agency_id=agency.id, priority="high" if days < wanted else "normal", ticket=ticket, actor=actor, now=now,
    )  # fmt: skip
    row.due = max(effective_on, today)
    session.add(
        ProgramChange(
            request_id=row.id, kind=kind, project_id=project.id if project else None, program=called, becomes=what, effective_on=effective_on,
            notice_days=days, wanted_days=wanted,
        )
    )  # fmt: skip
    session.add_all(
        ProgramTask(request_id=row.id, number=number, what=task) for number, task in enumerate(about.tasks, start=1)
    )
    session.flush()
    session.expire(row, ["change"])
    said = f"It holds from {us_date(effective_on)}, announced {days} business {'day' if days == 1 else 'days'} ahead."
    if days < wanted:
        said += f" Late notice: the manual asks for {wanted}."
    say_so(session, row, said, actor, now)
    audit.record(
        session, actor=actor, now=now, act="service.program_change", thing=row, said=f"{row.number}: {said}",
        after={"kind": kind, "effective_on": effective_on.isoformat(), "notice_days": days, "wanted_days": wanted},
    )  # fmt: skip
    return row


def notice(session: Session, today: date, effective_on: date, *, policy: Policy) -> int:
    """How many business days lie between today and the day from which a change holds; 0 for today and the past."""
    closed, days = clock.calendar(session, policy=policy), 0
    while days < MOST_NOTICE and add_business_days(today, days + 1, closed) <= effective_on:
        days += 1
    return days


def tasks(session: Session, row: ServiceRequest) -> Sequence[ProgramTask]:
    """What the HMIS Team does for it, in order; one statement."""
    query = select(ProgramTask).where(ProgramTask.request_id == row.id).order_by(ProgramTask.number)
    return session.scalars(query.options(joinedload(ProgramTask.doer))).all()


def done(
    session: Session, row: ServiceRequest, *, numbers: Collection[int], actor: Actor, now: datetime, policy: Policy
) -> bool:
    """Says that these tasks are done: the first accepts and begins the request, the last delivers it (then True).

    BAD_INPUT for none and for what is no task of it; ALREADY_DONE where somebody else has done one of them meanwhile.
    """
    permissions.check(session, actor, Action.SERVICE_WORK, row)
    locked(session, row)
    every = tasks(session, row)
    chosen = [task for task in every if task.number in set(numbers)]
    if not chosen or len(chosen) != len(set(numbers)):
        raise bad_input("Choose at least one task.", "tasks")
    if row.status not in LIVING:
        raise Refused(Reason.ILLEGAL_MOVE, "This request is ended. Send it back first.")
    if late := next((task for task in chosen if task.done_at is not None), None):
        raise Refused(Reason.ALREADY_DONE, f"'{late.what}' is done already. Load the page again.", "tasks")
    _begun(session, row, actor=actor, now=now, policy=policy)
    for task in chosen:
        task.done_at, task.done_by = now, actor.person_id
    session.flush()
    said = "; ".join(task.what for task in chosen)
    say_so(session, row, f"Done: {said}.", actor, now)
    audit.record(session, actor=actor, now=now, act="service.task", thing=row, said=f"{row.number}: done: {said}.")
    if any(task.done_at is None for task in every) or row.status != "in_progress":
        return False
    what = "\n".join(f"{task.what}." for task in every)
    service_requests.deliver(
        session, row, deliverable=what, reason="Every task is done.", actor=actor, now=now
    )  # fmt: skip
    return True


def _begun(session: Session, row: ServiceRequest, *, actor: Actor, now: datetime, policy: Policy) -> None:
    today = local_day(now, policy.zone)
    if row.status == "asked":
        due = max(row.due or today, today)
        service_requests.accept(
            session, row, due=due, deliverable="The program is set up in the HMIS.", reason="The HMIS Team sets it up.", actor=actor, now=now,
            policy=policy,
        )  # fmt: skip
    if row.status == "accepted":
        service_requests.begin(session, row, reason="The HMIS Team sets it up.", actor=actor, now=now)


def _program(agency: Agency, text: str) -> str:
    called = own_name(agency, " ".join(text.split()))
    if len(called) < 2:
        raise bad_input("Enter the program's name, as it is called in the HMIS.", "program")
    if len(called) > 200:
        raise bad_input(f"At most 200 characters; this has {len(called)}.", "program")
    return called


def _becomes(about: ProgramChangeKind, text: str) -> str:
    what = " ".join(text.split())
    if about.becomes and len(what) < 2:
        raise bad_input(f"Say it: {about.becomes[:1].lower()}{about.becomes[1:]}.", "becomes")
    if len(what) > 300:
        raise bad_input(f"At most 300 characters; this has {len(what)}.", "becomes")
    return what if about.becomes else ""


def _project(session: Session, agency: Agency, called: str) -> Project | None:
    """The project on record of that name; the portal may know fewer than there are."""
    rows = session.scalars(select(Project).where(Project.agency_id == agency.id))
    return next((each for each in rows if own_name(agency, each.name).casefold() == called.casefold()), None)
