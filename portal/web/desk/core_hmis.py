"""The core HMIS's own list against the portal's accounts: what differs, since when, and what mends it."""

from typing import Any

from flask import render_template, request, url_for

from portal import audit
from portal.db import reading, transaction
from portal.services.desk import comparisons
from portal.services.desk.reconcile import DEEDS, TITLES, Found
from portal.web import kernel
from portal.web.desk.room import as_csv, blueprint, pager
from portal.web.kernel import actor, now, permission, policy, pressed, sessions
from workflows.actions import Action

EVERYTHING = 100_000


@blueprint.get("/core-hmis", endpoint="core_hmis")
@permission(Action.CORE_RECONCILE)
def index() -> Any:
    found, settled = request.args.get("found", ""), request.args.get("show") == "settled"
    found = found if found in set(Found) else ""
    if request.args.get("format") == "csv":
        return _csv(found, settled)
    after = request.args.get("after", "")
    with reading(sessions()) as session:
        page = comparisons.page(session, actor(), found=found, settled=settled, after=after)
        return render_template(
            "pages/desk/core_hmis.html",
            by_hand=not kernel.context().settings.by_scim,
            last=comparisons.last(session),
            counts=[(each, TITLES[each], count) for each, count in comparisons.counted(session).items()],
            rows=[_row(row) for (row,) in page.rows],
            page=pager(page, after),
            found=found,
            settled=settled,
        )


def _row(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "title": TITLES[Found(row.found)],
        "mends": row.settled_at is None and Found(row.found) in DEEDS and row.account_id is not None,
    }


def _csv(found: str, settled: bool) -> Any:
    with transaction(sessions()) as session:
        page = comparisons.page(session, actor(), found=found, settled=settled, limit=EVERYTHING)
        rows = [
            (
                TITLES[Found(row.found)],
                row.user_id,
                row.name,
                row.sentence,
                row.first_seen_at,
                row.last_seen_at,
                row.settled_at,
            )
            for (row,) in page.rows
        ]
        said = f"Downloaded a list of {len(rows)} differences from the core HMIS."
        audit.record(session, actor=actor(), now=now(), act="core_hmis.export", said=said)
    headers = ("What differs", "User ID", "Name", "In a sentence", "First seen", "Last seen", "Settled")
    return as_csv("core-hmis-differences", headers, rows)


@blueprint.post("/core-hmis/compare", endpoint="core_hmis_compare")
@permission(Action.CORE_RECONCILE)
def compare() -> Any:
    return pressed(
        lambda session: comparisons.ask(session, actor=actor(), now=now()),
        "The core HMIS is asked for its list. Load this page again in a minute.",
        url_for("desk.core_hmis"),
    )


@blueprint.post("/core-hmis/<int:difference_id>/tell-again", endpoint="core_hmis_tell_again")
@permission(Action.CORE_RECONCILE)
def tell_again(difference_id: int) -> Any:
    return pressed(
        lambda session: comparisons.tell_again(session, difference_id, actor=actor(), now=now(), policy=policy()),
        lambda user_id: (
            f"The core HMIS is told again about {user_id}. The next comparison shows whether it has listened."
        ),
        url_for("desk.core_hmis"),
    )
