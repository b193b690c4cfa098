"""The answer to 'was this person authorized on that day?' in a sentence, and what belongs beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.services.people.access_then import ASKED, ENDED, LIVE, NONE, SUSPENDED, Spell
from portal.services.people.time_machine import Known, Then
from workflows import gate
from workflows.business_time import local_day, us_date
from workflows.findings import Status
from workflows.questions import FOR_GOOD
from workflows.vocabulary import About, Kind

YES, PART, NO, AHEAD = "yes", "part", "no", "forecast"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of YES, PART, NO, AHEAD; the sentence that answers; and further sentences that a reader needs to judge it."""

    answer: str
    sentence: str
    further: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """How people and things are called in the sentences; `levels` are the titles of the access levels by id."""

    person: str
    agency: str
    levels: Mapping[str, str]
    zone_name: str = "Eastern"


def verdict(then: Then, names: Names) -> Verdict:
    """Whether access was live on the day, from what was done; and beside it what the gate says of that day."""
    if then.ahead:
        answer, sentence = AHEAD, _forecast(then, names)
    else:
        answer, sentence = _answer(then, names)
    return Verdict(answer, sentence, tuple(_further(then)))


def clock(moment: datetime, zone: str) -> str:
    """'2:10 p.m.' for a naive UTC moment in the Lead's zone."""
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return f"{local.hour % 12 or 12}:{local.minute:02} {'a.m.' if local.hour < 12 else 'p.m.'}"


def when(moment: datetime, zone: str) -> str:
    """'March 1, 2027 at 2:10 p.m.' for a naive UTC moment in the Lead's zone."""
    return f"{us_date(local_day(moment, zone))} at {clock(moment, zone)}"


def _answer(then: Then, names: Names) -> tuple[str, str]:
    day, spells, person = us_date(then.day), then.spells, names.person
    live = [spell for spell in spells if spell.status == LIVE]
    so_far = f" up to {clock(then.moment, then.zone)}" if then.unfinished else ""
    to_use = f"authorized to use the core HMIS at {names.agency}{_as(then, names)}"
    if not live:
        return NO, f"No: {_why_not(then, names)}"
    if len(spells) == 1:
        return YES, f"Yes. On {day}{so_far} {person} was {to_use}.{_inherited(then)}"
    if len(live) == 1 and live[0] is spells[-1]:
        began = "restored" if spells[-2].status == SUSPENDED else "issued"
        at = clock(live[0].since, then.zone)
        return PART, f"Yes, from {at} on. On {day} access was {began} at {at}: from then on {person} was {to_use}."
    if len(live) == 1 and live[0] is spells[0]:
        over = spells[1]
        at = clock(over.since, then.zone)
        return (
            PART,
            f"Yes, until {_full(at)} On {day} {person} was {to_use}, until {at}; {_full(_after(over, spells[-1]))}",
        )
    return PART, f"For part of the day. On {day} {person} was {to_use}: {_full(_parts(spells, then.zone))}"


def _as(then: Then, names: Names) -> str:
    if then.details is None:
        return ""
    level = names.levels.get(then.details.access_level, then.details.access_level)
    return f", as {then.details.user_id}" + (f", level {level}" if level else "")


def _inherited(then: Then) -> str:
    if then.details is None or not then.details.inherited:
        return ""
    return " This access is inherited: it existed before the portal ruled it, and no decision of the gate permitted it."


def _after(over: Spell, last: Spell) -> str:
    words = {SUSPENDED: "suspended then", ENDED: "ended then"}.get(over.status, "over then")
    because = f", because: {over.why}" if over.why else ""
    return words + because + (f", and {_STATE[last.status]} at the end of the day" if last is not over else "")


_STATE = {
    LIVE: "live",
    SUSPENDED: "suspended",
    ENDED: "ended",
    ASKED: "asked for, not issued",
    NONE: "not asked for",
}


def _parts(spells: Sequence[Spell], zone: str) -> str:
    said = [f"{_STATE[spells[0].status]} when the day began"]
    said += [f"{_STATE[spell.status]} from {clock(spell.since, zone)}" for spell in spells[1:]]
    return ", ".join(said)


def _why_not(then: Then, names: Names) -> str:
    spell, day, zone = then.state, us_date(then.day), then.zone
    because = f", because: {spell.why}" if spell.why else ""
    match spell.status:
        case "suspended":
            since = when(spell.since, zone)
            return (
                f"on {day} the access of {names.person} at {names.agency} was suspended (since {since}){_full(because)}"
            )
        case "ended":
            ended = when(spell.since, zone)
            return f"on {day} {names.person} had no access at {names.agency}: it had ended on {_full(ended + because)}"
        case "asked":
            asked = us_date(local_day(spell.since, zone))
            return f"access for {names.person} at {names.agency} was asked for on {asked} and not issued by the end of {day}."
    return f"on {day} nothing gave {names.person} access at {names.agency}, and nobody had asked for it."


def _forecast(then: Then, names: Names) -> str:
    known, day = us_date(local_day(then.moment, then.zone)), us_date(then.day)
    if then.state.status not in (LIVE, SUSPENDED):
        open_or_not = "be open" if then.said.permitted else f"stay shut: {_titles(then.said.unmet)} would not be met"
        return (
            f"Forecast. By what was known on {known}, {names.person} has no access at {names.agency}; on {day} the gate "
            f"would {open_or_not}."
        )
    if then.said.closes:
        return (
            f"Forecast: no. By what was known on {known}, the access of {names.person} at {names.agency} is suspended on "
            f"{day}: {_titles(then.said.closing)} would not be met."
        )
    if then.said.unmet:
        return (
            f"Forecast: yes. By what was known on {known}, {names.person} keeps access at {names.agency} on {day}, though "
            f"{_titles(then.said.unmet)} would not be met: that closes nobody, and holds or warns only."
        )
    return (
        f"Forecast: yes. By what was known on {known}, {names.person} is authorized to use the core HMIS at "
        f"{names.agency} on {day}: every prerequisite that applies would be met."
    )


def _further(then: Then) -> list[str]:
    said = [] if then.ahead else [_gate_says(then.said)]
    if then.state.status == LIVE and not then.ahead and then.said.unmet:
        said.append(_still_open(then.said))
    said += [*_taken_over(then), *_core(then)]
    if then.said_today is not None:
        opens = "be open" if then.said_today.permitted else f"be shut: {_titles(then.said_today.unmet)}"
        said.append(f"Under today's policy pack the gate would {opens}.")
    if then.learned:
        as_known = "by then" if then.question.known is Known.THEN else "at that moment"
        said.append(
            f"What became known later changes the gate's answer about {_listed([each.title for each in then.learned])}; "
            f"this answer goes by what was known {as_known}."
        )
    return said


def _gate_says(said: gate.Decision) -> str:
    applies = [finding for finding in said.findings if finding.status is not Status.NOT_APPLICABLE]
    if said.permitted:
        waived = sum(finding.status is Status.WAIVED for finding in applies)
        besides = f" ({waived} of them waived)" if waived else ""
        return f"All {len(applies)} prerequisites that applied on that day were met{besides}."
    were = "was" if len(said.unmet) == 1 else "were"
    titles = _titles(said.unmet)
    return f"{len(said.unmet)} of the {len(applies)} prerequisites that applied on that day {were} not met: {titles}."


def _still_open(said: gate.Decision) -> str:
    if not said.closes:
        return "What was not met closes nobody who has access: it holds new access or warns, as the pack says."
    return "That calls for suspension, which follows at once or on the next business morning, as the pack says."


def _taken_over(then: Then) -> list[str]:
    """From when the gate rules what it never let in: the evidence of inheritance says until when it does not."""
    if then.details is None or not then.details.inherited:
        return []
    member = (About.MEMBERSHIP, then.said.member.id)
    rows = [f for f in then.said.facts if f.kind == Kind.INHERITED and (f.about, f.subject_id) == member]
    last = max((row.valid_until for row in rows), default=FOR_GOOD)
    return [] if last == FOR_GOOD else [f"The gate rules this access from {us_date(last + timedelta(1))}."]


def _core(then: Then) -> list[str]:
    details, zone = then.details, then.zone
    if details is None or then.ahead:
        return []
    if then.state.status == LIVE:
        if details.confirmed_at is None:
            return ["The core HMIS had not confirmed the account by then, so it could not be used yet."]
        return [f"The core HMIS confirmed the account on {_full(when(details.confirmed_at, zone))}"]
    if then.state.status in (SUSPENDED, ENDED) and not details.core_agrees:
        return ["The core HMIS had been told to close the account, and had not confirmed it by then."]
    return []


def _full(words: str) -> str:
    """With one full stop at its end: 'p.m.' has one of its own."""
    return words.removesuffix(".") + "."


def _titles(findings: Sequence[gate.Finding]) -> str:
    return _listed([finding.title for finding in findings])


def _listed(titles: Sequence[str], most: int = 4) -> str:
    """'a', 'a and b', 'a, b, c, d and 3 more'."""
    shown, rest = list(titles[:most]), len(titles) - most
    if rest > 0:
        shown.append(f"{rest} more")
    return shown[0] if len(shown) == 1 else f"{'; '.join(shown[:-1])} and {shown[-1]}"
