"""`portal audit`: verifies the record, takes it away, writes its head down outside, hands out the keys for a stranger."""

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from portal.cli.common import REFUSED, common, fail, to_print, whoever
from portal.config import Settings

DAY = click.DateTime(["%Y-%m-%d"])
FORMATS = ("csv", "jsonl", "xlsx")


@click.group("audit")
def audit_group() -> None:
    """The record: verify it, take it away, anchor it."""


@audit_group.command("verify")
@click.option(
    "--since", type=click.IntRange(1), default=1, show_default=True, help="The number of the first entry to verify."
)
@click.option(
    "--anchors",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another file of anchors than PORTAL_AUDIT_ANCHOR.",
)
@click.option("--json", "as_json", is_flag=True, help="What was found, for a program to read.")
@common
def verify(settings: Callable[..., Settings], since: int, anchors: Path | None, as_json: bool) -> None:
    """Check every seal and every anchor; exit status 1 where the record is broken, with the first broken number."""
    from portal import record_keeping
    from portal.db import make_engine

    chosen = settings(needs_secret=False, **({"audit_anchor": anchors} if anchors else {}))
    if not chosen.record_keys.active:
        fail("No key is set that could verify anything: PORTAL_AUDIT_KEY, or PORTAL_SECRET_KEY.")
    engine = make_engine(chosen.database_url)
    outcome = record_keeping.verified(engine, chosen, since=since)
    engine.dispose()
    if as_json:
        found = [{"seq": each.seq, "kind": each.kind, "said": each.said} for each in outcome.breaks]
        whole = {
            "sound": outcome.sound,
            "entries": outcome.entries,
            "earlier": outcome.earlier,
            "anchors": outcome.anchors,
        }
        click.echo(to_print(whole | {"last": outcome.last, "mac": outcome.mac, "breaks": found}))
    elif outcome.sound:
        older = f", {outcome.earlier:,} of them from before the seals" if outcome.earlier else ""
        click.echo(f"The record is sound: {outcome.entries:,} entries{older}; {outcome.anchors:,} anchors agree.")
        click.echo(f"The last entry is {outcome.last}, its seal {outcome.mac}.")
        if not outcome.anchors:
            click.echo(
                "No anchor was ever kept: if the end was cut off, nobody can tell (portal audit anchor).", err=True
            )
    for each in outcome.breaks:
        click.echo(f"{each.kind}: {each.said}", err=True)
    sys.exit(0 if outcome.sound else REFUSED)


@audit_group.command("anchor")
@common
def anchor(settings: Callable[..., Settings]) -> None:
    """Write the record's head into the file of anchors, as the worker does every five minutes."""
    from portal import record_keeping
    from portal.wiring import make_context

    context = make_context(settings())
    try:
        head = record_keeping.anchor(context.sessions, context.settings, now=context.clock(), actor=whoever())
    except OSError as fault:
        fail(
            f"{context.settings.anchors} cannot be written: {fault.strerror}. Set PORTAL_AUDIT_ANCHOR to a file that can."
        )
        return
    said = f"Entry {head.seq} is anchored in" if head else "Nothing has come since the last line of"
    click.echo(f"{said} {context.settings.anchors}.")


@audit_group.command("keys")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@common
def keys(settings: Callable[..., Settings], file: Path) -> None:
    """Write the keys that verify an export, for whoever checks it without the portal. Whoever has them could forge."""
    chosen = settings()
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as fault:
        fail(f"{file} cannot be made: {fault.strerror}. Name a new file in a folder that exists.")
        return
    with os.fdopen(number, "w", encoding="ascii") as out:
        json.dump(chosen.record_keys.in_hex, out, indent=2)
    click.echo(
        f"The keys are in {file}. Hand them over in person, then set a new PORTAL_AUDIT_KEY in front of the old one."
    )


@audit_group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "since", type=DAY, help="The first day; default the beginning.")
@click.option("--to", "until", type=DAY, help="The last day; default today.")
@click.option("--person", default="", help="What a person did, or what was done about them: an e-mail address.")
@click.option("--agency", default="", help="An Agency's whole name.")
@click.option("--act", default="", help="One kind of act, such as access.issue.")
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), help="Default: by the name of the file. jsonl can be verified."
)
@common
def export(
    settings: Callable[..., Settings], file: Path, since: datetime | None, until: datetime | None, person: str, agency: str,
    act: str, kind: str | None,
) -> None:  # fmt: skip
    """Take the record away: .jsonl with its seals (docs/audit-format.md), .csv or .xlsx to read."""
    from portal.db import reading, transaction
    from portal.services.desk import record_exports
    from portal.wiring import make_context

    kind = kind or file.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        fail(f"{file.name}: end the name in .jsonl, .csv or .xlsx, or say --format.")
    if not file.parent.is_dir():
        fail(f"{file.parent} is no folder. Make it first.")
    context = make_context(settings())
    with transaction(
        context.sessions
    ) as session:  # on record first: reading it out can take minutes, and locks nobody out
        asked = record_exports.asked(
            session, person=person, agency=agency, act=act, since=since.date() if since else None, until=until.date() if until else None
        )  # fmt: skip
        record_exports.put_on_record(session, asked, how=kind, actor=whoever(), now=context.clock())
    part = file.with_name(f".{file.name}.part")
    with reading(context.sessions) as session, part.open("wb") as out:
        part.chmod(0o600)
        count = record_exports.write(session, asked, how=kind, out=out, zone=context.policy.zone)
    part.replace(file)
    click.echo(f"{count:,} entries written to {file}.")
