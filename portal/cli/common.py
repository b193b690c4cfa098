"""What every command shares: its settings, refusals as exit status 1, the operator as the one who acts."""

import getpass
import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from portal.actors import Actor, operator
from portal.config import Settings
from portal.refusals import Refused
from workflows import policy as packs

REFUSED, WRONG_USAGE = 1, 2


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """--database-url and --policy on every command; refusals become exit status 1 and one line on standard error."""

    @click.option("--database-url", help="Where the data is; default PORTAL_DATABASE_URL.")
    @click.option(
        "--policy",
        "policy_path",
        type=click.Path(path_type=Path),
        help="A policy pack: asked under for a look; otherwise what rules until one is in force. Default PORTAL_POLICY or Maine's.",
    )
    @wraps(command)
    def wrapped(*args: Any, database_url: str | None, policy_path: Path | None, **kwargs: Any) -> Any:
        changes = {k: v for k, v in (("database_url", database_url), ("policy", policy_path)) if v}
        try:
            return command(lambda **more: Settings.from_environment(**(changes | more)), *args, **kwargs)
        except Refused as no:
            fail(no.sentence)
        except packs.PolicyError as wrong:
            fail(str(wrong))

    return wrapped


def ruling(session: Session, chosen: Settings) -> packs.Policy:
    """The pack that a question is asked under: the one that --policy names, else the one in force, else the settings'."""
    from portal.services.packs import in_force

    pack = packs.load(chosen.policy)
    return pack if click.get_current_context().params.get("policy_path") else in_force(session, pack)


def fail(*lines: str) -> None:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(REFUSED)


def whoever() -> Actor:
    return operator(getpass.getuser())


def to_print(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
