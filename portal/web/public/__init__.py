"""What everybody may see: the front door, how an Agency joins, trainings, verification; and whether the portal is alive."""

from portal.web.public import alive, checking, front
from portal.web.public.room import blueprint

__all__ = ["alive", "blueprint", "checking", "front"]
