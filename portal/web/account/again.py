"""Before what weighs much: the code of the app, a recovery code or the password once more; by a link, a new link."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from forms.sign_in import Code, Nothing, Present, RecoveryCode
from portal.db import reading, transaction
from portal.models import Person
from portal.services.account import proving, sign_in
from portal.services.account import second_factor as factors
from portal.web import kernel
from portal.web.account.factor import WRONG, WRONG_RECOVERY
from portal.web.account.present import is_right
from portal.web.account.room import blueprint, enter
from portal.web.kernel import actor, keys, now, permission, policy, sessions
from workflows.actions import Action


@blueprint.route("/account/again", methods=["GET", "POST"])
@permission(Action.SIGN_IN)
def again() -> Any:
    onward, by = kernel.safe_next(request.args.get("next")), _by()
    form: Any = {"code": Code, "recovery": RecoveryCode, "password": Present, "link": Nothing, "demo": Nothing}[by]()
    if form.validate_on_submit():
        if by == "link":
            return _new_link()
        if token := _proof(form, by):
            return enter(token, onward)
    return render_template(
        "pages/account/again.html", form=form, by=by, onward=onward, minutes=policy().sign_in.prove_minutes
    ), 400 if form.errors else 200


def _by() -> str:
    """How this person can show it: by the app where one is set up, else as they came in."""
    if current_user.has_second_factor and current_user.via == "password":
        return "recovery" if request.args.get("by") == "recovery" else "code"
    with reading(sessions()) as session:
        has = sign_in.has_password(session, current_user.person.id)
    if has and current_user.via == "password":
        return "password"
    # The demonstration signs anybody in with one click, and has nothing more to ask for.
    return "demo" if kernel.context().settings.demo else "link"


def _proof(form: Any, by: str) -> str:
    """The browser's new token where the proof is right; '' where it is not, and the form says so."""
    if by == "password" and not is_right(form):
        return ""
    with transaction(sessions()) as session:
        if by in ("code", "recovery") and not _code_is_right(session, form, by):
            form.refuse(WRONG if by == "code" else WRONG_RECOVERY, "code")
            return ""
        how = {"code": "the app's code", "recovery": "a recovery code", "password": "the password", "demo": "one click, in the demonstration"}[by]
        proving.proved(session, session_id=current_user.session_id, how=how, actor=actor(), now=now())
        return sign_in.rotate(session, token=current_user.token, now=now())


def _code_is_right(session: Any, form: Any, by: str) -> bool:
    person = session.get_one(Person, current_user.person.id)
    given: dict[str, Any] = {
        "person": person, "session_id": current_user.session_id, "code": form.code.data, "actor": actor(), "now": now(),
        "policy": policy(),
    }  # fmt: skip
    return factors.check_totp(session, keys=keys(), **given) if by == "code" else factors.use_recovery_code(session, **given)


def _new_link() -> Any:
    with transaction(sessions()) as session:
        sent = sign_in.knock(
            session, email=current_user.person.email, purpose="sign_in", actor=actor(), now=now(), policy=policy()
        )
    if sent:
        flash("A new link is on its way to your mailbox. It leads back to what you had typed.", "success")
    else:
        flash("Several links were asked for already. Wait a few minutes.", "info")
    return redirect(url_for("account.again", next=request.args.get("next")))
