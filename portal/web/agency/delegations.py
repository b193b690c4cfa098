"""Whom the executive director lets act in the director's place: the list, a new one, taking one back."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, url_for

from forms.delegation import NewDelegation, RevokeDelegation
from portal import permissions
from portal.db import reading
from portal.models import Agency, Delegation, Membership
from portal.refusals import bad_input, not_found
from portal.services.agencies import delegations, directors
from portal.services.agencies.delegations import SCOPES
from portal.web.agency import blueprint
from portal.web.agency.common import found, may, page, saved, trail
from portal.web.kernel import actor, an_id, now, permission, policy, sessions, today
from portal.web.proving import proven
from workflows.actions import Action
from workflows.vocabulary import Scope

STATES = {"in force": "active", "coming": "planned", "over": "ended", "revoked": "revoked", "left": "ended"}


@blueprint.get("/<int:agency_id>/delegations", endpoint="delegations")
@permission(Action.DELEGATION_SEE)
def listing(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.DELEGATION_SEE)
        rows = [
            {
                "id": row.delegation.id, "name": row.delegation.delegate.name, "scope": SCOPES[Scope(row.delegation.scope)], "given": row.delegation,
                "director": row.delegation.director.name, "state": STATES[row.state], "words": row.state.capitalize(),
                "open": row.open and may(session, Action.DELEGATION_REVOKE, row.delegation),
            }
            for row in delegations.listed(session, agency, on=today())
        ]  # fmt: skip
        may_give = may(session, Action.DELEGATION_GIVE, agency) and agency.status != "ended"
        session.expunge_all()
    return page(
        "delegations.html", agency, here="agency.delegations", rows=rows, may_give=may_give, way=trail(agency, ("Delegation", ""))
    )  # fmt: skip


@blueprint.route("/<int:agency_id>/delegations/new", methods=["GET", "POST"], endpoint="new_delegation")
@permission(Action.DELEGATION_GIVE)
@proven
def new(agency_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id, Action.DELEGATION_GIVE)
        own = session.query(Membership.id).filter_by(agency_id=agency.id, person_id=actor().person_id).scalar()
        people = [each for each in directors.active_members(session, agency.id, on=today()) if each[0] != str(own)]
        form = NewDelegation(starts_on=today(), ends_on=today() + timedelta(days=90))
        form.offering(people, [(scope.value, f"{title}. {more}.") for scope, (title, more) in SCOPES.items()])
        session.expunge_all()
    if form.validate_on_submit() and saved(form, lambda session: _give(session, agency_id, form)):
        flash("Done. That person and the Agency Administrators get a message.", "success")
        return redirect(url_for("agency.delegations", agency_id=agency_id))
    way = trail(
        agency, ("Delegation", url_for("agency.delegations", agency_id=agency_id)), ("Let somebody act for you", "")
    )
    return page("new_delegation.html", agency, 400 if form.errors else 200, form=form, people=people, way=way)


@blueprint.route(
    "/<int:agency_id>/delegations/<int:delegation_id>/revoke", methods=["GET", "POST"], endpoint="revoke_delegation"
)
@permission(Action.DELEGATION_REVOKE)
def revoke(agency_id: int, delegation_id: int) -> Any:
    with reading(sessions()) as session:
        agency = found(session, agency_id)
        given = permissions.find(session, actor(), Action.DELEGATION_REVOKE, Delegation, delegation_id)
        if given.agency_id != agency.id:
            raise not_found()
        name, scope = given.delegate.name, SCOPES[Scope(given.scope)]
        session.expunge_all()
    form = RevokeDelegation()
    if form.validate_on_submit() and saved(form, lambda session: _revoke(session, delegation_id, form)):
        flash(f"{name} no longer acts for the executive director in this.", "success")
        return redirect(url_for("agency.delegations", agency_id=agency_id))
    way = trail(agency, ("Delegation", url_for("agency.delegations", agency_id=agency_id)), ("Take it back", ""))
    return page(
        "revoke_delegation.html", agency, 400 if form.errors else 200, form=form, name=name, scope=scope, way=way
    )


def _give(session: Any, agency_id: int, form: NewDelegation) -> None:
    agency = permissions.find(session, actor(), Action.DELEGATION_GIVE, Agency, agency_id)
    to = session.get(Membership, an_id(form.who.data))
    if to is None or to.agency_id != agency.id:
        raise not_found()
    first, last = form.starts_on.data, form.ends_on.data
    if first is None or last is None:
        raise bad_input("Enter the first and the last day.", "starts_on")
    delegations.give(
        session, agency=agency, to=to, scopes=form.scopes.data, starts_on=first, ends_on=last,
        reason=form.reason.data, actor=actor(), now=now(), policy=policy(),
    )  # fmt: skip


def _revoke(session: Any, delegation_id: int, form: RevokeDelegation) -> None:
    given = permissions.find(session, actor(), Action.DELEGATION_REVOKE, Delegation, delegation_id)
    delegations.revoke(session, delegation=given, reason=form.reason.data, actor=actor(), now=now(), policy=policy())
