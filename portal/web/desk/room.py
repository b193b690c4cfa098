"""What the rooms of the desk share: the blueprint, the pager, downloads, the way to other rooms' pages."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Blueprint, Response, current_app, url_for

from portal.adapters.tables import to_csv
from portal.adapters.workbook_writer import to_workbook
from portal.services.paging import Page
from portal.web import kernel
from portal.web.components import address
from portal.web.uploads import download
from workflows.vocabulary import LEAD

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

blueprint = Blueprint("desk", __name__, url_prefix="/desk")


def pager(page: Page, after: str) -> dict[str, Any]:
    """What the pager macro shows: a way to the start and a way on."""
    text = f"{len(page.rows)} shown" + (", more follow" if page.next else "") if page.rows or after else ""
    return {
        "text": text,
        "previous": address(after=None, page=None) if after else "",
        "next": address(after=page.next) if page.next else "",
    }


def as_csv(name: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A list to take away, as spreadsheets open it."""
    return text_file(f"{name}-{kernel.today().isoformat()}.csv", to_csv(headers, rows))


def as_workbook(name: str, headers: Sequence[str], rows: Iterable[Sequence[object]], *, title: str) -> Response:
    """A list to take away as a workbook, under this name."""
    return download(to_workbook(headers, rows, title=title), XLSX, f"{name}.xlsx")


def text_file(name: str, text: str) -> Response:
    response = Response(text.encode("utf-8-sig"), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def to_agency(agency_id: int) -> str:
    """The Agency's page; '' for the Lead's own organization, which has none."""
    if agency_id == LEAD:
        return ""
    return _to("agency.show", f"/agency/{agency_id}", agency_id=agency_id)


def to_person(membership_id: int) -> str:
    return _to("people.show", f"/people/{membership_id}", membership_id=membership_id)


def _to(endpoint: str, path: str, **values: Any) -> str:
    """The page of another room; its plain path where that room was left out of this application."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else path


@blueprint.app_context_processor
def ways() -> dict[str, Any]:
    return {"to_agency": to_agency, "to_person": to_person}
