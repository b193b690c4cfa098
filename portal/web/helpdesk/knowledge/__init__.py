"""The knowledge base: what everybody reads, and where the staff write it."""

from portal.web.helpdesk.knowledge import managing, reading, writing
from portal.web.helpdesk.knowledge.room import blueprint

__all__ = ["blueprint", "managing", "reading", "writing"]
