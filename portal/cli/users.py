"""The portal's own people, named on the server."""

from collections.abc import Callable

import click

from portal.cli.common import common, whoever
from portal.config import Settings
from portal.db import transaction


@click.group("user")
def user_group() -> None:
    """The portal's own people."""


@user_group.command("invite")
@click.argument("email")
@click.option("--role", required=True)
@click.option("--agency", default="", help="An Agency's name; without it, the Lead's own organization.")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@common
def user_invite(
    settings: Callable[..., Settings], email: str, role: str, agency: str, first_name: str, last_name: str
) -> None:
    """Name a person, give a role, and mail an invitation: how the Lead's first administrator comes in."""
    from portal.services import founding, packs
    from portal.wiring import make_context

    context = make_context(settings())
    with transaction(context.sessions) as session:
        person = founding.invite(
            session, email=email, role=role, agency_name=agency, first_name=first_name, last_name=last_name, actor=whoever(),
            now=context.clock(), policy=packs.in_force(session, context.policy),
        )  # fmt: skip
        name = person.name
    click.echo(f"{name} was invited as {role}. The link is mailed by the worker.")
