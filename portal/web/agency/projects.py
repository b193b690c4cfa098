"""The Agency's projects: entered and changed; the name each gets in the core HMIS, and its provider id."""

from typing import Any

from flask import flash, redirect, request, url_for

from forms.agency import ProjectForm, choices
from portal.db import reading, transaction
from portal.models import Project
from portal.refusals import Refused, not_found
from portal.services.agencies import projects as service
from portal.web.agency import blueprint
from portal.web.agency.common import found, may, page, trail
from portal.web.components import us_date
from portal.web.kernel import actor, now, permission, sessions
from workflows.actions import Action

COLUMNS = (
    {"key": "name", "label": "Project"}, {"key": "kind", "label": "Type"}, {"key": "proposed", "label": "Name in the core HMIS"},
    {"key": "provider", "label": "Provider ID"}, {"key": "dates", "label": "Operating"},
)  # fmt: skip


@blueprint.get("/<int:agency_id>/projects")
@permission(Action.AGENCY_SEE)
def projects(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        may_change = may(session, Action.AGENCY_CHANGE, agency) and agency.status != "ended"
        rows = [
            {
                "name": {"text": project.name, "href": url_for("agency.project", agency_id=agency.id, project_id=project.id)} if may_change else project.name,
                "kind": service.PROJECT_TYPES.get(project.project_type, "") if project.project_type is not None else "",
                "proposed": service.proposed_name(agency, project.name), "provider": project.provider_id, "dates": _dates(project),
            }
            for project in service.of(session, agency.id)
        ]  # fmt: skip
        return page(
            "projects.html",
            agency,
            here="agency.projects",
            columns=COLUMNS,
            rows=rows,
            may_change=may_change,
            way=trail(agency, ("Projects", "")),
        )


@blueprint.route("/<int:agency_id>/projects/<int:project_id>", methods=["GET", "POST"])
@blueprint.route(
    "/<int:agency_id>/projects/new", methods=["GET", "POST"], endpoint="new_project", defaults={"project_id": 0}
)
@permission(Action.AGENCY_CHANGE)
def project(agency_id: int, project_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.AGENCY_CHANGE)
        there = session.get(Project, project_id) if project_id else None
        if project_id and (there is None or there.agency_id != agency.id):
            raise not_found()
        session.expunge_all()
    start = {} if there is None else {
        "name": there.name, "project_type": "" if there.project_type is None else str(there.project_type), "starts_on": there.starts_on,
        "ends_on": there.ends_on,
    }  # fmt: skip
    form = ProjectForm(data=start)
    form.project_type.choices = choices(
        [("", "Select"), *((str(code), title) for code, title in service.PROJECT_TYPES.items())]
    )
    if form.validate_on_submit():
        given = {
            "name": form.name.data, "project_type": int(form.project_type.data), "starts_on": form.starts_on.data, "ends_on": form.ends_on.data,
            "actor": actor(), "now": now(),
        }  # fmt: skip
        try:
            with transaction(sessions()) as session:
                if there is None:
                    service.add(session, agency=found(session, agency_id, Action.AGENCY_CHANGE), **given)
                else:
                    service.change(session, project=session.get_one(Project, project_id), **given)
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            flash("The project is saved.", "success")
            return redirect(
                url_for("agency.new_project" if "another" in request.form else "agency.projects", agency_id=agency_id)
            )
    return page(
        "project.html", agency, 400 if form.errors else 200, form=form, there=there,
        way=trail(agency, ("Projects", url_for("agency.projects", agency_id=agency_id)), (there.name if there else "New project", "")),
    )  # fmt: skip


def _dates(project: Project) -> str:
    begins = f"since {us_date(project.starts_on)}" if project.starts_on else ""
    ends = f"until {us_date(project.ends_on)}" if project.ends_on else ""
    return " ".join(part for part in (begins, ends) if part)
