"""The notices above every page: outages that are on or near, as many as fit, each of them to be put away."""

from typing import Any

from flask import g, request, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from portal.db import reading
from portal.services.helpdesk.outages import banners
from portal.services.helpdesk.outages.banners import Banner
from portal.web import kernel
from workflows.outage_pack import OutageKind
from workflows.wall_time import moment_words, span_words

MOST = 3


def notices() -> dict[str, Any]:
    """What the layout shows: the first few, and how many more there are. None on the pages that tell of outages themselves."""
    found = [] if request.blueprint == "outages" else _asked_once()
    return {
        "outage_notices": [_notice(each) for each in found[:MOST]],
        "more_outage_notices": max(len(found) - MOST, 0),
    }


def _asked_once() -> list[Banner]:
    if "banners" not in g:
        try:
            with reading(kernel.sessions()) as session:
                g.banners = banners.of(
                    session, person_id=kernel.actor().person_id, now=kernel.now(), policy=kernel.policy()
                )
                session.expunge_all()
        except SQLAlchemyError:  # the page that says so is drawn with this very layout
            g.banners = []
    found: list[Banner] = g.banners
    return found


def _notice(banner: Banner) -> dict[str, Any]:
    each = banner.shown
    signed_in = bool(current_user and current_user.is_authenticated and not current_user.detained)
    return {
        "kind": "info" if each.phase == "coming" or each.kind == OutageKind.WEEKLY else "warning",
        "title": each.title,
        "words": _words(banner),
        "href": url_for("outages.one", number=each.id) if each.id else url_for("outages.index"),
        "put_away": url_for("outages.put_away") if signed_in else "",
        "values": {"back": kernel.own_path()} | ({"outage": each.id} if each.id else {"on": each.on}),
    }


def _words(banner: Banner) -> str:
    each, zone = banner.shown, kernel.policy().zone
    if each.phase == "coming":
        return span_words(each.starts_at, each.ends_expected_at, zone)
    if each.late:
        return f"Since {moment_words(each.starts_at, zone)}. It takes longer than expected."
    if each.ends_expected_at is None:
        return f"Since {moment_words(each.starts_at, zone)}. Nobody knows yet until when."
    return f"Going on now, expected until {moment_words(each.ends_expected_at, zone)}."
