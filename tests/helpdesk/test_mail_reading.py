"""Every sample message is read as what it is; whatever is wrong with one, something comes out."""

import resource
import subprocess
import sys

import pytest

from portal.adapters import mail_in
from portal.adapters.mail_in import Received, read_mail
from portal.adapters.mail_in.keeping import Kept, keep
from portal.adapters.mail_in.received import Attached
from tests.helpdesk.mails import broken, hostile, machines, people
from tests.helpdesk.mails.sample import DESK, Sample, mail

ALL = [*people.SAMPLES, *machines.SAMPLES, *broken.SAMPLES, *hostile.SAMPLES]


def test_there_are_many_samples_and_each_has_a_name_of_its_own() -> None:
    assert len({each.name for each in ALL}) == len(ALL) >= 60


@pytest.mark.parametrize("sample", ALL, ids=lambda each: each.name)
def test_a_message_is_read_as_what_it_is(sample: Sample) -> None:
    found = read_mail(sample.raw, own=[DESK])
    for name, value in sample.expects.items():
        assert told(found, name) == value, name
    if sample.shown is not None:
        assert found.text[: found.folded_from] == sample.shown
    if sample.files is not None:
        assert tuple(f"{each.name} {each.media_type}{' inline' if each.inline else ''}" for each in found.attachments) == sample.files  # fmt: skip
    for piece in sample.has:
        assert piece in found.text
    for piece in sample.lacks:
        assert piece not in found.text + found.html
    for piece in sample.notes:
        assert any(piece in note for note in found.notes), found.notes
    assert "\x00" not in found.text + found.html + found.subject and "\r" not in found.text
    assert not found.folded_from or found.text[found.folded_from :].strip()
    for line in (found.subject, found.from_name, found.from_email, found.message_id):
        assert line.isprintable()


def told(found: Received, name: str) -> object:
    value = getattr(found, name)
    if name == "undelivered":
        return tuple((each.address, each.action, each.said) for each in value)
    return value


def test_an_attachment_comes_out_byte_for_byte() -> None:
    sample = next(each for each in ALL if each.name == "ten_megabytes")
    [video] = read_mail(sample.raw).attachments
    assert video.content == b"\x00\x01" * 5_000_000


def test_whatever_a_child_dies_of_the_heads_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that nothing can read is known by its sender and subject all the same, and says so."""
    found = read_mail(people.SAMPLES[0].raw, seconds=0.001)
    assert (found.from_email, found.subject) == ("jamie@shelter.example.org", "A report does not open")
    assert found.message_id == "a1b2c3@shelter.example.org" and found.wants_no_answer
    assert found.notes == (mail_in.UNREADABLE,)


def test_what_only_hangs_the_search_for_quotations_is_read_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = mail_in._asked
    monkeypatch.setattr(mail_in, "_asked", lambda raw, own, servers, folding, seconds: None if folding else asked(raw, own, servers, folding, seconds))  # fmt: skip
    found = read_mail(mail("Yes.\n\nOn Mon, Nov 23, 2026 at 9:20 AM A wrote:\n> Is it?\n"))
    assert found.text.startswith("Yes.") and found.folded_from is None and found.notes == ()


def test_the_child_may_neither_write_nor_take_all_memory() -> None:
    script = (
        "import sys\nfrom portal.adapters.mail_in import child\nchild.limit()\n"
        "import resource\nprint([resource.getrlimit(each)[0] for each in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)])"
    )
    done = subprocess.run([sys.executable, "-I", "-B", "-c", script], capture_output=True, text=True, check=True)
    memory, seconds, written = eval(done.stdout)
    assert 0 < memory < resource.RLIM_INFINITY or resource.RLIM_INFINITY == -1
    assert 0 < seconds <= 30 and written == 0


@pytest.mark.parametrize(
    ("name", "media", "content", "outcome"),
    [
        ("a.txt", "text/plain", b"hello", "text/plain"),
        ("a.csv", "application/octet-stream", b"a,b", "text/plain"),
        ("a.eml", "message/rfc822", b"Subject: x\r\n\r\n", "message/rfc822"),
        ("a.exe", "application/pdf", b"MZ\x90\x00", "Only PDF"),
        ("a.html", "text/html", b"<script>", "Only PDF"),
        ("a.txt", "text/plain", b"a\x00b", "not the plain text"),
        ("a.pdf", "application/pdf", b"%PDF-1.4 broken", "damaged"),
        ("a.zip", "application/zip", b"PK\x03\x04broken", "damaged"),
        ("a.png", "image/png", people.PNG, "damaged"),
        ("a.gif", "image/gif", b"GIF89a", "Only PDF"),
        ("a.pdf", "application/pdf", b"", "empty"),
    ],
)
def test_only_harmless_files_are_kept_and_the_others_say_why(
    name: str, media: str, content: bytes, outcome: str
) -> None:
    found = keep(Attached(name=name, media_type=media, content=content))
    if isinstance(found, Kept):
        assert (found.media_type, found.content) == (outcome, content)
    else:
        assert outcome in found
