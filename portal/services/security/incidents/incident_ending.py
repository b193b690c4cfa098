"""How an incident ends: the finding with what is to be put right, closing, and opening it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import permissions
from portal.actors import Actor
from portal.models import CorrectiveAction, Incident
from portal.models.security.incidents import FINDINGS
from portal.refusals import Refused, a_reason, bad_input
from portal.services.security.actions import actions
from portal.services.security.incidents import incident_chain
from portal.services.security.incidents.incident_timeline import say, some_words
from portal.services.transition import transition
from workflows.actions import Action
from workflows.client_data import looks_like_client
from workflows.policy import Policy
from workflows.vocabulary import LEAD, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What has to be put right, and until when: a corrective action is opened for it."""

    wrong: str
    doing: str = ""
    due: date | None = None
    owner_id: int | None = None


def conclude(
    session: Session, incident: Incident, *, finding: str, conclusion: str, corrections: Sequence[Correction] = (), actor: Actor,
    now: datetime, policy: Policy,
) -> None:  # fmt: skip
    """The investigator's finding, with the reasons. Where something was found, at least one correction is opened with it.

    BAD_INPUT by field; NOT_ALLOWED for whoever does not investigate it.
    """
    permissions.check(session, actor, Action.INCIDENT_CONCLUDE, incident)
    if finding not in FINDINGS:
        raise bad_input("Choose whether a violation was found.", "finding")
    words = some_words(conclusion, "Say what was found and how you know.", "conclusion")
    if found := looks_like_client(words):
        raise bad_input(f"{found[0]} Reword it: the conclusion is read by others.", "conclusion")
    transition(session, incident, "conclude", actor=actor, now=now)
    incident.finding, incident.conclusion = finding, words
    incident.concluded_by, incident.concluded_at = actor.person_id, now
    session.flush()
    for each in corrections:
        _open(session, incident, each, actor=actor, now=now, policy=policy)
    if finding == "found" and not _corrected(session, incident):
        raise bad_input("A violation was found, so say what has to be put right, by whom and until when.", "wrong")
    said = "A violation was found" if finding == "found" else "No violation was found"
    say(session, incident, f"{said}: {words}", actor=actor, now=now)


def close(session: Session, incident: Incident, *, reason: str, actor: Actor, now: datetime) -> None:
    """Closes it once everybody was told whom the chain of communication names; CONFLICT with who was not."""
    permissions.check(session, actor, Action.INCIDENT_CLOSE, incident)
    why = a_reason(reason, "Say in a few words why nothing is left to do.")
    if left := incident_chain.undone(session, incident):
        raise Refused(Reason.CONFLICT, f"Still to be done before it is closed: {'; '.join(left)}.", "reason")
    transition(session, incident, "close", actor=actor, now=now)
    incident.closed_at = now
    session.flush()
    say(session, incident, f"Closed: {why}", actor=actor, now=now)


def reopen(session: Session, incident: Incident, *, reason: str, actor: Actor, now: datetime) -> None:
    """Opens it again, to be investigated by the same person; what was concluded stays in the timeline."""
    why = a_reason(reason, "Say what has come up.")
    before = f"The conclusion of before: {incident.conclusion}"
    transition(session, incident, "reopen", actor=actor, now=now)
    incident.finding, incident.conclusion, incident.concluded_by = "", "", None
    incident.concluded_at = incident.closed_at = None
    session.flush()
    say(session, incident, f"Opened again: {why}", actor=actor, now=now)
    say(session, incident, before, actor=actor, now=now, kind="note")


def corrections(session: Session, incident: Incident) -> Sequence[CorrectiveAction]:
    """What is being put right because of it."""
    mine = select(CorrectiveAction).where(CorrectiveAction.incident_id == incident.id)
    return session.scalars(mine.order_by(CorrectiveAction.id)).all()


def _corrected(session: Session, incident: Incident) -> bool:
    mine = (CorrectiveAction.incident_id == incident.id, CorrectiveAction.status != "withdrawn")
    return bool(session.scalar(select(func.count()).where(*mine)))


def _open(
    session: Session, incident: Incident, each: Correction, *, actor: Actor, now: datetime, policy: Policy
) -> None:
    if each.due is None:
        raise bad_input("Enter the day until which it is put right.", "due")
    if found := looks_like_client(f"{each.wrong}\n{each.doing}"):
        raise bad_input(f"{found[0]} Reword it.", "wrong")
    actions.open_action(
        session, agency_id=LEAD if incident.agency_id is None else incident.agency_id, source=actions.Source(incident_id=incident.id),
        category=incident.category, wrong=each.wrong, doing=each.doing, due=each.due, owner_id=each.owner_id, actor=actor, now=now,
        policy=policy,
    )  # fmt: skip
