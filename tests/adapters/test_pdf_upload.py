"""What people upload: scans come in, everything that could do harm is refused with a sentence that helps."""

import hashlib
import os
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image

from forms.documents import latest
from portal.adapters.pdf import NotAccepted, blank, inspect_upload, upload


def saved(pdf: Pdf, **options: object) -> bytes:
    out = BytesIO()
    pdf.save(out, **options)  # type: ignore[arg-type]  # handed on as they are
    return out.getvalue()


def sheets(pages: int = 1, change: Callable[[Pdf], None] | None = None, **options: object) -> bytes:
    with Pdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page()
        if change:
            change(pdf)
        return saved(pdf, **options)


def picture(kind: str, size: tuple[int, int] = (200, 300)) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 40).save(out, kind)
    return out.getvalue()


def scanned() -> bytes:
    """A page that is one JPEG, as scanners make them."""

    def add(pdf: Pdf) -> None:
        page = pdf.pages[0]
        image = pdf.make_stream(picture("JPEG"), Type=Name.XObject, Subtype=Name.Image, Width=200, Height=300)
        image.ColorSpace, image.BitsPerComponent, image.Filter = Name.DeviceGray, 8, Name.DCTDecode
        page.obj.Resources = Dictionary(XObject=Dictionary(Im0=image))
        page.contents_add(b"q 612 0 0 792 0 0 cm /Im0 Do Q")

    return sheets(change=add)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int, body: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def archive() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr("evil.exe", b"MZ")
    return out.getvalue()


def set_root(**keys: object) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        for key, value in keys.items():
            pdf.Root[Name("/" + key)] = value

    return change


SCRIPT = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def annotated(action: Dictionary, **more: object) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=action, **more)
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(note)])

    return change


def eventful(pdf: Pdf) -> None:
    pdf.pages[0].obj.AA = Dictionary(O=SCRIPT)


def attached(pdf: Pdf) -> None:
    pdf.attachments["client-list.xlsx"] = b"names"


def with_stream(data: bytes, filters: list[Name]) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        stream = pikepdf.Stream(pdf, data)
        stream.Filter = Array(filters)
        pdf.Root.Extra = pdf.make_indirect(stream)

    return change


def deflated(times: int, megabytes: int = 210) -> bytes:
    machine = zlib.compressobj(9)
    data = b"".join(machine.compress(bytes(1 << 20)) for _ in range(megabytes)) + machine.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def huge_image(pdf: Pdf) -> None:
    image = pdf.make_stream(picture("JPEG"), Type=Name.XObject, Subtype=Name.Image, Width=60000, Height=60000)
    image.Filter = Name.DCTDecode
    pdf.Root.Extra = image


def one_page_many_times() -> bytes:
    """A page tree whose single page is listed again and again."""
    with Pdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root.Pages.Kids = Array([pdf.pages[0].obj] * 5_000)
        pdf.Root.Pages.Count = 1
        return saved(pdf)


ACCEPTED = {
    "a pdf": (lambda: sheets(3), "pdf", 3),
    "as many pages as allowed": (lambda: sheets(upload.MAX_PAGES), "pdf", upload.MAX_PAGES),
    "a scan": (scanned, "pdf", 1),
    "our own blank form": (lambda: blank(latest("user_agreement"), {}), "pdf", 5),
    "a picture (png)": (lambda: picture("PNG"), "png", 1),
    "a photo (jpeg)": (lambda: picture("JPEG", (3000, 4000)), "jpeg", 1),
    "a photo with a phone's second picture": (lambda: picture("JPEG") + picture("JPEG"), "jpeg", 1),
    "a destination, which is no script": (
        lambda: sheets(change=set_root(OpenAction=Dictionary(S=Name.GoTo, D=Array([0, Name.Fit])))),
        "pdf",
        1,
    ),
}


@pytest.mark.parametrize(("make", "kind", "pages"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_people_scan_comes_in(make: Callable[[], bytes], kind: str, pages: int) -> None:
    data = make()
    found = inspect_upload(data, "scan.docx")
    assert (found.kind, found.pages, found.size) == (kind, pages, len(data))
    assert found.sha256 == hashlib.sha256(data).hexdigest()


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "is empty"),
    "text": (lambda: b"I am a signed agreement.", "is not a PDF, PNG or JPEG"),
    "a program": (lambda: b"MZ" + bytes(500), "is not a PDF, PNG or JPEG"),
    "a page of the web": (lambda: b"<html><script>alert(1)</script></html>", "is not a PDF, PNG or JPEG"),
    "a drawing with a script": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "is not a PDF"),
    "an animation": (lambda: b"GIF89a" + bytes(50), "is not a PDF, PNG or JPEG"),
    "an archive": (archive, "is not a PDF, PNG or JPEG"),
    "a pdf after other bytes": (lambda: b"<script>alert(1)</script>\n" + sheets(), "is not a PDF, PNG or JPEG"),
    "too large": (lambda: b"%PDF-1.7\n" + bytes(upload.MAX_BYTES), "is larger than 15 MB"),
    "only the first line": (lambda: b"%PDF-1.7\n", "is damaged"),
    "half a pdf": (lambda: sheets()[:200], "is damaged"),
    "noise after the header": (lambda: b"%PDF-1.7\n" + random.Random(1).randbytes(5000) + b"%%EOF", "is damaged"),
    "a picture cut off": (lambda: picture("PNG")[:2000], "is damaged"),
    "a photo cut off": (lambda: picture("JPEG")[:600], "is damaged"),
    "a locked pdf": (
        lambda: sheets(encryption=pikepdf.Encryption(owner="o", user="u")),
        "is protected by a password",
    ),
    "a pdf locked for its owner": (
        lambda: sheets(encryption=pikepdf.Encryption(owner="o", user="")),
        "is protected by a password",
    ),
    "too many pages": (lambda: sheets(upload.MAX_PAGES + 1), "has more than 60 pages"),
    "one page listed endlessly": (one_page_many_times, "has more than 60 pages|is damaged"),
    "no pages": (lambda: sheets(0), "has no pages"),
    "a script at opening": (lambda: sheets(change=set_root(OpenAction=SCRIPT)), "contains scripts"),
    "a named script": (
        lambda: sheets(change=set_root(Names=Dictionary(JavaScript=Dictionary(Names=Array([String("x"), SCRIPT]))))),
        "contains scripts",
    ),
    "an event of a page": (lambda: sheets(change=eventful), "contains scripts"),
    "a program to launch": (
        lambda: sheets(change=annotated(Dictionary(S=Name.Launch, F=String("cmd.exe")))),
        "contains scripts",
    ),
    "a form that sends itself": (
        lambda: sheets(change=annotated(Dictionary(S=Name.SubmitForm, F=String("https://example.org")))),
        "contains scripts",
    ),
    "a script after a harmless action": (
        lambda: sheets(change=annotated(Dictionary(S=Name.URI, URI=String("x"), Next=Array([SCRIPT])))),
        "contains scripts",
    ),
    "a script inside packed objects": (
        lambda: sheets(
            change=set_root(OpenAction=SCRIPT), object_stream_mode=pikepdf.ObjectStreamMode.generate
        ),
        "contains scripts",
    ),
    "a script whose name is spelled in hexadecimal": (
        lambda: sheets(change=set_root(OpenAction=SCRIPT)).replace(b"/JavaScript", b"/J#61vaScript"),
        "contains scripts",
    ),
    "a file inside": (lambda: sheets(change=attached), "contains other files"),
    "a form with its own program": (
        lambda: sheets(change=set_root(AcroForm=Dictionary(Fields=Array([]), XFA=String("<xdp/>")))),
        "contains other files",
    ),
    "a bomb": (lambda: sheets(change=with_stream(deflated(1), [Name.FlateDecode])), "unpacks to far more"),
    "a bomb in a bomb": (
        lambda: sheets(change=with_stream(deflated(2), [Name.FlateDecode, Name.FlateDecode])),
        "unpacks to far more",
    ),
    "an image larger than any scan": (lambda: sheets(change=huge_image), "64 million pixels"),
    "a picture that claims to be enormous": (lambda: png_header(50_000, 50_000, b"x"), "64 million pixels"),
    "a pdf that is also an archive": (lambda: sheets() + archive(), "is two kinds of file"),
    "a picture that is also an archive": (lambda: picture("PNG") + archive(), "is two kinds of file"),
    "a pdf with a page of the web after it": (lambda: sheets() + b"<script>alert(1)</script>", "is two kinds of file"),
    "a picture that begins as a page of the web": (
        lambda: b"\xff\xd8\xff\xfe\x00\x20<html><script>alert(1)</script>" + picture("JPEG")[2:],
        "is two kinds of file",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_what_could_do_harm_is_refused_with_a_sentence(make: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(NotAccepted, match=sentence) as refused:
        inspect_upload(make(), "agreement.pdf")
    said = str(refused.value)
    assert said.startswith("“agreement.pdf” ")
    assert said.endswith(".")
    assert said.count(". ") == 1, "what is wrong, then what to do"


@pytest.mark.parametrize(
    ("claimed", "shown"),
    [
        ("../../etc/passwd", "“passwd”"),
        ("C:\\scans\\signed.pdf", "“signed.pdf”"),
        ("a\u202efdp.exe\x00\n", "“afdp.exe”"),
        ("", "The file"),
        ("x" * 400, "“" + "x" * 57 + "…”"),
    ],
)
def test_the_claimed_name_is_only_shown(claimed: str, shown: str) -> None:
    with pytest.raises(NotAccepted) as refused:
        inspect_upload(b"no", claimed)
    assert str(refused.value).startswith(f"{shown} is not a PDF")


def test_a_file_that_takes_too_long_is_refused_and_its_reader_ended() -> None:
    with pytest.raises(NotAccepted, match="takes too long"):
        inspect_upload(sheets(), "slow.pdf", seconds=0.001)


def test_the_reader_gets_neither_environment_nor_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import importlib.util, json, os, resource, sys\n"
        f"spec = importlib.util.spec_from_file_location('child', {str(upload.CHILD)!r})\n"
        "child = importlib.util.module_from_spec(spec); spec.loader.exec_module(child)\n"
        "child.limit(); sys.stdin.buffer.read()\n"
        "try:\n    wrote = os.write(os.open(sys.argv[0] + '.out', os.O_CREAT | os.O_WRONLY), b'x')\n"
        "except OSError:\n    wrote = 0\n"
        "secret = sum('PORTAL' in name for name in os.environ)\n"
        "memory = resource.getrlimit(resource.RLIMIT_AS)[0] == child.MEMORY\n"
        "print(json.dumps({'verdict': 'pdf', 'pages': wrote * 100 + secret * 10 + memory}))\n"
    )
    monkeypatch.setattr(upload, "CHILD", spy)
    monkeypatch.setitem(os.environ, "PORTAL_SECRET_KEY", "sample")
    assert inspect_upload(b"%PDF-", "spy.pdf").pages == 1  # nothing written, nothing seen, limits in force


def test_noise_in_a_real_file_never_breaks_the_inspection() -> None:
    dice = random.Random(20261123)
    whole = blank(latest("laptop_statement"), {})
    for _ in range(8):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 200)):
            data[dice.randrange(8, len(data) - 8)] = dice.randrange(256)
        # Either a verdict or a sentence; anything else, a crash or a wait, fails.
        with suppress(NotAccepted):
            assert inspect_upload(bytes(data), "noise.pdf").pages >= 1
