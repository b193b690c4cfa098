"""The portal that decides who may enter the core HMIS: everything that touches the world."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from portal.config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The web application; settings come from the environment unless given. Refuses to start without its secrets."""
    from portal.web.app import build  # the tables and the command line must not load the web

    return build(settings)
