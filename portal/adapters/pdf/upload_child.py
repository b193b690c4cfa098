"""Runs alone in a limited process: reads an upload from standard input and writes a verdict as JSON."""

import json
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

MEMORY = 768 * 1024 * 1024
PROCESSOR_SECONDS = 15
MAX_UNPACKED = 200 * 1024 * 1024
MAX_PIXELS = 64_000_000
MAX_DEPTH = 60

ACTIVE_KEYS = {"/JS", "/JavaScript", "/AA", "/Launch"}
ACTIVE_ACTIONS = {
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/RichMediaExecute",
    "/Sound", "/Movie",
}  # fmt: skip
EMBEDDED_KEYS = {"/EmbeddedFile", "/EmbeddedFiles", "/EF", "/XFA", "/RichMedia", "/Collection"}
# Filters after which the bytes are a picture; what they unpack to is bounded by width and height.
PICTURE_FILTERS = {"/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode"}


class Refused(Exception):
    """The verdict, one of the keys the parent has a sentence for."""


def limit() -> None:
    """Takes away from this process what reading one file does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def verdict_on(data: bytes, max_pages: int) -> tuple[str, int]:
    """The kind and the number of pages. Raises Refused."""
    if data.startswith(b"%PDF-"):
        polyglot(data)
        return "pdf", pages_of(data, max_pages)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        polyglot(data)
        return picture(data, "PNG")
    if data.startswith(b"\xff\xd8\xff"):
        polyglot(data)
        return picture(data, "JPEG")
    raise Refused("kind")


def polyglot(data: bytes) -> None:
    """Refuses a file that another program would read as an archive, a PDF or a page of the web."""
    if zipfile.is_zipfile(BytesIO(data)):
        raise Refused("polyglot")
    if data.startswith(b"%PDF-"):
        end = data.rfind(b"%%EOF")
        if end < 0:
            raise Refused("damaged")
        if data[end + 5 :].strip(b"\r\n\t \x00"):
            raise Refused("polyglot")
    elif b"%PDF-" in data[:1024] or any(word in data[:1024].lower() for word in (b"<script", b"<html", b"<svg")):
        raise Refused("polyglot")


def pages_of(data: bytes, max_pages: int) -> int:
    import pikepdf

    try:
        with pikepdf.open(BytesIO(data)) as pdf:
            if pdf.is_encrypted:
                raise Refused("encrypted")
            # The list of pages is walked only as far as the limit: the count a file claims for itself proves nothing.
            pages = 0
            for _ in pdf.pages:
                pages += 1
                if pages > max_pages:
                    raise Refused("pages")
            if not pages:
                raise Refused("no_pages")
            unpacked = 0
            for thing in pdf.objects:
                harmless(thing, 0)
                if isinstance(thing, pikepdf.Stream):
                    unpacked += size_of(thing)
                    if unpacked > MAX_UNPACKED:
                        raise Refused("bomb")
            harmless(pdf.trailer, 0)
            return pages
    except pikepdf.PasswordError as error:
        raise Refused("encrypted") from error


def harmless(thing: Any, depth: int) -> None:
    """Refuses scripts, actions and embedded files wherever they hide in an object; references are met on their own."""
    import pikepdf

    if depth > MAX_DEPTH:
        raise Refused("damaged")
    if isinstance(thing, pikepdf.Stream):
        thing = thing.stream_dict
    if isinstance(thing, pikepdf.Dictionary):
        keys = set(thing.keys())
        if keys & ACTIVE_KEYS or str(thing.get("/S", "")) in ACTIVE_ACTIONS:
            raise Refused("active")
        if keys & EMBEDDED_KEYS or str(thing.get("/Type", "")) == "/EmbeddedFile":
            raise Refused("embedded")
        if str(thing.get("/Subtype", "")) in ("/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound"):
            raise Refused("embedded")
        children: list[Any] = [thing.get(key) for key in keys]
    elif isinstance(thing, pikepdf.Array):
        children = list(thing)
    else:
        return
    for child in children:
        if isinstance(child, pikepdf.Object) and not child.is_indirect:
            harmless(child, depth + 1)


def size_of(stream: Any) -> int:
    """The bytes a stream unpacks to, counted as it is unpacked and never held as a whole beyond the limit."""
    import pikepdf

    filters = stream.get("/Filter", pikepdf.Array([]))
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    pixels = int(stream.get("/Width", 0)) * int(stream.get("/Height", 0))
    if str(stream.get("/Subtype", "")) == "/Image" and pixels > MAX_PIXELS:
        raise Refused("pixels")
    data = stream.read_raw_bytes()
    for name in names:
        if name in PICTURE_FILTERS:
            break
        if name in ("/FlateDecode", "/Fl"):
            data = b"".join(inflated(data))
        else:
            # Older filters grow a stream little, or are bounded by the memory this process may take.
            return max(len(data), len(stream.read_bytes()))
        if len(data) > MAX_UNPACKED:
            raise Refused("bomb")
    return len(data)


def inflated(data: bytes) -> Iterator[bytes]:
    """The pieces of a deflated stream, until it ends or passes the limit."""
    machine, total = zlib.decompressobj(), 0
    while data and not machine.eof:
        try:
            piece = machine.decompress(data, 1 << 20)
        except zlib.error:
            # Readers show what came before the fault; so does this count.
            return
        total += len(piece)
        if total > MAX_UNPACKED:
            raise Refused("bomb")
        yield piece
        data = machine.unconsumed_tail
        if not piece and not data:
            return


def picture(data: bytes, kind: str) -> tuple[str, int]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the limit below is ours and names its own verdict
    with Image.open(BytesIO(data), formats=[kind]) as image:
        if image.width * image.height > MAX_PIXELS:
            raise Refused("pixels")
        if kind == "JPEG":
            # A reduced decoding reads the whole file in a fraction of the memory.
            image.draft(image.mode, (image.width // 8 or 1, image.height // 8 or 1))
        image.load()
    return kind.lower(), 1


def main() -> None:
    """Limits first, then the file."""
    limit()
    data = sys.stdin.buffer.read()
    pages = 0
    try:
        verdict, pages = verdict_on(data, int(sys.argv[1]))
    except Refused as refusal:
        verdict = str(refusal)
    except MemoryError:
        verdict = "bomb"
    except Exception:  # whatever a parser trips over, the file is not kept
        verdict = "damaged"
    sys.stdout.write(json.dumps({"verdict": verdict, "pages": pages}))


if __name__ == "__main__":
    main()
