"""Why the gate says what it says: one reason and one plain sentence for each finding."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from workflows.business_time import local_day, us_date
from workflows.questions import (
    FOR_GOOD,
    NEVER,
    Evidence,
    Named,
    Needs,
    Prerequisite,
    among,
    answers,
    holds,
    known,
    says,
)
from workflows.vocabulary import in_words


class Because(StrEnum):
    """Why a prerequisite is met, unmet, waived or none of this membership's business."""

    IN_ORDER = "in_order"
    STANDS_IN = "stands_in"
    WAIVED = "waived"
    NOT_CONCERNED = "not_concerned"
    NOTHING_ON_RECORD = "nothing_on_record"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    NOT_YET = "not_yet"
    OUT_OF_DATE = "out_of_date"
    SCORE_TOO_LOW = "score_too_low"
    OLD_VERSION = "old_version"
    INCOMPLETE = "incomplete"
    NOTHING_ASSIGNED = "nothing_assigned"
    OPEN = "open"


Explanation = tuple[Because, str]


def percent(hundredths: int) -> str:
    """8000 is '80 %', 7999 is '79.99 %': cut off, never rounded."""
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".") + " %"


def words(q: Prerequisite, detail: str) -> str:
    """A detail as people say it: the pack's own title where it has one."""
    return dict(q.names).get(detail) or in_words(detail.replace("-", " "))


def concerns_only(q: Prerequisite, aside: str) -> Explanation:
    """The sentence for a membership that a stanza leaves `aside`: by its place, its roles or its device."""
    if aside == "at":
        whom = "Agencies, not the Lead's own staff" if q.at == "agency" else "the Lead's own staff"
    elif aside == "when":
        whom = f"a device marked as: {in_words(q.when)}"
    else:
        whom = ", or ".join(_as_people_say(named) for named in q.applies_to)
    return Because.NOT_CONCERNED, f"Does not apply: this concerns only {whom}."


def _as_people_say(named: Named) -> str:
    return f"{in_words(named.kind)} {in_words(named.detail)}".strip()


def in_order(q: Prerequisite, rows: Sequence[Evidence]) -> Explanation:
    return Because.IN_ORDER, f"{q.title}{_from(rows) if q.needs is Needs.HELD else ''}."


def stands_in(q: Prerequisite, title: str) -> Explanation:
    return Because.STANDS_IN, f"{q.title}: answered by this instead: {title[:1].lower()}{title[1:]}."


def waived(q: Prerequisite, rows: Sequence[Evidence]) -> Explanation:
    return (
        Because.WAIVED,
        f"Waived until {us_date(max(e.valid_until for e in rows))}: {q.title[:1].lower()}{q.title[1:]}.",
    )


def still_open(q: Prerequisite, rows: Sequence[Evidence]) -> Explanation:
    last = max(e.valid_until for e in rows)
    until = "" if last == FOR_GOOD else f" until {us_date(last)}"
    return Because.OPEN, f"{q.unmet} This has stood since {us_date(min(e.valid_from for e in rows))}{until}."


def incomplete(
    q: Prerequisite, wanted: Sequence[str], given: Sequence[Evidence], live: Sequence[Evidence]
) -> Explanation:
    """Which of several are missing, by name, and how far those got that were tried."""
    if not wanted:
        return Because.NOTHING_ASSIGNED, f"{q.unmet} Nothing has been assigned yet, and nothing assigned is not enough."
    enough = {e.detail for e in given}
    missing = [words(q, detail) + _how_far(q, detail, live) for detail in wanted if detail not in enough]
    return Because.INCOMPLETE, f"{q.unmet} Still missing: {'; '.join(missing)}."


def _how_far(q: Prerequisite, detail: str, live: Sequence[Evidence]) -> str:
    best = max((e.value for e in live if e.detail == detail), default=0) if q.at_least else 0
    return f" (best score so far {percent(best)}; {percent(_mark(q, detail))} is needed)" if best else ""


def lacking(q: Prerequisite, rows: Sequence[Evidence], on: date, known_at: datetime, zone: str) -> Explanation:
    """What on record comes nearest, and why it does not do. `rows` are of the kind asked for, withdrawn ones too."""
    near = [e for e in rows if says(e, q.evidence, *q.detail) and e.recorded_at <= known_at]
    seen = [e for e in near if known(e, known_at)]
    live = [e for e in seen if holds(e, on)]
    if live:
        why, what = _not_good_enough(q, live)
    elif ended := [e for e in seen if e.valid_until < on]:
        why, what = Because.ENDED, f"What was on record ended {us_date(max(e.valid_until for e in ended))}."
    elif seen:
        why, what = Because.NOT_YET, f"What is on record begins {us_date(min(e.valid_from for e in seen))}."
    elif near:
        gone = max(e.withdrawn_at for e in near if e.withdrawn_at < NEVER)
        why, what = Because.WITHDRAWN, f"What was on record was withdrawn {us_date(local_day(gone, zone))}."
    else:
        why, what = Because.NOTHING_ON_RECORD, ""
    return why, f"{q.unmet} {what}".strip()


def _not_good_enough(q: Prerequisite, live: Sequence[Evidence]) -> Explanation:
    if q.version and not any(among(e.version, q.versions) for e in live):
        given = max(live, key=lambda e: e.valid_from).version or "without a version"
        wanted = " or ".join(q.versions) or "none, since nothing has been published"
        return Because.OLD_VERSION, f"On record is version {given}; in force is {wanted}."
    timeless = [e for e in live if not q.since or e.valid_from >= q.since]
    if not timeless:
        newest = max(e.valid_from for e in live)
        counted = q.max_age.after(newest) if q.max_age else newest
        return Because.OUT_OF_DATE, f"The last one, of {us_date(newest)}, counted until {us_date(counted)}."
    best = max(timeless, key=lambda e: (answers(e, q), e.value))
    return (
        Because.SCORE_TOO_LOW,
        f"The best score that counts is {percent(best.value)}; {percent(_mark(q, best.detail))} is needed.",
    )


def _mark(q: Prerequisite, detail: str) -> int:
    return dict(q.marks).get(detail, q.at_least)


def _from(rows: Sequence[Evidence]) -> str:
    if not rows:
        return ""
    first = min(e.valid_from for e in rows)
    return f", since {us_date(first)}"


def day_after(day: date) -> date:
    return FOR_GOOD if day == FOR_GOOD else day + timedelta(1)
