"""The demonstration's own pages, registered nowhere else: sign in as somebody by one click, read the mail."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, render_template, request

from forms.demo import Choose, MailFilter
from portal.adapters.mail import FileMailer
from portal.adapters.trust import LOOPBACK
from portal.db import reading, transaction
from portal.demo import people
from portal.web import kernel
from portal.web.account import enter
from portal.web.kernel import actor, context, now, public, sessions, today

blueprint = Blueprint("demo", __name__, url_prefix="/demo")

PAGE = 25


@blueprint.before_request
def only_on_this_machine() -> None:
    """A demonstration that a server was bound to the network by mistake signs nobody in from there."""
    asked = urlsplit(f"//{request.host}").hostname
    if asked not in LOOPBACK or request.remote_addr not in LOOPBACK:
        abort(404)


COPIES = "executed_copy."
HEAD = 4096
NAME = re.compile(r"\d{8}T\d{6}-[a-z0-9@._-]{1,100}\.eml")


@blueprint.get("")
@public("the demonstration's list of made-up people to be")
def index() -> Any:
    with reading(sessions()) as session:
        listed = people.listed(session, on=today(), now=now())
    return render_template("pages/demo/index.html", listed=listed, form=None)


@blueprint.post("/sign-in")
@public("signs in as a made-up person; it exists in the demonstration only")
def sign_in() -> Any:
    form = Choose()
    if not form.validate_on_submit():
        with reading(sessions()) as session:
            listed = people.listed(session, on=today(), now=now())
        return render_template("pages/demo/index.html", listed=listed, form=form), 400
    with transaction(sessions()) as session:
        token = people.sign_in_as(session, person_id=form.person_id.data, actor=actor(), on=today(), now=now())
    return enter(token)


@blueprint.get("/mail")
@public("the demonstration's mail: nobody in it is real")
def mail() -> Any:
    form = MailFilter(request.args)
    to, copies = (form.to.data or "").strip().lower(), bool(form.copies.data)
    found, more = _newest(to, copies, before=request.args.get("before", ""))
    return render_template("pages/demo/mail.html", filters=form, found=found, more=more, kept=_folder() is not None)


def _folder() -> Path | None:
    """Where the mail lies as files; None where it is really sent."""
    mailer = context().mailer
    return mailer.folder if isinstance(mailer, FileMailer) else None


def _newest(to: str, copies: bool, before: str) -> tuple[list[dict[str, Any]], str]:
    """The newest messages of a page, and the name after which the next page begins ('' on the last one)."""
    folder = _folder()
    names = sorted((file.name for file in folder.glob("*.eml")), reverse=True) if folder and folder.is_dir() else []
    found: list[dict[str, Any]] = []
    last = ""
    for name in names:
        if not NAME.fullmatch(name) or (before and name >= before) or (to and to not in name):
            continue
        if len(found) == PAGE:
            return found, last
        message = _read(folder / name) if folder else None
        if message is None or (not copies and str(message["Message-ID"] or "").lstrip("<").startswith(COPIES)):
            continue
        last = name
        found.append(_shown(message))
    return found, ""


def _read(file: Path) -> EmailMessage | None:
    """The message in a file, its head alone where it will not be shown; None where it was taken away meanwhile."""
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD)
            if b"Message-ID: <" + COPIES.encode() in head and not request.args.get("copies"):
                return message_from_bytes(head, _class=EmailMessage, policy=policy.default)
            return message_from_bytes(head + opened.read(), _class=EmailMessage, policy=policy.default)
    except FileNotFoundError:
        return None


def _shown(message: EmailMessage) -> dict[str, Any]:
    body = message.get_body(("plain",))
    sent = message["Date"].datetime if message["Date"] else None
    return {
        "to": str(message["To"]),
        "subject": str(message["Subject"]).strip(),
        "at": sent.replace(tzinfo=None) if sent else None,
        "lines": [_pieces(line) for line in (body.get_content() if body else "").strip().splitlines()],
        "attachments": [part.get_filename() or "a file" for part in message.iter_attachments()],
    }  # fmt: skip


def _pieces(line: str) -> list[tuple[str, str]]:
    """A line as (text, path) pieces: only addresses of this portal become links, by their path alone."""
    base = re.escape(context().settings.base_url)
    pieces: list[tuple[str, str]] = []
    for number, part in enumerate(re.split(rf"({base}/[A-Za-z0-9/._~%=-]*)", line)):
        if number % 2:
            path = part.removeprefix(context().settings.base_url)
            pieces.append((part, kernel.safe_next(path)))
        elif part:
            pieces.append((part, ""))
    return pieces
