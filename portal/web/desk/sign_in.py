"""Who is locked out, whose second factor is lost, and whether somebody is trying to get in."""

from typing import Any

from flask import render_template, request

from forms.desk import Search
from portal import audit
from portal.db import reading, transaction
from portal.services.desk import sign_in_lists
from portal.web.desk.room import as_csv, blueprint, pager, to_person
from portal.web.kernel import actor, now, permission, policy, sessions
from workflows.actions import Action

EVERYBODY = 100_000


@blueprint.get("/sign-in", endpoint="sign_in")
@permission(Action.LOCKED_SEE)
def locked() -> Any:
    form, after = Search(request.args), request.args.get("after", "")
    search = (form.q.data or "")[:100]
    if request.args.get("format") == "csv":
        return _csv(search)
    with reading(sessions()) as session:
        page = sign_in_lists.locked_page(session, actor(), search=search, after=after)
        return render_template(
            "pages/desk/sign_in.html",
            rows=[_row(*row) for row in page.rows],
            lost=[_lost(*row) for row in sign_in_lists.lost_factors(session, actor(), now=now())],
            alarm=sign_in_lists.alarm(session, now=now(), policy=policy()),
            form=form,
            page=pager(page, after),
        )


def _row(credential: Any, person: Any, membership: Any, agency: Any) -> dict[str, Any]:
    return {
        "name": {"text": person.name, "href": to_person(membership.id) if membership else None, "note": person.email},
        "agency": agency.name if agency else "",
        "since": credential.locked_since,
    }


def _lost(reset: Any, person: Any, voucher: str, membership_id: int) -> dict[str, Any]:
    return {
        "name": {"text": person.name, "href": to_person(membership_id) if membership_id else None},
        "voucher": voucher,
        "until": reset.expires_at,
    }


def _csv(search: str) -> Any:
    with transaction(sessions()) as session:
        found = sign_in_lists.locked_page(session, actor(), search=search, limit=EVERYBODY).rows
        rows = [
            (person.last_name, person.first_name, person.email, agency.name if agency else "", credential.locked_since)
            for credential, person, _, agency in found
        ]
        audit.record(
            session, actor=actor(), now=now(), act="export",
            said=f"Exported the list of locked accounts: {len(rows)} rows.",
        )  # fmt: skip
    return as_csv("locked-accounts", ["Last name", "First name", "E-mail", "Agency", "Locked since (UTC)"], rows)
