"""What Agencies, the Board and the Committee say about a plan, and what the Lead answers ('Lead Agency', (f))."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal import audit, permissions
from portal.actors import Actor
from portal.models import PlanComment, PlanVersion
from portal.models.security.plans import TAKEN
from portal.refusals import Refused, bad_input
from portal.services.security.plans import plans
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Reason, Role, in_words

MOST = 4000
SPEAKING = (Role.EXECUTIVE_DIRECTOR, Role.AGENCY_ADMIN, Role.SECURITY_OFFICER, Role.BOARD_MEMBER, Role.COMMITTEE_MEMBER)
"""The roles in which somebody comments, the weightiest first."""

TAKEN_WORDS = {"yes": "Taken up", "partly": "Taken up in part", "no": "Not taken up"}


@dataclass(frozen=True, slots=True)
class Said:
    """One comment as somebody may see it: who said it is told to the Lead, and to those of the same Agency."""

    row: PlanComment
    who: str
    own: bool


def seats(actor: Actor) -> dict[int, str]:
    """For which Agencies (0: for the Board or the Committee) the actor may comment, and in which role there."""
    found: dict[int, str] = {}
    for role in SPEAKING:
        for agency_id in sorted(actor.at(role)):
            if (agency_id == LEAD) == (role in (Role.BOARD_MEMBER, Role.COMMITTEE_MEMBER)):
                found.setdefault(agency_id, role.value)
    return found


def comment(
    session: Session, row: PlanVersion, *, agency_id: int | None, place: str, text: str, actor: Actor, now: datetime, policy: Policy
) -> PlanComment:  # fmt: skip
    """Comments on a version while its round is open, for one of the Agencies where the actor holds an office.

    `place` says where in the plan, if anywhere. CONFLICT once the round is over; BAD_INPUT for no text, or for an Agency
    at which the actor holds no office.
    """
    permissions.check(session, actor, Action.PLAN_COMMENT, row)
    plans.hold(session, row)
    if not plans.round_is_open(row, local_day(now, policy.zone)):
        raise Refused(Reason.CONFLICT, "The feedback round on this version is over. Write to the HMIS Lead instead.")
    mine = seats(actor)
    chosen = agency_id if agency_id is not None else next(iter(mine), None)
    if chosen is None or chosen not in mine or actor.person_id is None:
        raise bad_input("Choose the Agency for which you comment.", "agency_id")
    said = _text(text, "Write your comment.", "comment")
    where = " ".join(place.split())
    if len(where) > 200:
        raise bad_input("At most 200 characters.", "place")
    made = PlanComment(
        version_id=row.id, agency_id=chosen, said_by=actor.person_id, said_as=mine[chosen], said_at=now, place=where, comment=said,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="plan.comment", thing=made,
        said=f"Commented on version {row.number} of the plan '{plans.title(policy, row.kind)}'.",
    )  # fmt: skip
    return made


def answer(
    session: Session, made: PlanComment, *, taken_up: str, text: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Answers a comment before the vote, and says whether it was taken up; an answer may be changed until then."""
    row = session.get_one(PlanVersion, made.version_id)
    permissions.check(session, actor, Action.PLAN_DRAFT, row)
    plans.hold(session, row)
    if row.status != "feedback":
        raise Refused(
            Reason.ILLEGAL_MOVE, "This version is with the Board or past it, so its answers stay as they are."
        )
    if taken_up not in TAKEN:
        raise bad_input("Say whether the comment is taken up.", "taken_up")
    was = made.answer
    said = _text(text, "Answer the comment, so that whoever wrote it knows what became of it.", "answer")
    made.answer, made.taken_up, made.answered_by, made.answered_at = said, taken_up, actor.person_id, now
    session.flush()
    audit.record(
        session, actor=actor, now=now, act="plan.answer", thing=made, before={"answer": was}, after={"answer": said, "taken_up": taken_up},
        said=f"Answered a comment on version {row.number} of the plan '{plans.title(policy, row.kind)}': {TAKEN_WORDS[taken_up].lower()}.",
    )  # fmt: skip


def heard(session: Session, row: PlanVersion, *, actor: Actor) -> Sequence[Said]:
    """Every comment on a version in order, with its answer; of strangers, which body they speak for and no name."""
    query = (
        select(PlanComment)
        .where(PlanComment.version_id == row.id)
        .options(joinedload(PlanComment.agency), joinedload(PlanComment.speaker), joinedload(PlanComment.answerer))
        .order_by(PlanComment.id)
    )
    mine = {agency for agency in seats(actor) if agency != LEAD}
    staff = bool(actor.lead_roles)
    return [Said(each, _who(each, staff or each.agency_id in mine), each.said_by == actor.person_id) for each in session.scalars(query)]  # fmt: skip


def _who(made: PlanComment, named: bool) -> str:
    role = in_words(made.said_as).capitalize()
    if made.agency_id == LEAD:
        return f"{made.speaker.name}, {role}" if named else role
    return f"{made.speaker.name}, {role}, {made.agency.name}" if named else "An Agency"


def _text(text: str, ask: str, field: str) -> str:
    said = text.replace("\r\n", "\n").strip()
    if len(said) < 3:
        raise bad_input(ask, field)
    if len(said) > MOST:
        raise bad_input(f"At most {MOST:,} characters; this has {len(said):,}. Shorten it.", field)
    return said
