"""The Agency's room: the Lead's list of Agencies, and for each its task list, officers, forms, devices, projects, licenses."""

from flask import Blueprint

blueprint = Blueprint("agency", __name__, url_prefix="/agency")

from portal.web.agency import (  # noqa: E402
    attesting,  # noqa: F401
    delegations,  # noqa: F401
    devices,  # noqa: F401
    documents,  # noqa: F401
    forms,  # noqa: F401
    lists,  # noqa: F401
    manage,  # noqa: F401
    officers,  # noqa: F401
    overview,  # noqa: F401
    projects,  # noqa: F401
    then,  # noqa: F401
)
