"""What the pages about signing in share: their blueprint, and putting a session into the browser."""

from typing import Any

from flask import Blueprint, flash, get_flashed_messages, redirect, url_for
from flask import session as browser_session
from flask_login import current_user, login_user

from portal.db import transaction
from portal.services.account import sign_in
from portal.web import kernel, signed_in
from portal.web.kernel import now, sessions

blueprint = Blueprint("account", __name__)


def enter(token: str, next_path: str | None = "/") -> Any:
    """Puts the session's token into the browser, ends the one it had before, and goes on to the page or to what comes first."""
    if current_user.is_authenticated and current_user.token != token:
        with transaction(sessions()) as session:
            sign_in.end_session(session, token=current_user.token, now=now())
    said: list[tuple[str, str]] = get_flashed_messages(with_categories=True)  # type: ignore[assignment]
    browser_session.clear()  # nothing that a stranger may have put there lives on, the CSRF token included
    for category, message in said:
        flash(message, category)
    user = signed_in.load(token)
    if user is None:
        return redirect(url_for("account.sign_in"))
    login_user(user)
    if user.detained:
        return redirect(url_for(user.detained, next=kernel.safe_next(next_path)))
    return redirect(kernel.safe_next(next_path))


def masked(email: str) -> str:
    name, _, domain = email.partition("@")
    return f"{name[:1]}{'•' * max(2, len(name) - 1)}@{domain}"
