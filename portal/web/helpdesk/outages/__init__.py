"""Outages: what everybody sees, what programs read, and what the staff do about them."""

from portal.web.helpdesk.outages import acts, answering, evenings, feeds, managing, public
from portal.web.helpdesk.outages.room import blueprint

__all__ = ["acts", "answering", "blueprint", "evenings", "feeds", "managing", "public"]
