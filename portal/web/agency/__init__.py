"""The Agency's room: the Lead's list of Agencies, and for each its task list, officers, forms, devices, projects, licenses."""

from flask import Blueprint

blueprint = Blueprint("agency", __name__, url_prefix="/agency")

from portal.web.agency import devices, documents, forms, lists, manage, officers, overview, projects, then  # noqa: E402, F401
