"""What a mail about an outage is about: what was said, which systems, from when until when, in the Lead's time."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal.models import OutageUpdate
from portal.wiring import Context
from workflows.outage_pack import Impact, OutageKind
from workflows.wall_time import moment_words, span_words

HEADINGS = {
    "announced": {"planned": "Planned outage", "unplanned": "Outage", "weekly": "Weekly maintenance"},
    "update": {"": "Update"},
    "corrected": {"": "New times"},
    "ended": {"": "Over"},
    "called_off": {"": "Called off", "unplanned": "No outage"},
}


def outage_facts(session: Session, facts: dict[str, Any], payload: Mapping[str, Any], context: Context) -> None:
    """Puts the outage and what was said into the facts of a mail; nothing where the mail is about none."""
    facts["outage"] = facts["update"] = None
    if not payload.get("update_id"):
        return
    update = session.get_one(OutageUpdate, payload["update_id"])
    outage, zone = update.outage, context.policy.zone
    named = HEADINGS[update.kind]
    facts["outage"], facts["update"] = outage, update
    facts["outage_heading"] = named.get(outage.kind) or named[""]
    facts["outage_systems"] = ", ".join(context.policy.outages.named(each) for each in outage.systems)
    facts["outage_trouble"] = outage.impact == Impact.TROUBLE
    facts["outage_paragraphs"] = update.said.splitlines()
    if outage.ended_at is not None:
        facts["outage_when"] = span_words(outage.starts_at, outage.ended_at, zone)
    elif outage.kind == OutageKind.UNPLANNED:
        expected = outage.ends_expected_at
        until = (
            f", expected to be over on {moment_words(expected, zone)}" if expected else "; nobody knows yet until when"
        )
        facts["outage_when"] = f"Since {moment_words(outage.starts_at, zone)}{until}"
    else:
        facts["outage_when"] = span_words(outage.starts_at, outage.ends_expected_at, zone)
