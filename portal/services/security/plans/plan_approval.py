"""The Board's vote on a plan, and what follows: implemented with its tasks within the pack's months, then in force."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import PORTAL, Actor
from portal.models import PlanTask, PlanVersion
from portal.refusals import Refused, bad_input
from portal.services import holders
from portal.services.locks import lock
from portal.services.paperwork.verify import Scan
from portal.services.security import kept_files
from portal.services.security.plans import plans
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.plan_days import implement_by, majority
from workflows.policy import Policy
from workflows.vocabulary import Reason, Role

EARLIEST = date(1990, 1, 1)
OWNERS = (Role.LEAD_ADMIN, Role.LEAD_SECURITY, Role.HELP_DESK)


@dataclass(frozen=True, slots=True)
class Vote:
    """What the Board decided on a day: `approved` or sent back, with its counts and the minutes' file."""

    on: date
    approved: bool
    votes_for: int
    against: int
    abstained: int
    minutes: Scan
    note: str = ""


def record_vote(session: Session, row: PlanVersion, vote: Vote, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Puts the Board's vote on record, by another person than whoever drafted or revised the version.

    Approved: to be implemented within the pack's months from the day of the vote; an earlier approved version that is not
    implemented yet is overtaken, and the version in force has been looked at by it. Refuses BAD_INPUT by field.
    """
    permissions.check(session, actor, Action.PLAN_VOTE, row)
    lock(session, lead=True)
    plans.hold(session, row)
    today = local_day(now, policy.zone)
    _refuse_vote(row, vote, today)
    kept = kept_files.keep(session, vote.minutes, actor=actor, now=now)
    said = f"{vote.votes_for} for, {vote.against} against, {vote.abstained} abstained, on {us_date(vote.on)}"
    if vote.approved:
        _overtake(session, row, now=now)
    transition(session, row, "approve" if vote.approved else "send_back", actor=actor, now=now, why=said)
    row.voted_on, row.voted_by, row.voted_at, row.minutes_file_id = vote.on, actor.person_id, now, kept.id
    row.votes_for, row.votes_against, row.votes_abstained = vote.votes_for, vote.against, vote.abstained
    row.voted_note = " ".join(vote.note.split())
    if vote.approved:
        row.implement_by = implement_by(vote.on, policy.notice)
        _looked_at(session, row, vote.on, policy)
    session.flush()


def add_task(
    session: Session, row: PlanVersion, *, what: str, owner_id: int, due: date, actor: Actor, now: datetime, policy: Policy
) -> PlanTask:  # fmt: skip
    """Adds something to do until the version is implemented; the owner is of the Lead's staff and is reminded.

    BAD_INPUT for no words, an owner without such an office, a day that is past or after the last day to implement it.
    """
    permissions.check(session, actor, Action.PLAN_DRAFT, row)
    plans.hold(session, row)
    if row.status != "implementing" or row.implement_by is None:
        raise Refused(Reason.ILLEGAL_MOVE, "Tasks belong to a version that is approved and not in force yet.")
    today, said = local_day(now, policy.zone), " ".join(what.split())
    if len(said) < 3 or len(said) > 500:
        raise bad_input("Say in a sentence what is to be done, in at most 500 characters.", "what")
    if owner_id not in holders.of_the_lead(session, *OWNERS, on=today):
        raise bad_input("Choose somebody of the Lead's staff.", "owner_id")
    if due < today:
        raise bad_input(f"That day is past. Choose {us_date(today)} or a later one.", "due")
    if due > max(row.implement_by, today):
        raise bad_input(
            f"The plan is to be implemented by {us_date(row.implement_by)}. Choose that day or an earlier one.", "due"
        )
    made = PlanTask(version_id=row.id, what=said, owner_id=owner_id, due=due, entered_by=actor.person_id or 0)
    session.add(made)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="plan.task", thing=made, after={"owner": owner_id, "due": due.isoformat()},
        said=f"Task for version {row.number} of the plan '{plans.title(policy, row.kind)}', due {us_date(due)}: {said}",
    )  # fmt: skip
    return made


def finish_task(session: Session, task: PlanTask, *, note: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Reports a task as done today; ALREADY_DONE where it is."""
    permissions.check(session, actor, Action.PLAN_TASK_DO, task)
    row = session.get_one(PlanVersion, task.version_id)
    plans.hold(session, row)
    session.refresh(task)
    if task.done_on is not None:
        raise Refused(Reason.ALREADY_DONE, f"This was reported as done on {us_date(task.done_on)}.")
    said = " ".join(note.split())
    if len(said) > 500:
        raise bad_input("At most 500 characters.", "note")
    task.done_on, task.done_by, task.note = local_day(now, policy.zone), actor.person_id, said
    audit.record(session, actor=actor, now=now, act="plan.task_done", thing=task, said=f"Reported as done: {task.what}")


def enforce(session: Session, row: PlanVersion, *, since: date, actor: Actor, now: datetime, policy: Policy) -> None:
    """Puts an approved version in force from a day on, once all its tasks are done; the one before is superseded.

    CONFLICT while tasks are open; BAD_INPUT for a day before the vote or after today.
    """
    permissions.check(session, actor, Action.PLAN_DRAFT, row)
    lock(session, lead=True)
    plans.hold(session, row)
    today = local_day(now, policy.zone)
    if row.voted_on is not None and not row.voted_on <= since <= today:
        raise bad_input(
            f"Choose a day from {us_date(row.voted_on)}, when it was approved, until today, {us_date(today)}.", "since"
        )
    open_ = session.scalar(select(func.count()).where(PlanTask.version_id == row.id, PlanTask.done_on.is_(None)))
    if open_:
        raise Refused(
            Reason.CONFLICT,
            f"{open_} {'task is' if open_ == 1 else 'tasks are'} not done yet. Report them as done first.",
        )
    former = in_force(session, row.kind)
    if former is not None:
        if former.in_force_from is not None and since < former.in_force_from:
            raise bad_input(
                f"Version {former.number} is in force since {us_date(former.in_force_from)}. Choose that day or a later one.", "since"
            )  # fmt: skip
        transition(session, former, "supersede", actor=actor, now=now)
        former.ended_on = since
        session.flush()
    transition(session, row, "enforce", actor=actor, now=now, why=f"from {us_date(since)}")
    row.in_force_from = since
    kind = policy.plans.plan(row.kind)
    if kind is not None and row.voted_on is not None:
        row.review_due = kind.review.after(row.voted_on)
    session.flush()


def in_force(session: Session, kind: str) -> PlanVersion | None:
    """The version of a plan that is in force, or None."""
    query = select(PlanVersion).where(PlanVersion.kind == kind, PlanVersion.status == "in_force")
    return session.scalars(query).one_or_none()


def _refuse_vote(row: PlanVersion, vote: Vote, today: date) -> None:
    if min(vote.votes_for, vote.against, vote.abstained) < 0:
        raise bad_input("Votes are counted from zero up.", "votes_for")
    if vote.votes_for + vote.against + vote.abstained == 0:
        raise bad_input("Enter how many voted for it, against it, and abstained.", "votes_for")
    if vote.on > today:
        raise bad_input("The day of the vote is still to come. Record the vote once it was taken.", "voted_on")
    first = EARLIEST if row.from_before else (row.submitted_on or EARLIEST)
    if vote.on < first:
        raise bad_input(
            f"It was put to the Board on {us_date(first)}. Enter that day or a later one."
            if first != EARLIEST
            else "The day lies before 1990. Check the year.",
            "voted_on",
        )
    if vote.approved and not majority(vote.votes_for, vote.against):
        raise bad_input("A plan is approved by more votes for it than against it. Check the numbers.", "votes_for")
    if len(vote.note) > 1000:
        raise bad_input("At most 1,000 characters.", "note")


def _overtake(session: Session, row: PlanVersion, *, now: datetime) -> None:
    """What was approved before and is not implemented yet need not be any more; it follows, whoever wrote the one before."""
    earlier = select(PlanVersion).where(PlanVersion.kind == row.kind, PlanVersion.status == "implementing")
    for each in session.scalars(earlier).all():
        transition(session, each, "overtake", actor=PORTAL, now=now, why=f"by version {row.number}")
    session.flush()


def _looked_at(session: Session, row: PlanVersion, voted_on: date, policy: Policy) -> None:
    """Approving the next version is a look at the plan: the one in force is not due for review before a period from then."""
    kind, held = policy.plans.plan(row.kind), in_force(session, row.kind)
    if kind is not None and held is not None:
        held.review_due = max(held.review_due or voted_on, kind.review.after(voted_on))
