"""Where one is signed in: three browsers at most, each of which can be ended from any other; and staying signed in."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_login import current_user

from forms.sign_in import Nothing
from portal.db import reading, transaction
from portal.models import WebSession
from portal.services.account import sessions as web_sessions
from portal.web.account.room import blueprint
from portal.web.kernel import actor, now, permission, policy, public, sessions
from portal.web.proving import proven
from workflows.actions import Action

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


@blueprint.get("/account/sessions", endpoint="sessions")
@permission(Action.SIGN_IN)
def listed() -> Any:
    idle = timedelta(minutes=policy().sign_in.idle_minutes)
    with reading(sessions()) as session:
        found = web_sessions.live(session, person_id=current_user.person.id, now=now(), idle=idle)
        rows = [_row(each) for each in found]
    return render_template(
        "pages/account/sessions.html", rows=rows, others=len(rows) - 1, idle=idle, about=current_user.person
    )


def _row(each: WebSession) -> dict[str, Any]:
    return {
        "id": each.id,
        "browser": browser(each.agent),
        "how": "Password" if each.via == "password" else "Mailed link",
        "address": each.address,
        "since": each.started_at,
        "seen": each.seen_at,
        "here": each.id == current_user.session_id,
    }


def browser(agent: str) -> str:
    """'Firefox on Windows', from what a browser says of itself; the text itself where it says nothing known."""
    name = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " on ".join(filter(None, (name, system))) or agent[:60] or "An unknown browser"


@blueprint.post("/account/sessions/<int:session_id>/end")
@permission(Action.SIGN_IN)
@proven
def end_session(session_id: int) -> Any:
    if Nothing().validate_on_submit():
        with transaction(sessions()) as session:
            web_sessions.end_one(session, session_id=session_id, actor=actor(), now=now())
        flash("That browser is signed out.", "success")
    return redirect(url_for("account.sessions"))


@blueprint.post("/account/sessions/end-others")
@permission(Action.SIGN_IN)
@proven
def end_others() -> Any:
    if Nothing().validate_on_submit():
        with transaction(sessions()) as session:
            ended = web_sessions.end_others(session, but=current_user.session_id, actor=actor(), now=now())
        flash(f"You are signed out everywhere else ({ended}).", "success")
    return redirect(url_for("account.sessions"))


@blueprint.post("/account/alive")
@public("keeps alive the session that it came with, if there is one")
def alive() -> Any:
    """'Stay signed in': that the request came is all that it does."""
    return "", 204 if current_user.is_authenticated else 401
