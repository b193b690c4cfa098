"""Going straight to a person, an Agency, a ticket or a page: one field on every page, and the same by keyboard."""

from portal.web.go import finding
from portal.web.go.room import blueprint

__all__ = ["blueprint", "finding"]
