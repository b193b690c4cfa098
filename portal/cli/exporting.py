"""Lists that are taken away: the portal's accounts as a roster, and the decisions of a period."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from portal.cli.common import common, fail, whoever
from portal.config import Settings

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("export")
def export_group() -> None:
    """Take lists away."""


@export_group.command("roster")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@common
def export_roster(settings: Callable[..., Settings], file: Path) -> None:
    """The portal's accounts in the format of the core HMIS's roster; .xlsx or .csv by the name of the file."""
    from portal.db import transaction
    from portal.services.day_one import exports
    from portal.wiring import make_context

    context = make_context(settings())
    with transaction(context.sessions) as session:
        rows = exports.roster(session, actor=whoever(), now=context.clock(), policy=context.policy)
        _write(file, exports.ROSTER, rows)
    click.echo(f"{len(rows):,} accounts written to {file}.")


@export_group.command("decisions")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "since", type=DAY, help="The first day; default the beginning.")
@click.option("--to", "until", type=DAY, help="The last day; default today.")
@common
def export_decisions(
    settings: Callable[..., Settings], file: Path, since: datetime | None, until: datetime | None
) -> None:
    """Every decision of a period: when, who, where, the outcome, the pack, what was unmet, the fingerprint."""
    from portal.db import transaction
    from portal.services.day_one import exports
    from portal.wiring import make_context

    context = make_context(settings())
    with transaction(context.sessions) as session:
        rows = exports.decisions(
            session, since=since.date() if since else None, until=until.date() if until else None, actor=whoever(), now=context.clock(),
            policy=context.policy,
        )  # fmt: skip
        count = _write(file, exports.DECISIONS, rows)
    click.echo(f"{count:,} decisions written to {file}.")


def _write(file: Path, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Writes the table beside its place and moves it there whole, so that no half of it is ever taken for all."""
    from portal.adapters.tables import to_csv
    from portal.adapters.workbook_writer import to_workbook

    if file.suffix.lower() not in {".csv", ".xlsx"}:
        fail(f"{file.name}: end the name in .csv or .xlsx.")
    if not file.parent.is_dir():
        fail(f"{file.parent} is no folder. Make it first.")
    counted = _Counted(rows)
    content = (
        to_workbook(headers, counted)
        if file.suffix.lower() == ".xlsx"
        else to_csv(headers, counted).encode("utf-8-sig")
    )
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(content)
    part.chmod(0o600)
    part.replace(file)
    return counted.count


class _Counted:
    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Any:
        for row in self._rows:
            self.count += 1
            yield row
