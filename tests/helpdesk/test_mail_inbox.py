"""A mailbox keeps one contract: a folder of files, a real IMAP server, and one that does not move messages."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.adapters.inbox import FolderInbox, ImapInbox, Inbox, InboxError, make_inbox
from tests.helpdesk.mails.sample import mail
from tests.support.dovecot import PASSWORD, USER, Dovecot, dovecot
from tests.support.peers import free_port

MOST = 1_000_000


@dataclass
class Box:
    """A mailbox under test, a way to put messages into it, and the number of those that were put aside."""

    inbox: Inbox
    put: Callable[..., None]
    aside: Callable[[], int]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Dovecot]]:
    with ExitStack() as stack:
        yield {
            "imap": stack.enter_context(dovecot()),
            "imap_without_move": stack.enter_context(dovecot(move=False)),
        }


@pytest.fixture(params=["folder", "imap", "imap_without_move"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    if request.param == "folder":
        return _folder(tmp_path / "inbox")
    server: Dovecot = request.getfixturevalue("servers")[request.param]
    server.empty()
    inbox = make_inbox(server.url)
    assert inbox is not None
    if request.param == "imap":
        return Box(inbox, server.put, lambda: server.count("Taken over"))
    return Box(inbox, server.put, lambda: sum(b"HmisTakenOver" in flags for flags in server.flags()))


def _folder(folder: Path) -> Box:
    folder.mkdir()

    def put(*messages: bytes) -> None:
        for message in messages:
            number = len(list(folder.glob("**/*.eml")))
            file = folder / f"message-{number:03}.eml"
            file.write_bytes(message)
            os.utime(file, ns=(number * 10**9, number * 10**9))

    return Box(FolderInbox(folder), put, lambda: len(list(folder.glob("taken-over/*.eml"))))


def test_an_empty_mailbox_has_nothing(box: Box) -> None:
    with box.inbox.open() as opened:
        assert opened.uids() == []
        opened.put_aside([])


def test_a_message_comes_byte_for_byte_and_stays_until_it_is_put_aside(box: Box) -> None:
    raw = mail(b"caf\xe9 \xff.\r\n.\r\nend", Content_Type="text/plain; charset=latin-1")
    box.put(raw)
    for _ in range(2):  # fetching marks nothing
        with box.inbox.open() as opened:
            [uid] = opened.uids()
            fetched = opened.fetch(uid, most=MOST)
            assert fetched is not None and (fetched.raw, fetched.size, fetched.whole) == (raw, len(raw), True)


def test_fetching_leaves_a_message_unread_for_people(servers: dict[str, Dovecot]) -> None:
    server = servers["imap"]
    server.empty()
    server.put(mail("One"))
    inbox = make_inbox(server.url)
    assert inbox is not None
    with inbox.open() as opened:
        opened.fetch(opened.uids()[0], most=MOST)
    assert not any(b"Seen" in flags for flags in server.flags())


def test_the_oldest_comes_first_and_numbers_stay_the_same(box: Box) -> None:
    box.put(mail("One"), mail("Two"), mail("Three"))
    with box.inbox.open() as opened:
        validity, uids = opened.uidvalidity, opened.uids()
        texts = [opened.fetch(uid, most=MOST).raw.rpartition(b"\r\n")[2] for uid in uids]  # type: ignore[union-attr]
    assert texts == [b"One", b"Two", b"Three"]
    with box.inbox.open() as opened:
        assert (opened.uidvalidity, opened.uids()) == (validity, uids)
    assert all(0 < uid < 2**53 for uid in [validity, *uids])


def test_what_was_put_aside_is_listed_no_more_and_is_kept(box: Box) -> None:
    box.put(mail("One"), mail("Two"), mail("Three"))
    with box.inbox.open() as opened:
        first, second, third = opened.uids()
        opened.put_aside([first, third])
        assert opened.uids() == [second]
        opened.put_aside([first])  # again does no harm
    with box.inbox.open() as opened:
        assert opened.uids() == [second]
        opened.put_aside(opened.uids())
        assert opened.uids() == []
    assert box.aside() == 3


def test_a_message_that_is_too_large_comes_as_its_headers(box: Box) -> None:
    box.put(mail("x" * 5_000))
    with box.inbox.open() as opened:
        [uid] = opened.uids()
        fetched = opened.fetch(uid, most=4_000)
    assert fetched is not None and not fetched.whole and fetched.size > 5_000
    assert b"Subject: A report does not open" in fetched.raw and b"xxx" not in fetched.raw


def test_a_message_that_is_gone_is_none(box: Box) -> None:
    box.put(mail("One"))
    with box.inbox.open() as opened:
        [uid] = opened.uids()
        assert opened.fetch(uid + 77, most=MOST) is None
        opened.put_aside([uid + 77])
        assert opened.uids() == [uid]


def test_what_somebody_else_marked_as_deleted_is_not_removed(servers: dict[str, Dovecot]) -> None:
    """Setting the mark on one message must not clear up behind somebody who reads the mailbox as well."""
    server = servers["imap_without_move"]
    server.empty()
    server.put(mail("One"), mail("Two"))
    with server.client() as client:
        client.select("INBOX")
        client.store("2", "+FLAGS", "\\Deleted")
    inbox = make_inbox(server.url)
    assert inbox is not None
    with inbox.open() as opened:
        opened.put_aside(opened.uids()[:1])
    assert server.count() == 2


def test_another_content_under_the_same_name_is_another_message(tmp_path: Path) -> None:
    box = _folder(tmp_path / "inbox")
    file = tmp_path / "inbox" / "same.eml"
    file.write_bytes(mail("One"))
    with box.inbox.open() as opened:
        [first] = opened.uids()
        opened.put_aside([first])
    file.write_bytes(mail("Two"))
    with box.inbox.open() as opened:
        [second] = opened.uids()
    assert first != second


def test_a_wrong_password_is_said_and_never_shown(servers: dict[str, Dovecot]) -> None:
    inbox = ImapInbox("127.0.0.1", servers["imap"].port, USER, "wrong-secret", tls=False)
    with pytest.raises(InboxError, match="does not let desk in") as no, inbox.open():
        pass
    assert "wrong-secret" not in str(no.value) + repr(inbox) + inbox.name


def test_a_folder_that_is_not_there_is_said(servers: dict[str, Dovecot]) -> None:
    inbox = ImapInbox("127.0.0.1", servers["imap"].port, USER, PASSWORD, folder="Nowhere", tls=False)
    with pytest.raises(InboxError, match="no folder 'Nowhere'"), inbox.open():
        pass


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(InboxError, match="cannot be reached on port"), ImapInbox("127.0.0.1", free_port(), USER, PASSWORD, tls=False).open():  # fmt: skip
        pass


def test_a_server_without_tls_is_not_talked_to_as_if_it_had(servers: dict[str, Dovecot]) -> None:
    with pytest.raises(InboxError, match="cannot be reached"), ImapInbox("127.0.0.1", servers["imap"].port, USER, PASSWORD).open():  # fmt: skip
        pass


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("imaps://desk%40example.org:p%2Fw@mail.example.org/Help%20desk", ImapInbox("mail.example.org", 993, "desk@example.org", "p/w", "Help desk")),
        ("imaps://desk:x@mail.example.org:9993", ImapInbox("mail.example.org", 9993, "desk", "x")),
        ("imap://desk:x@127.0.0.1:1143/INBOX", ImapInbox("127.0.0.1", 1143, "desk", "x", tls=False)),
        ("", None),
    ],
)  # fmt: skip
def test_the_setting_names_the_mailbox(url: str, made: Inbox | None) -> None:
    assert make_inbox(url) == made


@pytest.mark.parametrize(
    "url", ["imap://desk:secret@mail.example.org/INBOX", "imaps://mail.example.org", "pop3://desk:secret@host", "file:", "imaps://desk:secret@host:x/"]
)  # fmt: skip
def test_an_unknown_setting_is_refused_without_showing_a_password(url: str) -> None:
    with pytest.raises(ValueError, match="PORTAL_INBOX_URL") as wrong:
        make_inbox(url)
    assert "secret" not in str(wrong.value)
