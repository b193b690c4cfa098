"""The brake: where more access would lapse on one day than the pack's share, none of it does, and the Lead is asked.

Sanctions, departures and what was never right do not come here: they act at once. Source: 'The HMIS System Availability
Policies'.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal import audit, jobs, permissions
from portal.actors import PORTAL, Actor
from portal.db import is_postgres
from portal.models import Grant, LapseDay, StoppedCase, SweepStop
from portal.refusals import Refused, a_reason
from portal.services import holders
from portal.services.transition import transition
from portal.standing.sweep import Standing, stand
from workflows.actions import Action
from workflows.business_time import local_day
from workflows.gate import Needs, OnLapse
from workflows.policy import Policy
from workflows.vocabulary import Effect, Reason, Role

WEIGH_EVERY = timedelta(minutes=1)
"""How long a look at everybody counts for the lapses that follow one by one."""

RELEASED_FOR = timedelta(days=7)
"""How long a release stands for those whom it named: longer than any row of holidays, shorter than their next lapse."""

_LIVE: Select[int] = select(Grant.membership_id).where(Grant.status == "live", Grant.confirmed_at.is_not(None))
_MANY = 500


@dataclass(slots=True)
class Scale:
    """What a look at everybody with confirmed, live access finds: how many they are, and who would close for what."""

    policy: Policy
    live: int = 0
    closing: dict[int, list[str]] = field(default_factory=dict)

    def put(self, standing: Standing) -> bool:
        """Counts one of them; True where access would close for a lapse and nothing else."""
        self.live += 1
        lacks = lapsed(standing, self.policy)
        if lacks:
            self.closing[standing.membership_id] = lacks
        return bool(lacks)


def lapsed(standing: Standing, policy: Policy) -> list[str]:
    """The prerequisites for which access would close as a mere lapse; none where it stays, or something speaks against it."""
    if not standing.closes:
        return []
    ending = [p for p in policy.prerequisites if p.on_lapse is OnLapse.SUSPEND]
    unmet = set(standing.unmet)
    if any(p.id in unmet for p in ending if p.needs is Needs.ABSENT):
        return []
    return [p.id for p in ending if p.id in unmet]


def pulled(session: Session) -> SweepStop | None:
    """The brake as it is pulled now, or None."""
    return session.scalars(select(SweepStop).where(SweepStop.status == "pulled")).one_or_none()


def admits(session: Session, membership_id: int, lacks: Collection[str], *, now: datetime, policy: Policy) -> bool:
    """Whether this one may be suspended for a lapse now; if so it is counted for the day, if not it waits with the others.

    The one road to any suspension for a lapse, whoever planned it and when. Asked last, with the Agency and the person
    locked: the day's row stands behind them in the order of locks, so that two workers count one after the other.
    """
    day = day_of(session, local_day(now, policy.zone), policy)
    if membership_id in _released(session, on=day.day, among=[membership_id]):
        return True
    stop = pulled(session)
    if stop is None and (day.weighed_at is None or now - day.weighed_at >= WEIGH_EVERY or day.made >= day.allowed):
        stop = weigh(session, now=now, policy=policy)
    if stop is None and day.made >= day.allowed:
        stop = _pull(session, day, {membership_id: list(lacks)}, now=now, policy=policy)
    if stop is not None:
        _add(session, stop, {membership_id: list(lacks)}, now=now)
        return False
    day.made += 1
    session.flush()
    return True


def look(session: Session, *, coming: int, now: datetime, policy: Policy) -> None:
    """Before a run over `coming` memberships: weighs everybody first where the run alone could be too much for a day."""
    day = day_of(session, local_day(now, policy.zone), policy)
    if day.made + coming > day.allowed:
        weigh(session, now=now, policy=policy)


def weigh(session: Session, *, now: datetime, policy: Policy) -> SweepStop | None:
    """Looks at everybody who has been let in, and pulls the brake where too many would close; the brake if it is pulled."""
    scale = begin(session, now=now, policy=policy)
    for standing in stand(session, policy, local_day(now, policy.zone), memberships=_LIVE):
        scale.put(standing)
    return judge(session, scale, now=now)


def begin(session: Session, *, now: datetime, policy: Policy) -> Scale:
    """A scale to put everybody on; until judge() and the commit nobody else suspends for a lapse."""
    day_of(session, local_day(now, policy.zone), policy)
    return Scale(policy)


def judge(session: Session, scale: Scale, *, now: datetime, may_drop: bool = False) -> SweepStop | None:
    """What follows from what was put on the scale: the brake is pulled, holds more or fewer, or (`may_drop`) lets go."""
    policy, today = scale.policy, local_day(now, scale.policy.zone)
    day = day_of(session, today, policy)
    day.live, day.weighed_at = scale.live, now
    day.allowed = max(policy.brake.allows(scale.live + day.made), day.made)
    free = _released(session, on=today, among=scale.closing)
    counted = {key: lacks for key, lacks in scale.closing.items() if key not in free}
    too_many = len(counted) + day.made > day.allowed
    stop = pulled(session)
    if stop is None:
        return _pull(session, day, counted, now=now, policy=policy) if too_many else None
    _settle(session, stop, counted, now=now)
    if may_drop and not too_many:
        _drop(session, stop, len(counted), now=now)
        return None
    _add(session, stop, counted, now=now)
    return stop


def release(
    session: Session, *, stop: SweepStop, upto: int, reason: str, actor: Actor, now: datetime, policy: Policy
) -> int:
    """Lets the suspensions go on that `stop` names, up to the case of the id `upto`; how many memberships are put before
    the gate again.

    CONFLICT where somebody was added whom the actor has not seen; nothing is released then.
    """
    permissions.check(session, actor, Action.BRAKE_RELEASE, stop)
    why = a_reason(reason, "Say why access may be suspended for all of them.")
    today = local_day(now, policy.zone)
    day_of(session, today, policy)
    added = session.scalar(_cases(stop).with_only_columns(func.count()).where(StoppedCase.id > upto)) or 0
    if added:
        raise Refused(
            Reason.CONFLICT,
            f"{added} more {'person was' if added == 1 else 'people were'} added to the list since you opened it. "
            "Nothing was released. Read the list again.",
        )
    transition(session, stop, "release", actor=actor, now=now, why=why)
    stop.ended_at, stop.ended_by, stop.ended_reason = now, actor.person_id, why
    stop.released_until = today + RELEASED_FOR
    return _go_on(session, stop, now=now)


def accept(
    session: Session, closing: Mapping[int, list[str]], *, why: str, actor: Actor, now: datetime, policy: Policy
) -> None:
    """Releases beforehand whom two people have agreed to suspend by activating a pack: these memberships and no others.

    A brake that is pulled is released with them: whoever waits behind it and would not close under the new pack is off
    its list, and all the others are among `closing`.
    """
    today = local_day(now, policy.zone)
    day = day_of(session, today, policy)
    stop = pulled(session)
    if stop is not None:
        _settle(session, stop, closing, now=now)
    if not closing and stop is None:
        return
    if stop is None:
        stop = _stop(day, closing, now=now, policy=policy)
        session.add(stop)
        session.flush()
    _add(session, stop, closing, now=now)
    transition(session, stop, "accept", actor=PORTAL, now=now, why=why[:1000])
    stop.ended_at, stop.ended_by, stop.ended_reason = now, actor.person_id, why[:1000]
    stop.released_until = today + RELEASED_FOR
    session.flush()


def off_the_list(session: Session, membership_id: int, *, now: datetime) -> None:
    """A membership waits no longer: it was mended, it ended, or it was suspended; a release of it is used up by that."""
    session.execute(
        update(StoppedCase)
        .where(StoppedCase.membership_id == membership_id, StoppedCase.settled_at.is_(None))
        .values(settled_at=now)
    )


def held(session: Session) -> set[int]:
    """The memberships whose suspension waits behind the brake."""
    stop = pulled(session)
    return set(session.scalars(_cases(stop).with_only_columns(StoppedCase.membership_id))) if stop else set()


def day_of(session: Session, day: date, policy: Policy) -> LapseDay:
    """The day's row, locked until the commit; made with the first who asks."""
    query = select(LapseDay).where(LapseDay.day == day).with_for_update().execution_options(populate_existing=True)
    session.flush()
    row = session.scalars(query).one_or_none()
    if row is None:
        live = session.scalar(select(func.count()).select_from(_LIVE.subquery())) or 0
        values = {"day": day, "live": live, "allowed": policy.brake.allows(live), "made": 0}
        new = (postgresql if is_postgres(session) else sqlite).insert(LapseDay).values(values)
        session.execute(new.on_conflict_do_nothing())
        row = session.scalars(query).one()
    return row


def _released(session: Session, *, on: date, among: Iterable[int]) -> set[int]:
    """Those among the memberships whom a release of these days named, and who have not been off the list since."""
    wanted = sorted(among)
    named = select(StoppedCase.membership_id).join(SweepStop, SweepStop.id == StoppedCase.stop_id)
    named = named.where(
        SweepStop.status == "released", SweepStop.released_until >= on, StoppedCase.settled_at.is_(None)
    )
    if len(wanted) <= _MANY:
        return set(session.scalars(named.where(StoppedCase.membership_id.in_(wanted))))
    return set(session.scalars(named)) & set(wanted)


def _pull(
    session: Session, day: LapseDay, closing: Mapping[int, list[str]], *, now: datetime, policy: Policy
) -> SweepStop:
    stop = _stop(day, closing, now=now, policy=policy)
    session.add(stop)
    session.flush()
    _add(session, stop, closing, now=now)
    audit.record(
        session,
        actor=PORTAL,
        now=now,
        act="brake.pull",
        thing=stop,
        after={"would_close": len(closing), "live": day.live, "allowed": day.allowed, "made": day.made},
        said=f"The brake was pulled: {len(closing)} of {day.live} people with access would have lost it for a lapse, "
        f"{day.allowed} may on one day.",
    )
    for person_id in holders.of_the_lead(session, Role.LEAD_ADMIN, on=day.day):
        payload = {"mail": "brake_pulled", "person_id": person_id, "stop_id": stop.id}
        jobs.enqueue(session, Effect.MAIL, key=f"brake_pulled:{stop.id}:{person_id}", now=now, payload=payload)
    return stop


def _stop(day: LapseDay, closing: Mapping[int, list[str]], *, now: datetime, policy: Policy) -> SweepStop:
    by_prerequisite = Counter(each for lacks in closing.values() for each in lacks)
    return SweepStop(
        day=day.day,
        pulled_at=now,
        would_close=len(closing),
        live=day.live,
        allowed=day.allowed,
        share=policy.brake.share,
        by_prerequisite=dict(by_prerequisite),
    )


def _drop(session: Session, stop: SweepStop, left: int, *, now: datetime) -> None:
    said = f"{left} would close now, which is within the pack's share."
    transition(session, stop, "drop", actor=PORTAL, now=now, why=said)
    stop.ended_at, stop.ended_reason = now, said
    _go_on(session, stop, now=now)


def _go_on(session: Session, stop: SweepStop, *, now: datetime) -> int:
    session.flush()
    waiting = list(session.scalars(_cases(stop).with_only_columns(StoppedCase.membership_id).order_by(StoppedCase.id)))
    keys = [f"membership:{membership_id}" for membership_id in waiting]
    jobs.enqueue_all(session, Effect.RECONSIDER, keys=keys, now=now)
    return len(waiting)


def _cases(stop: SweepStop) -> Select[StoppedCase]:
    return select(StoppedCase).where(StoppedCase.stop_id == stop.id, StoppedCase.settled_at.is_(None))


def _add(session: Session, stop: SweepStop, closing: Mapping[int, list[str]], *, now: datetime) -> None:
    """Puts on the list who is not on it; whoever was mended and lapsed again stands there anew, as somebody unseen."""
    known = _cases(stop).with_only_columns(StoppedCase.membership_id)
    if len(closing) <= _MANY:
        known = known.where(StoppedCase.membership_id.in_(sorted(closing)))
    new = [
        {"stop_id": stop.id, "membership_id": key, "lacks": f" {' '.join(closing[key])} ", "found_at": now}
        for key in sorted(closing.keys() - set(session.scalars(known)))
    ]
    if new:
        session.execute(insert(StoppedCase), new)


def _settle(session: Session, stop: SweepStop, closing: Mapping[int, list[str]], *, now: datetime) -> None:
    gone = sorted(set(session.scalars(_cases(stop).with_only_columns(StoppedCase.membership_id))) - closing.keys())
    for first in range(0, len(gone), _MANY):
        some = StoppedCase.membership_id.in_(gone[first : first + _MANY])
        session.execute(update(StoppedCase).where(StoppedCase.stop_id == stop.id, some).values(settled_at=now))
