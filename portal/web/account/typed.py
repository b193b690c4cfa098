"""What was typed when a session ended: kept for the same person alone, and given back after signing in again."""

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from forms.sign_in import Nothing
from portal.db import reading, transaction
from portal.services import drafts
from portal.web import kernel, late
from portal.web.account.room import blueprint
from portal.web.kernel import now, permission, sessions
from workflows.actions import Action


@blueprint.get("/account/typed")
@permission(Action.SIGN_IN)
def typed() -> Any:
    """What was sent when the session had ended, to be looked at and sent now."""
    with reading(sessions()) as session:
        kept = drafts.kept(session, person_id=current_user.person.id, page=late.SENT)
    if not kept:
        return redirect("/")
    shown = [
        {"key": name.replace("_", " ").capitalize(), "value": value} for name, value in kept["fields"] if value.strip()
    ]
    return render_template(
        "pages/account/typed.html",
        path=kernel.safe_next(kept["path"]),
        fields=kept["fields"],
        shown=shown,
        files=kept["files"],
    )


@blueprint.post("/account/typed/drop")
@permission(Action.SIGN_IN)
def drop_typed() -> Any:
    if Nothing().validate_on_submit():
        with transaction(sessions()) as session:
            drafts.drop(session, person_id=current_user.person.id, page=late.SENT)
        flash("What you had typed is forgotten.", "success")
    return redirect("/")


@blueprint.route("/account/draft", methods=["GET", "POST"])
@permission(Action.SIGN_IN)
def draft() -> Any:
    """For the page's script: keeps what stands in a form before its session ends, and gives it back once."""
    person_id = current_user.person.id
    if request.method == "GET":
        page = _page(request.args.get("page", ""))
        with reading(sessions()) as session:
            return drafts.kept(session, person_id=person_id, page=page) if page else {}
    sent = request.get_json(silent=True) or {}
    page, fields = _page(str(sent.get("page", ""))), sent.get("fields")
    if not page or not isinstance(fields, dict) or not _fit(fields):
        return "", 400
    with transaction(sessions()) as session:
        _keep(session, person_id, page, fields)
    return "", 204


def _keep(session: Session, person_id: int, page: str, fields: dict[str, Any]) -> None:
    kept = {name: value for name, value in fields.items() if not late.is_secret(name)}
    if kept:
        drafts.keep(session, person_id=person_id, page=page, fields=kept, now=now())
    else:
        drafts.drop(session, person_id=person_id, page=page)


def _fit(fields: dict[Any, Any]) -> bool:
    """Whether these are names with texts, or lists of texts, of a bearable length."""
    if len(fields) > 500:
        return False
    texts = [text for value in fields.values() for text in (value if isinstance(value, list) else [value])]
    return all(isinstance(text, str) for text in texts) and sum(map(len, [*fields, *texts])) <= late.MOST


def _page(path: str) -> str:
    """The key of a page of this portal; '' for what is none, so that nobody fills the table with inventions."""
    path = urlsplit(path).path if kernel.safe_next(path) == path else ""
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return ""
    return f"typed:{path}"[:200] if endpoint != "static" else ""
