"""What runs out, as a list that is kept day by day and told in one digest ('Security awareness training and follow-up')."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal import jobs
from portal.models import Lapse, Membership
from portal.services import brake, holders
from portal.services.look_ahead import Coming, Key
from workflows.business_time import local_day
from workflows.findings import Decision, Status
from workflows.policy import Policy
from workflows.questions import OnLapse, Prerequisite
from workflows.vocabulary import LEAD, About, Effect, Kind, Role

FAR = 9999
"""`told` for a prerequisite's own warning that goes out before the pack's first day of warning."""

STAYS_DONE = frozenset({Kind.ROLE, Kind.COURSE_ASSIGNED})
"""A step that was taken once, and not again because something else ran out: somebody is named, a course assigned."""

OFFICES = {"executive_director": Role.EXECUTIVE_DIRECTOR, "security_officer": Role.SECURITY_OFFICER}
"""Who besides the Agency Administrator is told of what the Agency has to do, where a step of it is theirs."""


def keep(session: Session, coming: Iterable[Coming], *, now: datetime) -> None:
    """Brings the list up to date: what is new is added, what has another day gets it, what is mended is settled."""
    wanted = {each.key: each for each in coming}
    there: dict[Key, Lapse] = {
        (row.about, row.subject_id, row.prerequisite): row
        for row in session.scalars(select(Lapse).where(Lapse.settled_at.is_(None)))
    }
    for key, row in there.items():
        if key not in wanted:
            row.settled_at = now
        elif row.due != wanted[key].due:
            row.due = wanted[key].due
    session.flush()
    new = [
        {
            "about": each.about.value, "subject_id": each.subject_id, "agency_id": each.agency_id, "person_id": each.person_id,
            "prerequisite": each.prerequisite, "on_lapse": each.on_lapse, "due": each.due, "found_at": now,
        }
        for key, each in wanted.items() if key not in there
    ]  # fmt: skip
    if new:
        session.execute(insert(Lapse), new)


def untold(session: Session, *, now: datetime, policy: Policy) -> bool:
    """Whether the day's digest has still to go out. The day's row is locked: of two workers the second finds it told."""
    return brake.day_of(session, local_day(now, policy.zone), policy).warned_at is None


def tell(session: Session, *, now: datetime, policy: Policy) -> int:
    """One digest to everybody for whom a day of warning has come, once a day; to how many."""
    if not untold(session, now=now, policy=policy):
        return 0
    day = brake.day_of(session, local_day(now, policy.zone), policy)
    day.warned_at = now
    rows = session.scalars(select(Lapse).where(Lapse.settled_at.is_(None)).order_by(Lapse.id)).all()
    news = {row.id: step for row in rows if (step := _news(row, policy, day.day)) is not None}
    told = _recipients([row for row in rows if row.id in news], _offices(session, day.day), policy) if news else set()
    for row in rows:
        if row.id in news:
            row.told, row.told_at = news[row.id], now
    for person_id in sorted(told):
        payload = {"mail": "runs_out", "person_id": person_id}
        jobs.enqueue(session, Effect.MAIL, key=f"runs_out:{person_id}:{day.day}", now=now, payload=payload)
    return len(told)


def settle(session: Session, membership: Membership, said: Decision, *, now: datetime) -> None:
    """Takes off the list what this decision shows to be mended, so that nobody is reminded of it until tomorrow."""
    whose = (Lapse.about == About.MEMBERSHIP) & (Lapse.subject_id == membership.id)
    whose |= (Lapse.about == About.AGENCY) & (Lapse.subject_id == membership.agency_id)
    known = {finding.id: finding for finding in said.findings}
    for row in session.scalars(select(Lapse).where(Lapse.settled_at.is_(None), whose)):
        finding = known.get(row.prerequisite)
        if finding is None or finding.status in (Status.UNMET, Status.NOT_APPLICABLE):
            continue
        if finding.valid_until is None or finding.valid_until >= row.due:
            row.settled_at = now


def over(session: Session, membership_id: int, *, now: datetime) -> None:
    """Takes a membership's own off the list: its access is suspended or has ended, and that has a message of its own."""
    mine = (Lapse.about == About.MEMBERSHIP) & (Lapse.subject_id == membership_id) & Lapse.settled_at.is_(None)
    session.execute(update(Lapse).where(mine).values(settled_at=now))


def do_next(policy: Policy, prerequisite_id: str) -> tuple[str, str]:
    """Who begins to mend it (as in a stanza's steps) and what is to be done, in the pack's words."""
    stanza = _stanza(policy, prerequisite_id)
    steps = stanza.steps if stanza else ()
    step = next((each for each in steps if each.done is None or each.done.kind not in STAYS_DONE), None)
    return (step.who, step.do) if step else ("", "")


def title(policy: Policy, prerequisite_id: str) -> str:
    found = _stanza(policy, prerequisite_id)
    return found.title if found else prerequisite_id


def consequence(on_lapse: str) -> str:
    """What the lapse does, in a sentence."""
    if on_lapse == OnLapse.SUSPEND:
        return "After that day access is suspended on a business morning, and comes back when it is mended."
    if on_lapse == OnLapse.HOLD_NEW:
        return "After that day no new access is issued here until it is mended. Access that exists goes on."
    return "Access goes on; it has to be put in order all the same."


def _stanza(policy: Policy, prerequisite_id: str) -> Prerequisite | None:
    return next((p for p in policy.prerequisites if p.id == prerequisite_id), None)


def _news(row: Lapse, policy: Policy, today: date) -> int | None:
    """The step of warning that has come and was not told; 0: it has lapsed. None where there is nothing new."""
    left = (row.due - today).days
    if left <= 0 and row.on_lapse == OnLapse.SUSPEND:
        return None  # whoever is suspended for it gets a message of its own
    step = 0 if left <= 0 else min((day for day in policy.warnings.days if left <= day), default=FAR)
    return step if row.told is None or step < row.told else None


def _offices(session: Session, on: date) -> dict[int, dict[str, set[int]]]:
    query = holders.held(on, Role.AGENCY_ADMIN, *OFFICES.values()).where(Membership.agency_id != LEAD)
    held: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for agency_id, _, person_id, role in session.execute(query):
        held[agency_id][role].add(person_id)
    return held


def _recipients(rows: Iterable[Lapse], offices: Mapping[int, Mapping[str, set[int]]], policy: Policy) -> set[int]:
    """The person; the Agency Administrators for their people and the Agency's own; who else of the Agency has to act."""
    told: set[int] = set()
    for row in rows:
        held = offices.get(row.agency_id, {})
        told |= held.get(Role.AGENCY_ADMIN, set())
        if row.person_id is not None:
            told.add(row.person_id)
            continue
        stanza = _stanza(policy, row.prerequisite)
        for step in stanza.steps if stanza else ():
            told |= held.get(OFFICES.get(step.who, ""), set())
    return told


__all__ = [
    "FAR", "OFFICES", "consequence", "do_next", "keep", "over", "settle", "tell", "title", "untold",
]  # fmt: skip
