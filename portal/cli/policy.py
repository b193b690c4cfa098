"""Policy packs on the command line."""

from collections.abc import Callable
from pathlib import Path

import click

from portal.cli.common import common
from portal.config import Settings
from workflows import policy as packs


@click.group("policy")
def policy_group() -> None:
    """Policy packs."""


@policy_group.command("show")
@common
def policy_show(settings: Callable[..., Settings]) -> None:
    """What the pack says."""
    pack = packs.load(settings(needs_secret=False).policy)
    click.echo(f"{pack.name}, version {pack.version[:12]}, {len(pack.prerequisites)} prerequisites")
    for p in pack.prerequisites:
        click.echo(f"  {p.id:<32}{p.on_lapse:<10}{p.title} [{p.cite}; {p.basis}]")


@policy_group.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@common
def policy_check(_settings: Callable[..., Settings], file: Path) -> None:
    """Whether a pack is valid; file, stanza and field of what is not."""
    pack = packs.load(file)
    click.echo(
        f"{file.name} is valid: {pack.name}, {len(pack.prerequisites)} prerequisites, version {pack.version[:12]}."
    )
