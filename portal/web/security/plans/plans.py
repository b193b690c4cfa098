"""Plans and policies: where each stands, one plan's history, drafting its next version, changes of the HMIS."""

from typing import Any

from flask import redirect, render_template, request, url_for

from forms.security.plans import DraftPlan, EnterChange
from portal import audit, permissions
from portal.db import reading, transaction
from portal.models import PlanVersion
from portal.services.security.plans import plan_approval, plan_lists, plan_upkeep, plans
from portal.web.desk.room import as_csv, pager
from portal.web.kernel import acted, actor, may, now, permission, policy, sessions, status_of, today
from portal.web.security.acting import acted_with_file
from portal.web.security.room import blueprint
from workflows.actions import Action

WORDS = {
    "drafted": ("draft", "Draft"),
    "feedback": ("open", "Out for feedback"),
    "submitted": ("waiting", "With the Board"),
    "implementing": ("in_progress", "Approved, being implemented"),
    "in_force": ("met", "In force"),
    "superseded": ("ended", "Superseded"),
    "overtaken": ("ended", "Overtaken by a later version"),
    "sent_back": ("returned", "Sent back by the Board"),
    "withdrawn": ("ended", "Withdrawn"),
}
STANDS = {
    "missing": ("unmet", "Not in force"),
    "overdue": ("overdue", "Overdue"),
    "due_soon": ("due_soon", "Due soon"),
    "in_force": ("met", "In force"),
}


def state(row: PlanVersion) -> tuple[str, str]:
    """The status to show, with its words; a round that is over waits for the Lead."""
    if row.status == "feedback" and not plans.round_is_open(row, today()):
        return "waiting", "Feedback is over"
    return WORDS[row.status]


@blueprint.get("/plans", endpoint="plans")
@permission(Action.PLAN_SEE)
def index() -> Any:
    if request.args.get("format") == "csv":
        return _csv()
    with reading(sessions()) as session:
        found = plan_lists.board(session, actor(), policy=policy())
        rows = [
            {
                "plan": each.kind,
                "href": url_for("security.plan", kind=each.kind.id),
                "standing": STANDS[each.state(today(), policy().warnings.days[0])],
                "in_force": each.in_force,
                "review_due": each.in_force.review_due if each.in_force else None,
                "again_by": each.again_by,
                "coming": [
                    (row, state(row), url_for("security.plan_version", version_id=row.id)) for row in each.coming
                ],
            }
            for each in found
        ]
        return render_template("pages/security/plans/index.html", rows=rows, staff=bool(actor().lead_roles))


def _csv() -> Any:
    with transaction(sessions()) as session:
        found = plan_lists.board(session, actor(), policy=policy())
        rows = [
            (
                each.kind.title, STANDS[each.state(today(), policy().warnings.days[0])][1], each.in_force.number if each.in_force else None,
                each.in_force.in_force_from if each.in_force else None, each.in_force.review_due if each.in_force else None, each.again_by,
                "; ".join(f"version {row.number}: {state(row)[1]}" for row in each.coming), each.in_force.sha256 if each.in_force else "",
            )
            for each in found
        ]  # fmt: skip
        audit.record(
            session, actor=actor(), now=now(), act="plans.export", said=f"Downloaded a list of {len(rows)} plans."
        )
    headers = (
        "Plan",
        "Status",
        "Version in force",
        "In force from",
        "Review due",
        "To the Board again by",
        "On its way",
        "SHA-256",
    )
    return as_csv("plans", headers, rows)


@blueprint.get("/plans/<kind>", endpoint="plan")
@permission(Action.PLAN_SEE)
def one(kind: str) -> Any:
    known = plans.kind_of(policy(), kind)
    with reading(sessions()) as session:
        rows = plan_lists.history(session, actor(), kind)
        held = next((row for row in rows if row.status == "in_force"), None)
        return render_template(
            "pages/security/plans/plan.html",
            plan=known,
            months=policy().notice.plan_months,
            rows=[(row, state(row), url_for("security.plan_version", version_id=row.id)) for row in rows],
            held=held,
            reviews=plan_lists.reviews(session, kind),
            again=plan_lists.resubmissions(session, kind),
            staff=bool(actor().lead_roles),
            drafts=may(Action.PLAN_DRAFT) and not any(row.status in plans.ON_THE_WAY for row in rows),
            reviewable=held is not None and may(Action.PLAN_REVIEW, held),
        )


@blueprint.route("/plans/<kind>/draft", methods=["GET", "POST"], endpoint="plan_draft")
@permission(Action.PLAN_DRAFT)
def draft(kind: str) -> Any:
    known, form = plans.kind_of(policy(), kind), DraftPlan()
    done = acted_with_file(
        form,
        "file:pdf",
        lambda session, file: plans.draft(
            session, kind=kind, changes=form.changes.data or "", body=form.body.data or "", file=file, actor=actor(), now=now(),
            policy=policy(),
        ).id,
        "The draft is kept. Nobody but the Lead sees it until you put it out for feedback.",
        lambda made: url_for("security.plan_version", version_id=made),
    )  # fmt: skip
    if done is not None:
        return done
    with reading(sessions()) as session:
        held = plan_approval.in_force(session, kind)
        if request.method == "GET" and held is not None:
            form.body.data = held.body
    return render_template(
        "pages/security/plans/draft.html", form=form, plan=known, row=None, back=url_for("security.plan", kind=kind)
    ), status_of(form)


@blueprint.route("/plans/versions/<int:version_id>/revise", methods=["GET", "POST"], endpoint="plan_revise")
@permission(Action.PLAN_DRAFT)
def revise(version_id: int) -> Any:
    form, back = DraftPlan(), url_for("security.plan_version", version_id=version_id)

    def change(session: Any, file: Any) -> None:
        row = permissions.find(session, actor(), Action.PLAN_DRAFT, PlanVersion, version_id)
        plans.revise(
            session, row, changes=form.changes.data or "", body=form.body.data or "", file=file, actor=actor(), now=now(), policy=policy()
        )  # fmt: skip

    if (done := acted_with_file(form, "file:pdf", change, "The version is revised.", back)) is not None:
        return done
    with reading(sessions()) as session:
        row = permissions.find(session, actor(), Action.PLAN_DRAFT, PlanVersion, version_id)
        if request.method == "GET":
            form.changes.data, form.body.data = row.changes, row.body
        known = policy().plans.plan(row.kind)
        return render_template("pages/security/plans/draft.html", form=form, plan=known, row=row, back=back), status_of(
            form
        )


# --- changes of the HMIS ----------------------------------------------------------------------------------------------


@blueprint.get("/plans/changes", endpoint="hmis_changes")
@permission(Action.HMIS_CHANGE_ENTER)
def changes() -> Any:
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        page = plan_lists.changes(session, actor(), after=after)
        titles = {plan.id: plan.title for plan in policy().plans.plans}
        return render_template(
            "pages/security/plans/changes.html",
            rows=[row for (row,) in page.rows],
            page=pager(page, after),
            titles=titles,
        )


@blueprint.route("/plans/changes/new", methods=["GET", "POST"], endpoint="hmis_change_new")
@permission(Action.HMIS_CHANGE_ENTER)
def enter_change() -> Any:
    offered = [plan for plan in policy().plans.plans if plan.resubmit]
    if not offered:
        return redirect(url_for("security.hmis_changes"))
    form = EnterChange(plans=[(plan.id, plan.title) for plan in offered])
    done = acted(
        form,
        lambda session: plan_upkeep.enter_change(
            session, what=form.what.data or "", changed_on=form.changed_on.data, kinds=form.kinds.data or [], actor=actor(), now=now(),
            policy=policy(),
        ),
        f"The change is on record. The plans are due at the Board again {policy().notice.plan_months} months after it.",
        url_for("security.hmis_changes"),
    )  # fmt: skip
    if done is not None:
        return done
    return render_template(
        "pages/security/plans/change.html", form=form, months=policy().notice.plan_months
    ), status_of(form)
