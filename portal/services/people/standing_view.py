"""Where a person stands, arranged for whoever looks: what I can do first, what others hold by name, what is settled."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CompoundSelect, Select, select, union_all
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import Evidence, Membership, Person
from portal.services import decisions
from portal.services.holders import held
from portal.services.people import waivers
from portal.standing.facts import published
from portal.standing.sweep import Standing, stand
from workflows.actions import Action
from workflows.findings import Decision, Finding, Status
from workflows.policy import Policy
from workflows.questions import Named, Prerequisite
from workflows.vocabulary import LEAD, About, Role

OFFICES = {
    "agency_admin": Role.AGENCY_ADMIN,
    "executive_director": Role.EXECUTIVE_DIRECTOR,
    "security_officer": Role.SECURITY_OFFICER,
}
TITLES = {
    "person": "The person",
    "agency_admin": "Agency Administrator",
    "executive_director": "Executive director",
    "security_officer": "Security officer",
    "help_desk": "HMIS help desk",
    "lead": "HMIS Lead",
    "": "Nobody",
}
EITHER = {
    "device": {Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR},
    "background-check": {Role.AGENCY_ADMIN, Role.EXECUTIVE_DIRECTOR},
}
"""Where the manual lets either of two offices act, though the pack names the one who answers for it."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one holder has to do: the office, the names of who fills it as far as they may be known, the findings."""

    holder: str
    who: str
    names: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One membership's decision, arranged."""

    decision: Decision
    mine: tuple[Finding, ...]
    others: tuple[Held, ...]
    settled: tuple[Finding, ...]
    aside: tuple[Finding, ...]
    waived: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        return len(self.settled)

    @property
    def total(self) -> int:
        return len(self.decision.findings) - len(self.aside)


@dataclass(frozen=True, slots=True)
class Line:
    """One person in a list: how many prerequisites are met; of each that lacks, its id and who holds the next step."""

    membership_id: int
    done: int
    total: int
    steps: tuple[tuple[str, str], ...]
    permitted: bool
    closes: bool

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The holders of the next steps, each once, in the order of the pack."""
        return tuple(dict.fromkeys(holder for _, holder in self.steps))


def view(session: Session, *, membership: Membership, actor: Actor, now: datetime, policy: Policy) -> View:
    """'Why not yet?' for one membership and one viewer: everybody sees the same findings, in another order."""
    permissions.check(session, actor, Action.STANDING_SEE, membership)
    said = decisions.ask(session, membership, now=now, policy=policy)
    return arranged(session, said, membership, actor)


def arranged(session: Session, said: Decision, membership: Membership, actor: Actor) -> View:
    mine = tuple(f for f in said.unmet if can_act(actor, membership, f))
    by_holder: dict[str, list[Finding]] = defaultdict(list)
    for finding in said.unmet:
        if finding not in mine:
            by_holder[finding.waiting_on or ""].append(finding)
    names = _names(session, membership, by_holder.keys(), on=said.on)
    others = tuple(
        Held(holder, TITLES[holder], names.get(holder, ""), tuple(found)) for holder, found in by_holder.items()
    )
    settled = tuple(f for f in said.findings if f.status in {Status.MET, Status.WAIVED})
    aside = tuple(f for f in said.findings if f.status is Status.NOT_APPLICABLE)
    return View(said, mine, others, settled, aside, tuple(waivers.behind(session, said)))


def can_act(actor: Actor, membership: Membership, finding: Finding) -> bool:
    """Whether the next step of this finding is the viewer's own."""
    holder, roles = finding.waiting_on, {role for agency, role in actor.roles if agency == membership.agency_id}
    if holder == "person":
        return actor.person_id == membership.person_id
    if finding.id == "request-authorised" and actor.person_id == membership.person_id:
        return False
    if membership.agency_id != LEAD and roles & EITHER.get(finding.id, set()):
        return finding.id != "background-check" or actor.person_id != membership.person_id
    if holder in OFFICES:
        return membership.agency_id != LEAD and OFFICES[holder] in roles
    wanted = {Role.HELP_DESK, Role.LEAD_ADMIN} if holder == "help_desk" else {Role.LEAD_ADMIN}
    return bool(actor.lead_roles & wanted)


def lines(session: Session, memberships: Collection[Membership], *, now_on: date, policy: Policy) -> dict[int, Line]:
    """For a list: everybody's line by membership id, in four statements whatever their number."""
    if not memberships:
        return {}
    standings = list(stand(session, policy, now_on, memberships=[m.id for m in memberships]))
    holder = _Holders(session, memberships, on=now_on, policy=policy)
    by_id = {m.id: m for m in memberships}
    return {each.membership_id: _line(each, by_id[each.membership_id], holder) for each in standings}


def _line(each: Standing, membership: Membership, holder: "_Holders") -> Line:
    counted = [status for status in each.statuses.values() if status != Status.NOT_APPLICABLE]
    steps = tuple((prerequisite, holder.of(prerequisite, membership)) for prerequisite in each.unmet)
    return Line(each.membership_id, len(counted) - len(steps), len(counted), steps, each.permitted, each.closes)


class _Holders:
    """Whose turn it is for a prerequisite, from the evidence that shows which of its steps are behind us."""

    def __init__(self, session: Session, memberships: Iterable[Membership], *, on: date, policy: Policy):
        known = published(session)
        self._asked = {
            p.id: p.asked_on(on, [e for e in known if e.withdrawn_at == datetime.max]) for p in policy.prerequisites
        }
        done = [(p, step.done) for p in policy.prerequisites for step in p.steps if step.done]
        offices = [named for p, named in done if p.about not in set(About)]
        members = list(memberships)
        self._rows: dict[tuple[str, int], list[Any]] = defaultdict(list)
        for row in session.execute(_done_query(sorted({named.kind for _, named in done}), members, on)):
            self._rows[row.about, row.subject_id].append(row)
        self._of_colleagues: dict[int, list[Any]] = defaultdict(list)
        if offices:
            for row in session.execute(_offices_query(offices, {m.agency_id for m in members}, on)):
                self._of_colleagues[row.agency_id].append(row)

    def of(self, prerequisite_id: str, membership: Membership) -> str:
        q = self._asked[prerequisite_id]
        for step in q.steps:
            if step.done is None or not self._is_done(q, step.done, membership):
                return step.at(membership.agency_id).who
        return ""

    def _is_done(self, q: Prerequisite, done: Named, membership: Membership) -> bool:
        subjects = [
            (About.AGENCY, membership.agency_id),
            (About.PERSON, membership.person_id),
            (About.MEMBERSHIP, membership.id),
        ]
        rows = [row for subject in subjects for row in self._rows.get(subject, ())]
        if q.about not in set(About):
            rows += self._of_colleagues[membership.agency_id]
        return any(
            row.kind == done.kind
            and (not done.detail or row.detail == done.detail)
            and (not q.since or row.valid_from >= q.since)
            and (not q.version or not row.version or row.version in q.versions)
            for row in rows
        )


_READ = (Evidence.about, Evidence.subject_id, Evidence.kind, Evidence.detail, Evidence.version, Evidence.valid_from)


def _done_query(kinds: Sequence[str], members: Sequence[Membership], on: date) -> CompoundSelect[Any]:
    whose: Mapping[str, Any] = {
        About.AGENCY: {m.agency_id for m in members},
        About.PERSON: {m.person_id for m in members},
        About.MEMBERSHIP: {m.id for m in members},
    }
    # One branch for each kind of subject: with OR between them, PostgreSQL reads the whole table.
    return union_all(
        *(
            select(*_READ).where(
                Evidence.about == about,
                Evidence.subject_id.in_(those),
                Evidence.kind.in_(kinds),
                *Evidence.in_force(on),
            )
            for about, those in whose.items()
        )
    )


def _offices_query(offices: Sequence[Named], agencies: Collection[int], on: date) -> Select[*tuple[Any, ...]]:
    """What shows that somebody at an Agency holds an office, and no more of the many who work there."""
    colleagues = select(Membership.id).where(Membership.agency_id.in_(agencies))
    details = {one.detail for one in offices}
    # The Agency is asked of each row: joined, SQLite would begin with everybody's evidence.
    where = select(Membership.agency_id).where(Membership.id == Evidence.subject_id).scalar_subquery()
    return select(where.label("agency_id"), *_READ).where(
        Evidence.about == About.MEMBERSHIP,
        Evidence.subject_id.in_(colleagues),
        Evidence.kind.in_({one.kind for one in offices}),
        *([Evidence.detail.in_(details)] if all(details) else []),
        *Evidence.in_force(on),
    )


def holders_of(session: Session, membership: Membership, holder: str, *, on: date) -> list[Person]:
    """The people who can take a step: the person concerned, or whoever holds the office at the Agency or the Lead."""
    if holder == "person":
        return [session.get_one(Person, membership.person_id)]
    if holder in OFFICES:
        return _holding(session, membership.agency_id, [OFFICES[holder]], on)[OFFICES[holder]]
    if holder == "help_desk":
        found = _holding(session, LEAD, [Role.HELP_DESK, Role.LEAD_ADMIN], on)
        return found[Role.HELP_DESK] or found[Role.LEAD_ADMIN]
    return _holding(session, LEAD, [Role.LEAD_ADMIN], on)[Role.LEAD_ADMIN]


def _names(session: Session, membership: Membership, holders: Iterable[str], *, on: date) -> Mapping[str, str]:
    """Names inside the Agency only: the Lead's staff act as a desk, and nobody needs to know more of them."""
    wanted = set(holders)
    named = dict.fromkeys(wanted, "")
    if "person" in wanted:
        named["person"] = session.get_one(Person, membership.person_id).name
    offices = [OFFICES[holder] for holder in wanted if holder in OFFICES]
    if offices and membership.agency_id != LEAD:
        found = _holding(session, membership.agency_id, offices, on)
        for holder in wanted & OFFICES.keys():
            named[holder] = ", ".join(person.name for person in found[OFFICES[holder]]) or "nobody named yet"
    return named


def _holding(session: Session, agency_id: int, roles: Sequence[Role], on: date) -> dict[str, list[Person]]:
    query = held(on, *roles).with_only_columns(Person, Evidence.detail).join(Person, Person.id == Membership.person_id)
    there = session.execute(
        query.where(Membership.agency_id == agency_id).order_by(Person.last_name, Person.first_name)
    )
    found: dict[str, list[Person]] = {role: [] for role in roles}
    for person, role in there:
        if person not in found[role]:
            found[role].append(person)
    return found
