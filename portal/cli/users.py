"""The portal's own people, named on the server."""

from collections.abc import Callable

import click
from sqlalchemy.orm import Session

from portal.cli.common import common, whoever
from portal.config import Settings
from portal.db import transaction
from portal.models import Person


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


@user_group.command("unlock")
@click.argument("email")
@click.option("--reason", required=True, help="Why; it stands on record.")
@common
def user_unlock(settings: Callable[..., Settings], email: str, reason: str) -> None:
    """Let a locked person sign in again: the Lead's way back when nobody is left who could."""
    from portal.services import packs
    from portal.services.account import lockout
    from portal.wiring import make_context

    context = make_context(settings())
    with transaction(context.sessions) as session:
        person, policy = _known(session, email), packs.in_force(session, context.policy)
        lockout.unlock(session, person=person, reason=reason, actor=whoever(), now=context.clock(), policy=policy)
        name = person.name
    click.echo(f"{name} can sign in again.")


@user_group.command("reset-mfa")
@click.argument("email")
@common
def user_reset_mfa(settings: Callable[..., Settings], email: str) -> None:
    """Take a lost second factor away: the next sign-in, by password, sets up a new one."""
    from portal.services.account import vouching
    from portal.wiring import make_context

    context = make_context(settings())
    with transaction(context.sessions) as session:
        person = _known(session, email)
        vouching.reset_by_operator(session, person=person, actor=whoever(), now=context.clock())
        name = person.name
    click.echo(f"{name} sets up a new second factor at the next sign-in, and was signed out everywhere.")


def _known(session: Session, email: str) -> Person:
    """The person with this address, or a refusal that says so."""
    from portal.refusals import bad_input
    from portal.services.account.sign_in import by_email

    person = by_email(session, email)
    if person is None:
        raise bad_input(f"Nobody in the portal has the address {email!r}. Check its spelling.")
    return person
