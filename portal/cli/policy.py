"""Policy packs on the command line: what one says, whether it is valid, whom it would concern, putting it in force."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy import inspect

from portal.cli.common import common, fail, ruling, to_print, whoever
from portal.config import Settings
from portal.db import make_engine, make_sessionmaker, reading, transaction, utc_now
from workflows import pack_changes
from workflows import policy as packs

_FILE = click.Path(exists=True, path_type=Path)


@click.group("policy")
def policy_group() -> None:
    """Policy packs."""


@policy_group.command("show")
@click.option("--json", "as_json", is_flag=True)
@common
def policy_show(settings: Callable[..., Settings], as_json: bool) -> None:
    """What the pack in force says (with --policy: that file), and which packs there were."""
    from portal.services import packs as service

    chosen = settings(needs_secret=False)
    engine = make_engine(chosen.database_url)
    if inspect(engine).has_table("pack_activation"):
        with reading(make_sessionmaker(engine)) as session:
            pack, told = ruling(session, chosen), [_told(row) for row in service.history(session)]
    else:
        pack, told = packs.load(chosen.policy), []
    if as_json:
        shown = {
            "name": pack.name,
            "version": pack.version,
            "prerequisites": [_prerequisite(p) for p in pack.prerequisites],
        }
        click.echo(to_print(shown | {"history": told}))
        return
    click.echo(f"{pack.name}, version {pack.version[:12]}, {len(pack.prerequisites)} prerequisites")
    for p in pack.prerequisites:
        click.echo(f"  {p.id:<32}{p.on_lapse:<10}{p.title} [{p.cite}; {p.basis}]")
    for row in told:
        by = (
            f", activated {row['activated_at']:%Y-%m-%d %H:%M} UTC by {row['activated_by']}"
            if row["activated_at"]
            else ""
        )
        click.echo(
            f"{row['version'][:12]}  {row['status']:<10}  proposed {row['proposed_at']:%Y-%m-%d %H:%M} UTC by {row['proposed_by']}{by}"
        )


@policy_group.command("check")
@click.argument("file", type=_FILE)
@common
def policy_check(_settings: Callable[..., Settings], file: Path) -> None:
    """Whether a pack is valid; file, stanza and field of what is not. What it asks for less strictly than Maine's is a warning."""
    pack = packs.load(file)
    click.echo(
        f"{file.name} is valid: {pack.name}, {len(pack.prerequisites)} prerequisites, version {pack.version[:12]}."
    )
    for sentence in pack_changes.weaker(pack, packs.load(packs.MAINE)):
        click.echo(f"Warning: {sentence}", err=True)


@policy_group.command("preview")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True)
@common
def policy_preview(settings: Callable[..., Settings], file: Path, as_json: bool) -> None:
    """What would change today if this pack were in force: what it says otherwise, who is let in, who is shut out and when."""
    from portal.services.desk import pack_preview

    chosen, candidate = settings(needs_secret=False), packs.load(file)
    with reading(make_sessionmaker(make_engine(chosen.database_url))) as session:
        now, current = utc_now(), ruling(session, chosen)
        found = pack_preview.preview(session, candidate=candidate, now=now, policy=current)
    if not as_json:
        for line in _in_words(found, current, candidate):
            click.echo(line)
        return
    click.echo(
        to_print(
            {"in_force": current.version, "candidate": candidate.version, "asked_at": now}
            | _as_data(found, current, candidate)
        )
    )


@policy_group.command("activate")
@click.argument("file", type=_FILE)
@click.option("--note", default="", help="What changes and why; needed to propose a pack.")
@click.option("--yes", is_flag=True, help="Do not ask again after the preview.")
@common
def policy_activate(settings: Callable[..., Settings], file: Path, note: str, yes: bool) -> None:
    """Propose this pack; or, where somebody else has proposed it, put it in force."""
    from portal.services import packs as service
    from portal.services.desk import pack_preview

    chosen, candidate, now, actor = settings(needs_secret=False), packs.load(file), utc_now(), whoever()
    fallback, sessions = packs.load(chosen.policy), make_sessionmaker(make_engine(chosen.database_url))
    with reading(sessions) as session:
        current = service.in_force(session, fallback)
        if current.version == candidate.version and service.history(session):
            fail("This very pack is in force already: not one letter differs.")
        found = pack_preview.preview(session, candidate=candidate, now=now, policy=fallback)
        row = service.waiting(session)
        proposed = row is not None and row.version == candidate.version
        proposer, by = (row.proposed_by, row.proposed_name) if row and proposed else ("", "")
    for line in _in_words(found, current, candidate):
        click.echo(line)
    if not proposed:
        with transaction(sessions) as session:
            service.propose(
                session,
                candidate,
                actor=actor,
                now=now,
                note=note or f"Proposed from {file.name}.",
                foreseen=found.kept(),
                by_scim=chosen.by_scim,
            )
        click.echo(
            "\nProposed. A second person has to activate it: another operator by this same command, or a Lead administrator on the page."
        )
        sys.exit(0)
    if proposer == actor.label:
        fail("You proposed this pack. A second person has to activate it: another operator, or a Lead administrator.")
    if not yes and not click.confirm(f"\n{by} proposed it. Put it in force now?"):
        fail("Nothing was changed.")
    with transaction(sessions) as session:
        again = service.waiting(session)
        if again is None or again.version != candidate.version:
            fail("Somebody withdrew or activated it meanwhile. Nothing was changed.")
        else:
            pack_preview.activate(session, again, seen=found.digest(), actor=actor, now=now, policy=fallback)
    click.echo(
        f"{candidate.name}, version {candidate.version[:12]}, is in force. The worker puts everybody before the gate."
    )


def _as_data(found: Any, current: packs.Policy, candidate: packs.Policy) -> dict[str, Any]:
    lines = [
        {"membership": e.membership_id, "name": e.person, "agency": e.agency, "what": e.what, "when": e.when, "because": e.because, "anyway": e.anyway}
        for e in found.lines
    ]  # fmt: skip
    changes = [asdict(change) for change in pack_changes.changes(current, candidate)]
    return {"live": found.live, "counts": found.counts, "lines": lines, "changes": changes}


def _in_words(found: Any, current: packs.Policy, candidate: packs.Policy) -> Iterator[str]:
    from portal.services.desk.foreseen import SAYS

    yield f"In force: {current.name}, version {current.version[:12]}. Asked about: {candidate.name}, version {candidate.version[:12]}."
    yield "\nWhat it says otherwise:"
    for change in pack_changes.changes(current, candidate):
        called = f"{change.stanza}: {change.field}" if change.field else change.stanza
        yield f"  {called}: {change.before or 'nothing'} → {change.after or 'nothing'}"
    counts = found.counts
    yield (
        f"\n{counts['open']} let in, {counts['close']} of {found.live} with access shut out ({found.share / 100:g} %), "
        f"{counts['held']} requests wait for more, {counts['lacks']} keep access and lack more."
    )
    for one in found.lines:
        when = f" ({one.when:%Y-%m-%d %H:%M} UTC)" if one.when else ""
        yield f"  {one.person}, {one.agency}: {SAYS[one.what]}{when}{': ' + ', '.join(one.because) if one.because else ''}"


def _told(row: Any) -> dict[str, Any]:
    return {
        "version": row.version, "name": row.pack.name, "status": row.status, "note": row.note, "proposed_at": row.proposed_at,
        "proposed_by": row.proposed_name, "activated_at": row.activated_at, "activated_by": row.activated_name, "ended_at": row.ended_at,
    }  # fmt: skip


def _prerequisite(p: Any) -> dict[str, Any]:
    return {
        "id": p.id,
        "title": p.title,
        "on_lapse": p.on_lapse,
        "waivable": p.waivable,
        "cite": p.cite,
        "basis": p.basis,
    }
