"""The staff's room of tickets: the list, one ticket, what is done with it, ready answers."""

from portal.web.helpdesk.tickets import acts, bulk, listing, one, ready, starts
from portal.web.helpdesk.tickets.room import blueprint

__all__ = ["acts", "blueprint", "bulk", "listing", "one", "ready", "starts"]
