"""A real IMAP server on this machine: Dovecot with a configuration of our own, one mailbox, gone when the block ends."""

import getpass
import grp
import imaplib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import Certificate
from tests.support.peers import free_port
from tests.support.token_server import TokenServer

USER, PASSWORD = "desk", "for-tests-alone"
LONGEST_START = 30.0
UNPRIVILEGED = "nobody"

CONF = """
base_dir = {run}
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = {mechanisms}
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 0
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
mail_max_userip_connections = 50
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
{roles}
{by_token}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running server; `url` is what PORTAL_INBOX_URL would say. `tls_port` speaks TLS, where it has a certificate."""

    port: int
    tls_port: int = 0

    @property
    def url(self) -> str:
        return f"imap://{USER}:for-tests-alone@127.0.0.1:{self.port}/INBOX"

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        """A connection without the portal: how a test looks at the mailbox, or puts something there."""
        opened = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        try:
            opened.login(USER, PASSWORD)
            yield opened
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                opened.logout()

    def put(self, *messages: bytes, folder: str = "INBOX") -> None:
        """Delivers messages, as somebody's mail server would."""
        with self.client() as client:
            for message in messages:
                done, said = client.append(folder, None, None, message)  # type: ignore[arg-type]
                assert done == "OK", said

    def count(self, folder: str = "INBOX") -> int:
        """How many messages lie in a folder; 0 where there is none of that name."""
        with self.client() as client:
            done, said = client.select(f'"{folder}"', readonly=True)
            return int(said[0]) if done == "OK" else 0  # type: ignore[arg-type]

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        with self.client() as client:
            client.select(f'"{folder}"', readonly=True)
            return [each for each in client.fetch("1:*", "(FLAGS)")[1] if isinstance(each, bytes)]

    def empty(self) -> None:
        """Removes every message and every folder that was made."""
        with self.client() as client:
            _, said = client.select("INBOX")
            if said != [b"0"]:
                client.store("1:*", "+FLAGS", "\\Deleted")
                client.expunge()
            client.close()
            client.delete('"Taken over"')


@contextmanager
def dovecot(
    *, move: bool = True, certificate: Certificate | None = None, tokens: TokenServer | None = None
) -> Iterator[Dovecot]:
    """Dovecot with an empty mailbox on a free port; with `move` off it says that it cannot move messages.

    With `certificate` it speaks TLS on a second port; with `tokens` it takes the tokens that this server knows (XOAUTH2).
    """
    if shutil.which("dovecot") is None:
        raise RuntimeError(
            "Dovecot is not installed, which the tests of incoming mail need. On Debian: apt-get install dovecot-imapd"
        )
    # Under the temporary folder itself: its processes run as somebody who may not walk into pytest's own.
    folder = Path(tempfile.mkdtemp(prefix="portal-dovecot-"))
    folder.chmod(0o755)
    server = Dovecot(free_port(), free_port() if certificate else 0)
    conf = folder / "dovecot.conf"
    conf.write_text(
        _configuration(folder, server, certificate, tokens)
        + ("" if move else "\nimap_capability = IMAP4rev1 UIDPLUS\n")
    )
    process = subprocess.Popen(["dovecot", "-F", "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait(server, process, folder)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()
        shutil.rmtree(folder, ignore_errors=True)


def _configuration(folder: Path, server: Dovecot, certificate: Certificate | None, tokens: TokenServer | None) -> str:
    (folder / "mail").mkdir()
    (folder / "home").mkdir()
    run = folder / "run"
    me = getpass.getuser()
    if os.getuid() == 0:
        somebody = pwd.getpwnam(UNPRIVILEGED)
        for each in (folder / "mail", folder / "home"):
            os.chown(each, somebody.pw_uid, somebody.pw_gid)
        uid, gid = somebody.pw_uid, somebody.pw_gid
        internal, login, group, roles = "dovecot", "dovenull", "dovecot", ""
    else:
        uid, gid, internal, login, group = os.getuid(), os.getgid(), me, me, grp.getgrgid(os.getgid()).gr_name
        roles = "\n".join(f"service {each} {{\n  user = {me}\n}}" for each in ("auth-worker", "imap"))
    return CONF.format(
        run=run, folder=folder,
        ssl="yes" if certificate else "no", certificate=_presented(certificate), uid=uid, gid=gid, internal=internal, login=login, group=group, port=server.port,
        imaps=server.tls_port, roles=roles, password=PASSWORD, by_token=_by_token(folder, tokens),
        mechanisms="plain login xoauth2" if tokens else "plain login",
    )  # fmt: skip


def _presented(certificate: Certificate | None) -> str:
    return f"ssl_cert = <{certificate.certificate}\nssl_key = <{certificate.key}" if certificate else ""


def _by_token(folder: Path, tokens: TokenServer | None) -> str:
    if tokens is None:
        return ""
    file = folder / "tokens.conf"
    file.write_text(f"tokeninfo_url = {tokens.looked_up}\nusername_attribute = email\ntimeout_msecs = 5000\n")
    return f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {file}\n}}"


def _wait(server: Dovecot, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace") if process.stderr is not None else ""
            raise RuntimeError(f"Dovecot did not start: {said}\n{_log(folder)}")
        with suppress(OSError, imaplib.IMAP4.error), server.client():
            return
        time.sleep(0.05)
    raise RuntimeError(f"Dovecot did not answer: {_log(folder)}")


def _log(folder: Path) -> str:
    log = folder / "dovecot.log"
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""
