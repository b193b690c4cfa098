"""Reads a document's file and refuses, by file and field, what is not a complete document."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from forms.documents.text import (
    BASES,
    CAPACITIES,
    FIELD_TYPES,
    REFERENCE,
    Basis,
    Blank,
    DocumentError,
    DocumentText,
    Group,
    Part,
    Section,
    Signer,
)

T = TypeVar("T")

# In the file a table is named in the singular, as TOML's [[section]] reads best.
TABLES: Mapping[str, tuple[str, type]] = {
    "basis": ("basis", Basis),
    "group": ("groups", Group),
    "field": ("fields", Blank),
    "signer": ("signers", Signer),
    "part": ("parts", Part),
    "section": ("sections", Section),
}
WORDS = ("kind", "version", "title", "mark")
LISTS = ("summary", "changes")
VERSION = re.compile(r"\d{4}-[1-9]\d*")
NAME = re.compile(r"[a-z][a-z0-9_]*")


def read_folder(root: Traversable) -> dict[tuple[str, str], DocumentText]:
    """Every document under `root`, laid out as kind/version.toml, by (kind, version). Raises DocumentError."""
    found: dict[tuple[str, str], DocumentText] = {}
    for folder in sorted((entry for entry in root.iterdir() if entry.is_dir()), key=lambda entry: entry.name):
        files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
        if not files and not folder.name.startswith(("_", ".")):
            raise DocumentError(folder.name, "folder", "holds no version; add a file such as 2026-1.toml.")
        for file in files:
            document = read(file.read_text(encoding="utf-8"), f"{folder.name}/{file.name}")
            found[document.kind, document.version] = document
    for kind in sorted({kind for kind, _ in found}):
        for version in in_order(version for name, version in found if name == kind)[1:]:
            if not found[kind, version].changes:
                where = f"{kind}/{version}.toml"
                raise DocumentError(where, "changes", "say what changed since the version before.")
    return found


def in_order(versions: Iterable[str]) -> list[str]:
    """Versions such as 2025-1, 2026-1, 2026-10, oldest first."""
    return sorted(versions, key=lambda version: tuple(map(int, version.split("-"))))


def read(content: str, file: str) -> DocumentText:
    """One document from the content of its file; `file` is kind/version.toml. Raises DocumentError."""
    try:
        raw = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(file, "file", f"is not valid TOML: {error}.") from error
    for key in raw:
        if key not in (*WORDS, *LISTS, *TABLES):
            raise DocumentError(file, key, "is not a part of a document; remove it or correct its spelling.")
    values: dict[str, Any] = {word: _text(raw.get(word), file, word) for word in WORDS}
    values |= {name: _texts(raw.get(name), file, name) for name in LISTS}
    for key, (name, shape) in TABLES.items():
        values[name] = _table(raw.get(key, []), shape, file, key)
    document = DocumentText(**values)
    _check_names(document, file)
    _check_words(document, file)
    _check_references(document, file)
    return document


def _text(value: object, file: str, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DocumentError(file, field, "must be text and not empty.")
    return value


def _texts(value: object, file: str, field: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise DocumentError(file, field, "must be a list of texts.")
    return tuple(_text(line, file, f"{field}[{number}]") for number, line in enumerate(value, 1))


def _table(rows: object, shape: type[T], file: str, key: str) -> tuple[T, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DocumentError(file, key, f"must be written as [[{key}]] tables.")
    return tuple(_row(row, shape, file, f"{key}[{number}]") for number, row in enumerate(rows, 1))


def _row(row: dict[str, object], shape: type[T], file: str, where: str) -> T:
    known = {field.name: field for field in fields(shape)}  # type: ignore[arg-type]  # each shape is a dataclass
    for key in row:
        if key not in known:
            raise DocumentError(file, f"{where}.{key}", "is not known here; remove it or correct its spelling.")
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name not in row:
            if field.default is MISSING:
                raise DocumentError(file, f"{where}.{name}", "is missing.")
        elif field.type is bool:
            if not isinstance(row[name], bool):
                raise DocumentError(file, f"{where}.{name}", "must be true or false.")
            values[name] = row[name]
        elif field.type is str:
            values[name] = _text(row[name], file, f"{where}.{name}")
        else:
            values[name] = _texts(row[name], file, f"{where}.{name}")
    return shape(**values)


def _check_names(document: DocumentText, file: str) -> None:
    if file != f"{document.kind}/{document.version}.toml":
        raise DocumentError(
            file, "kind, version", f"say {document.kind}/{document.version}.toml; file and text differ."
        )
    if not VERSION.fullmatch(document.version):
        raise DocumentError(file, "version", "must be a year and a number, such as 2026-1.")
    lists = {
        "section": [section.id for section in document.sections],
        "field": [field.name for field in document.fields],
        "group": [group.id for group in document.groups],
    }
    for key, names in lists.items():
        for name in names:
            if not NAME.fullmatch(name):
                raise DocumentError(file, f"{key} {name}", "a name is lower-case letters, digits and underscores.")
            if names.count(name) > 1:
                raise DocumentError(file, f"{key} {name}", "occurs twice; every name is used once.")
    capacities = [signer.capacity for signer in document.signers]
    if len(set(capacities)) < len(capacities):
        raise DocumentError(file, "signer", "two signers have the same capacity.")


def _check_words(document: DocumentText, file: str) -> None:
    if not 5 <= len(document.summary) <= 8:
        raise DocumentError(file, "summary", f"has {len(document.summary)} lines; 5 to 8 are wanted.")
    if not document.sections:
        raise DocumentError(file, "section", "a document has at least one section.")
    for basis in document.basis:
        _one_of(basis.basis, BASES, file, f"basis of '{basis.cite}'")
    for field in document.fields:
        _one_of(field.type, FIELD_TYPES, file, f"field {field.name}.type")
        if bool(field.choices) != field.type.startswith("choice"):
            raise DocumentError(
                file, f"field {field.name}.choices", "choices go with type choice or choices, and with no other."
            )
        _one_of(field.group, ("", *(group.id for group in document.groups)), file, f"field {field.name}.group")
    for section in document.sections:
        if not section.paragraphs and not section.items:
            raise DocumentError(file, f"section {section.id}", "has neither paragraphs nor items.")
        _one_of(section.part, ("", *(part.id for part in document.parts)), file, f"section {section.id}.part")
    for signer in document.signers:
        _one_of(signer.capacity, CAPACITIES, file, "signer.capacity")
    initialling = [signer.capacity for signer in document.signers if signer.initials]
    if bool(document.initialled) != (len(initialling) == 1):
        raise DocumentError(
            file, "signer.initials", "exactly one signer initials, if and only if a section asks for initials."
        )


def _one_of(word: str, words: tuple[str, ...], file: str, field: str) -> None:
    if word not in words:
        raise DocumentError(file, field, f"'{word}' is not one of: {', '.join(filter(None, words)) or 'none'}.")


def _check_references(document: DocumentText, file: str) -> None:
    single = {field.name for field in document.fields if not _repeats(document, field)}
    sections = set(document.numbers)
    texts = [("summary", line) for line in document.summary] + [("changes", line) for line in document.changes]
    for section in document.sections:
        texts += [(f"section {section.id}", line) for line in (section.heading, *section.paragraphs, *section.items)]
    texts += [(f"signer {signer.capacity}.statement", signer.statement) for signer in document.signers]
    used = set()
    for where, line in texts:
        for match in REFERENCE.finditer(line):
            if match[2] not in (sections if match[1] else single):
                raise DocumentError(
                    file, where, f"{match[0]} names no {'section' if match[1] else 'field'} of this document."
                )
            used.add(match[2] if not match[1] else "")
        if re.search(r"[{}]", REFERENCE.sub("", line)):
            raise DocumentError(file, where, "has a brace that is no blank; write blanks as {field_name}.")
    for field in document.fields:
        if field.inline and field.name not in used:
            raise DocumentError(file, f"field {field.name}.inline", "shows nowhere: no text names it.")


def _repeats(document: DocumentText, field: Blank) -> bool:
    return any(group.repeats for group in document.groups if group.id == field.group)
