"""How an outage goes on: what is said about it, other times, its end, that it is called off; and that it begins by itself."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import PORTAL, Actor
from portal.models import Outage, OutageUpdate
from portal.refusals import Refused, bad_input
from portal.services.helpdesk.outages.entering import begin_at, evening, refuse_times
from portal.services.helpdesk.outages.telling import say
from portal.services.transition import transition
from workflows.actions import Action
from workflows.outage_pack import OutageKind
from workflows.policy import Policy
from workflows.vocabulary import Reason

OVER = ("ended", "called_off")


@dataclass(frozen=True, slots=True)
class Said:
    """What goes with every act: the words, and whom to write to ('' for nobody)."""

    text: str
    tells: str = ""


def update(
    session: Session, outage: Outage, *, said: Said, public: bool = True, actor: Actor, now: datetime, policy: Policy
) -> OutageUpdate:  # fmt: skip
    """Says how it goes: to everybody, or as a note for the staff. Also afterwards: what it was comes out later."""
    _begin(session, outage, actor)
    return _say(session, outage, "update", said, public=public, actor=actor, now=now, policy=policy)


def correct(
    session: Session,
    outage: Outage,
    *,
    starts_at: datetime,
    ends_expected_at: datetime | None,
    said: Said,
    actor: Actor,
    now: datetime,
    policy: Policy,
) -> None:
    """Corrects its times: both of one to come, the expected end of one that is going on. BAD_INPUT by field.

    CONFLICT once it is over.
    """
    _begin(session, outage, actor)
    _refuse_over(outage)
    begun = outage.status == "going_on" or outage.starts_at <= now
    if begun and starts_at != outage.starts_at:
        raise bad_input("It has begun: only its expected end can be corrected.", "starts_at")
    if not begun and starts_at <= now:
        raise bad_input("Enter a start that lies ahead; one that has begun is reported as an outage.", "starts_at")
    if outage.kind == OutageKind.WEEKLY and starts_at != outage.starts_at:
        raise bad_input(
            "The weekly maintenance begins when the policy pack says. Call it off, or let it end later.", "starts_at"
        )
    if ends_expected_at is None and outage.kind != OutageKind.UNPLANNED:
        raise bad_input("Enter when it is expected to be over.", "ends_at")
    if ends_expected_at is not None and ends_expected_at <= now:
        raise bad_input("Enter an end that lies ahead. If it is over, say that it has ended.", "ends_at")
    refuse_times(starts_at, ends_expected_at)
    if (starts_at, ends_expected_at) == (outage.starts_at, outage.ends_expected_at):
        raise bad_input("These are the times that stand there. Change one, or say how it goes instead.", "ends_at")
    before = {"starts_at": str(outage.starts_at), "ends_expected_at": str(outage.ends_expected_at or "")}
    outage.starts_at, outage.ends_expected_at = starts_at, ends_expected_at
    if not begun:
        begin_at(session, outage, now=now)
    after = {"starts_at": str(starts_at), "ends_expected_at": str(ends_expected_at or "")}
    _say(session, outage, "corrected", said, actor=actor, now=now, policy=policy, before=before, after=after)


def end(
    session: Session, outage: Outage, *, at: datetime, said: Said, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Says that it is over, and since when; BAD_INPUT for a time before it began or ahead. CONFLICT before it has begun."""
    _begin(session, outage, actor)
    _refuse_over(outage)
    if outage.starts_at > now:
        raise Refused(Reason.CONFLICT, "It has not begun yet. Call it off, or correct its times.")
    if outage.status == "announced":  # its time has come, and the worker is a moment behind
        transition(session, outage, "begin", actor=PORTAL, now=now)
    if not outage.starts_at <= at <= now:
        raise bad_input("Enter a time after it began that does not lie ahead.", "ended_at")
    transition(session, outage, "end", actor=actor, now=now)
    outage.ended_at = at
    _say(session, outage, "ended", said, actor=actor, now=now, policy=policy)


def call_off(session: Session, outage: Outage, *, said: Said, actor: Actor, now: datetime, policy: Policy) -> None:
    """Calls off what has not begun, or takes back what was reported by mistake; CONFLICT once it is over."""
    _begin(session, outage, actor)
    _refuse_over(outage)
    if outage.kind != OutageKind.UNPLANNED and outage.starts_at <= now:
        raise Refused(Reason.CONFLICT, "It has begun. Say that it has ended, and in your words that nothing was done.")
    transition(session, outage, "mistaken" if outage.status == "going_on" else "call_off", actor=actor, now=now)
    _say(session, outage, "called_off", said, actor=actor, now=now, policy=policy)


def call_off_evening(session: Session, on: date, *, said: Said, actor: Actor, now: datetime, policy: Policy) -> Outage:
    """Calls off one evening of the weekly maintenance; the others stay."""
    row = evening(session, on, actor=actor, now=now, policy=policy)
    call_off(session, row, said=said, actor=actor, now=now, policy=policy)
    return row


def prolong_evening(
    session: Session, on: date, *, until: datetime, said: Said, actor: Actor, now: datetime, policy: Policy
) -> Outage:  # fmt: skip
    """Says that one evening's maintenance takes longer (or less) than every week; somebody says when it is over."""
    row = evening(session, on, actor=actor, now=now, policy=policy)
    correct(
        session, row, starts_at=row.starts_at, ends_expected_at=until, said=said, actor=actor, now=now, policy=policy
    )
    return row


def begin(session: Session, outage_id: int, *, now: datetime) -> None:
    """Begins what was announced for this time; nothing where it was called off, is going on, or was put off meanwhile."""
    outage = session.get_one(Outage, outage_id, with_for_update=True)
    if outage.status != "announced":
        return
    if outage.starts_at > now:
        begin_at(session, outage, now=now)
        return
    transition(session, outage, "begin", actor=PORTAL, now=now)


def _begin(session: Session, outage: Outage, actor: Actor) -> None:
    permissions.check(session, actor, Action.OUTAGE_WORK, outage)
    session.flush()
    session.refresh(outage, with_for_update=True)


def _refuse_over(outage: Outage) -> None:
    if outage.status in OVER:
        state = "has ended" if outage.status == "ended" else "was called off"
        raise Refused(Reason.CONFLICT, f"It {state}. Load the page again to see what was said.")


def _say(
    session: Session,
    outage: Outage,
    kind: str,
    said: Said,
    *,
    public: bool = True,
    actor: Actor,
    now: datetime,
    policy: Policy,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> OutageUpdate:
    row = say(
        session, outage, kind, said.text, public=public, tells=said.tells, by=actor.person_id, now=now, policy=policy
    )
    words = {
        "update": "said how it goes",
        "corrected": "corrected its times",
        "ended": "said that it is over",
        "called_off": "called it off",
    }
    audit.record(
        session, actor=actor, now=now, act=f"outage.{kind}", thing=outage, before=before or {}, after=(after or {}) | {"tells": said.tells, "told": row.told},
        said=f"{outage.reference}: {words[kind]}{'' if public else ', for the staff alone'}.",
    )  # fmt: skip
    return row
