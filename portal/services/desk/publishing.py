"""Documents in force: the Lead publishes a version from a day on, and whoever signed an older one signs again."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms import documents
from portal import permissions
from portal.actors import Actor
from portal.models import Agency, Evidence
from portal.refusals import Refused, bad_input
from portal.services import daily, evidence
from portal.services.paperwork import again
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.policy import Policy
from workflows.vocabulary import LEAD, About, Kind, Reason

YEARS = range(2020, 2101)
"""The years that an inventory may name."""


def publish(session: Session, *, kind: str, version: str, in_force_from: date, actor: Actor, now: datetime) -> Evidence:
    """Puts a version of a document, or an inventory year, in force from a day: whoever signed an older one re-signs.

    The agreements that the gate asks for in the version in force go out by themselves (services/paperwork/again.py). How
    long the older one still counts is the grace of the pack's prerequisite.
    """
    lead = session.get_one(Agency, LEAD)
    permissions.check(session, actor, Action.EVIDENCE_DECIDE, lead)
    if version not in publishable(kind):
        known = ", ".join(publishable(kind)[-6:])
        raise bad_input(f"There is no version {version[:20]!r} of this document. There are: {known}.", "version")
    for row in published(session, kind):
        if row.withdrawn_at == datetime.max and row.version == version:
            raise Refused(
                Reason.ALREADY_DONE,
                f"Version {version} is published already, in force from {us_date(row.valid_from)}.",
                "version",
            )
    row = evidence.record(
        session,
        actor=actor,
        now=now,
        kind=Kind.PUBLISHED,
        about=About.LEAD,
        subject_id=LEAD,
        detail=kind,
        version=version,
        valid_from=in_force_from,
    )
    if kind in again.AGAIN:
        daily.ask_to_sign_again(session, now=now)
    return row


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing a version will do: how many are asked to sign it, until when, and what happens afterwards."""

    signed: bool
    asked: int
    last_day: date | None
    consequence: str


def preview(session: Session, *, kind: str, version: str, in_force_from: date, on: date, policy: Policy) -> Preview:
    """What the page says before anything is published; `signed` is False for what nobody is asked to sign by itself."""
    signed = kind in again.AGAIN
    return Preview(
        signed,
        again.to_ask(session, kind, version, on=on) if signed else older_signed(session, kind, version, on=on),
        again.last_day(policy, kind, in_force_from),
        again.consequence(policy, kind),
    )


def publishable(kind: str) -> tuple[str, ...]:
    """The versions that can be put in force: the texts there are; years for the inventory, whose evidence names one."""
    if kind == Kind.HOUSING_INVENTORY:
        return tuple(str(year) for year in YEARS)
    return documents.versions(kind) if kind in documents.kinds() else ()


def published(session: Session, kind: str = "") -> list[Evidence]:
    """What the Lead has published, the latest first, withdrawn rows among it."""
    query = select(Evidence).where(Evidence.about == About.LEAD, Evidence.kind == Kind.PUBLISHED)
    if kind:
        query = query.where(Evidence.detail == kind)
    return list(session.scalars(query.order_by(Evidence.valid_from.desc(), Evidence.id.desc())))


def older_signed(session: Session, kind: str, version: str, *, on: date) -> int:
    """How many subjects hold this kind in another version today."""
    return (
        session.scalar(
            select(func.count(func.distinct(Evidence.subject_id))).where(
                Evidence.kind == kind,
                Evidence.version != version,
                *Evidence.in_force(on),
                Evidence.about != About.LEAD,
            )
        )
        or 0
    )
