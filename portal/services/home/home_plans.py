"""What of plans, records and data releases waits for the Lead or the Board on the first page."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import PlanTask, PlanVersion
from portal.services.home.tasks import Task
from portal.services.security.plans import board_records, plan_lists, plans, releases
from portal.services.security.plans.plan_duties import PLANS, RECORDS, STEWARDS, version_path
from workflows.actions import Action
from workflows.plan_days import RecordState
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Role

RELEASES = "/security/releases"


def tasks(session: Session, *, actor: Actor, on: date, policy: Policy) -> list[Task]:
    """One line for each thing to do; at most six statements, and none for whoever has nothing to do with plans."""
    stewards = bool(actor.lead_roles & set(STEWARDS))
    votes = stewards or LEAD in actor.at(Role.BOARD_MEMBER)
    if not votes or not (policy.plans.plans or policy.plans.records):
        return []
    found = [_vote(row, policy) for row in _to_vote(session, actor)]
    if stewards:
        found += [*_to_move(session, on, policy), *_lacking(session, on, policy), *_to_release(session, actor)]
    return found


def _to_vote(session: Session, actor: Actor) -> list[PlanVersion]:
    query = select(PlanVersion).where(
        PlanVersion.status == "submitted", permissions.visible(actor, Action.PLAN_VOTE, PlanVersion)
    )
    return list(session.scalars(query.order_by(PlanVersion.id)))


def _vote(row: PlanVersion, policy: Policy) -> Task:
    title = f"Record the Board's vote: {plans.title(policy, row.kind)}, version {row.number}"
    return Task(f"at:{version_path(row)}/vote", title, hint="With its minutes.", since=row.submitted_on)


def _to_move(session: Session, on: date, policy: Policy) -> list[Task]:
    """Versions whose next step is the Lead's own: comments to answer, to the Board, into force."""
    query = select(PlanVersion).where(PlanVersion.status.in_(("feedback", "implementing"))).order_by(PlanVersion.id)
    rows = session.scalars(query).all()
    unanswered = plan_lists.open_comments(session)
    open_ = select(PlanTask.version_id, func.count()).where(PlanTask.done_on.is_(None)).group_by(PlanTask.version_id)
    undone = {version: count for version, count in session.execute(open_)}  # noqa: C416
    found = []
    for row in rows:
        called, count = f"{plans.title(policy, row.kind)}, version {row.number}", unanswered.get(row.id, 0)
        if row.status == "feedback" and count:
            title = f"Answer {count} {'comment' if count == 1 else 'comments'}: {called}"
            found.append(Task(f"at:{version_path(row)}", title, due=row.feedback_until))
        elif row.status == "feedback" and not plans.round_is_open(row, on):
            found.append(Task(f"at:{version_path(row)}", f"Put to the Board: {called}", since=row.feedback_until))
        elif row.status == "implementing" and not undone.get(row.id):
            found.append(
                Task(f"at:{version_path(row)}", f"Put in force: {called}", since=row.voted_on, due=row.implement_by)
            )
    return found


def _lacking(session: Session, on: date, policy: Policy) -> list[Task]:
    """Plans that were never begun, and records that are missing: each counted in one line."""
    there = set(
        session.scalars(select(PlanVersion.kind).where(PlanVersion.status.in_(("in_force", *plan_lists.COMING))))
    )
    never = sum(plan.id not in there for plan in policy.plans.plans)
    lines = board_records.on_file(session, policy=policy, on=on)
    missing = sum(line.state is RecordState.MISSING for line in lines)
    found = []
    if never:
        title = f"{never} {'plan has' if never == 1 else 'plans have'} no version yet"
        found.append(
            Task(f"at:{PLANS}", title, hint="Take over what the Board approved before the portal, or draft it.")
        )
    if missing:
        title = f"{missing} {'record is' if missing == 1 else 'records are'} not on file"
        found.append(Task(f"at:{RECORDS}", title, hint="What the Board and the Lead have to be able to show."))
    return found


def _to_release(session: Session, actor: Actor) -> list[Task]:
    count = releases.waiting(session, actor)
    if not count:
        return []
    title = f"{count} data {'release' if count == 1 else 'releases'} to decide about"
    return [Task(f"at:{RELEASES}?show=asked", title, hint="Entered by somebody else of the Lead.")]
