"""What the public pages share: the blueprint, and how long caches may keep each of them."""

from flask import Blueprint, Response, request

from portal.web.open_to_all import FOR_SECONDS, may_be_kept

blueprint = Blueprint("public", __name__)
KEPT = {"public.index": 60, "public.join": FOR_SECONDS, "public.trainings": FOR_SECONDS}
"""In seconds; the start page says whether the desk is open now."""


@blueprint.after_request
def kept(response: Response) -> Response:
    seconds = KEPT.get(request.endpoint or "")
    return may_be_kept(response, seconds) if seconds else response
