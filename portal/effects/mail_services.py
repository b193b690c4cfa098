"""What a mail about a service request says: what came of it, while that is still so."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal.models import ServiceRequest
from workflows.client_data import looks_like_client

WORDS = {"resolved": "resolved", "declined": "declined"}


def service_facts(session: Session, facts: dict[str, Any], payload: Mapping[str, Any]) -> bool:
    """Puts the request into the facts; False where it goes on again by now."""
    row = session.get(ServiceRequest, payload["service_id"]) if payload.get("service_id") else None
    facts["service"] = row
    if row is None:
        return True
    facts["service_title"] = "" if looks_like_client(row.title) else row.title
    facts["service_state"] = WORDS.get(row.status, "")
    return bool(facts["service_state"])
