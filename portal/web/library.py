"""The public library: the plans and policies in force, for everybody, without signing in and without a cookie."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, render_template, request

from forms import documents
from forms.security.marked_text import blocks
from portal.adapters import pdf
from portal.db import reading
from portal.refusals import not_found
from portal.services.security.plans import plan_lists
from portal.web.kernel import policy, public, sessions, today
from portal.web.open_to_all import may_be_kept
from portal.web.uploads import download, fetched

blueprint = Blueprint("library", __name__, url_prefix="/library")


@blueprint.after_request
def kept(response: Response) -> Response:
    return may_be_kept(response)


@blueprint.get("", endpoint="index")
@public("plans and policies in force are open to everybody; nobody is named")
def index() -> Any:
    with reading(sessions()) as session:
        rows = plan_lists.library(session, policy=policy())
        return render_template(
            "pages/library/index.html", rows=rows, agreements=plan_lists.agreements(session, on=today())
        )


@blueprint.get("/forms/<kind>.pdf", endpoint="blank")
@public("a form that is signed by hand is open to everybody; nobody is named")
def blank(kind: str) -> Any:
    """The document in force, to print and fill in by hand; the same bytes each time."""
    with reading(sessions()) as session:
        found = next((each for each in plan_lists.agreements(session, on=today()) if each.kind == kind), None)
    if found is None:
        raise not_found()
    if request.if_none_match.contains(found.sha256):
        return Response(status=304, headers={"ETag": f'"{found.sha256}"'})
    answer = download(_printed(kind, found.version, policy().lead), "application/pdf", f"{kind.replace('_', '-')}-{found.version}.pdf")
    answer.set_etag(found.sha256)
    return answer


@lru_cache(maxsize=64)
def _printed(kind: str, version: str, lead: str) -> bytes:
    return pdf.blank(documents.text(kind, version), {"lead_name": lead})


@blueprint.get("/<kind>/<int:number>", endpoint="one")
@public("a plan or policy in force is open to everybody; nobody is named")
def one(kind: str, number: int) -> Any:
    with reading(sessions()) as session:
        row = plan_lists.in_library(session, kind, number, policy=policy())
        if row is None:
            raise not_found()
        return render_template(
            "pages/library/one.html", plan=policy().plans.plan(kind), row=row, file=row.file, blocks=blocks(row.body)
        )


@blueprint.get("/<kind>/<int:number>/file", endpoint="file")
@public("a plan or policy in force is open to everybody; nobody is named")
def file(kind: str, number: int) -> Any:
    with reading(sessions()) as session:
        row = plan_lists.in_library(session, kind, number, policy=policy())
        if row is None or row.file is None:
            raise not_found()
        sha256, media_type = row.file.sha256, row.file.media_type
    if request.if_none_match.contains(sha256):
        return Response(status=304, headers={"ETag": f'"{sha256}"'})
    answer = download(fetched(sha256), media_type, f"{kind.replace('_', '-')}-version-{number}.pdf")
    answer.set_etag(sha256)
    return answer
