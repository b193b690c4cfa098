"""What another policy pack would change today: who is let in, who is shut out and when, whose request waits for more."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.models import Decision, Evidence, Grant, Licence, Membership, PackActivation, Seat
from portal.refusals import Refused
from portal.services import brake, decisions, packs
from portal.services.desk.foreseen import CONCERNED, Access, Foreseen, Preview, What, access, chunks, named
from portal.services.locks import lock
from portal.services.people import grants
from portal.standing.facts import standing_of
from portal.standing.sweep import Standing, stand
from workflows.business_time import local_day
from workflows.policy import Policy
from workflows.questions import Needs, OnLapse
from workflows.vocabulary import About, Reason

_ONE = (About.PERSON, About.MEMBERSHIP)

Standings = Mapping[int, Standing]


def preview(session: Session, *, candidate: Policy, now: datetime, policy: Policy) -> Preview:
    """What happens when `candidate` comes into force now and the worker is done, today and on the next business morning.

    By the same sweep under both packs, and by the same questions that grants.reconsider asks. The property test in
    tests/packs holds it equal to what then happens. `policy` rules where no pack was ever put in force.
    """
    current, on = packs.in_force(session, policy), local_day(now, candidate.zone)
    there = access(session)
    was = _standings(session, current, local_day(now, current.zone))
    will = _standings(session, candidate, on)
    lines = [
        *_of_grants(session, there, was, will, candidate=candidate, now=now),
        *_of_requests(session, there, was, will, candidate=candidate, now=now),
    ]
    return named(session, lines, there.live)


def shuts(confirmed: bool, standing: Standing) -> bool:
    """As grants decides it: access that nobody was let in with yet needs the whole gate."""
    return standing.closes if confirmed else not standing.permitted


def _standings(session: Session, policy: Policy, on: date, ids: Collection[int] | None = None) -> dict[int, Standing]:
    parts = [CONCERNED] if ids is None else chunks(ids)
    return {each.membership_id: each for part in parts for each in stand(session, policy, on, memberships=part)}


def _of_grants(
    session: Session, there: Access, was: Standings, will: Standings, *, candidate: Policy, now: datetime
) -> Iterator[Foreseen]:
    wrong = _found_wrong(session, there, will, candidate, local_day(now, candidate.zone))
    against = {p.id for p in candidate.prerequisites if p.needs is Needs.ABSENT and p.on_lapse is OnLapse.SUSPEND}
    morning = grants.next_closing(now, candidate)
    later: list[tuple[Any, Foreseen]] = []
    for membership_id, grant in there.grants.items():
        before, after = was[membership_id], will[membership_id]
        confirmed = grant.confirmed_at is not None
        shut = membership_id in wrong or shuts(confirmed, after)
        before_shut = shuts(confirmed, before)
        if grant.status == "suspended":
            if not shut:
                yield Foreseen(membership_id, What.RESTORED, now, _gained(before, after), not before_shut)
        elif shut:
            at_once = membership_id in wrong or not confirmed or bool(against & set(after.unmet))
            why = _closing(candidate, confirmed, before, after) or tuple(sorted(wrong.get(membership_id, ())))
            when = now if at_once else morning
            line = Foreseen(membership_id, What.CLOSES, when, why, before_shut, lapse=not at_once)
            if line.when == now:
                yield line
            else:
                later.append((confirmed, line))
        elif after.permitted and membership_id in there.requests:
            yield Foreseen(membership_id, What.CHANGED, now, _gained(before, after), before.permitted)
        elif lost := _lost(before, after):
            yield Foreseen(membership_id, What.LACKS, None, lost)
    # On that morning the gate is asked again: by then a waiver may have begun, or a course been dated.
    then = (
        _standings(session, candidate, local_day(morning, candidate.zone), [one.membership_id for _, one in later])
        if later
        else {}
    )
    yield from (line for confirmed, line in later if shuts(confirmed, then[line.membership_id]))


def _of_requests(
    session: Session, there: Access, was: Standings, will: Standings, *, candidate: Policy, now: datetime
) -> Iterator[Foreseen]:
    asking = sorted(
        (row for membership_id, row in there.requests.items() if membership_id not in there.grants),
        key=lambda row: (row.requested_at, row.membership_id),
    )
    on = local_day(now, candidate.zone)
    ready = [row for row in asking if will[row.membership_id].permitted and row.start_on <= on]
    seated, free = _seats(session, {row.agency_id for row in ready})
    opened = set()
    for row in ready:  # in the order in which they are let in: whoever has waited longest takes the last license
        if row.membership_id not in seated and not free[row.agency_id]:
            continue
        free[row.agency_id] -= row.membership_id not in seated
        opened.add(row.membership_id)
        before, after = was[row.membership_id], will[row.membership_id]
        yield Foreseen(row.membership_id, What.OPENS, now, _gained(before, after), before.permitted)
    for row in asking:
        if row.membership_id not in opened and (lost := _lost(was[row.membership_id], will[row.membership_id])):
            yield Foreseen(row.membership_id, What.HELD, None, lost)


def _gained(before: Standing, after: Standing) -> tuple[str, ...]:
    lacks = set(after.unmet)
    return tuple(called for called in before.unmet if called not in lacks)


def _lost(before: Standing, after: Standing) -> tuple[str, ...]:
    lacked = set(before.unmet)
    return tuple(called for called in after.unmet if called not in lacked)


def _closing(candidate: Policy, confirmed: bool, before: Standing, after: Standing) -> tuple[str, ...]:
    """Those that shut: the ones that the change adds, or, where it adds none, all that shut anyway."""
    lapse = {p.id: p for p in candidate.prerequisites}
    shutting = [
        called
        for called in after.unmet
        if not confirmed
        or (lapse[called].on_lapse is OnLapse.SUSPEND and (lapse[called].needs is Needs.ABSENT or not after.inherited))
    ]
    lacked = set(before.unmet)
    return tuple(called for called in shutting if called not in lacked) or tuple(shutting)


def _found_wrong(session: Session, there: Access, will: Standings, candidate: Policy, on: date) -> dict[int, list[str]]:
    """By membership: what closes because a fact it rests on was taken back; asked one by one of the few that may be."""
    bearing = {p.id for p in candidate.prerequisites if p.about in _ONE and p.on_lapse is not OnLapse.WARN}
    lacking = [each for each in there.grants if bearing & set(will[each].unmet)]
    found = {}
    for membership_id in _doubtful(session, lacking, will, bearing):
        grant = session.scalars(
            select(Grant).where(Grant.membership_id == membership_id, Grant.status != "ended")
        ).one()
        membership = session.get_one(Membership, membership_id)
        said = standing_of(session, decisions.member_of(membership), candidate, on)
        if wrong := decisions.found_wrong(session, membership, grant, said, policy=candidate):
            found[membership_id] = [finding.id for finding in wrong]
    return found


def _doubtful(session: Session, lacking: list[int], will: Standings, bearing: set[str]) -> list[int]:
    """Whose decision rests, for what is lacking now, on evidence that was withdrawn since."""
    rests: dict[int, set[int]] = defaultdict(set)
    for ids in chunks(lacking):
        query = select(Grant.membership_id, Decision.findings).join(Decision, Decision.id == Grant.decision_id)
        for membership_id, findings in session.execute(
            query.where(Grant.membership_id.in_(ids), Grant.status != "ended")
        ):
            wanted = bearing & set(will[membership_id].unmet)
            for finding in findings:
                if finding["id"] in wanted:
                    rests[membership_id] |= set(finding["evidence"])
    withdrawn: set[int] = set()
    for rows in chunks(sorted(set().union(*rests.values()))):
        withdrawn |= set(
            session.scalars(select(Evidence.id).where(Evidence.id.in_(rows), Evidence.withdrawn_at < datetime.max))
        )
    return [membership_id for membership_id, rows in rests.items() if rows & withdrawn]


def _seats(session: Session, agencies: Collection[int]) -> tuple[set[int], Counter[int]]:
    """Who has a seat of the core HMIS, reserved or held, and how many licenses are free at each of the Agencies."""
    seat = (Seat.kind == "core", Seat.status != "returned")
    seated: set[int] = set()
    free: Counter[int] = Counter()
    taken = exists(select(1).where(Seat.licence_id == Licence.id, Seat.status != "returned"))
    for ids in chunks(sorted(agencies)):
        seated |= set(session.scalars(select(Seat.membership_id).where(*seat, Seat.agency_id.in_(ids))))
        counted = select(Licence.agency_id, func.count()).where(
            Licence.agency_id.in_(ids), Licence.kind == "core", Licence.withdrawn_at.is_(None), ~taken
        )
        free |= Counter({agency: count for agency, count in session.execute(counted.group_by(Licence.agency_id))})  # noqa: C416
    return seated, free


def activate(
    session: Session, row: PackActivation, *, seen: str, actor: Actor, now: datetime, policy: Policy, why: str = ""
) -> Preview:
    """packs.activate for somebody who saw the preview with this digest; CONFLICT where it would say something else by now.

    The Lead's row is taken first, so that between this look and the change nobody's standing moves.
    """
    lock(session, lead=True)
    candidate = packs.of_version(session, row.version)
    found = preview(session, candidate=candidate, now=now, policy=policy)
    if found.digest() != seen:
        raise Refused(
            Reason.CONFLICT,
            "Somebody's standing has changed since you looked, so this would now concern other people. Read the list again.",
        )
    said = summary(found) + (f". {why.strip()}" if why.strip() else "")
    packs.activate(session, row, actor=actor, now=now, said=said)
    lapses = {line.membership_id: list(line.because) for line in found.of("close") if line.lapse}
    why = f"{row.pack.name}, version {row.version[:12]}, was put in force after a preview that named them: {said}."
    brake.accept(session, lapses, why=why, actor=actor, now=now, policy=candidate)
    return found


def summary(found: Preview) -> str:
    """'2 people get access, 3 are suspended, 1 request waits for more', for the record."""
    counts = found.counts
    return (
        f"{counts['open']} get access, {counts['close']} of {found.live} with access are suspended, "
        f"{counts['held']} requests wait for more"
    )
