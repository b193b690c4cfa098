"""What the pages of feedback share: the blueprint, and how a survey's status is called."""

from flask import Blueprint, Response, request

from portal.models import Survey
from portal.services.helpdesk.feedback.answering import takes_answers
from portal.web.kernel import now, policy, today
from portal.web.open_to_all import may_be_kept

blueprint = Blueprint("feedback", __name__, url_prefix="/feedback")
OPEN = frozenset({"feedback.index", "feedback.thanks"})
"""Pages that are the same for everybody."""


@blueprint.after_request
def kept(response: Response) -> Response:
    return may_be_kept(response) if request.endpoint in OPEN else response


def state(survey: Survey) -> tuple[str, str]:
    """The status to show, with its words."""
    if survey.status == "open" and not takes_answers(survey, now=now(), policy=policy()):
        return ("waiting", "Opens soon") if survey.opens_on > today() else ("closed", "Over")
    return {
        "draft": ("draft", "Draft"),
        "open": ("open", "Open"),
        "closed": ("done", "Closed"),
        "dropped": ("withdrawn", "Dropped"),
    }[survey.status]
