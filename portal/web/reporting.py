"""Reporting something that may be a violation, with a name or without; and what the reporter sees and adds afterwards."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session

from forms.security.incidents import AddToReport, Report
from portal import permissions
from portal.db import reading, transaction
from portal.models import Incident
from portal.refusals import Refused
from portal.services.security.incidents import incident_reports
from portal.services.security.incidents.incident_reports import Told
from portal.web import kernel
from portal.web.kernel import actor, keys, now, permission, policy, public, sessions
from workflows.actions import Action
from workflows.client_data import looks_like_client
from workflows.vocabulary import Reason

blueprint = Blueprint("report", __name__, url_prefix="/report")


@blueprint.route("", methods=["GET", "POST"], endpoint="new")
@public("whoever saw something may say so, also without signing in")
def new() -> Any:
    """Filled in, shown again to be checked, and sent; on the way nothing typed is lost."""
    form, step = Report(), request.form.get("step", "")
    if not form.validate_on_submit():
        return render_template("pages/report/new.html", form=form), 400 if form.is_submitted() else 200
    if step == "send":
        try:
            envelope = _send(form)
        except Refused as no:
            form.refuse(no.sentence, no.field)
            status = 429 if no.reason is Reason.CONFLICT else 400
            return render_template("pages/report/new.html", form=form), status
        return redirect(url_for("report.sent", envelope=envelope))
    if step == "change":
        return render_template("pages/report/new.html", form=form)
    doubts = looks_like_client(f"{form.said.data}\n{form.place.data or ''}")
    return render_template("pages/report/check.html", form=form, doubts=doubts, named=_named(form))


def _named(form: Report) -> bool:
    return bool(current_user.is_authenticated and not form.unnamed.data)


def _send(form: Report) -> str:
    told = Told(
        said=form.said.data or "", place=form.place.data or "", occurred_on=form.occurred_on.data,
        discovered_on=form.discovered_on.data, affected=form.affected.data, contact=form.contact.data or "",
    )  # fmt: skip
    with transaction(sessions()) as session:
        row, token = incident_reports.report(
            session, told=told, named=_named(form), address=kernel.address(), actor=actor(), now=now(), policy=policy()
        )
        return keys().envelope(incident_reports.PURPOSE, [row.id, token])


@blueprint.get("/sent/<envelope>", endpoint="sent")
@public("the signed envelope was given to the reporter alone")
def sent(envelope: str) -> Any:
    with reading(sessions()) as session:
        row = incident_reports.by_link(session, keys=keys(), envelope=envelope, policy=policy())
        link = kernel.context().settings.base_url + url_for("report.by_link", envelope=envelope)
        days = policy().incidents.link.days
        return render_template("pages/report/sent.html", incident=row, link=link, days=days, named=row.reporter_id is not None)  # fmt: skip


@blueprint.route("/<envelope>", methods=["GET", "POST"], endpoint="by_link")
@public("the signed envelope was given to the reporter alone")
def by_link(envelope: str) -> Any:
    """What the reporter wrote, where it stands, and a form to add to it; the link opens it as often as it is used."""

    def found(session: Session) -> Incident:
        return incident_reports.by_link(session, keys=keys(), envelope=envelope, policy=policy())

    return _one(found, url_for("report.by_link", envelope=envelope), named=False)


@blueprint.get("/mine", endpoint="mine")
@permission(Action.INCIDENT_OWN)
def mine() -> Any:
    with reading(sessions()) as session:
        rows = incident_reports.own(session, actor=actor())
        return render_template("pages/report/mine.html", rows=rows, states=incident_reports.STATES)


@blueprint.route("/mine/<int:incident_id>", methods=["GET", "POST"], endpoint="own")
@permission(Action.INCIDENT_OWN)
def own(incident_id: int) -> Any:
    def found(session: Session) -> Incident:
        return permissions.find(session, actor(), Action.INCIDENT_OWN, Incident, incident_id)

    return _one(found, url_for("report.own", incident_id=incident_id), named=True)


def _one(found: Any, here: str, *, named: bool) -> Any:
    form, status = AddToReport(), 200
    with reading(sessions()) as session:
        found(session)
    if form.validate_on_submit():
        try:
            with transaction(sessions()) as session:
                incident_reports.add(
                    session, found(session), text=form.text.data or "", address=kernel.address(), named=named, actor=actor(),
                    now=now(), policy=policy(),
                )  # fmt: skip
        except Refused as no:
            form.refuse(no.sentence, no.field)
            status = 429 if no.reason is Reason.CONFLICT else 400
        else:
            flash("Added. The HMIS Lead is told that there is more to read.", "success")
            return redirect(here)
    elif form.is_submitted():
        status = 400
    with reading(sessions()) as session:
        row = found(session)
        state = incident_reports.STATES[row.status]
        added = incident_reports.written(session, row)
        return render_template("pages/report/one.html", form=form, incident=row, added=added, state=state), status
