"""What the rooms of the knowledge base share: the blueprint, and what readers' pages may be kept by."""

from flask import Blueprint, Response, request

from portal.web.open_to_all import may_be_kept

blueprint = Blueprint("knowledge", __name__, url_prefix="/knowledge")


@blueprint.after_request
def kept(response: Response) -> Response:
    return response if request.path.startswith("/knowledge/manage") else may_be_kept(response)
