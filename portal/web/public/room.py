"""What the public pages share: the blueprint, and which of them caches may keep."""

from flask import Blueprint, Response, request

from portal.web.open_to_all import may_be_kept

blueprint = Blueprint("public", __name__)
KEPT = frozenset({"public.index", "public.join", "public.trainings"})


@blueprint.after_request
def kept(response: Response) -> Response:
    return may_be_kept(response) if request.endpoint in KEPT else response
