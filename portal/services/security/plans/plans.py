"""Plans and policies on their way: drafted, put out for feedback, put to the Board, withdrawn ('Lead Agency', (f))."""

import hashlib
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import PlanComment, PlanResubmission, PlanVersion
from portal.refusals import Refused, a_reason, bad_input, not_found
from portal.services.locks import lock
from portal.services.paperwork.verify import Scan
from portal.services.security import kept_files
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.plans_pack import PlanKind
from workflows.policy import Policy
from workflows.vocabulary import Reason

LONGEST = 200_000
LONGEST_ROUND = timedelta(days=183)
ON_THE_WAY = ("drafted", "feedback", "submitted")


def kind_of(policy: Policy, kind: str) -> PlanKind:
    """The pack's plan of that id; NOT_FOUND where the pack in force has none."""
    found = policy.plans.plan(kind)
    if found is None:
        raise not_found()
    return found


def title(policy: Policy, kind: str) -> str:
    """What a plan is called; its id where the pack in force has it no more."""
    found = policy.plans.plan(kind)
    return found.title if found else kind.replace("_", " ").capitalize()


def fingerprint(body: str, file_sha256: str = "") -> str:
    """The SHA-256 of a version: of its text followed by the fingerprint of its file, where it has one."""
    return hashlib.sha256(f"{body}{file_sha256}".encode()).hexdigest()


def draft(
    session: Session,
    *,
    kind: str,
    changes: str,
    body: str,
    file: Scan | None,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> PlanVersion:
    """Begins the next version of a plan, from a text (Markdown), a PDF or both; seen by the Lead alone until its feedback.

    Refuses NOT_FOUND for no plan of the pack, ALREADY_DONE while another version is on its way, BAD_INPUT for nothing to
    read or no word on what changed.
    """
    permissions.check(session, actor, Action.PLAN_DRAFT)
    known = kind_of(policy, kind)
    lock(session, lead=True)
    if actor.person_id is None:
        raise bad_input("A plan is drafted by a person.", "")
    said = _changes(changes)
    text = _body(body)
    if not text and file is None:
        raise bad_input("Write the text, or upload the plan as a PDF.", "body")
    under_way = session.scalars(
        select(PlanVersion).where(PlanVersion.kind == kind, PlanVersion.status.in_(ON_THE_WAY))
    ).first()
    if under_way is not None:
        raise Refused(
            Reason.ALREADY_DONE,
            f"Version {under_way.number} of this plan is on its way already. Go on with it, or withdraw it first.",
        )
    last = session.scalar(select(func.max(PlanVersion.number)).where(PlanVersion.kind == kind)) or 0
    kept = kept_files.keep(session, file, actor=actor, now=now) if file else None
    row = PlanVersion(
        kind=kind, number=last + 1, changes=said, body=text, file_id=kept.id if kept else None,
        sha256=fingerprint(text, file.sha256 if file else ""), drafted_by=actor.person_id, drafted_at=now, written_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="plan.draft", thing=row, after={"kind": kind, "number": row.number, "sha256": row.sha256},
        said=f"Drafted version {row.number} of the plan '{known.title}'. What changed: {said}",
    )  # fmt: skip
    return row


def revise(
    session: Session, row: PlanVersion, *, changes: str, body: str, file: Scan | None, actor: Actor, now: datetime, policy: Policy
) -> None:  # fmt: skip
    """Changes the text or the file of a draft, or of one whose feedback round is over; not while others comment on it.

    Without `file` the one that is there stays. ILLEGAL_MOVE once it is with the Board, CONFLICT while the round is open,
    and for a third person: the row names two who wrote it, and neither of them records the vote.
    """
    permissions.check(session, actor, Action.PLAN_DRAFT, row)
    hold(session, row)
    if actor.person_id is None:
        raise bad_input("A plan is revised by a person.", "")
    if row.status not in ("drafted", "feedback"):
        raise Refused(
            Reason.ILLEGAL_MOVE, "This version is past its feedback, so its text stays as it is. Draft the next version."
        )  # fmt: skip
    if round_is_open(row, local_day(now, policy.zone)):
        raise Refused(
            Reason.CONFLICT,
            f"It is out for feedback until {us_date(row.feedback_until or date.max)}: everybody comments on the same text. "
            "Revise it once the round is over.",
        )
    another = actor.person_id != row.drafted_by
    if another and row.revised_by not in (None, actor.person_id):
        raise Refused(
            Reason.CONFLICT,
            "Two people have written this version already. Leave the change to one of them: somebody who did not write "
            "it has to be left to record the vote.",
        )
    said, text = _changes(changes), _body(body)
    was = row.sha256
    if file is not None:
        row.file_id = kept_files.keep(session, file, actor=actor, now=now).id
    if not text and row.file_id is None:
        raise bad_input("Write the text, or upload the plan as a PDF.", "body")
    session.flush()
    session.refresh(row, ["file"])
    row.changes, row.body, row.sha256 = said, text, fingerprint(text, row.file.sha256 if row.file else "")
    row.revised_by, row.written_at = actor.person_id if another else row.revised_by, now
    audit.record(
        session, actor=actor, now=now, act="plan.revise", thing=row, before={"sha256": was}, after={"sha256": row.sha256},
        said=f"Revised version {row.number} of the plan '{title(policy, row.kind)}'. What changed: {said}",
    )  # fmt: skip


def ask_for_feedback(
    session: Session, row: PlanVersion, *, until: date, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Puts a draft out for feedback until a day, which is its last; Agencies, Board and Committee see it from now on."""
    permissions.check(session, actor, Action.PLAN_DRAFT, row)
    today = local_day(now, policy.zone)
    if until <= today:
        raise bad_input("Choose a day after today, so that there is time to read it and to answer.", "until")
    if until > today + LONGEST_ROUND:
        raise bad_input(
            f"That is more than half a year away. Choose {us_date(today + LONGEST_ROUND)} or an earlier day.", "until"
        )
    transition(session, row, "ask", actor=actor, now=now, why=f"until {us_date(until)}")
    row.feedback_until = until


def extend(session: Session, row: PlanVersion, *, until: date, actor: Actor, now: datetime, policy: Policy) -> None:
    """Gives a feedback round a later last day; also one that is over, for whoever came too late."""
    permissions.check(session, actor, Action.PLAN_DRAFT, row)
    hold(session, row)
    if row.status != "feedback":
        raise Refused(Reason.ILLEGAL_MOVE, "This version is not out for feedback.")
    today, was = local_day(now, policy.zone), row.feedback_until or date.min
    if until <= max(today, was):
        raise bad_input(f"Choose a day after {us_date(max(today, was))}.", "until")
    if until > today + LONGEST_ROUND:
        raise bad_input(
            f"That is more than half a year away. Choose {us_date(today + LONGEST_ROUND)} or an earlier day.", "until"
        )
    row.feedback_until = until
    audit.record(
        session, actor=actor, now=now, act="plan.extend", thing=row, before={"until": was.isoformat()}, after={"until": until.isoformat()},
        said=f"Feedback on version {row.number} of the plan '{title(policy, row.kind)}' is taken until {us_date(until)}.",
    )  # fmt: skip


def submit(session: Session, row: PlanVersion, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Puts a version to the Board once its round is over and every comment is answered.

    CONFLICT with what is left to do otherwise. Whatever change of the HMIS it answers counts as handed in with it.
    """
    permissions.check(session, actor, Action.PLAN_DRAFT, row)
    hold(session, row)
    today = local_day(now, policy.zone)
    if round_is_open(row, today):
        raise Refused(
            Reason.CONFLICT, f"Feedback is taken until {us_date(row.feedback_until or today)}. Put it to the Board after that."
        )  # fmt: skip
    left = unanswered(session, row)
    if left:
        raise Refused(
            Reason.CONFLICT,
            f"{left} {'comment is' if left == 1 else 'comments are'} not answered yet. Answer each one first.",
        )
    transition(session, row, "submit", actor=actor, now=now)
    row.submitted_on = today
    _meets_changes(session, row, today, policy)


def take_over(session: Session, row: PlanVersion, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """A plan that the Board approved before the portal: no feedback is asked anew, and another records the vote of then.

    While the portal holds no approved version of it; CONFLICT otherwise.
    """
    permissions.check(session, actor, Action.PLAN_DRAFT, row)
    if approved_before(session, row):
        raise Refused(
            Reason.CONFLICT,
            "Only the first approved version of a plan can be older than the portal. Put this one out for feedback.",
        )
    transition(session, row, "take_over", actor=actor, now=now)
    row.from_before, row.submitted_on = True, local_day(now, policy.zone)


def withdraw(session: Session, row: PlanVersion, *, reason: str, actor: Actor, now: datetime) -> None:
    """Takes a version back before the Board has voted; what was said about it stays."""
    why = a_reason(reason, "Say why it is withdrawn: whoever commented on it reads this.")
    transition(session, row, "withdraw", actor=actor, now=now, why=why)
    met = update(PlanResubmission).where(PlanResubmission.met_by == row.id)
    session.execute(met.values(met_by=None, met_on=None))


def hold(session: Session, row: PlanVersion) -> None:
    """Locks a version until the commit and reads where it stands: a comment does not come in behind its last count."""
    session.flush()
    session.refresh(row, with_for_update=True)


def round_is_open(row: PlanVersion, on: date) -> bool:
    """Whether comments are taken on a day: the last day of the round is one of them."""
    return row.status == "feedback" and row.feedback_until is not None and on <= row.feedback_until


def approved_before(session: Session, row: PlanVersion) -> bool:
    """Whether the Board has approved another version of the plan; one that was withdrawn or sent back does not count."""
    query = select(PlanVersion.id).where(
        PlanVersion.kind == row.kind, PlanVersion.id != row.id, PlanVersion.implement_by.is_not(None)
    )
    return session.scalars(query.limit(1)).first() is not None


def unanswered(session: Session, row: PlanVersion) -> int:
    """How many comments wait for their answer."""
    query = select(func.count()).where(PlanComment.version_id == row.id, PlanComment.answered_at.is_(None))
    return session.scalar(query) or 0


def _meets_changes(session: Session, row: PlanVersion, today: date, policy: Policy) -> None:
    """A version that was written on or after the day of a change is the one handed in again for it."""
    written = local_day(row.written_at, policy.zone)
    waiting = session.scalars(
        select(PlanResubmission)
        .where(PlanResubmission.kind == row.kind, PlanResubmission.met_by.is_(None))
        .options(joinedload(PlanResubmission.change))
    )
    for each in waiting:
        if each.change.changed_on <= written:
            each.met_by, each.met_on = row.id, today


def _changes(text: str) -> str:
    ask = "Say in a sentence or two what is new, for whoever comments and votes."
    return a_reason(text, ask, field="changes", most=2000)


def _body(text: str) -> str:
    body = text.replace("\r\n", "\n").strip()
    if len(body) > LONGEST:
        raise bad_input(f"The text has {len(body):,} characters; {LONGEST:,} is the most. Upload it as a PDF.", "body")
    return body
