"""The portal alive: its pages on a real port, its worker beside them, and the mailboxes of whomever it writes to."""

import email
import re
import threading
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as policy_of_mail
from pathlib import Path
from urllib.parse import urlsplit

import waitress
from sqlalchemy import func, select

from portal import jobs
from portal.db import reading
from portal.models import Job
from portal.web.app import build
from portal.wiring import Context
from portal.worker import Worker

PATIENCE = 40.0  # seconds that a person waits for a mail


@dataclass
class Living:
    """The application served on a port of 127.0.0.1 with a worker beside it, until `stop`."""

    context: Context

    def __post_init__(self) -> None:
        self.app = build(context=self.context)
        self._server = waitress.create_server(
            self.app, host="127.0.0.1", port=_port_of(self.context), threads=6, ident=None
        )
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, name="pages", daemon=True),
            threading.Thread(
                target=Worker(self.context).run, args=(self._stop,), kwargs={"idle": 0.05}, name="worker", daemon=True
            ),
        ]
        for thread in self._threads:
            thread.start()
        self.mail = Mailboxes(Path(self.context.settings.mail_url.removeprefix("file:")), self.base_url)

    @property
    def base_url(self) -> str:
        return self.context.settings.base_url

    def endpoint(self, url: str) -> str:
        """The endpoint behind an address, for telling whether two pages are the same page."""
        routes = self.app.url_map.bind("127.0.0.1")
        method = "GET" if "GET" in routes.allowed_methods(urlsplit(url).path) else "POST"
        return str(routes.match(urlsplit(url).path, method=method)[0])

    def settled(self) -> None:
        """Waits until the worker has nothing due; fails where a job has failed."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with reading(self.context.sessions) as session:
                due = select(func.count()).where(
                    (Job.state == "running") | ((Job.state == "waiting") & (Job.run_at <= self.context.clock()))
                )
                waiting = session.scalar(due)
                broken = session.scalars(select(Job).where(Job.error != "")).first()
                assert broken is None, f"{broken.effect} {broken.key} failed: {broken.error}"
                assert not jobs.list_failed(session)
            if not waiting:
                return
            time.sleep(0.05)
        raise AssertionError("The worker did not come to rest.")

    def stop(self) -> None:
        self._stop.set()
        self._server.close()
        for thread in self._threads:
            thread.join(5)

    def _serve(self) -> None:
        try:
            self._server.run()
        except OSError:  # its socket was closed under it: that is how it stops
            assert self._stop.is_set()


def _port_of(context: Context) -> int:
    port = urlsplit(context.settings.base_url).port
    assert port
    return port


@dataclass(frozen=True)
class Letter:
    """One message as its reader sees it."""

    subject: str
    text: str
    html: str
    attachments: dict[str, bytes]
    path: Path

    def link(self, base_url: str) -> str:
        """The address in the message that leads into the portal."""
        found = re.findall(re.escape(base_url) + r"[^\s<>\"]*", self.text)
        assert found, f"No link in {self.subject!r}:\n{self.text}"
        return str(found[0])

    @property
    def code(self) -> str:
        found = re.findall(r"^(\d{3} \d{3})\s*$", self.text, re.MULTILINE)
        assert len(found) == 1, f"Not one code in {self.subject!r}:\n{self.text}"
        return str(found[0])


@dataclass
class Mailboxes:
    """Everybody's mail, read from the folder that the portal writes it to; a letter that was fetched is not fetched again."""

    folder: Path
    base_url: str
    fetched: set[Path] = field(default_factory=set)

    def letters(self, address: str) -> list[Letter]:
        found = []
        for path in sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
            mail = email.message_from_bytes(path.read_bytes(), policy=policy_of_mail)
            if address.lower() in str(mail["To"]).lower():
                found.append(_letter(mail, path))
        return found

    def fetch(self, address: str, *, about: str = "") -> Letter:
        """The newest unread letter to an address whose subject or text has `about`; waits for it like a person would."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            fitting = [
                a
                for a in self.letters(address)
                if a.path not in self.fetched and about.lower() in f"{a.subject}\n{a.text}".lower()
            ]
            if fitting:
                self.fetched.add(fitting[-1].path)
                return fitting[-1]
            time.sleep(0.05)
        had = "\n".join(letter.subject for letter in self.letters(address))
        raise AssertionError(f"No unread mail about {about!r} came to {address}. There is:\n{had or 'nothing'}")

    def link(self, address: str, *, about: str = "") -> str:
        return self.fetch(address, about=about).link(self.base_url)

    def code(self, address: str) -> str:
        return self.fetch(address, about="Your one-time code is:").code


def _letter(mail: EmailMessage, path: Path) -> Letter:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return Letter(
        subject=str(mail["Subject"]),
        text=str(text.get_content()) if text else "",
        html=str(html.get_content()) if html else "",
        attachments={str(part.get_filename()): part.get_payload(decode=True) for part in mail.iter_attachments()},  # type: ignore[misc]
        path=path,
    )
