"""Each step of a plan from the draft until it is in force, and its yearly review: one page each, with what follows."""

from datetime import timedelta
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.security.plans import AddTask, AskForFeedback, FinishTask, NoChange, PutInForce, RecordVote, WithdrawPlan
from forms.sign_in import Nothing
from portal import permissions
from portal.db import reading
from portal.models import Person, PlanTask, PlanVersion
from portal.refusals import bad_input
from portal.services import holders
from portal.services.paperwork import Scan
from portal.services.security.plans import plan_approval, plan_upkeep, plans
from portal.web.kernel import actor, now, permission, policy, sessions, today
from portal.web.security.plans.plan_room import step
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.plan_days import implement_by

USUAL_ROUND = timedelta(days=14)


@blueprint.route("/plans/versions/<int:version_id>/feedback", methods=["GET", "POST"], endpoint="plan_ask")
@permission(Action.PLAN_DRAFT)
def ask(version_id: int) -> Any:
    form = AskForFeedback()
    if request.method == "GET":
        form.until.data = today() + USUAL_ROUND
    return step(
        version_id, Action.PLAN_DRAFT, form,
        lambda session, row, _file: plans.ask_for_feedback(session, row, until=form.until.data, actor=actor(), now=now(), policy=policy()),
        "It is out for feedback. Whoever may comment finds it on their first page and in the day's message.",
        heading="Put it out for feedback", button="Put it out for feedback",
        what=[
            "Executive directors, Agency Administrators and security officers of all Agencies, the Board and the data committee can read it and comment.",
            "Its text stays as it is until the round is over.",
            "You answer every comment before it goes to the Board.",
        ],
    )  # fmt: skip


@blueprint.route("/plans/versions/<int:version_id>/extend", methods=["GET", "POST"], endpoint="plan_extend")
@permission(Action.PLAN_DRAFT)
def extend(version_id: int) -> Any:
    form = AskForFeedback()
    return step(
        version_id, Action.PLAN_DRAFT, form,
        lambda session, row, _file: plans.extend(session, row, until=form.until.data, actor=actor(), now=now(), policy=policy()),
        "The round has a later last day.", heading="Give more time for feedback", button="Save the later day",
        what=lambda row: [f"Until now comments are taken until {us_date(row.feedback_until)}."] if row.feedback_until else [],
    )  # fmt: skip


@blueprint.route("/plans/versions/<int:version_id>/take-over", methods=["GET", "POST"], endpoint="plan_take_over")
@permission(Action.PLAN_DRAFT)
def take_over(version_id: int) -> Any:
    return step(
        version_id, Action.PLAN_DRAFT, Nothing(),
        lambda session, row, _file: plans.take_over(session, row, actor=actor(), now=now(), policy=policy()),
        "It waits for somebody else to record the Board's vote of then, with its minutes.",
        heading="The Board approved this plan before the portal", button="Go on without a feedback round",
        what=[
            "No feedback is asked for this version: its round was held before.",
            "Another person records the vote of then, with its day and the minutes. The plan counts from that day on.",
            "This is for a plan of which the portal holds no approved version yet.",
        ],
    )  # fmt: skip


@blueprint.route("/plans/versions/<int:version_id>/submit", methods=["GET", "POST"], endpoint="plan_submit")
@permission(Action.PLAN_DRAFT)
def submit(version_id: int) -> Any:
    return step(
        version_id, Action.PLAN_DRAFT, Nothing(),
        lambda session, row, _file: plans.submit(session, row, actor=actor(), now=now(), policy=policy()),
        "It is with the Board. Another person records the vote, with the minutes.",
        heading="Put it to the Board", button="Put it to the Board",
        what=[
            "The text and the answers stay as they are from now on.",
            "The Board votes in its meeting. Somebody who did not write the plan records the vote here.",
        ],
    )  # fmt: skip


@blueprint.route("/plans/versions/<int:version_id>/withdraw", methods=["GET", "POST"], endpoint="plan_withdraw")
@permission(Action.PLAN_DRAFT)
def withdraw(version_id: int) -> Any:
    form = WithdrawPlan()
    return step(
        version_id, Action.PLAN_DRAFT, form,
        lambda session, row, _file: plans.withdraw(session, row, reason=form.reason.data or "", actor=actor(), now=now()),
        "The version is withdrawn. What was said about it stays on record.",
        heading="Withdraw this version", button="Withdraw it", danger=True,
        what=["The Board does not vote on it. The version in force, if there is one, stays in force.", "Agencies and the Board do not see it any more."],
    )  # fmt: skip


@blueprint.route("/plans/versions/<int:version_id>/vote", methods=["GET", "POST"], endpoint="plan_vote")
@permission(Action.PLAN_VOTE)
def vote(version_id: int) -> Any:
    form = RecordVote()

    def record(session: Session, row: PlanVersion, minutes: Scan | None) -> None:
        if minutes is None:  # the form asks for the file
            raise bad_input("Add the minutes of the meeting.", "minutes")
        taken = plan_approval.Vote(
            on=form.voted_on.data, approved=form.decision.data == "approve", votes_for=form.votes_for.data or 0,
            against=form.against.data or 0, abstained=form.abstained.data or 0, minutes=minutes, note=form.note.data or "",
        )  # fmt: skip
        plan_approval.record_vote(session, row, taken, actor=actor(), now=now(), policy=policy())

    by = us_date(implement_by(today(), policy().notice))
    return step(
        version_id, Action.PLAN_VOTE, form, record, "The vote is on record, with its minutes.", file="minutes",
        heading="Record the Board's vote", button="Record the vote",
        what=[
            f"Approved: it is to be implemented within {policy().notice.plan_months} months of the vote, so by {by} if the vote was today.",
            "Sent back: the Lead drafts the next version from it.",
            "Your name goes on record with the vote. It cannot be changed afterwards.",
        ],
    )  # fmt: skip


@blueprint.route("/plans/versions/<int:version_id>/tasks", methods=["GET", "POST"], endpoint="plan_task")
@permission(Action.PLAN_DRAFT)
def add_task(version_id: int) -> Any:
    with reading(sessions()) as session:
        ids = holders.of_the_lead(session, *plan_approval.OWNERS, on=today())
        people = session.scalars(select(Person).where(Person.id.in_(ids)).order_by(Person.last_key, Person.id)).all()
        form = AddTask(owners=[(each.id, each.name) for each in people])
    return step(
        version_id, Action.PLAN_DRAFT, form,
        lambda session, row, _file: plan_approval.add_task(
            session, row, what=form.what.data or "", owner_id=form.owner_id.data, due=form.due.data, actor=actor(), now=now(), policy=policy()
        ),
        "The task is on the plan. Whoever does it is reminded.", heading="Add a task", button="Add the task",
        what=lambda row: [f"The plan is to be implemented by {us_date(row.implement_by)}."] if row.implement_by else [],
    )  # fmt: skip


@blueprint.route("/plans/tasks/<int:task_id>/done", methods=["GET", "POST"], endpoint="plan_task_done")
@permission(Action.PLAN_TASK_DO)
def finish_task(task_id: int) -> Any:
    form = FinishTask()
    with reading(sessions()) as session:
        task = permissions.find(session, actor(), Action.PLAN_TASK_DO, PlanTask, task_id)
        version_id, what = task.version_id, task.what
    return step(
        version_id, Action.PLAN_SEE, form,
        lambda session, _row, _file: plan_approval.finish_task(
            session, session.get_one(PlanTask, task_id), note=form.note.data or "", actor=actor(), now=now(), policy=policy()
        ),
        "The task is done.", heading="Report a task as done", button="It is done", what=[what],
    )  # fmt: skip


@blueprint.route("/plans/versions/<int:version_id>/in-force", methods=["GET", "POST"], endpoint="plan_enforce")
@permission(Action.PLAN_DRAFT)
def enforce(version_id: int) -> Any:
    form = PutInForce()
    if request.method == "GET":
        form.since.data = today()

    def follows(row: PlanVersion) -> list[str]:
        plan = policy().plans.plan(row.kind)
        said = ["The version in force until now, if there is one, is superseded."]
        if plan is not None and plan.public:
            said.append("It stands in the public library from now on, where everybody can read it without signing in.")
        if plan is not None and row.voted_on is not None:
            said.append(f"Its review is due by {us_date(plan.review.after(row.voted_on))}.")
        return said

    return step(
        version_id, Action.PLAN_DRAFT, form,
        lambda session, row, _file: plan_approval.enforce(session, row, since=form.since.data, actor=actor(), now=now(), policy=policy()),
        "It is in force.", heading="Put it in force", button="Put it in force", what=follows,
    )  # fmt: skip


@blueprint.route("/plans/versions/<int:version_id>/reviewed", methods=["GET", "POST"], endpoint="plan_reviewed")
@permission(Action.PLAN_REVIEW)
def reviewed(version_id: int) -> Any:
    form = NoChange()
    if request.method == "GET":
        form.on.data = today()
    return step(
        version_id, Action.PLAN_REVIEW, form,
        lambda session, row, _file: plan_upkeep.reviewed(
            session, row, on=form.on.data, note=form.note.data or "", actor=actor(), now=now(), policy=policy()
        ),
        "The review is on record.", heading="Reviewed, no change", button="Record the review",
        what=["If something has to change, draft the next version instead.", "Your name goes on record as another person than whoever wrote the plan."],
    )  # fmt: skip
