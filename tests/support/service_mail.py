"""What the mail about a service request is about: one that somebody asked for and that was declined."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.actors import Actor
from portal.services.helpdesk.requests import service_requests
from workflows.vocabulary import LEAD, Role


def about_service(
    session: Session, name: str, *, person_id: int, agency_id: int, now: datetime, said: str = "The vendor does not do it."
) -> dict[str, Any]:  # fmt: skip
    """The id that the payload of such a mail carries; nothing for all others."""
    if name != "service_ended":
        return {}
    lead = Actor(person_id=None, name="A Lead administrator", roles=frozenset({(LEAD, Role.LEAD_ADMIN)}))
    row = service_requests.ask(
        session, title=f"A bell: {said}"[:150], description="It rings when a bed is free.", sent_to="vendor", agency_id=agency_id, actor=lead,
        now=now,
    )  # fmt: skip
    row.asked_by = person_id
    service_requests.decline(session, row, resolution=said, actor=lead, now=now, told=True)
    return {"service_id": row.id}
