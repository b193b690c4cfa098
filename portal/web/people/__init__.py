"""People at Agencies: the list, asking for access, 'Why not yet?', and leaving."""

from importlib import import_module

from portal.web.people.room import blueprint

for _module in ("listing", "asking", "one", "acts", "helping", "checks", "then"):
    import_module(f"portal.web.people.{_module}")

__all__ = ["blueprint"]
