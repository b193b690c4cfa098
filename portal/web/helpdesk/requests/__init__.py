"""Service requests: the list, one request, changes of programs, and the month's review."""

from portal.web.helpdesk.requests import months, programs, requests
from portal.web.helpdesk.requests.room import blueprint

__all__ = ["blueprint", "months", "programs", "requests"]
