"""The monthly review of the service requests falls due: the Lead's administrators are reminded of it ('Lead Agency')."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from portal.services import holders
from portal.services.helpdesk.requests import request_lists
from portal.services.security.duty import Duty, Looker
from workflows.business_time import us_date
from workflows.policy import Policy
from workflows.vocabulary import Role

MONTH = "/service-requests/month?month="


def due(session: Session, on: date, policy: Policy, looker: Looker | None) -> Iterable[Duty]:
    """The review of the latest month that is over and not reviewed; of everybody, or of whoever looks. Three statements at most."""
    if looker is not None and Role.LEAD_ADMIN not in looker.lead_roles:
        return
    waits = request_lists.month_due(session, on=on, policy=policy)
    if waits is None:
        return
    month, until = waits
    people = {looker.person_id} if looker else holders.of_the_lead(session, Role.LEAD_ADMIN, on=on)
    yield Duty(
        f"service-requests:{month:%Y-%m}", f"Review the service requests of {month:%B %Y}", until, frozenset(people),
        f"{MONTH}{month:%Y-%m}", f"By {us_date(until)}. What you saw is kept with the list.",
    )  # fmt: skip
