"""Reviews, incidents, sanctions, plans: the rooms register their pages on one blueprint."""

from portal.web.security import index, offices
from portal.web.security.actions import action_plans, actions
from portal.web.security.incidents import complaints, incident_acts, incident_people, incident_triage, incidents
from portal.web.security.plans import plan_steps, plan_version, plans, records, releases
from portal.web.security.reviews import (
    findings,
    results,
    review_acts,
    review_campaigns,
    review_items,
    review_oscal,
    review_papers,
    review_taken,
    reviews,
)
from portal.web.security.room import blueprint
from portal.web.security.sanctions import sanction_acts, sanction_appeals, sanctions

__all__ = [
    "action_plans",
    "actions",
    "blueprint",
    "complaints",
    "findings",
    "incident_acts",
    "incident_people",
    "incident_triage",
    "incidents",
    "index",
    "offices",
    "plan_steps",
    "plan_version",
    "plans",
    "records",
    "releases",
    "results",
    "review_acts",
    "review_campaigns",
    "review_items",
    "review_oscal",
    "review_papers",
    "review_taken",
    "reviews",
    "sanction_acts",
    "sanction_appeals",
    "sanctions",
]
