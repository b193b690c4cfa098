"""What the pages of service requests share: the blueprint, and how a status is called."""

from flask import Blueprint, url_for

from portal.models import ServiceRequest
from portal.services.helpdesk.requests.request_lists import is_late
from portal.web.kernel import today

blueprint = Blueprint("service_requests", __name__, url_prefix="/service-requests")

STATES = {
    "asked": ("open", "Asked for"),
    "accepted": ("accepted", "Accepted"),
    "in_progress": ("in_progress", "In progress"),
    "delivered": ("waiting", "Delivered"),
    "resolved": ("done", "Resolved"),
    "declined": ("declined", "Declined"),
}


def to_request(row: ServiceRequest) -> str:
    return url_for("service_requests.one", request_id=row.id)


def state(row: ServiceRequest) -> tuple[str, str]:
    """The status to show, with its words; what is late says so."""
    return ("overdue", f"{STATES[row.status][1]}, overdue") if is_late(row, today()) else STATES[row.status]
