"""Lists of people for tests, as a Lead would send them: a header, rows, and how they come in."""

import hashlib
from datetime import date
from typing import Any

from portal.adapters.people_files import Kind, Sheet, chosen, known_keys, read_rows, read_spreadsheet
from portal.db import reading, transaction
from portal.services.day_one import imports
from portal.services.day_one.options import DayOneReport, Options
from tests.services.world import World

ROSTER = "UserCreating,UserID,UserName,UserTelephone,UserEmail,UserActive,UserCreatedDate,DefaultProvider"
PEOPLE = (
    "agency,first_name,last_name,email,role,access_level,hmis_user_id,agreement_signed_on,training_course,training_score,"
    "training_taken_on,background_checked_on"
)
TAKES_OVER = date(2027, 3, 1)


def people(*rows: str) -> bytes:
    return "\n".join((PEOPLE, *rows)).encode()


def roster(*rows: str) -> bytes:
    return "\n".join((ROSTER, *rows)).encode()


def sheet_of(world: World, kind: Kind, data: bytes, **changes: str) -> Sheet:
    table = read_spreadsheet(data, known=known_keys(kind))
    mapping = chosen(kind, table.headers, changes)
    return read_rows(kind, table, mapping, filename="list.csv", now=world.now, zone=world.policy.zone)


def bring(
    world: World, data: bytes, *, kind: Kind = "people", actor: Any = None, dry_run: bool = False, **options: Any
) -> DayOneReport:
    options.setdefault("takes_over", TAKES_OVER)
    sheet = sheet_of(world, kind, data)
    with (reading if dry_run else transaction)(world.sessions) as session:
        return imports.import_sheet(
            session, sheet, Options(**options), sha256=hashlib.sha256(data).hexdigest(), actor=actor or world.admin, now=world.now,
            policy=world.policy, dry_run=dry_run,
        )  # fmt: skip


def bring_roster(world: World, data: bytes, **options: Any) -> DayOneReport:
    return bring(world, data, kind="roster", **options)
