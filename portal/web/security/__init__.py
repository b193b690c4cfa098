"""Reviews, incidents, sanctions, plans: the rooms register their pages on one blueprint."""

from portal.web.security import index
from portal.web.security.room import blueprint

__all__ = ["blueprint", "index"]
