"""The second step of signing in: setting up the app, its codes, recovery codes and what is left of them."""

from typing import Any

import segno
from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from forms.sign_in import Code, Nothing, RecoveryCode
from portal.db import reading, transaction
from portal.models import Person
from portal.services.account import second_factor as factors
from portal.services.account import sign_in
from portal.web import kernel
from portal.web.account.room import blueprint, enter
from portal.web.kernel import actor, keys, now, permission, policy, public, sessions
from portal.web.proving import proven
from workflows.actions import Action

WRONG = (
    "This code is not right, or was used before. Wait for the next one and type it at once. After three failures the account is "
    "locked until somebody unlocks it."
)
WRONG_RECOVERY = (
    "This is none of your recovery codes that are left. Each works once. After three failures the account is locked."
)


@blueprint.route("/sign-in/second-factor", methods=["GET", "POST"])
@public("the second step of signing in; checks the first by itself")
def second_factor() -> Any:
    if elsewhere := _not_here():
        return elsewhere
    form, qr, secret, token = Code(), "", "", ""
    setting_up = not current_user.has_second_factor
    if setting_up and current_user.via != "password":
        flash("Sign in with your password to set up your second factor.", "info")
        return redirect(url_for("account.sign_in", next=kernel.safe_next(request.args.get("next"))))
    if form.validate_on_submit():
        with transaction(sessions()) as session:
            passed = factors.check_totp(
                session, person=session.get_one(Person, current_user.person.id), session_id=current_user.session_id,
                code=form.code.data, keys=keys(), actor=actor(), now=now(), policy=policy(),
            )  # fmt: skip
            token = sign_in.rotate(session, token=current_user.token, now=now()) if passed else ""
        if token:
            onward = kernel.safe_next(request.args.get("next"))
            return enter(token, url_for("account.factor", next=onward) if setting_up else onward)
        form.refuse(WRONG, "code")
    if setting_up:
        with transaction(sessions()) as session:
            uri = factors.begin_totp(session, person=session.get_one(Person, current_user.person.id), keys=keys())
        qr, secret = segno.make(uri).svg_data_uri(scale=5), uri.split("secret=")[1].split("&")[0]
    return render_template(
        "pages/account/second_factor.html", form=form, qr=qr, secret=secret, onward=request.args.get("next")
    ), 400 if form.errors else 200


@blueprint.route("/sign-in/recovery", methods=["GET", "POST"])
@public("the second step of signing in for whoever has no phone at hand; checks the first by itself")
def recovery() -> Any:
    if elsewhere := _not_here():
        return elsewhere
    form, token = RecoveryCode(), ""
    if form.validate_on_submit():
        with transaction(sessions()) as session:
            person = session.get_one(Person, current_user.person.id)
            passed = factors.use_recovery_code(
                session, person=person, session_id=current_user.session_id, code=form.code.data, actor=actor(), now=now(),
                policy=policy(),
            )  # fmt: skip
            token = sign_in.rotate(session, token=current_user.token, now=now()) if passed else ""
            left = factors.codes_left(session, person.id)
        if token:
            few = "Have new ones made under 'Signing in'." if left < 3 else "Cross this one out."
            flash(f"This recovery code is used up. {left} of your codes are left. {few}", "warning")
            return enter(token, request.args.get("next"))
        form.refuse(WRONG_RECOVERY, "code")
    return render_template(
        "pages/account/recovery.html", form=form, onward=request.args.get("next")
    ), 400 if form.errors else 200


def _not_here() -> Any:
    if not current_user.is_authenticated:
        return redirect(url_for("account.sign_in"))
    if not current_user.needs_second_factor:
        return redirect(kernel.safe_next(request.args.get("next")))
    return None


@blueprint.get("/account/second-factor")
@permission(Action.SIGN_IN)
def factor() -> Any:
    """Whether a second factor is set up, how many recovery codes are left, and the button that makes new ones."""
    with reading(sessions()) as session:
        left = factors.codes_left(session, current_user.person.id)
    return render_template(
        "pages/account/factor.html",
        has=current_user.has_second_factor,
        left=left,
        onward=kernel.safe_next(request.args.get("next")) if "next" in request.args else "",
    )


@blueprint.post("/account/second-factor/codes")
@permission(Action.SIGN_IN)
@proven
def new_codes() -> Any:
    """Ten new codes, in the answer to this POST and never again."""
    if not Nothing().validate_on_submit():
        return redirect(url_for("account.factor"))
    with transaction(sessions()) as session:
        person = session.get_one(Person, current_user.person.id)
        codes = factors.new_codes(session, person=person, actor=actor(), now=now())
    onward = kernel.safe_next(request.form.get("onward"))
    return render_template("pages/account/recovery_codes.html", codes=codes, about=person, onward=onward)
