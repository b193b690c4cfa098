"""`portal auditor`: every issued access checked once more, by SQL that shares no code with the gate."""

import hashlib
import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import click

from portal import auditor as audits
from portal.cli.common import REFUSED, common, fail, to_print
from portal.config import Settings
from portal.db import make_engine, utc_now
from workflows.policy import text_of

SHOWN = 200


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The whole report, for a program to read.")
@click.option(
    "--core",
    "core_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The core HMIS's own list of accounts to compare with: JSON, a list of user_id, external_id, active.",
)
@click.option(
    "--grace", default=900, show_default=True, help="Seconds that the queue may take to react; 0 when nothing waits."
)
@click.option("--now", type=click.DateTime(["%Y-%m-%dT%H:%M:%S"]), help="As if at this moment (UTC); default now.")
@common
def auditor(
    settings: Callable[..., Settings], as_json: bool, core_file: Path | None, grace: int, now: datetime | None
) -> None:
    """Check every issued access independently of the gate; exit status 1 where something is wrong."""
    chosen = settings(needs_secret=False)
    words = text_of(chosen.policy)
    try:
        report = audits.audit(
            make_engine(chosen.database_url),
            now=now or utc_now(),
            in_force=(hashlib.sha256(words.encode()).hexdigest(), words),
            core_accounts=core_list(core_file) if core_file else None,
            grace=timedelta(seconds=grace),
        )
    except ValueError as wrong:
        fail(str(wrong))
        return
    click.echo(to_print(report.as_json()) if as_json else as_table(report))
    sys.exit(0 if report.clean else REFUSED)


def core_list(path: Path) -> list[audits.CoreAccount]:
    """The core HMIS's accounts from a JSON file. ValueError says what is expected where it holds something else."""
    try:
        return [
            audits.CoreAccount(str(row["user_id"]), str(row.get("external_id") or ""), bool(row["active"]))
            for row in json.loads(path.read_text(encoding="utf-8"))
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise ValueError(
            f'{path.name} is no list of accounts such as [{{"user_id": "jsample", "external_id": "…", "active": true}}]: {wrong}'
        ) from wrong


def as_table(report: audits.Report) -> str:
    """The report for a reader: counts, inherited grants apart, and each problem on a line."""
    lines = [f"{number:>9,}  {what}" for what, number in report.counts.items()]
    if report.inherited:
        lines += ["", "Inherited, so that no prerequisite was ever asked for (grants):", _listed(report.inherited)]
    lines.append("")
    if report.clean:
        lines.append(f"Nothing is wrong ({report.seconds:.1f} s).")
        return "\n".join(lines)
    problems = sorted(report.problems)
    lines += [f"{each.check:<24}{each.thing} {each.thing_id}: {each.said}" for each in problems[:SHOWN]]
    if len(problems) > SHOWN:
        lines.append(f"… and {len(problems) - SHOWN:,} more; --json lists them all.")
    lines.append(f"{len(problems):,} {'problem' if len(problems) == 1 else 'problems'} ({report.seconds:.1f} s).")
    return "\n".join(lines)


def _listed(numbers: list[int]) -> str:
    more = f" and {len(numbers) - SHOWN:,} more" if len(numbers) > SHOWN else ""
    return "  " + ", ".join(map(str, numbers[:SHOWN])) + more
