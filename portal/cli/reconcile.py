"""The core HMIS against the portal, on the command line."""

import sys
from collections.abc import Callable

import click

from portal.cli.common import REFUSED, common, fail, to_print, whoever
from portal.config import Settings
from portal.services.desk.reconcile import TITLES, Difference, Found, Report, compare, tell_again

MEMORY = "The core HMIS is told by work orders, so this list is the portal's own memory, not the core HMIS itself."


@click.command()
@click.option("--json", "as_json", is_flag=True)
@click.option(
    "--tell-again",
    "again",
    is_flag=True,
    help="Have the core HMIS told once more about whoever is open or shut there against the portal's word.",
)
@common
def reconcile(settings: Callable[..., Settings], as_json: bool, again: bool) -> None:
    """The core HMIS's list of accounts against the portal's: who gets in there and should not comes first."""
    from portal.adapters.core_hmis.port import CoreHMISError
    from portal.db import transaction
    from portal.services import packs
    from portal.wiring import make_context

    context = make_context(settings())
    remembered = context.settings.core_hmis == "work-order"
    try:
        rows = list(context.core_hmis.list())
    except CoreHMISError as error:
        fail(str(error))
    told: list[str] = []
    with transaction(context.sessions) as session:
        report = compare(session, rows, actor=whoever(), now=context.clock(), learn=not remembered)
        if again:
            pack = packs.in_force(session, context.policy)
            told = tell_again(session, report, actor=whoever(), now=context.clock(), policy=pack)
    # What the portal learned about others is no difference from what it remembers.
    wrong = [each for each in report.differences if not (remembered and each.found == Found.UNKNOWN)]
    if as_json:
        click.echo(to_print(_as_json(report, wrong, told, remembered)))
    else:
        _say(report, wrong, told, remembered)
    sys.exit(REFUSED if wrong else 0)


def _as_json(report: Report, wrong: list[Difference], told: list[str], remembered: bool) -> dict[str, object]:
    return {
        "source": "work orders" if remembered else "core HMIS",
        "there": report.there,
        "here": report.here,
        "under_way": report.under_way,
        "learned": report.learned,
        "told_again": told,
        "differences": [
            {"found": each.found.value, "user_id": each.user_id, "name": each.name, "sentence": each.sentence}
            for each in wrong
        ],
    }


def _say(report: Report, wrong: list[Difference], told: list[str], remembered: bool) -> None:
    if remembered:
        click.echo(MEMORY)
    click.echo(f"{report.there} accounts in the core HMIS, {report.here} here, {report.under_way} not confirmed yet.")
    if report.learned:
        click.echo(f"Learned {report.learned} User IDs that only the core HMIS knew; nobody will be given one of them.")
    before = None
    for each in wrong:
        if each.found != before:
            click.echo(f"{TITLES[each.found]}:", err=True)
            before = each.found
        click.echo(f"  {each.sentence} ({each.name or 'no name'})", err=True)
    if told:
        click.echo(f"The core HMIS is told again about {', '.join(told)}.")
    if not wrong:
        click.echo("Nothing differs.")
