"""The Lead's own people and their roles, and inviting another."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session

from forms.access_request import listed as choices
from forms.sign_in import Invite
from portal.db import reading
from portal.services.desk import colleagues
from portal.web.desk.room import blueprint, to_person
from portal.web.kernel import actor, now, permission, policy, saved, sessions
from portal.web.proving import proven
from portal.web.role_names import ROLE_NAMES
from workflows.actions import Action
from workflows.vocabulary import AT_THE_LEAD


@blueprint.route("/colleagues", methods=["GET", "POST"], endpoint="colleagues")
@permission(Action.USER_INVITE)
@proven
def index() -> Any:
    form = Invite()
    form.role.choices = choices(
        [("", "Choose"), *((role.value, name) for role, name in ROLE_NAMES.items() if role in AT_THE_LEAD)]
    )

    def invite(session: Session) -> str:
        person = colleagues.invite(
            session, email=form.email.data, role=form.role.data, first_name=form.first_name.data,
            last_name=form.last_name.data, actor=actor(), now=now(), policy=policy(),
        )  # fmt: skip
        return f"{person.name} is named. The invitation goes to {person.email}."

    if form.validate_on_submit() and (done := saved(form, invite)):
        flash(done.value, "success")
        return redirect(url_for("desk.colleagues"))
    with reading(sessions()) as session:
        found = colleagues.listed(session, actor(), now=now(), policy=policy())
    rows = [
        {
            "name": {"text": each.name, "href": to_person(each.membership_id), "note": each.email},
            "roles": [ROLE_NAMES[role] for role in ROLE_NAMES if role in each.roles],
        }
        for each in found
    ]
    status = 400 if form.errors or form.form_errors else 200
    return render_template("pages/desk/colleagues.html", form=form, rows=rows), status
