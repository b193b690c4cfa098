"""The rows of a list before anybody is looked up: fit to be a person, at an Agency that is known, one login for one person."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from portal.adapters.people_files import Row, Sheet
from portal.adapters.tables import Problem
from portal.models import Agency
from portal.refusals import Refused
from portal.services.day_one.on_record import OnRecord
from portal.services.day_one.options import DayOneReport, Options, UnknownAgency
from portal.services.day_one.places import Places
from portal.services.day_one.who import Known
from portal.services.people import particulars


def located(session: Session, sheet: Sheet, options: Options, report: DayOneReport) -> list[tuple[Row, Agency]]:
    places = Places(session, options.agencies, with_lead=sheet.kind == "people")
    unknown: dict[str, tuple[int, tuple[str, ...]]] = {}
    found = []
    for row in sheet.rows:
        if row.active is False or not _is_fit(sheet, row):
            continue
        agency, near = places.find(row.agency)
        column = _column(row, row.agency)
        if agency is None:
            meant = f"Did you mean {' or '.join(near)}? " if near else ""
            sentence = f"No Agency is called {row.agency!r}. {meant}Correct the name, say which Agency is meant, or enter it first."
            sheet.error(row.line, column, row.agency, sentence, "agency-unknown")
            unknown[row.agency] = (unknown.get(row.agency, (0, near))[0] + 1, near)
        elif agency.status == "ended":
            sentence = (
                f"{agency.name} has ended its participation. Leave the row out, or let the Agency join again first."
            )
            sheet.error(row.line, column, row.agency, sentence, "agency-ended")
        else:
            found.append((row, agency))
    report.unknown_agencies += [UnknownAgency(name, count, near) for name, (count, near) in sorted(unknown.items())]
    return found


def _is_fit(sheet: Sheet, row: Row) -> bool:
    """Whether the name and the address can be a person's: the same rules as for somebody who is named by hand."""
    try:
        particulars.a_name(row.first_name, "first_name")
        particulars.a_name(row.last_name, "last_name")
        particulars.an_address(row.email)
    except Refused as no:
        sheet.error(row.line, no.field, row.email if no.field == "email" else row.name, no.sentence, no.field)
        return False
    return True


def refuse_repeated_ids(sheet: Sheet, rows: Iterable[Row]) -> None:
    first: dict[str, Row] = {}
    for row in rows:
        other = first.setdefault(row.user_id, row)
        if other is not row and other.email.lower() != row.email.lower():
            sentence = (
                f"Line {other.line} has the same User ID for {other.name} ({other.email}). One login is one person's."
            )
            sheet.error(row.line, "user_id", row.user_id, sentence, "user-id-twice")


def say_of_inactive(sheet: Sheet, rows: Iterable[Row], known: Known, there: OnRecord) -> None:
    for row in rows:
        owner = known.by_user_id.get(row.user_id)
        live = owner is not None and any(
            grant.status == "live"
            for grants in there.grants.values()
            for grant in grants
            if grant.person_id == owner.id
        )
        if owner is not None and live:
            sentence = (
                f"{owner.name} has access here, but the account is inactive on the roster. Nobody is closed by an import: "
                "deactivate the person, or have the account restored."
            )
            sheet.problems.append(Problem("warning", sheet.name, row.line, "active", row.user_id, sentence, "inactive"))


def _column(row: Row, value: str) -> str:
    return next((header for header, cell in row.cells.items() if " ".join(cell.split()) == value), "agency")
