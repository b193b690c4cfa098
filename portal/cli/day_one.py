"""Day one on the command line: the roster, the list of people, and a folder of scans."""

import csv
import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from portal.cli.common import common, fail, to_print, whoever
from portal.config import Settings


def _pairs(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for value in values:
        left, sign, right = value.partition("=")
        if not sign or not left.strip():
            raise click.BadParameter(f"{value!r} is not written as LEFT=RIGHT.")
        found[left.strip()] = right.strip()
    return found


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed((
        click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        click.option("--takes-over", type=click.DateTime(["%Y-%m-%d"]), help="The first day on which the gate rules what comes in."),
        click.option("--map", "mapped", multiple=True, callback=_pairs, metavar="HEADER=FIELD", help="What a column holds; nothing after = leaves it out."),
        click.option("--agency", "agencies", multiple=True, callback=_pairs, metavar="WRITTEN=NAME", help="Which Agency a name in the file means."),
        click.option("--decide", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV email,choice: new, leave or same:ADDRESS."),
        click.option("--agreement-version", default="", help="The version that the signed user agreements are of."),
        click.option("--accept-closing", is_flag=True, help="Bring in even those whose access is closed at once."),
        click.option("--skip-bad", is_flag=True, help="Leave out the rows with errors."),
        click.option("--dry-run", is_flag=True, help="Say what would happen and write nothing."),
        click.option("--report", "report_file", type=click.Path(dir_okay=False, path_type=Path), help="Where every rejected row is written (CSV)."),
        click.option("--json", "as_json", is_flag=True),
    )):  # fmt: skip
        command = option(command)
    return common(command)


@click.command("roster")
@_options
def import_roster(settings: Callable[..., Settings], **given: Any) -> None:
    """Accounts that the core HMIS had before the portal, from its own roster (XLSX or CSV)."""
    _bring_in(settings, "roster", **given)


@click.command("people")
@_options
def import_people(settings: Callable[..., Settings], **given: Any) -> None:
    """People with what they signed, passed and are, from a spreadsheet of the Lead's (XLSX or CSV)."""
    _bring_in(settings, "people", **given)


def _bring_in(
    settings: Callable[..., Settings], kind: Any, *, file: Path, takes_over: datetime | None, mapped: Mapping[str, str],
    agencies: Mapping[str, str], decide: Path | None, agreement_version: str, accept_closing: bool, skip_bad: bool, dry_run: bool,
    report_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    from portal.adapters.people_files import MappingError, chosen, known_keys, read_rows, read_spreadsheet
    from portal.adapters.tables import TableError
    from portal.db import reading, transaction
    from portal.services.day_one import imports
    from portal.services.day_one.options import Options, to_mend
    from portal.wiring import make_context

    context = make_context(settings())
    content = file.read_bytes()
    try:
        table = read_spreadsheet(content, known=known_keys(kind))
        with reading(context.sessions) as session:
            kept = imports.columns_kept(session, kind, table.headers)
            day = takes_over.date() if takes_over else _day_before(session)
        mapping = chosen(kind, table.headers, kept | dict(mapped))
    except (TableError, MappingError) as wrong:
        fail(f"{file.name}: {wrong}")
    now = context.clock()
    sheet = read_rows(kind, table, mapping, filename=file.name, now=now, zone=context.policy.zone)
    options = Options(
        takes_over=day, agreement_version=agreement_version, skip_bad=skip_bad, accept_closing=accept_closing, agencies=agencies,
        decide=_decisions(decide),
    )  # fmt: skip
    with (reading if dry_run else transaction)(context.sessions) as session:
        report = imports.import_sheet(
            session, sheet, options, sha256=hashlib.sha256(content).hexdigest(), actor=whoever(), now=now, policy=context.policy, dry_run=dry_run
        )  # fmt: skip
        if not dry_run and not report.refused:
            imports.keep_columns(session, kind, table.headers, mapping, actor=whoever(), now=now)
    click.echo(to_print(report.as_json()) if as_json else "\n".join(report.lines()))
    if report.errors:
        target = report_file or file.with_name(f"{file.stem}-to-mend.csv")
        target.write_text(to_mend(sheet, report), encoding="utf-8-sig", newline="")
        click.echo(f"The rows to mend are in {target}.", err=True)
    if report.refused:
        fail("Nothing was imported. Mend the rows named above, or leave them out with --skip-bad.")


def _day_before(session: Any) -> date:
    """The day that the import before named, where none is given."""
    from portal.services.day_one import imports

    last = imports.last_day(session)
    if last is None:
        raise click.UsageError("Say from which day the gate rules what comes in: --takes-over 2027-03-01.")
    return last


def _decisions(path: Path | None) -> dict[str, str]:
    """Decisions about those who may be known already: a CSV file with the columns email and choice."""
    if path is None:
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            {(key or "").strip().casefold(): (cell or "").strip() for key, cell in row.items()}
            for row in csv.DictReader(file)
        ]
    if any(not {"email", "choice"} <= row.keys() for row in rows):
        raise click.UsageError(f"{path} needs the columns email and choice.")
    return {row["email"].lower(): row["choice"].lower() for row in rows if row["email"]}


@click.command("scans")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--kind", default="", help="What the files are where their names do not say, such as user_agreement.")
@click.option("--version", default="", help="The version that was signed where none was published by the day.")
@click.option("--json", "as_json", is_flag=True)
@common
def import_scans(settings: Callable[..., Settings], source: Path, kind: str, version: str, as_json: bool) -> None:
    """Signed paper from a folder or a zip file, matched to people by the files' names."""
    from portal.adapters.people_files import ArchiveError, in_folder, unpacked
    from portal.adapters.storage import Storage
    from portal.db import reading, transaction
    from portal.effects.read_scans import inspect
    from portal.services.day_one import scans
    from portal.services.day_one.scan_names import People
    from portal.wiring import make_context

    context = make_context(settings())
    storage = Storage(context.settings.storage)
    try:
        files = in_folder(source) if source.is_dir() else unpacked(source.read_bytes())
        arrived = [scans.Arrived(storage.put(content), name, len(content)) for name, content in files]
    except ArchiveError as wrong:
        fail(str(wrong))
    with transaction(context.sessions) as session:
        _, before = scans.arrive(session, arrived, kind=kind, version=version, actor=whoever(), now=context.clock())
    counts: dict[str, int] = {"files": len(arrived), "came before": before}
    while True:
        with reading(context.sessions) as session:
            waiting = scans.unread(session)
        for scan_id, sha256, name in waiting:
            verdict = inspect(storage, sha256, name)
            with transaction(context.sessions) as session:
                status = scans.settle(
                    session, scan_id, verdict, People(session), now=context.clock(), policy=context.policy
                )
            counts[status] = counts.get(status, 0) + 1
            if verdict.refused:
                click.echo(verdict.refused, err=True)
        if not waiting:
            break
    if as_json:
        click.echo(to_print(counts))
    else:
        words = {"placed": "wait to be verified", "waiting": "wait in the tray", "refused": "cannot be kept"}
        click.echo("; ".join(f"{count:,} {words.get(name, name)}" for name, count in counts.items()) + ".")


COMMANDS = (import_roster, import_people, import_scans)
