"""One version of a plan: its text and its files, what was said about it, and what may be done next."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import select

from forms.security.marked_text import blocks
from forms.security.plans import Answer, Comment
from portal import permissions
from portal.db import reading
from portal.models import Agency, PlanComment, PlanTask, PlanVersion
from portal.refusals import not_found
from portal.services.security.plans import plan_feedback, plan_lists, plans
from portal.web.kernel import actor, may, now, permission, policy, sessions, today
from portal.web.security.plans.plan_room import find, sent, step
from portal.web.security.plans.plans import state
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import LEAD


@blueprint.get("/plans/versions/<int:version_id>", endpoint="plan_version")
@permission(Action.PLAN_SEE)
def version(version_id: int) -> Any:
    with reading(sessions()) as session:
        row = find(session, Action.PLAN_SEE, version_id)
        comments = plan_feedback.heard(session, row, actor=actor())
        tasks = plan_lists.tasks(session, row) if actor().lead_roles else []
        left = _left(row, comments, tasks)
        return render_template(
            "pages/security/plans/version.html",
            row=row,
            plan=policy().plans.plan(row.kind),
            title=plans.title(policy(), row.kind),
            state=state(row),
            blocks=blocks(row.body),
            open_round=plans.round_is_open(row, today()),
            comments=comments,
            taken=plan_feedback.TAKEN_WORDS,
            tasks=tasks,
            left=left if may(Action.PLAN_DRAFT, row) else "",
            staff=bool(actor().lead_roles),
            acts=_acts(row, ready=not left, first=row.status == "drafted" and not plans.approved_before(session, row)),
            answers=row.status == "feedback" and may(Action.PLAN_DRAFT, row),
            finishes=may(Action.PLAN_TASK_DO),
            minutes=row.minutes_file_id is not None and may(Action.BOARD_RECORD_SEE),
        )


def _left(row: PlanVersion, comments: Sequence[plan_feedback.Said], tasks: Sequence[PlanTask]) -> str:
    """What has to be done before it can go on: comments to answer, tasks to finish; '' where nothing is left."""
    waiting = sum(each.row.answered_at is None for each in comments) if row.status == "feedback" else 0
    undone = sum(task.done_on is None for task in tasks) if row.status == "implementing" else 0
    if waiting:
        said = f"{waiting} {'comment waits' if waiting == 1 else 'comments wait'} for an answer"
        return f"{said}. Then it can go to the Board, once the round is over."
    if undone:
        return f"{undone} {'task is' if undone == 1 else 'tasks are'} not done yet. Then it can be put in force."
    return ""


def _acts(row: PlanVersion, *, ready: bool, first: bool) -> list[tuple[str, str]]:
    """What whoever looks may do next with it: label and address, the usual one first."""
    drafts, votes, open_ = may(Action.PLAN_DRAFT, row), may(Action.PLAN_VOTE, row), plans.round_is_open(row, today())
    offered = [
        ("Comment on it", "plan_comment", open_ and may(Action.PLAN_COMMENT, row)),
        ("Put it out for feedback", "plan_ask", drafts and row.status == "drafted"),
        ("It was approved before the portal", "plan_take_over", drafts and row.status == "drafted" and first),
        ("Put it to the Board", "plan_submit", drafts and row.status == "feedback" and not open_ and ready),
        ("Record the Board's vote", "plan_vote", votes and row.status == "submitted"),
        ("Put it in force", "plan_enforce", drafts and row.status == "implementing" and ready),
        ("Add a task", "plan_task", drafts and row.status == "implementing"),
        ("Reviewed, no change", "plan_reviewed", row.status == "in_force" and may(Action.PLAN_REVIEW, row)),
        (
            "Revise the text",
            "plan_revise",
            drafts and (row.status == "drafted" or (row.status == "feedback" and not open_)),
        ),
        ("Give more time", "plan_extend", drafts and row.status == "feedback"),
        ("Withdraw it", "plan_withdraw", drafts and row.status in plans.ON_THE_WAY),
    ]
    return [(label, url_for(f"security.{endpoint}", version_id=row.id)) for label, endpoint, shown in offered if shown]


@blueprint.route("/plans/versions/<int:version_id>/comment", methods=["GET", "POST"], endpoint="plan_comment")
@permission(Action.PLAN_COMMENT)
def comment(version_id: int) -> Any:
    seats = plan_feedback.seats(actor())
    with reading(sessions()) as session:
        found = session.execute(select(Agency.id, Agency.name).where(Agency.id.in_(seats)))
        names = {agency: name for agency, name in found}  # noqa: C416
    offered = [(agency, "The Continuum of Care" if agency == LEAD else names.get(agency, "")) for agency in seats]
    form = Comment(agencies=offered)
    several = "agency_id" in form
    return step(
        version_id, Action.PLAN_COMMENT, form,
        lambda session, row, _file: plan_feedback.comment(
            session, row, agency_id=form.agency_id.data if several else None, place=form.place.data or "", text=form.comment.data or "",
            actor=actor(), now=now(), policy=policy(),
        ),
        "Your comment is with the HMIS Lead. Its answer will stand beside it before the Board votes.",
        heading="Comment on the plan", button="Send the comment",
        what=lambda row: [f"Comments are taken until {us_date(row.feedback_until)}."] if row.feedback_until else [],
    )  # fmt: skip


@blueprint.route("/plans/comments/<int:comment_id>", methods=["GET", "POST"], endpoint="plan_answer")
@permission(Action.PLAN_DRAFT)
def answer(comment_id: int) -> Any:
    form = Answer()
    with reading(sessions()) as session:
        made = session.get(PlanComment, comment_id) if comment_id <= permissions.LARGEST_ID else None
        if made is None:
            raise not_found()
        version_id, said = made.version_id, [made.comment]
        if request.method == "GET" and made.answered_at:
            form.answer.data, form.taken_up.data = made.answer, made.taken_up
    return step(
        version_id, Action.PLAN_DRAFT, form,
        lambda session, _row, _file: plan_feedback.answer(
            session, session.get_one(PlanComment, comment_id), taken_up=form.taken_up.data, text=form.answer.data or "", actor=actor(), now=now(),
            policy=policy(),
        ),
        "The comment is answered.", heading="Answer a comment", button="Save the answer", what=said, what_heading="The comment",
    )  # fmt: skip


# --- files ------------------------------------------------------------------------------------------------------------


@blueprint.get("/plans/versions/<int:version_id>/file", endpoint="plan_file")
@permission(Action.PLAN_SEE)
def file(version_id: int) -> Any:
    with reading(sessions()) as session:
        return sent(find(session, Action.PLAN_SEE, version_id).file)


@blueprint.get("/plans/versions/<int:version_id>/minutes", endpoint="plan_minutes")
@permission(Action.BOARD_RECORD_SEE)
def minutes(version_id: int) -> Any:
    with reading(sessions()) as session:
        return sent(find(session, Action.PLAN_SEE, version_id).minutes)
