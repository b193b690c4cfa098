"""Day one: the steps by which everything that was there before the portal comes in."""

from portal.web.day_one import index, lacking, lists, scans
from portal.web.day_one.room import blueprint

__all__ = ["blueprint", "index", "lacking", "lists", "scans"]
