"""Every blueprint of the portal, in one list."""

from collections.abc import Sequence
from importlib import import_module

from flask import Blueprint

MODULES = (
    "account",
    "home",
    "signing",
    "documents",
    "agency",
    "people",
    "waivers",
    "reporting",
    "security",
    "desk",
    "go",
    "day_one",
    "orders",
    "library",
    "helpdesk.help",
    "helpdesk.knowledge",
    "helpdesk.tickets",
    "helpdesk.mail",
    "helpdesk.outages",
    "helpdesk.requests",
    "helpdesk.feedback",
    "public",
    "board",
    "roles",
)


def all_of_them(*, demo: bool) -> Sequence[Blueprint]:
    """The blueprints to register; the demonstration's one-click sign-in exists in the demonstration only."""
    names = (*MODULES, "demo") if demo else MODULES
    return [import_module(f"portal.web.{name}").blueprint for name in names]
