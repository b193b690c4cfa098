"""Files that are brought in: agencies and projects, quiz results."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from portal.cli.common import common, fail, whoever
from portal.config import Settings


@click.group("import")
def import_group() -> None:
    """Bring files in."""


def _importing(settings: Callable[..., Settings], dry_run: bool, work: Callable[..., Any]) -> None:
    from portal.services import packs
    from portal.wiring import make_context

    context = make_context(settings())
    with context.sessions() as session, session.begin() as change:
        report = work(session, actor=whoever(), now=context.clock(), policy=packs.in_force(session, context.policy))
        if dry_run or report.refused:
            change.rollback()
    for line in report.lines():
        click.echo(line)
    if report.refused:
        fail("Nothing was imported. Mend the rows named above, or leave them out with --skip-bad.")


@import_group.command("hmis-csv")
@click.argument("directory", type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True)
@click.option("--skip-bad", is_flag=True)
@common
def import_hmis_csv(settings: Callable[..., Settings], directory: Path, dry_run: bool, skip_bad: bool) -> None:
    """Agencies and projects from a folder or zip of HMIS CSV files."""
    from portal.adapters import hmis_csv
    from portal.services.desk import import_hmis

    reading_ = hmis_csv.read(directory)
    _importing(
        settings,
        dry_run,
        lambda session, **who: import_hmis.import_reading(session, reading_, skip_bad=skip_bad, **who),
    )


@import_group.command("training")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True)
@click.option("--skip-bad", is_flag=True)
@common
def import_training(settings: Callable[..., Settings], file: Path, dry_run: bool, skip_bad: bool) -> None:
    """Quiz results from the LMS's export or a plain CSV file."""
    from portal.services.desk import import_training as training

    content = file.read_bytes()
    _importing(
        settings,
        dry_run,
        lambda session, **who: training.import_file(session, content, file.name, skip_bad=skip_bad, **who),
    )
