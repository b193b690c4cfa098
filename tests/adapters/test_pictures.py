"""Pictures lose what a phone wrote into them and nothing else: every pixel and the side that is up stay."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageChops, PngImagePlugin

from portal.adapters.pictures import without_metadata

SECRETS = (b"Sample Phone", b"43.65 N", b"taken by", b"small copy")


def picture() -> Image.Image:
    image = Image.new("RGB", (40, 30))
    image.putdata([(x * 6 % 256, y * 8 % 256, (x * y) % 256) for y in range(30) for x in range(40)])
    return image


def jpeg(turned: int | None, **options: Any) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Sample Phone"
    if turned is not None:
        exif[0x0112] = turned
    exif.get_ifd(0x8825)[0x001D] = "43.65 N"
    out = io.BytesIO()
    picture().save(
        out,
        "JPEG",
        quality=90,
        exif=exif,
        comment=b"taken by",
        xmp=b"<x>taken by</x>",
        icc_profile=b"a profile",
        **options,
    )
    return out.getvalue() + b"small copy"


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("turned", [None, 1, 3, 6, 8])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True, "subsampling": 0}])
def test_a_photo_keeps_its_pixels_and_its_side(turned: int | None, options: dict[str, Any]) -> None:
    before = jpeg(turned, **options)
    assert all(secret in before for secret in SECRETS)
    after = without_metadata(before, "image/jpeg")
    assert not [secret for secret in SECRETS if secret in after]
    shown = opened(after)
    assert ImageChops.difference(shown, opened(before)).getbbox() is None
    assert shown.getexif().get(0x0112, 1) == (turned or 1) and set(shown.getexif()) <= {0x0112}
    assert shown.info["icc_profile"] == b"a profile"
    assert without_metadata(after, "image/jpeg") == after, "nothing is left to take out"


def test_a_png_loses_its_texts_and_keeps_its_pixels() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "taken by")
    texts.add_itxt("GPS", "43.65 N", zip=False)
    exif = Image.Exif()
    exif[0x010F] = "Sample Phone"
    out = io.BytesIO()
    picture().save(out, "PNG", pnginfo=texts, exif=exif)
    before = out.getvalue() + b"small copy"
    after = without_metadata(before, "image/png")
    assert all(secret in before for secret in SECRETS) and not [secret for secret in SECRETS if secret in after]
    assert ImageChops.difference(opened(after), picture()).getbbox() is None


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


@pytest.mark.parametrize(
    "hidden",
    [
        segment(0xE0, b"JFXX\x00\x10small copy"), segment(0xE2, b"FPXR\x00\x00taken by"), segment(0xEE, b"Maker\x00Sample Phone"),
        segment(0xEB, b"JP\x00\x01 43.65 N"),
    ],
)  # fmt: skip
def test_what_looks_like_a_segment_to_be_kept_is_kept_only_for_its_colors(hidden: bytes) -> None:
    out = io.BytesIO()
    picture().save(out, "JPEG")
    before = out.getvalue()[:2] + hidden + out.getvalue()[2:]
    after = without_metadata(before, "image/jpeg")
    assert not [secret for secret in SECRETS if secret in after]
    assert ImageChops.difference(opened(after), opened(before)).getbbox() is None


def test_the_small_copy_in_the_first_segment_goes_too() -> None:
    out = io.BytesIO()
    picture().save(out, "JPEG", dpi=(300, 300))
    plain = out.getvalue()
    copy = b"small copy!!"  # 2 x 2 pixels of three bytes
    first = segment(0xE0, plain[6:18] + b"\x02\x02" + copy)
    after = without_metadata(plain[:2] + first + plain[20:], "image/jpeg")
    assert copy not in after and opened(after).info["dpi"] == (300, 300)
    assert after == plain


def test_a_png_keeps_only_what_shows_the_picture() -> None:
    out = io.BytesIO()
    picture().convert("RGBA").save(out, "PNG", dpi=(72, 72), icc_profile=b"a profile")
    plain = out.getvalue()
    at = plain.index(b"IDAT") - 4
    for name, words in ((b"caBX", b"Sample Phone"), (b"prVt", b"43.65 N")):
        chunk = struct.pack(">I", len(words)) + name + words + struct.pack(">I", zlib.crc32(name + words))
        assert without_metadata(plain[:at] + chunk + plain[at:], "image/png") == plain, name
    assert opened(without_metadata(plain, "image/png")).info["icc_profile"] == b"a profile"


def test_other_files_stay_as_they_are() -> None:
    assert without_metadata(b"%PDF-1.7 taken by", "application/pdf") == b"%PDF-1.7 taken by"


@pytest.mark.parametrize("cut", range(2, 400, 7))
def test_a_photo_cut_short_is_no_trouble(cut: int) -> None:
    assert isinstance(without_metadata(jpeg(6)[:cut], "image/jpeg"), bytes)
