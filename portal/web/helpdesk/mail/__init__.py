"""The help desk's mailbox: how it stands, and what came in and became no ticket."""

from portal.web.helpdesk.mail import arrivals
from portal.web.helpdesk.mail.room import blueprint

__all__ = ["arrivals", "blueprint"]
