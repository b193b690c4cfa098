"""What publishing a version will do, by name: who is asked to sign it, and who closes if it stays unsigned."""

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for

from forms.policy import ForeseenFilter
from portal import audit
from portal.db import reading, transaction
from portal.refusals import not_found
from portal.services.desk import publishing, publishing_preview
from portal.services.desk.publishing_preview import Asked
from portal.services.paging import PAGE
from portal.web.components import address
from portal.web.desk.foreseen_list import as_rows, part, texts
from portal.web.desk.room import as_csv, blueprint
from portal.web.desk.versions import titles_of_documents
from portal.web.kernel import actor, now, permission, policy, sessions, today
from workflows.actions import Action


@blueprint.get("/documents-in-force/<kind>/preview", endpoint="publish_preview")
@permission(Action.EVIDENCE_DECIDE)
def preview(kind: str) -> Any:
    titles = titles_of_documents()
    if kind not in titles:
        raise not_found()
    asked = _asked_about(kind)
    if asked is None:
        return redirect(url_for("desk.publish", kind=kind))
    version, starts = asked
    tab = "sign" if request.args.get("tab") == "sign" else "lapse"
    form, after = ForeseenFilter(request.args), request.args.get("after", "")
    with reading(sessions()) as session:
        signs = publishing_preview.who_signs(session, kind=kind, version=version, on=today())
        found = publishing_preview.if_nobody_signs(
            session, kind=kind, version=version, in_force_from=starts, now=now(), policy=policy()
        )
        told = publishing.preview(
            session, kind=kind, version=version, in_force_from=starts, on=today(), policy=policy()
        )
        called = {p.id: p.title for p in policy().prerequisites}
        wanted = (form.q.data or "").casefold()[:100]
        signs = [one for one in signs if wanted in f"{one.person} {one.agency}".casefold()]
        if request.args.get("format") == "csv":
            rows = (
                [(one.agency, one.person) for one in signs]
                if tab == "sign"
                else list(texts(as_rows(form, found), called))
            )
            return _csv(kind, version, tab, rows)
        return render_template(
            "pages/desk/publish_preview.html", kind=kind, title=titles[kind], version=version, starts=starts, tab=tab, form=form, found=found,
            part=part(found, form, after), signs=_page(signs, after), many=len(signs), told=told, titles=called,
            base=address(tab=None, show=None, q=None, after=None),
        )  # fmt: skip


def _asked_about(kind: str) -> tuple[str, date] | None:
    version = request.args.get("version", "")
    try:
        starts = date.fromisoformat(request.args.get("starts", "")[:10])
    except ValueError:
        return None
    return (version, starts) if version in publishing.publishable(kind) else None


def _page(signs: list[Asked], after: str) -> dict[str, Any]:
    start = next((n for n, one in enumerate(signs, start=1) if _key(one) == after), 0)
    shown = signs[start : start + PAGE]
    text = f"{start + 1:,} to {start + len(shown):,} of {len(signs):,}" if shown else ""
    more = start + PAGE < len(signs)
    way = {
        "text": text,
        "previous": address(after=None) if start else "",
        "next": address(after=_key(shown[-1])) if more else "",
    }
    return {"rows": shown, "pager": way}


def _key(one: Asked) -> str:
    return f"{one.agency_id}-{one.membership_id or 0}"


def _csv(kind: str, version: str, tab: str, rows: list[Any]) -> Any:
    headers = ("Agency", "Person") if tab == "sign" else ("Agency", "Person", "What", "When", "Because of", "Anyway")
    with transaction(sessions()) as session:
        said = f"Downloaded whom version {version} of {kind.replace('_', ' ')} would concern: {len(rows)} lines."
        audit.record(session, actor=actor(), now=now(), act="publish.export", said=said)
    return as_csv(f"{kind}-{version}", headers, rows)
