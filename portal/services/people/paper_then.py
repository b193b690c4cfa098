"""The paper 'Was this person authorized on that date?': what it says, and the record of who asked for it."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from portal import audit, permissions
from portal.actors import Actor
from portal.adapters.pdf.authorization import Line, Paper
from portal.models import Membership, Person
from portal.services.people.time_machine import Known, Then
from portal.services.people.verdict import Names, Verdict, verdict, when
from workflows import gate
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.findings import Status
from workflows.policy import Policy
from workflows.questions import FOR_GOOD, Needs

STATUS = {Status.MET: "Met", Status.UNMET: "Not met", Status.WAIVED: "Waived", Status.NOT_APPLICABLE: "Does not apply"}
STATES = {
    "none": "None: not asked for",
    "asked": "None: asked for",
    "live": "Live",
    "suspended": "Suspended",
    "ended": "Ended",
}
ABOUT = {
    "issue": "issuing access",
    "change": "changing access",
    "suspend": "suspending access",
    "restore": "restoring access",
    "inherit": "taking over access older than the portal",
    "inherited": "access older than the portal",
}
LONGEST = 130


def names_of(membership: Membership, policy: Policy) -> Names:
    """How the person, the Agency and the levels are called, today's words for all of them."""
    levels = {level.id: level.title for level in policy.access_levels}
    return Names(membership.person.name, membership.agency.name, levels)


def take(
    session: Session, then: Then, membership: Membership, *, actor: Actor, now: datetime, policy: Policy, mark: str = ""
) -> Paper:
    """The paper about an answer, and one row on record that it was taken: it is personal data that leaves the portal.

    NOT_ALLOWED for whoever may not certify; `mark` stands in its corner.
    """
    permissions.check(session, actor, Action.STANDING_CERTIFY, membership)
    names = names_of(membership, policy)
    said = verdict(then, names)
    audit.record(
        session, actor=actor, now=now, act="standing.certify", thing=membership,
        after={"day": then.day.isoformat(), "known_at": then.known_at.isoformat(), "answer": said.answer},
        decision_id=then.decision.id if then.decision else None,
        said=f"Took the paper about the authorization of {names.person} on {us_date(then.day)}: {said.answer}.",
    )  # fmt: skip
    return _paper(then, membership.person, names, said, actor, policy, mark)


def _paper(then: Then, person: Person, names: Names, said: Verdict, actor: Actor, policy: Policy, mark: str) -> Paper:
    asked = f"Asked for by {actor.name} on {when(then.now, then.zone)} {names.zone_name}"
    return Paper(
        question=f"{names.person}, {names.agency}: {us_date(then.day)}, as known {known_words(then, names.zone_name)}",
        answer=said.sentence,
        further=said.further,
        facts=facts(then, names, person.email),
        lines=[_line(finding, then) for finding in then.said.findings],
        proof=proof(then, names.zone_name),
        asked_by=asked,
        mark=mark or "Personal data: for audit only",
        author=policy.lead,
    )


def known_words(then: Then, zone_name: str) -> str:
    """'at the end of that day', 'today', or the moment."""
    if then.question.known is Known.THEN and not then.ahead and not then.unfinished:
        return "at the end of that day"
    return f"on {when(then.known_at, then.zone)} {zone_name}"


def facts(then: Then, names: Names, email: str) -> list[tuple[str, str]]:
    """Labels and values: whom it is about, and how access stood."""
    details, zone = then.details, then.zone
    pairs = [("Person", f"{names.person} ({email})"), ("Agency", names.agency)]
    if details is not None:
        pairs += [
            ("User ID", details.user_id),
            ("Access level", names.levels.get(details.access_level, details.access_level) or "not on record"),
        ]
    pairs.append(("Access", STATES[then.state.status] + (" (inherited)" if details and details.inherited else "")))
    if then.state.status != "none":
        pairs.append(("Since", f"{when(then.state.since, zone)} {names.zone_name}"))
    if then.state.why:
        pairs.append(("Because", then.state.why))
    pairs += [("Waived", sentence) for sentence in then.waived]
    if details is not None:
        confirmed = f"{when(details.confirmed_at, zone)}" if details.confirmed_at else "Not confirmed by then"
        pairs += [("Issued", when(details.issued_at, zone)), ("In the core HMIS", confirmed)]
    return pairs


def proof(then: Then, zone_name: str) -> list[tuple[str, str]]:
    """Labels and values: the decision it rests on, the pack, the fingerprint, and whether it proves itself."""
    pack = f"{then.pack.policy.name}, version {then.pack.policy.version}: {then.pack.how}"
    if then.decision is None or then.proof is None:
        return [("Decision", "None had been made by then."), ("Policy pack", pack)]
    made = when(then.decision.made_at, then.zone)
    about = ABOUT.get(then.decision.made_for, then.decision.made_for)
    outcome = f"The gate was asked about {about}: {then.decision.outcome}"
    return [
        ("Decision", f"Number {then.decision.id}, made on {made} {zone_name}. {outcome}."),
        ("Policy pack", pack),
        ("Fingerprint", f"SHA-256 {then.decision.fingerprint}"),
        ("Proof", then.proof.sentence),
    ]


def dates(finding: gate.Finding, then: Then) -> str:
    """From when to when the evidence of a finding holds, the US way and short; what speaks for itself says so."""
    rows = [row for row in then.said.facts if row.id in finding.evidence]
    if finding.status is Status.NOT_APPLICABLE:
        return ""
    if finding.status is Status.UNMET:
        return f"Missing since {_short(finding.since)}" if finding.since else "Missing"
    if not rows:
        return "Nothing open" if finding.prerequisite.needs is Needs.ABSENT else ""
    first, last = max(row.valid_from for row in rows), finding.valid_until
    return f"{_short(first)} to {_short(last)}" if last and last < FOR_GOOD else f"Since {_short(first)}"


def _line(finding: gate.Finding, then: Then) -> Line:
    title = finding.title
    if finding.status is Status.UNMET:
        title = f"{title}: {_cut(finding.sentence)}"
    return Line(title, STATUS[finding.status], dates(finding, then), finding.status is not Status.UNMET)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def _short(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def file_name(then: Then, person: Person) -> str:
    """'authorization-2027-03-01-17.pdf': the day and the person's number, no name."""
    return f"authorization-{then.day.isoformat()}-{person.id}.pdf"
