"""An outage that a mail is about, for the tests that look at every mail there is."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.models import Outage, OutageUpdate


def about_outage(
    session: Session, name: str, *, now: datetime, said: str = "The HMIS cannot be reached."
) -> dict[str, int]:
    """What a mail about an outage carries; nothing for any other mail."""
    if name != "outage_said":
        return {}
    outage = Outage(
        kind="planned", title=said, systems=["core_hmis"], starts_at=now, ends_expected_at=now + timedelta(hours=1),
        announced_at=now, touched_at=now,
    )  # fmt: skip
    session.add(outage)
    session.flush()
    update = OutageUpdate(outage_id=outage.id, kind="announced", at=now, said=f"{said}\nWait.", tells="admins", told=1)
    session.add(update)
    session.flush()
    return {"update_id": update.id}
