"""The organization chart, to be read and printed; with an export of who holds which office."""

from typing import Any

from flask import render_template, request

from forms.desk import Search
from portal import audit
from portal.db import reading, transaction
from portal.services.security import offices
from portal.web.desk.room import as_csv, pager
from portal.web.kernel import actor, now, permission, policy, sessions, today
from portal.web.security.room import blueprint
from workflows.actions import Action
from workflows.vocabulary import LEAD

EVERYTHING = 10_000


@blueprint.get("/offices", endpoint="offices")
@permission(Action.OFFICES_SEE)
def index() -> Any:
    form, after = Search(request.args), request.args.get("after", "")
    search = (form.q.data or "").strip()[:100]
    if request.args.get("format") == "csv":
        return _csv(search)
    with reading(sessions()) as session:
        chart = offices.chart(session, actor(), on=today(), search=search, after=after)
        return render_template(
            "pages/security/offices.html",
            root=_tree(chart, agencies_follow=bool(chart.page.rows or actor().lead_roles)),
            of_agency=offices.OF_AN_AGENCY,
            agencies=[
                (agency, {office.role: chart.held.get((agency.id, office.role), ()) for office in offices.OF_AN_AGENCY})
                for (agency,) in chart.page.rows
            ],
            form=form,
            page=pager(chart.page, after),
            several=bool(actor().lead_roles),
        )


def _tree(chart: offices.Chart, *, agencies_follow: bool) -> dict[str, Any]:
    """The Board, below it the committee, the auditor and the Lead, below the Lead its offices and the Agencies."""

    def node(office: offices.Office, *children: dict[str, Any]) -> dict[str, Any]:
        names = chart.held.get((LEAD, office.role), ())
        return {"title": office.title, "names": names, "does": office.does, "children": children}

    agencies = {
        "title": "Agencies", "names": None, "href": "#agencies" if agencies_follow else "",
        "does": "Each has an executive director, an Agency Administrator and a security officer.",
    }  # fmt: skip
    lead = {
        "title": f"{policy().lead}, the HMIS Lead", "names": None, "does": "Operates the HMIS on behalf of the Continuum.",
        "children": [*(node(office) for office in offices.OF_THE_LEAD), agencies],
    }  # fmt: skip
    board, *beside = offices.OF_THE_CONTINUUM
    return node(board, *(node(office) for office in beside), lead)


def _csv(search: str) -> Any:
    with transaction(sessions()) as session:
        chart = offices.chart(session, actor(), on=today(), search=search, limit=EVERYTHING)
        named: list[tuple[str, int, tuple[offices.Office, ...]]] = [
            (policy().lead, LEAD, (*offices.OF_THE_CONTINUUM, *offices.OF_THE_LEAD))
        ]
        named += [(agency.name, agency.id, offices.OF_AN_AGENCY) for (agency,) in chart.page.rows]
        rows = [
            (name, office.title, ", ".join(chart.held.get((agency_id, office.role), ())), office.does)
            for name, agency_id, listed in named
            for office in listed
        ]
        audit.record(
            session, actor=actor(), now=now(), act="offices.export", said=f"Downloaded the organization chart of {len(named)} organizations."
        )  # fmt: skip
    return as_csv("offices", ("Organization", "Office", "Held by", "Answers for"), rows)
