"""Documents in force: which version of each kind counts since when, and publishing the next one."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from forms import documents
from forms.desk import Publish
from portal.db import reading, transaction
from portal.refusals import Refused, not_found
from portal.services.desk import desk_lookups, publishing, publishing_preview
from portal.services.paperwork import KINDS
from portal.web.desk.room import blueprint
from portal.web.kernel import actor, now, permission, policy, sessions, today
from workflows.actions import Action
from workflows.business_time import us_date
from workflows.vocabulary import Kind


@blueprint.get("/documents-in-force", endpoint="versions")
@permission(Action.DESK_SEE)
def versions() -> Any:
    with reading(sessions()) as session:
        rows = [row for row in publishing.published(session) if row.withdrawn_at == datetime.max]
        who = desk_lookups.names_of(session, sorted({row.recorded_by for row in rows if row.recorded_by}))
        session.expunge_all()
    shown = []
    for kind, title in titles_of_documents().items():
        mine = [row for row in rows if row.detail == kind]
        now_in_force = next((row for row in mine if row.valid_from <= today()), None)
        shown.append(
            {
                "kind": kind,
                "title": title,
                "current": now_in_force,
                "coming": [row for row in mine if row.valid_from > today()],
                "earlier": [row for row in mine if row.valid_from <= today() and row is not now_in_force],
                "newest": "" if kind == Kind.HOUSING_INVENTORY else documents.versions(kind)[-1],
            }
        )
    return render_template("pages/desk/versions.html", rows=shown, who=who)


@blueprint.route("/documents-in-force/<kind>", methods=["GET", "POST"], endpoint="publish")
@permission(Action.EVIDENCE_DECIDE)
def publish(kind: str) -> Any:
    titles = titles_of_documents()
    if kind not in titles:
        raise not_found()
    offered = publishing.publishable(kind)
    form = Publish(
        versions=[one for one in offered if kind != Kind.HOUSING_INVENTORY or abs(int(one) - today().year) <= 2]
    )
    starts = form.in_force_from.data
    if form.validate_on_submit() and starts is not None:
        with reading(sessions()) as session:
            found = publishing.preview(
                session, kind=kind, version=form.version.data, in_force_from=starts, on=today(), policy=policy()
            )
            closing = publishing_preview.if_nobody_signs(
                session, kind=kind, version=form.version.data, in_force_from=starts, now=now(), policy=policy()
            ).of("close")
        if "confirmed" in request.form:
            try:
                with transaction(sessions()) as session:
                    publishing.publish(
                        session, kind=kind, version=form.version.data, in_force_from=starts, actor=actor(), now=now()
                    )
            except Refused as no:
                form.refuse(no.sentence, {"valid_from": "in_force_from"}.get(no.field, no.field))
            else:
                flash(f"{titles[kind]}, version {form.version.data}, is in force from {us_date(starts)}.", "success")
                return redirect(url_for("desk.versions"))
        elif "change" not in request.form:
            return render_template(
                "pages/desk/publish_check.html",
                form=form,
                title=titles[kind],
                kind=kind,
                found=found,
                day=us_date(starts),
                closing=closing,
                names=url_for("desk.publish_preview", kind=kind, version=form.version.data, starts=starts.isoformat()),
            )
    return render_template(
        "pages/desk/publish.html", form=form, title=titles[kind], kind=kind
    ), 400 if form.errors else 200


def titles_of_documents() -> dict[str, str]:
    return {
        kind: KINDS[kind].title if kind in KINDS else documents.latest(kind).title
        for kind in documents.kinds()
        if kind != "electronic_consent"
    }
