"""What became known after a moment and changes the gate's answer about a day: each change in a sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.services.evidence import describe
from workflows import gate
from workflows.business_time import local_day, us_date
from workflows.explain import percent, words
from workflows.findings import Status
from workflows.questions import Prerequisite
from workflows.vocabulary import LEAD, About, Kind


@dataclass(frozen=True, slots=True)
class Learned:
    """A prerequisite that stands otherwise by what is known later: how it stood, how it stands, and what was learned."""

    title: str
    was: Status
    now: Status
    sentences: tuple[str, ...]


def learned(
    then: gate.Decision,
    later: gate.Decision,
    rows: Iterable[gate.Evidence],
    *,
    zone: str,
    reasons: Mapping[int, str] | None = None,
) -> list[Learned]:
    """Compares two decisions about one day under one pack, as known at two moments.

    `rows` is the evidence that both were asked about; `reasons` says, by id of evidence, why it was withdrawn, where the
    viewer may read that.
    """
    between = [row for row in rows if _new(row.recorded_at, then, later) or _new(row.withdrawn_at, then, later)]
    before = {finding.id: finding for finding in then.findings}
    return [
        Learned(
            finding.title,
            before[finding.id].status,
            finding.status,
            tuple(_sentences(finding.prerequisite, between, then, later, zone, reasons or {})),
        )
        for finding in later.findings
        if finding.status is not before[finding.id].status
    ]


def _new(at: datetime, then: gate.Decision, later: gate.Decision) -> bool:
    return then.known_at < at <= later.known_at


def _sentences(
    q: Prerequisite,
    rows: list[gate.Evidence],
    then: gate.Decision,
    later: gate.Decision,
    zone: str,
    reasons: Mapping[int, str],
) -> list[str]:
    mine = [row for row in rows if _bears(q, row, later)]
    taken = sorted((r for r in mine if _new(r.withdrawn_at, then, later)), key=lambda r: (r.withdrawn_at, r.id))
    given = sorted((r for r in mine if _new(r.recorded_at, then, later)), key=lambda r: (r.recorded_at, r.id))
    said: list[tuple[datetime, int, str]] = []
    replaced: set[int] = set()
    for row in taken:
        new = next((g for g in given if g.id not in replaced and _replaces(g, row)), None)
        on, why = us_date(local_day(row.withdrawn_at, zone)), reasons.get(row.id, "")
        because = f" Reason: {why.removesuffix('.')}." if why else ""
        if new is not None:
            replaced.add(new.id)
            said.append((row.withdrawn_at, row.id, f"On {on} {_changed(q, row, new)}.{because}"))
        else:
            said.append((row.withdrawn_at, row.id, f"On {on} this was taken back: {describe(row)}.{because}"))  # type: ignore[arg-type]
    for row in given:
        if row.id not in replaced and row.withdrawn_at > later.known_at:
            on = us_date(local_day(row.recorded_at, zone))
            said.append((row.recorded_at, row.id, f"On {on} this was recorded: {describe(row)}."))  # type: ignore[arg-type]
    return [sentence for *_, sentence in sorted(said)]


def _replaces(new: gate.Evidence, old: gate.Evidence) -> bool:
    same = ("about", "subject_id", "kind", "detail")
    return new.recorded_at == old.withdrawn_at and all(getattr(new, name) == getattr(old, name) for name in same)


def _changed(q: Prerequisite, old: gate.Evidence, new: gate.Evidence) -> str:
    if old.kind == Kind.TRAINING and old.value != new.value:
        return f"the score in {words(q, old.detail)} was corrected from {percent(old.value)} to {percent(new.value)}"
    if old.valid_until != new.valid_until:
        last = (
            f"until {us_date(new.valid_until)}" if new.valid_until < date.max - timedelta(1) else "without a last day"
        )
        return f"it was recorded that this holds {last}: {describe(old)}"  # type: ignore[arg-type]
    return f"this was recorded anew: {describe(new)}"  # type: ignore[arg-type]


def _bears(q: Prerequisite, row: gate.Evidence, said: gate.Decision) -> bool:
    """Whether a row can have changed the answer: its kind is asked for, and it is about whom the stanza asks about."""
    if row.kind not in q.kinds:
        return False
    if row.kind == Kind.PUBLISHED:
        return bool(q.version) and row.detail == q.evidence
    if row.kind == Kind.WAIVER:
        return q.waivable and row.detail == q.id
    member = said.member
    own = {(About.LEAD, LEAD), (About.AGENCY, member.agency_id), (About.PERSON, member.person_id)}
    own.add((About.MEMBERSHIP, member.id))
    if row.about == About.DEVICE or row.kind in (Kind.DEVICE_IN_USE, Kind.TRAIT):
        return q.about == About.DEVICE
    if q.about not in set(About):
        return row.about == About.MEMBERSHIP
    if row.kind == Kind.ROLE and row.kind != q.evidence and not any(n.kind == Kind.ROLE for n in q.applies_to):
        return False
    if (row.about, row.subject_id) not in own:
        return False
    return row.kind != q.evidence or not q.detail or row.detail in q.detail
