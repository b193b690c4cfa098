"""Pictures without what a phone writes into them: where and when they were taken, with which device, and small copies.

Only which side is up stays. The picture itself is not touched, bit for bit.
"""

import struct
from collections.abc import Iterator

_JFIF = b"JFIF\x00"
_KEPT_JPEG = {0xE0: _JFIF, 0xE2: b"ICC_PROFILE\x00", 0xEE: b"Adobe"}
"""Application segments that show the picture right, by how they begin: its density, its colors, their transform."""

_KEPT_PNG = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs cICP mDCV mDCv cLLI cLLi acTL fcTL fdAT".split()
)
"""Chunks that show the picture right: the picture, its transparency, colors, density, and its movement."""
_ORIENTATION = 0x0112


def without_metadata(content: bytes, media_type: str) -> bytes:
    """The same picture without its metadata; anything that is no JPEG or PNG as it is."""
    if media_type == "image/jpeg":
        return _jpeg(content)
    if media_type == "image/png":
        return _png(content)
    return content


def _jpeg(content: bytes) -> bytes:
    """Segments up to the picture's data, without those that describe it; what follows the picture's end goes too."""
    out, turned = [content[:2]], 1
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == 0xDA:
            break
        end = place + 2 + struct.unpack(">H", content[place + 2 : place + 4])[0]
        segment = content[place:end]
        if marker == 0xE1 and segment[4:10] == b"Exif\x00\x00":
            turned = _turned(segment[10:])
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            out.append(segment)
        elif marker in _KEPT_JPEG and segment[4:].startswith(_KEPT_JPEG[marker]):
            out.append(_without_copy(segment) if marker == 0xE0 else segment)
        place = end
    if turned != 1:
        out.insert(1, _upright(turned))
    return b"".join([*out, _until_end(content, place)])


def _without_copy(jfif: bytes) -> bytes:
    """The first segment: version and density, and no small copy of the picture behind them."""
    return b"\xff\xe0\x00\x10" + jfif[4:16].ljust(12, b"\x00") + b"\x00\x00"


def _until_end(content: bytes, place: int) -> bytes:
    """The picture's own data. After its end phones hang further pictures and films, which nobody asked for."""
    at = place
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        marker = content[at + 1]
        if marker == 0xD9:
            return content[place : at + 2]
        if marker == 0x00 or 0xD0 <= marker <= 0xD7:  # inside the picture's data
            at += 2
        elif marker == 0xFF:
            at += 1
        else:  # a further scan or its tables: their own bytes may look like an end
            at += 2 + (struct.unpack(">H", content[at + 2 : at + 4])[0] if at + 4 <= len(content) else 0)
    return content[place:]


def _turned(tiff: bytes) -> int:
    """Which side is up, 1 to 8, from the first directory; 1 where it does not say."""
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        first = struct.unpack(order + "I", tiff[4:8])[0]
        (count,) = struct.unpack(order + "H", tiff[first : first + 2])
        for entry in range(first + 2, first + 2 + 12 * min(count, 500), 12):
            tag, _, _, value = struct.unpack(order + "HHIH", tiff[entry : entry + 10])
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except (KeyError, struct.error):
        pass
    return 1


def _upright(turned: int) -> bytes:
    tiff = b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, _ORIENTATION, 3, 1, turned, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\x00\x00" + tiff


def _png(content: bytes) -> bytes:
    return content[:8] + b"".join(chunk for name, chunk in _chunks(content) if name in _KEPT_PNG)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, whole chunk) up to the picture's end; a chunk that is cut short ends it."""
    place = 8
    while place + 12 <= len(content):
        size = struct.unpack(">I", content[place : place + 4])[0]
        name, end = content[place + 4 : place + 8], place + 12 + size
        yield name, content[place:end]
        if name == b"IEND":
            return
        place = end
