"""Asking the gate: one membership with every finding, or everybody at once."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from portal.cli.common import REFUSED, common, fail, ruling, to_print, whoever
from portal.config import Settings
from portal.db import make_engine, make_sessionmaker, reading, transaction, utc_now
from portal.models import Agency, Membership, Person
from workflows.business_time import local_day


@click.command()
@click.argument("email")
@click.option("--agency", default="", help="The Agency's name, where the person is at several.")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="The day that is asked about; default today.")
@click.option(
    "--known-at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="As known at this moment (UTC)."
)
@click.option("--json", "as_json", is_flag=True)
@click.option(
    "--pdf",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the one-page paper 'Was this person authorized on that date?' here; it is put on record.",
)
@common
def gate(
    settings: Callable[..., Settings],
    email: str,
    agency: str,
    on: datetime | None,
    known_at: datetime | None,
    as_json: bool,
    pdf: Path | None,
) -> None:
    """One membership before the gate: every finding; what access there was on that day, and what had been decided."""
    from portal.cli import then
    from portal.services.decisions import member_of
    from portal.standing.facts import standing_of

    chosen = settings(needs_secret=False)
    sessions, now = make_sessionmaker(make_engine(chosen.database_url)), utc_now()
    with transaction(sessions) if pdf else reading(sessions) as session:
        pack, found = ruling(session, chosen), _membership(session, email, agency)
        day = on.date() if on else local_day(now, pack.zone)
        said = standing_of(session, member_of(found), pack, day, known_at)
        who, answer = found.person.name, said.as_json(found.person.email, found.agency.name)
        machine = then.asked(session, found, day, known_at, actor=whoever(), now=now, policy=pack)
        answer |= then.as_json(machine, found, pack)
        if pdf:
            then.write(session, machine, found, pdf, actor=whoever(), now=now, policy=pack)
    if as_json:
        click.echo(to_print(answer))
    else:
        click.echo(f"{who} at {answer['agency']} on {day}: {'permitted' if said.permitted else 'not permitted'}")
        click.echo(answer["verdict"]["sentence"])
        click.echo(f"Policy pack then: {machine.pack.policy.name}, version {machine.pack.number}: {machine.pack.how}.")
        for finding in answer["findings"]:
            click.echo(f"  {finding['status']:<15}{finding['title']}: {finding['sentence']}")
    sys.exit(0 if said.permitted else REFUSED)


def _membership(session: Any, email: str, agency: str) -> Membership:
    query = (
        select(Membership)
        .join(Person)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Person.email_key == email.lower())
    )
    if agency:
        query = query.where(Agency.name_key == agency.casefold())
    rows = session.scalars(query).all()
    if not rows:
        fail(f"Nobody with the e-mail address {email} is known{f' at {agency}' if agency else ''}.")
    if len(rows) > 1:
        fail(f"{email} is at several agencies; add --agency with one of: " + "; ".join(row.agency.name for row in rows))
    found: Membership = rows[0]
    return found


@click.command()
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="The day that is asked about; default today.")
@click.option("--json", "as_json", is_flag=True)
@common
def sweep(settings: Callable[..., Settings], on: datetime | None, as_json: bool) -> None:
    """Everybody before the gate, in one statement."""
    from portal.standing.sweep import tally

    chosen = settings(needs_secret=False)
    with reading(make_sessionmaker(make_engine(chosen.database_url))) as session:
        pack = ruling(session, chosen)
        day = on.date() if on else local_day(utc_now(), pack.zone)
        began = time.monotonic()
        counts = tally(session, pack, day)
        answer: dict[str, Any] = {
            "on": day,
            "policy": pack.version,
            "seconds": round(time.monotonic() - began, 3),
        } | counts
    if as_json:
        click.echo(to_print(answer))
    else:
        click.echo(
            f"{answer['permitted']} of {answer['memberships']} memberships would be let in on {answer['on']} ({answer['seconds']} s)."
        )
        for prerequisite, unmet in sorted(answer["by_prerequisite"].items(), key=lambda pair: -pair[1]):
            click.echo(f"  {unmet:>6}  {prerequisite}")
