"""Mail: the same contract for files and for a real SMTP server, and no way to slip a header in."""

import email
import email.policy
import socket
from contextlib import contextmanager
from datetime import datetime

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Kept

from portal.adapters.mail import Attachment, FileMailer, MailError, Message, SmtpMailer, make_mailer
from portal.adapters.mail.port import as_email

AT = datetime(2026, 11, 23, 15, 0)


def message(**changes):
    values = {
        "id": "code.7.abc", "sender": "HMIS help desk <desk@example.org>", "to_name": "Анна Петрова", "to_email": "anna@example.org",
        "subject": "Sample Shelter: your code – now", "text": "Dear Анна,\n\nhello.\n", "html": "<p>Dear Анна</p>", "sent_at": AT,
        "attachments": (Attachment("copy.pdf", "application/pdf", b"%PDF-1.7 \x00\xff"),),
    }  # fmt: skip
    return Message(**(values | changes))


class Inbox(Kept):
    """Keeps what the server was given; refuses addresses of the domain refused.example."""

    def __init__(self):
        super().__init__(email.message.EmailMessage)
        self.mails = []

    def prepare_message(self, session, envelope):
        return email.message_from_bytes(envelope.content, policy=email.policy.default)

    def handle_message(self, mail):
        self.mails.append(mail)

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  (the name is aiosmtpd's)
        if address.endswith("refused.example"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@contextmanager
def by_file(folder):
    yield (
        FileMailer(folder),
        lambda: [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(folder.glob("*.eml"))
        ],
    )


@contextmanager
def by_smtp(_folder):
    inbox = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield make_mailer(f"smtp://127.0.0.1:{port}"), lambda: inbox.mails
    finally:
        controller.stop()


@pytest.fixture(params=[by_file, by_smtp], ids=["file", "smtp"])
def way(request, tmp_path):
    with request.param(tmp_path / "mail") as pair:
        yield pair


def test_the_message_arrives_whole(way):
    mailer, arrived = way
    mailer.send(message())
    [mail] = arrived()
    assert mail["Subject"] == "Sample Shelter: your code – now"
    assert mail["To"].addresses[0].addr_spec == "anna@example.org"
    assert mail["To"].addresses[0].display_name == "Анна Петрова"
    assert mail["From"].addresses[0].addr_spec == "desk@example.org"
    assert mail["Message-ID"] == "<code.7.abc@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.replace(tzinfo=None) == AT
    assert mail.get_body(("plain",)).get_content().splitlines()[0] == "Dear Анна,"
    assert "<p>Dear Анна</p>" in mail.get_body(("html",)).get_content()
    [attached] = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("copy.pdf", b"%PDF-1.7 \x00\xff")


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\r\nBcc: thief@example.org"}, {"subject": "Hello\nBcc: thief@example.org"}, {"to_name": "A\r\nBcc: thief@example.org"},
        {"to_email": "a@example.org\r\nBcc: thief@example.org"}, {"to_email": "a@example.org, thief@example.org"}, {"to_email": "no address"},
        {"to_email": "a@b@example.org"}, {"to_email": ""}, {"id": "1>\r\nBcc: thief@example.org"},
    ],
)  # fmt: skip
def test_a_hostile_header_is_refused_and_nothing_is_sent(way, changes):
    mailer, arrived = way
    with pytest.raises(MailError):
        mailer.send(message(**changes))
    assert arrived() == []


@pytest.mark.parametrize("initials", ["M. Ö.", "Ö. Å.", "J. S."])
def test_a_subject_of_any_length_arrives_as_it_was_written(initials):
    for length in range(5, 90):
        subject = f"{('Sample ' * 20)[:length].strip()}: training assigned for {initials}"
        sent = as_email(message(subject=subject)).as_bytes()
        assert email.message_from_bytes(sent, policy=email.policy.default)["Subject"] == subject
        assert max(len(line) for line in sent.split(b"\r\n\r\n")[0].splitlines()) < 100


def test_names_with_markup_and_quotes_stay_names(way):
    mailer, arrived = way
    name = '"; DROP TABLE person; -- <b>Bob</b>, thief@example.org'
    mailer.send(message(to_name=name))
    [mail] = arrived()
    assert [address.addr_spec for address in mail["To"].addresses] == ["anna@example.org"]
    assert mail["To"].addresses[0].display_name == name


def test_the_same_message_again_is_recognized_as_the_same(way):
    mailer, arrived = way
    mailer.send(message())
    mailer.send(message())
    assert {mail["Message-ID"] for mail in arrived()} == {"<code.7.abc@example.org>"}


def test_a_file_is_named_by_time_and_recipient_and_written_once(tmp_path):
    mailer = FileMailer(tmp_path)
    mailer.send(message())
    mailer.send(message())
    mailer.send(message(id="another", to_email="../../etc/passwd@example.org"))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    assert names[1].startswith("20261123T150000-anna@example.org-")
    assert names[0].startswith("20261123T150000-.._.._etc_passwd@example.org-")


def test_what_the_server_refuses_is_an_error_that_says_so(tmp_path):
    with by_smtp(tmp_path) as (mailer, arrived):
        with pytest.raises(MailError, match="550"):
            mailer.send(message(to_email="nobody@refused.example"))
        assert arrived() == []


def test_a_server_that_is_not_there_is_an_error_that_says_so():
    with pytest.raises(MailError, match="did not take the message"):
        SmtpMailer("127.0.0.1", 1).send(message())


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("smtp://mail.example.org", SmtpMailer("mail.example.org", 587)), ("smtp://127.0.0.1:25", SmtpMailer("127.0.0.1", 25)),
        ("smtps://u%40x:p%2Fw@mail.example.org", SmtpMailer("mail.example.org", 465, True, "u@x", "p/w")),
    ],
)  # fmt: skip
def test_the_setting_names_the_way(url, made):
    assert make_mailer(url) == made


@pytest.mark.parametrize("url", ["", "file:", "ftp://x", "smtp://", "/var/mail", "smtp:user:secret@host"])
def test_an_unknown_setting_is_refused_without_showing_a_password(url):
    with pytest.raises(ValueError, match="PORTAL_MAIL_URL") as wrong:
        make_mailer(url)
    assert "secret" not in str(wrong.value)
