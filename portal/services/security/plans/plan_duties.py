"""What falls due of plans and records, and who is reminded: the Lead, the owners of tasks, and whoever may still comment."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.models import PlanComment, PlanResubmission, PlanTask, PlanVersion
from portal.services import holders
from portal.services.security.duty import Duty, Looker
from portal.services.security.plans import board_records, plans
from workflows.plan_days import RecordState
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Role

STEWARDS = (Role.LEAD_ADMIN, Role.LEAD_SECURITY)
COMMENTING = (
    Role.EXECUTIVE_DIRECTOR,
    Role.AGENCY_ADMIN,
    Role.SECURITY_OFFICER,
    Role.BOARD_MEMBER,
    Role.COMMITTEE_MEMBER,
)
PLANS, RECORDS = "/security/plans", "/security/records"


def due(session: Session, on: date, policy: Policy, looker: Looker | None) -> Iterable[Duty]:
    """Every duty of plans and records with its day; of everybody, or of whoever looks. At most six statements."""
    if not policy.plans.plans and not policy.plans.records:
        return []
    staff = looker is None or bool(looker.lead_roles)
    commenting = looker is None or looker.holds(*COMMENTING)
    if not staff and not commenting:
        return []
    statuses = ("feedback", "implementing", "in_force") if staff else ("feedback",)
    rows = session.scalars(select(PlanVersion).where(PlanVersion.status.in_(statuses)).order_by(PlanVersion.id)).all()
    found = list(_rounds(session, rows, on, policy, looker)) if commenting else []
    if staff:
        stewards = _stewards(session, on, looker)
        found += [*_of_versions(rows, stewards, policy), *_again(session, stewards, policy)]
        found += [*_tasks(session), *_records(session, stewards, on, policy)]
    return found


def version_path(row: PlanVersion) -> str:
    return f"{PLANS}/versions/{row.id}"


def _stewards(session: Session, on: date, looker: Looker | None) -> frozenset[int]:
    """The Lead's administrators and security officers; of somebody who looks, whether they are one of them."""
    if looker is None:
        return frozenset(holders.of_the_lead(session, *STEWARDS, on=on))
    return frozenset({looker.person_id}) if looker.lead_roles & set(STEWARDS) else frozenset()


def _of_versions(rows: Iterable[PlanVersion], stewards: frozenset[int], policy: Policy) -> Iterable[Duty]:
    """Reviews and what is to be implemented; of what the pack in force asks for no more nobody is reminded."""
    for row in rows:
        if policy.plans.plan(row.kind) is None:
            continue
        called = plans.title(policy, row.kind)
        if row.status == "in_force" and row.review_due is not None:
            yield Duty(
                f"plan:{row.kind}:review", f"Review the plan: {called}", row.review_due, stewards, version_path(row),
                "Record that nothing has to change, or draft the next version.",
            )  # fmt: skip
        if row.status == "implementing" and row.implement_by is not None:
            yield Duty(
                f"plan:{row.id}:implement", f"Implement the plan: {called}, version {row.number}", row.implement_by, stewards,
                version_path(row), "The Board approved it. Finish its tasks and put it in force.",
            )  # fmt: skip


def _again(session: Session, stewards: frozenset[int], policy: Policy) -> Iterable[Duty]:
    query = select(PlanResubmission).where(PlanResubmission.met_by.is_(None)).order_by(PlanResubmission.id)
    for each in session.scalars(query):
        if policy.plans.plan(each.kind) is None:
            continue
        yield Duty(
            f"plan:{each.kind}:again:{each.change_id}", f"Put the plan to the Board again: {plans.title(policy, each.kind)}", each.due,
            stewards, f"{PLANS}/{each.kind}", "The HMIS was changed.",
        )  # fmt: skip


def _tasks(session: Session) -> Iterable[Duty]:
    query = (
        select(PlanTask)
        .join(PlanVersion, PlanVersion.id == PlanTask.version_id)
        .where(PlanTask.done_on.is_(None), PlanVersion.status == "implementing")
        .options(joinedload(PlanTask.version))
        .order_by(PlanTask.id)
    )
    for task in session.scalars(query):
        yield Duty(
            f"plan-task:{task.id}", task.what, task.due, frozenset({task.owner_id}), version_path(task.version),
            "A task of a plan that the Board approved.",
        )  # fmt: skip


def _records(session: Session, stewards: frozenset[int], on: date, policy: Policy) -> Iterable[Duty]:
    for each in board_records.on_file(session, policy=policy, on=on):
        if each.row is None or each.row.due_again is None or each.state is RecordState.MISSING:
            continue
        about = f", {each.about}" if each.about else ""
        yield Duty(
            f"record:{each.row.id}", f"Renew the record: {each.kind.title}{about}", each.row.due_again, stewards,
            f"{RECORDS}?kind={each.kind.id}",
        )  # fmt: skip


def _rounds(
    session: Session, rows: Iterable[PlanVersion], on: date, policy: Policy, looker: Looker | None
) -> Iterable[Duty]:
    """Open rounds, for everybody who may comment and has not; nobody is reminded of a round that is over."""
    asked = [row for row in rows if plans.round_is_open(row, on)]
    if not asked:
        return
    query = select(PlanComment.version_id, PlanComment.said_by).where(
        PlanComment.version_id.in_([row.id for row in asked])
    )
    said: dict[int, set[int]] = defaultdict(set)
    for version_id, person_id in session.execute(query):
        said[version_id].add(person_id)
    everybody = {looker.person_id} if looker is not None else _may_comment(session, on)
    for row in asked:
        called = plans.title(policy, row.kind)
        yield Duty(
            f"plan:{row.id}:round", f"Comment on the plan: {called}, version {row.number}", row.feedback_until or on,
            frozenset(everybody - said[row.id]), version_path(row), "Every comment is answered before the Board votes.",
        )  # fmt: skip


def _may_comment(session: Session, on: date) -> set[int]:
    """Who holds an office at an Agency, or sits on the Board or the Committee."""
    of_continuum = {Role.BOARD_MEMBER, Role.COMMITTEE_MEMBER}
    return {
        person
        for agency, _, person, role in session.execute(holders.held(on, *COMMENTING))
        if (agency == LEAD) == (role in of_continuum)
    }
