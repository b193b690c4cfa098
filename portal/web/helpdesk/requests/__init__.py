"""Service requests: the list, one request, and the month's review."""

from portal.web.helpdesk.requests import months, requests
from portal.web.helpdesk.requests.room import blueprint

__all__ = ["blueprint", "months", "requests"]
