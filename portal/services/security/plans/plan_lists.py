"""Where every plan stands, one plan's history, the public library, and what of it falls due for whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from forms import documents
from portal import permissions
from portal.actors import Actor
from portal.models import Evidence, HmisChange, PlanComment, PlanResubmission, PlanReview, PlanTask, PlanVersion
from portal.services.paging import PAGE, Order, Page
from workflows.actions import Action
from workflows.plans_pack import PlanKind
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind

COMING = ("implementing", "submitted", "feedback", "drafted")


@dataclass(slots=True)
class Standing:
    """One plan of the pack: its version in force, what is on its way, and until when it goes to the Board again."""

    kind: PlanKind
    in_force: PlanVersion | None = None
    coming: list[PlanVersion] = field(default_factory=list)
    again_by: date | None = None

    def state(self, on: date, soon: int) -> str:
        """'missing', 'overdue', 'due_soon' or 'in_force', the gravest that is so on a day."""
        if self.in_force is None:
            return "missing"
        days = [day for day in (self.in_force.review_due, self.again_by) if day is not None]
        left = min(((day - on).days for day in days), default=soon + 1)
        return "overdue" if left < 0 else "due_soon" if left <= soon else "in_force"


def board(session: Session, actor: Actor, *, policy: Policy) -> list[Standing]:
    """Every plan of the pack in its order, as far as the actor may see its versions; two statements."""
    permissions.check(session, actor, Action.PLAN_SEE)
    found = {plan.id: Standing(plan) for plan in policy.plans.plans}
    query = select(PlanVersion).where(
        PlanVersion.status.in_(("in_force", *COMING)), permissions.visible(actor, Action.PLAN_SEE, PlanVersion)
    )
    for row in session.scalars(query.order_by(PlanVersion.number)):
        standing = found.get(row.kind)
        if standing is None:
            continue
        if row.status == "in_force":
            standing.in_force = row
        else:
            standing.coming.append(row)
    due = select(PlanResubmission.kind, func.min(PlanResubmission.due)).where(PlanResubmission.met_by.is_(None))
    for kind, day in session.execute(due.group_by(PlanResubmission.kind)):
        if kind in found:
            found[kind].again_by = day
    return list(found.values())


def history(session: Session, actor: Actor, kind: str) -> Sequence[PlanVersion]:
    """The versions of a plan that the actor may see, the newest first."""
    query = select(PlanVersion).where(
        PlanVersion.kind == kind, permissions.visible(actor, Action.PLAN_SEE, PlanVersion)
    )
    people = (joinedload(PlanVersion.drafter), joinedload(PlanVersion.recorder))
    return session.scalars(query.options(*people).order_by(PlanVersion.number.desc())).all()


def reviews(session: Session, kind: str) -> Sequence[PlanReview]:
    """The reviews of a plan that found nothing to change, the newest first."""
    query = (
        select(PlanReview)
        .join(PlanVersion, PlanVersion.id == PlanReview.version_id)
        .where(PlanVersion.kind == kind)
        .options(joinedload(PlanReview.reviewer))
        .order_by(PlanReview.reviewed_on.desc(), PlanReview.id.desc())
    )
    return session.scalars(query).all()


def resubmissions(session: Session, kind: str) -> Sequence[PlanResubmission]:
    """The changes after which a plan had or has to go to the Board again, the latest first."""
    query = select(PlanResubmission).where(PlanResubmission.kind == kind)
    return session.scalars(
        query.options(joinedload(PlanResubmission.change)).order_by(PlanResubmission.id.desc())
    ).all()


def tasks(session: Session, row: PlanVersion) -> Sequence[PlanTask]:
    query = select(PlanTask).where(PlanTask.version_id == row.id).options(joinedload(PlanTask.owner))
    return session.scalars(query.order_by(PlanTask.due, PlanTask.id)).all()


CHANGES = Order(((HmisChange.changed_on, date.fromisoformat), (HmisChange.id, int)), down=True)


def changes(session: Session, actor: Actor, *, after: str = "", limit: int = PAGE) -> Page:
    """Changes of the HMIS, the latest first, each with the plans it touches."""
    permissions.check(session, actor, Action.HMIS_CHANGE_ENTER)
    query = select(HmisChange).options(selectinload(HmisChange.resubmissions), joinedload(HmisChange.enterer))
    return CHANGES.page(session, query, after, lambda row: (row[0].changed_on, row[0].id), limit=limit)


def library(session: Session, *, policy: Policy) -> list[tuple[PlanKind, PlanVersion]]:
    """The public plans in force, in the order of the pack: for everybody, also without signing in. One statement."""
    public = {plan.id: plan for plan in policy.plans.plans if plan.public}
    query = select(PlanVersion).where(PlanVersion.status == "in_force", PlanVersion.kind.in_(public))
    found = {row.kind: row for row in session.scalars(query.options(joinedload(PlanVersion.file)))}
    return [(plan, found[plan.id]) for plan in public.values() if plan.id in found]


def in_library(session: Session, kind: str, number: int, *, policy: Policy) -> PlanVersion | None:
    """A version that stands in the public library; None for anything else, whether it exists or not."""
    known = policy.plans.plan(kind)
    if known is None or not known.public:
        return None
    query = select(PlanVersion).where(
        PlanVersion.kind == kind, PlanVersion.number == number, PlanVersion.status == "in_force"
    )
    return session.scalars(query.options(joinedload(PlanVersion.file))).one_or_none()


@dataclass(frozen=True, slots=True)
class Agreement:
    """A document that Agencies and people sign, in the version that is in force."""

    kind: str
    title: str
    version: str
    since: date
    sha256: str


def agreements(session: Session, *, on: date) -> list[Agreement]:
    """What is signed, by title, in the versions in force on a day as far as the portal has their text. One statement."""
    query = select(Evidence).where(
        Evidence.about == About.LEAD,
        Evidence.subject_id == LEAD,
        Evidence.kind == Kind.PUBLISHED,
        *Evidence.in_force(on),
    )
    newest: dict[str, Evidence] = {}
    for row in session.scalars(query.order_by(Evidence.valid_from, Evidence.id)):
        newest[row.detail] = row
    texts = documents.load_all()
    known = [(texts[kind, row.version], row) for kind, row in newest.items() if (kind, row.version) in texts]
    return sorted(
        (Agreement(text.kind, text.title, text.version, row.valid_from, text.sha256) for text, row in known), key=lambda one: one.title
    )  # fmt: skip


def open_comments(session: Session, kind: str | None = None) -> dict[int, int]:
    """How many comments wait for an answer, by version."""
    query = (
        select(PlanComment.version_id, func.count())
        .join(PlanVersion, PlanVersion.id == PlanComment.version_id)
        .where(PlanComment.answered_at.is_(None), PlanVersion.status == "feedback")
        .group_by(PlanComment.version_id)
    )
    if kind is not None:
        query = query.where(PlanVersion.kind == kind)
    return {version: count for version, count in session.execute(query)}  # noqa: C416
