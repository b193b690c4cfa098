"""Corrective actions: opened, planned with an owner and milestones, worked on, verified by another (S1, 'Annual security review')."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import Actor
from portal.models import (
    CorrectiveAction,
    CorrectiveStep,
    Membership,
    SecurityReview,
)
from portal.refusals import Refused, a_reason, bad_input
from portal.services import holders
from portal.services.locks import lock
from portal.services.transition import transition
from workflows.actions import Action
from workflows.business_time import local_day, us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Effect, Reason, Role

LONGEST = timedelta(days=1100)
LIVING = ("open", "planned", "completed", "asked")
"""What is neither closed nor excepted: somebody still has to do something."""

TEXT, MOST_STEPS = 2000, 20
WRONG = "Say what is wrong, in a few words. No client's name."
WHY = "Say why: it stays on record, and the Agency reads it."


@dataclass(frozen=True, slots=True)
class Step:
    """One milestone as it is planned."""

    text: str
    due: date


@dataclass(frozen=True, slots=True)
class Source:
    """What an action comes from: an item of a review, or an incident."""

    review: SecurityReview | None = None
    item: str = ""
    incident_id: int | None = None
    plan_id: int | None = None

    @property
    def word(self) -> str:
        return "review" if self.review is not None else "incident" if self.incident_id is not None else "plan"


def open_action(
    session: Session,
    *,
    agency_id: int,
    source: Source,
    category: str,
    wrong: str,
    due: date,
    actor: Actor,
    now: datetime,
    policy: Policy,
    owner_id: int | None = None,
    doing: str = "",
) -> CorrectiveAction:
    """Opens an action at an Agency (0: the Lead's own); its owner and its security officers are told.

    Refuses BAD_INPUT for no words, a day that is past or years away, an owner who is not of that Agency; ALREADY_DONE where
    this finding of this review has an action.
    """
    row = CorrectiveAction(
        agency_id=agency_id, source=source.word, review_id=source.review.id if source.review else None, item=source.item,
        incident_id=source.incident_id, category=category, wrong="", due=due, opened_by=actor.person_id, opened_at=now,
    )  # fmt: skip
    permissions.check(session, actor, Action.CORRECTIVE_OPEN, row)
    lock(session, agencies=[agency_id])
    row.wrong = a_reason(wrong, WRONG, field="wrong", most=TEXT)
    row.doing = optional(doing, "doing")
    row.due = _day(due, local_day(now, policy.zone))
    row.owner_id = _owner(session, agency_id, owner_id, now=now, policy=policy) if owner_id is not None else None
    if source.review is not None:
        _refuse_doubled(session, source.review, source.item)
    session.add(row)
    session.flush()
    of = f" (item {row.item} of the security review)" if row.item else ""
    audit.record(
        session, actor=actor, now=now, act="corrective.open", thing=row,
        after={"item": row.item, "due": row.due.isoformat(), "owner": row.owner_id},
        said=f"Opened corrective action {row.number}{of}, due {us_date(row.due)}: {row.wrong}",
    )  # fmt: skip
    tell(session, row, "opened", actor=actor, now=now, policy=policy)
    return row


def plan(
    session: Session,
    row: CorrectiveAction,
    *,
    doing: str,
    owner_id: int,
    due: date,
    steps: Iterable[Step],
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """Says what will be done, by whom, by when and in which steps; steps that are done already stay.

    An Agency keeps to the Lead's day or an earlier one; the Lead may set a later one. BAD_INPUT by field.
    """
    hold(session, row)
    permissions.check(session, actor, Action.CORRECTIVE_PLAN, row)
    today = local_day(now, policy.zone)
    what = a_reason(doing, "Say what will be done, in a few words.", field="doing", most=TEXT)
    if due > row.due and not actor.lead_roles:
        raise bad_input(
            f"The Lead wants this done by {us_date(row.due)}. Choose that day or an earlier one, or ask the Lead for more time.", "due"
        )  # fmt: skip
    day = due if due == row.due else _day(due, today)
    owner = _owner(session, row.agency_id, owner_id, now=now, policy=policy)
    new = checked_steps(steps, last=day)
    said = f"{row.owner_id} → {owner}" if row.owner_id not in (None, owner) else ""
    transition(session, row, "plan", actor=actor, now=now)
    row.doing, row.owner_id, row.due = what, owner, day
    put_steps(session, row, new)
    audit.record(
        session, actor=actor, now=now, act="corrective.plan", thing=row,
        after={"owner": owner, "due": day.isoformat(), "steps": [f"{s.text} ({s.due.isoformat()})" for s in new]},
        said=f"{row.number}: {what} By {us_date(day)}, in {len(new)} steps." + (f" Owner: {said}." if said else ""),
    )  # fmt: skip
    tell(session, row, "planned", actor=actor, now=now, policy=policy)


def verify(session: Session, row: CorrectiveAction, *, how: str, actor: Actor, now: datetime, policy: Policy) -> None:
    """Closes an action that another has completed, saying how one knows; SAME_PERSON for whoever belongs to the Agency."""
    hold(session, row)
    permissions.check(session, actor, Action.CORRECTIVE_VERIFY, row)
    words = a_reason(how, "Say how you know: what you saw, and where.", field="how")
    refuse_own_place(row, actor)
    transition(session, row, "verify", actor=actor, now=now, why=words)
    row.verified_by, row.verified_at, row.verified_how = actor.person_id, now, words
    session.flush()
    tell(session, row, "verified", actor=actor, now=now, policy=policy)


def send_back(
    session: Session, row: CorrectiveAction, *, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Sends what was said to be done back to its owner, with what is missing."""
    hold(session, row)
    why = a_reason(reason, "Say what is missing: the owner reads it.")
    transition(session, row, "send_back", actor=actor, now=now, why=why)
    tell(session, row, "sent_back", actor=actor, now=now, policy=policy)


def reopen(
    session: Session, row: CorrectiveAction, *, reason: str, due: date, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Opens again what was closed or excepted: it did not last. What was said then stays on record."""
    hold(session, row)
    why, day = a_reason(reason, WHY), _day(due, local_day(now, policy.zone))
    transition(session, row, "reopen", actor=actor, now=now, why=why)
    clear(row)
    row.due = day
    session.flush()
    tell(session, row, "reopened", actor=actor, now=now, policy=policy)


def withdraw(
    session: Session, row: CorrectiveAction, *, reason: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Takes back what was opened by mistake; its finding is without an action again."""
    hold(session, row)
    why = a_reason(reason, WHY)
    transition(session, row, "withdraw", actor=actor, now=now, why=why)
    tell(session, row, "withdrawn", actor=actor, now=now, policy=policy)


# --- what the exceptions share ---------------------------------------------------------------------------------------


def checked_steps(steps: Iterable[Step], *, last: date) -> list[Step]:
    """The steps with their white space folded; BAD_INPUT for none, too many, or one after the last day."""
    made = [Step(" ".join(step.text.split()), step.due) for step in steps if step.text.strip()]
    if not made:
        raise bad_input("Enter at least one step, with the day by which it is done.", "steps")
    if len(made) > MOST_STEPS:
        raise bad_input(f"At most {MOST_STEPS} steps. Join some of them.", "steps")
    for step in made:
        if len(step.text) > 500:
            raise bad_input("A step may have 500 characters. Shorten it.", "steps")
        if step.due > last:
            raise bad_input(
                f"The step “{step.text[:60]}” ends after {us_date(last)}, the last day of all. Choose an earlier day.",
                "steps",
            )
    return sorted(made, key=lambda step: step.due)


def put_steps(session: Session, row: CorrectiveAction, steps: Iterable[Step]) -> None:
    """Replaces the steps that are not done; a step that is done already and is named again is not asked for twice."""
    session.flush()
    session.execute(delete(CorrectiveStep).where(CorrectiveStep.action_id == row.id, CorrectiveStep.done_at.is_(None)))
    done = {(step.text, step.due) for step in steps_of(session, row)}
    session.add_all(
        CorrectiveStep(action_id=row.id, text=step.text, due=step.due) for step in steps if (step.text, step.due) not in done
    )  # fmt: skip
    session.flush()
    session.expire(row, ["steps"])


def clear(row: CorrectiveAction) -> None:
    """Empties what was decided, for another round; the record keeps it."""
    row.completed_by = row.completed_at = row.verified_by = row.verified_at = row.accepted_by = row.accepted_at = None
    row.statement = row.verified_how = row.accepted_reason = ""


def refuse_own_place(row: CorrectiveAction, actor: Actor) -> None:
    """Nobody of the Agency itself decides for the Lead, whatever else they are."""
    if row.agency_id != LEAD and any(agency == row.agency_id for agency, _ in actor.roles):
        raise Refused(
            Reason.SAME_PERSON, "You belong to this Agency yourself, so another person of the Lead has to decide."
        )


def tell(session: Session, row: CorrectiveAction, news: str, *, actor: Actor, now: datetime, policy: Policy) -> None:
    """Mails the owner and the Agency's security officers (of the Lead's own: its security officers), but not whoever acts."""
    on = local_day(now, policy.zone)
    told = officers(session, row.agency_id, on=on) | ({row.owner_id} if row.owner_id is not None else set())
    for person_id in sorted(told - {actor.person_id or 0}):
        payload = {
            "mail": "corrective_action", "person_id": person_id, "agency_id": row.agency_id, "action_id": row.id, "news": news,
        }  # fmt: skip
        key = f"corrective_action:{row.id}:{news}:{now.isoformat(timespec='seconds')}:{person_id}"
        jobs.enqueue(session, Effect.MAIL, key=key, now=now, payload=payload)


def officers(session: Session, agency_id: int, *, on: date) -> set[int]:
    """The security officers of an Agency, or of the Lead."""
    role = Role.LEAD_SECURITY if agency_id == LEAD else Role.SECURITY_OFFICER
    return holders.at_agency(session, agency_id, role, on=on)


def hold(session: Session, row: CorrectiveAction) -> None:
    """Locks the row, so that two who decide at once do so one after the other."""
    session.flush()
    session.refresh(row, with_for_update=True)


def steps_of(session: Session, row: CorrectiveAction) -> list[CorrectiveStep]:
    query = select(CorrectiveStep).where(CorrectiveStep.action_id == row.id).order_by(CorrectiveStep.id)
    return list(session.scalars(query))


def optional(text: str, field: str, most: int = TEXT) -> str:
    words = " ".join(text.split())
    if len(words) > most:
        raise bad_input(f"At most {most:,} characters; this has {len(words):,}. Shorten it.", field)
    return words


def _day(due: date, today: date) -> date:
    if due < today:
        raise bad_input("This day is past. Choose one that is still to come.", "due")
    if due > today + LONGEST:
        raise bad_input(f"Choose a day before {us_date(today + LONGEST)}.", "due")
    return due


def _owner(session: Session, agency_id: int, owner_id: int, *, now: datetime, policy: Policy) -> int:
    """The owner, who belongs to the Agency and has not left it."""
    there = select(Membership.id).where(
        Membership.agency_id == agency_id, Membership.person_id == owner_id, ~holders.left(local_day(now, policy.zone))
    )
    if session.scalar(there) is None:
        raise bad_input("Choose somebody who works there now.", "owner")
    return owner_id


def _refuse_doubled(session: Session, review: SecurityReview, item: str) -> None:
    there = select(CorrectiveAction.id).where(
        CorrectiveAction.review_id == review.id, CorrectiveAction.item == item, CorrectiveAction.status != "withdrawn"
    )
    if session.scalar(there) is not None:
        raise Refused(Reason.ALREADY_DONE, f"There is a corrective action for item {item} of this review already.")
