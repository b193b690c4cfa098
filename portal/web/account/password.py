"""One's own password: chosen by invitation or after a reset, changed, or changed because it has run out."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from forms.sign_in import ChangePassword, NewPassword
from portal.db import transaction
from portal.models import Person
from portal.refusals import Refused
from portal.services.account import sign_in
from portal.web import kernel
from portal.web.account.present import is_right, must_say_present
from portal.web.account.room import blueprint, enter
from portal.web.kernel import actor, now, policy, public, sessions


@blueprint.route("/account/password", methods=["GET", "POST"])
@public(
    "checks by itself that somebody is signed in: a new person has no second factor yet, a password may have run out"
)
def new_password() -> Any:
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in", next=kernel.own_path()))
    # By a mailed link one may choose a password; what comes in by it will still be asked for the second factor.
    if current_user.needs_second_factor and current_user.has_second_factor and current_user.via == "password":
        return redirect(url_for("account.second_factor", next=kernel.own_path()))
    form, status = ChangePassword() if must_say_present() else NewPassword(), 200
    if form.validate_on_submit():
        try:
            answer = _set_password(form)
        except Refused as no:
            form.refuse(no.sentence, no.field)
        else:
            if answer is not None:
                return answer
        status = 400
    profile = policy().sign_in.passwords
    return render_template(
        "pages/account/password.html", form=form, profile=profile, ran_out=current_user.must_change_password
    ), 400 if form.errors else status


def _set_password(form: NewPassword) -> Any:
    """The answer, or None where the form has been refused."""
    if isinstance(form, ChangePassword) and not is_right(form):
        return None
    with transaction(sessions()) as session:
        person = session.get_one(Person, current_user.person.id)
        first = not sign_in.has_password(session, person.id)
        passed = current_user.second_factor_passed
        sign_in.set_password(
            session, person=person, password=form.password.data, actor=actor(), now=now(), policy=policy()
        )
        token = sign_in.start_session(
            session, person=person, via="password", actor=actor(), now=now(), second_factor=passed
        )
    flash(
        "Your password is set." if first else "Your new password is set. You were signed out everywhere else.",
        "success",
    )
    return enter(token, request.args.get("next"))
