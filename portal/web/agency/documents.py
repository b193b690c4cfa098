"""The Agency's documents: what is on file in which state, with the ways to print, to hand in a scan and to fetch."""

from typing import Any

from flask import request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import permissions
from portal.db import reading
from portal.models import Document
from portal.services import paperwork
from portal.web.agency import blueprint
from portal.web.agency.common import found, page, trail
from portal.web.agency.overview import state_of
from portal.web.components import address, us_date
from portal.web.kernel import actor, may, permission, policy, sessions
from workflows.actions import Action
from workflows.business_time import local_day

PAGE = 50
COLUMNS = (
    {"key": "title", "label": "Document"}, {"key": "about", "label": "About"}, {"key": "state", "label": "State"}, {"key": "signed", "label": "Signed"},
    {"key": "verified", "label": "Verified by the Lead"}, {"key": "files", "label": "Files"},
)  # fmt: skip


@blueprint.get("/<int:agency_id>/documents")
@permission(Action.DOCUMENT_SEE)
def documents(agency_id: int) -> Any:
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.DOCUMENT_SEE)
        query = (
            select(Document)
            .options(joinedload(Document.person))
            .where(
                Document.agency_id == agency.id,
                Document.status != "void",
                permissions.visible(actor(), Action.DOCUMENT_SEE, Document),
            )
        )
        if after.isdecimal() and len(after) < 10:
            query = query.where(Document.id < int(after))
        rows = list(session.scalars(query.order_by(Document.id.desc()).limit(PAGE + 1)))
        more = len(rows) > PAGE
        shown = [_row(document) for document in rows[:PAGE]]
        pager = {
            "text": "",
            "previous": address(after=None) if after else "",
            "next": address(after=rows[PAGE - 1].id) if more else "",
        }
        return page(
            "documents.html",
            agency,
            here="agency.documents",
            columns=COLUMNS,
            rows=shown,
            pager=pager,
            way=trail(agency, ("Documents", "")),
        )


def _row(document: Document) -> dict[str, Any]:
    status, words = state_of(
        document.kind, "verified" if document.verified_at and document.status == "executed" else document.status
    )
    files = (
        [{"text": "Print to sign on paper", "href": url_for("documents.blank", document_id=document.id)}]
        if document.status in ("prepared", "rejected")
        else []
    )
    files += (
        [{"text": "Upload the scan", "href": url_for("documents.scan", document_id=document.id)}]
        if document.status in ("prepared", "rejected") and may(Action.DOCUMENT_SCAN, document)
        else []
    )
    files += (
        [{"text": "Executed copy (PDF)", "href": url_for("documents.executed", document_id=document.id)}]
        if document.executed_sha256
        else []
    )
    verified = (
        f"{us_date(local_day(document.verified_at, policy().zone))}, {document.verified_how}"
        if document.verified_at
        else ""
    )
    return {
        "title": {"text": paperwork.KINDS[document.kind].title, "href": url_for("documents.show", document_id=document.id), "note": f"Version {document.version}"},
        "about": document.person.name if document.person is not None else "The Agency", "state": {"status": status, "text": words},
        "signed": us_date(document.signed_on) if document.signed_on else "", "verified": verified, "files": files,
    }  # fmt: skip
