"""The gate: may this membership have access? Decided and explained for one; pure, so that any day can be asked."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Protocol

from workflows import explain
from workflows.business_time import local_day
from workflows.findings import Decision, Finding, Status, fingerprint_of
from workflows.questions import (
    EVERYTHING,
    FOR_GOOD,
    NEVER,
    Alternative,
    Evidence,
    Member,
    Named,
    Needs,
    OnLapse,
    Prerequisite,
    Step,
    answers,
    known,
    says,
)  # fmt: skip
from workflows.record import Record, Subject, days_of_change
from workflows.vocabulary import KINDS, LEAD, About, Kind

__all__ = [
    "EVERYTHING", "FOR_GOOD", "LEAD", "NEVER", "Alternative", "Decision", "Evidence", "Finding", "Member", "Named",
    "Needs", "OnLapse", "Prerequisite", "Status", "Step", "days_of_change", "decide", "fingerprint_of",
]  # fmt: skip

_ONE_SUBJECT = frozenset(About) - {About.DEVICE}

NOBODY = -1
"""Nothing is ever known about this subject: it stands for the device or the colleague that there is not."""

_NOTHING = Record((), date.min, EVERYTHING)


class Pack(Protocol):
    """What the gate reads of a policy."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def prerequisites(self) -> Sequence[Prerequisite]: ...


def decide(
    pack: Pack, member: Member, evidence: Iterable[Evidence], on: date, known_at: datetime = EVERYTHING
) -> Decision:
    """Every prerequisite, whether it holds for one membership on a day as known at a moment, and whose turn it is.

    `evidence` is whatever is on record about the membership, its agency, person, devices and colleagues, and the Lead
    (`portal.standing.facts` fetches just that); `on` is a day of the Lead's, `known_at` naive UTC. Where several
    subjects may serve (devices in use, colleagues with a role) the one that lacks least is reported. Source: 'Setting
    up a New HMIS Agency', 'New End User Training Requirements'.
    """
    rows = tuple(evidence)
    record = Record(rows, on, known_at)
    groups: dict[str, list[Prerequisite]] = defaultdict(list)
    for prerequisite in pack.prerequisites:
        groups[prerequisite.about].append(prerequisite)
    found: dict[str, Finding] = {}
    for group in groups.values():
        asking = _Asking(tuple(group), member, rows, on, known_at, pack.zone)
        found |= {finding.id: finding for finding in asking.findings(record)}
    return Decision(
        policy=pack.name,
        policy_version=pack.version,
        member=member,
        on=on,
        known_at=known_at,
        findings=tuple(found[p.id] for p in pack.prerequisites),
        facts=tuple(e for e in rows if known(e, known_at)),
        inherited=bool(record.of((About.MEMBERSHIP, member.id), Kind.INHERITED)),
    )


@dataclass(frozen=True)
class _Asking:
    """The stanzas about one kind of subject, put to one membership: they are answered by one subject together."""

    group: tuple[Prerequisite, ...]
    member: Member
    rows: tuple[Evidence, ...]
    on: date
    known_at: datetime
    zone: str

    def findings(self, record: Record) -> list[Finding]:
        return [_finding(view, self) for view in self._views(record)]

    def _views(self, record: Record) -> "list[_View]":
        questions = [q.asked_on(self.on, record.published) for q in self.group]
        subjects = _subjects(self.group[0].about, self.member, record)
        views = [[_View(q, subject, self.member, record) for q in questions] for subject in subjects]
        return views[0] if len(views) == 1 else min(views, key=lambda each: sum(view.lacks for view in each))

    def on_other_days(self, stanza: Prerequisite) -> "_Asking":
        """What to ask about other days: a stanza alone, unless one among several subjects answers all of the group."""
        if stanza.about not in _ONE_SUBJECT:
            return self
        if stanza.id not in self._alone:
            alone = next(q for q in self.group if q.id == stanza.id)
            self._alone[stanza.id] = replace(self, group=(alone,), rows=tuple(self._bearing_on(alone)))
        return self._alone[stanza.id]

    @cached_property
    def _alone(self) -> "dict[str, _Asking]":
        return {}

    def _bearing_on(self, q: Prerequisite) -> Iterator[Evidence]:
        """Far fewer rows, hence days: asking about each day on which anything at all changes cost four times deciding."""
        kinds, named = q.kinds, {Kind.PUBLISHED.value: q.evidence if q.version else None, Kind.WAIVER.value: q.id}
        whose = {subject for about in _ONE_SUBJECT for subject in _subjects(about, self.member, _NOTHING)}
        for e in self.rows:
            if e.kind not in kinds or (e.about, e.subject_id) not in whose:
                continue
            if e.kind == q.evidence or named.get(e.kind, e.detail) == e.detail:
                yield e

    @cached_property
    def bearing(self) -> list[Evidence]:
        """The rows on which an answer can depend: all about devices, of the rest the kinds that are asked for."""
        kinds = frozenset().union(*(q.kinds for q in self.group))
        return [e for e in self.rows if e.kind in kinds or e.about == About.DEVICE]

    @cached_property
    def days(self) -> list[date]:
        return days_of_change(self.group, self.bearing)

    @cached_property
    def moments(self) -> set[date]:
        """The days on which something became known, or ceased to count."""
        return {local_day(at, self.zone) for e in self.bearing for at in (e.recorded_at, e.withdrawn_at) if at < NEVER}

    def statuses(self, day: date, known_at: datetime) -> Mapping[str, Status]:
        """How the same stanzas stand on another day: worked out once for all of them."""
        if (day, known_at) not in self._statuses:
            then = replace(self, on=day, known_at=known_at)
            views = then._views(Record(self.bearing, day, known_at))
            self._statuses[day, known_at] = {view.q.id: view.status for view in views}
        return self._statuses[day, known_at]

    @cached_property
    def _statuses(self) -> dict[tuple[date, datetime], Mapping[str, Status]]:
        return {}


@dataclass(frozen=True, slots=True)
class _View:
    """One question, one subject whose evidence may answer it, and the record that is looked into."""

    q: Prerequisite
    subject: Subject
    member: Member
    record: Record

    @property
    def mine(self) -> Subject:
        return About.MEMBERSHIP, self.member.id

    @property
    def aside(self) -> str:
        """Which field of the stanza says that it does not concern this membership; none: it does."""
        if self.q.at and self.q.at != ("lead" if self.member.agency_id == LEAD else "agency"):
            return "at"
        asked = self.q.applies_to
        if asked and not any(says(e, n.kind, *n.details) for n in asked for e in self.record.of(self.mine, n.kind)):
            return "applies_to"
        return "" if self.has_trait else "when"

    @property
    def has_trait(self) -> bool:
        wanted = self.q.when
        return not wanted or any(says(e, Kind.TRAIT, wanted) for e in self.record.of(self.subject, Kind.TRAIT))

    @property
    def lacks(self) -> bool:
        return self.has_trait and not self.answered

    @property
    def status(self) -> Status:
        if self.aside:
            return Status.NOT_APPLICABLE
        if self.answered:
            return Status.MET
        return Status.WAIVED if self.waivers else Status.UNMET

    @property
    def answered(self) -> bool:
        return self.enough == (self.q.needs is Needs.HELD)

    @property
    def found(self) -> list[Evidence]:
        return [e for e in self.record.of(self.subject, self.q.evidence) if answers(e, self.q)]

    @property
    def enough(self) -> bool:
        found = self.found
        if not self.q.each:
            return bool(found or self.instead)
        wanted = set(self.wanted)
        return (bool(wanted) and wanted <= {e.detail for e in found}) or bool(self.instead)

    @property
    def wanted(self) -> Sequence[str]:
        """The details that must all be answered; none at all is never enough."""
        return self.q.detail or sorted({e.detail for e in self.record.of(self.mine, self.q.each)})

    @property
    def instead(self) -> list[Evidence]:
        other = self.q.alternative
        if not other:
            return []
        (subject,) = _subjects(other.about, self.member, self.record)
        return [e for e in self.record.of(subject, other.evidence) if says(e, other.evidence, *other.detail)]

    @property
    def waivers(self) -> list[Evidence]:
        if not self.q.waivable:
            return []
        where = (self.mine, (About.AGENCY, self.member.agency_id))
        return [e for subject in where for e in self.record.of(subject, Kind.WAIVER) if says(e, Kind.WAIVER, self.q.id)]

    @property
    def next_step(self) -> Step | None:
        step = next((step for step in self.q.steps if not step.done or not self._is_done(step.done)), None)
        return step and step.at(self.member.agency_id)

    def _is_done(self, done: Named) -> bool:
        """What was done for an older version, or too long ago, must be done again."""
        q, rows = self.q, (*self.record.of(self.subject, done.kind), *self.record.of(self.mine, done.kind))
        return any(
            says(e, done.kind, *done.details)
            and (not q.since or e.valid_from >= q.since)
            and (not q.version or not e.version or e.version in q.versions)
            for e in rows
        )


def _subjects(about: str, member: Member, record: Record) -> Sequence[Subject]:
    """Whose evidence may serve; always at least one, if only somebody about whom nothing is known."""
    match about:
        case About.AGENCY:
            return [(about, member.agency_id)]
        case About.PERSON:
            return [(about, member.person_id)]
        case About.MEMBERSHIP:
            return [(about, member.id)]
        case About.LEAD:
            return [(about, LEAD)]
        case About.DEVICE:
            used = {e.value for e in record.of((About.MEMBERSHIP, member.id), Kind.DEVICE_IN_USE)}
            found = [s for s in record.subjects if s[0] == About.DEVICE and s[1] in used]
        case role:
            members = [s for s in record.subjects if s[0] == About.MEMBERSHIP]
            found = [s for s in members if any(says(e, Kind.ROLE, role) for e in record.of(s, Kind.ROLE))]
    return sorted(found) or [(about, NOBODY)]


def _finding(view: _View, asking: _Asking) -> Finding:
    q, case = view.q, _Case(view, asking)
    match view.status:
        case Status.NOT_APPLICABLE:
            return Finding(q, Status.NOT_APPLICABLE, case=case)
        case Status.MET:
            return Finding(q, Status.MET, tuple(e.id for e in view.found or view.instead), case=case)
        case Status.WAIVED:
            return Finding(q, Status.WAIVED, tuple(e.id for e in view.waivers), case=case)
    return Finding(q, Status.UNMET, tuple(e.id for e in view.found), view.next_step, case=case)


@dataclass(frozen=True, slots=True)
class _Case:
    """What one finding needs to explain itself and to look at other days (see findings.Case)."""

    view: _View
    asking: _Asking

    @property
    def on(self) -> date:
        return self.asking.on

    @property
    def known_at(self) -> datetime:
        return self.asking.known_at

    @property
    def zone(self) -> str:
        return self.asking.zone

    @property
    def otherwise(self) -> "_Asking":
        return self.asking.on_other_days(self.view.q)

    def status(self, day: date, known_at: datetime) -> Status:
        return self.otherwise.statuses(day, known_at)[self.view.q.id]

    def later(self) -> list[date]:
        return [day for day in self.otherwise.days if day > self.on]

    def earlier(self) -> list[date]:
        asking = self.otherwise
        return sorted({day for day in (self.on, *asking.days, *asking.moments) if day <= self.on}, reverse=True)

    def begun(self) -> date | None:
        member, q = self.asking.member, self.view.q
        whose = (About.AGENCY, member.agency_id) if q.about == About.AGENCY else (About.MEMBERSHIP, member.id)
        mine = [e.recorded_at for e in self.asking.rows if (e.about, e.subject_id) == whose]
        return local_day(min(mine), self.zone) if mine else None

    def why(self) -> explain.Explanation:
        view, q = self.view, self.view.q
        if view.aside:
            return explain.concerns_only(q, view.aside)
        if view.answered:
            found = view.found
            if not found and (stand_in := view.instead):
                return explain.stands_in(q, KINDS[Kind(stand_in[0].kind)].title)
            return explain.in_order(q, found)
        if waivers := view.waivers:
            return explain.waived(q, waivers)
        if q.needs is Needs.ABSENT:
            return explain.still_open(q, view.found)
        if q.each:
            return explain.incomplete(q, view.wanted, view.found, view.record.of(view.subject, q.evidence))
        near = [e for e in self.asking.rows if (e.about, e.subject_id, e.kind) == (*view.subject, q.evidence)]
        return explain.lacking(q, near, self.on, self.known_at, self.zone)
