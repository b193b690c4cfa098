"""The paperwork itself: one folder for each kind of document, one file for each version, read into frozen data."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from forms.documents.reading import in_order, read_folder
from forms.documents.text import Basis, Blank, DocumentError, DocumentText, Group, Part, Piece, Section, Signer

__all__ = [
    "Basis",
    "Blank",
    "DocumentError",
    "DocumentText",
    "Group",
    "Part",
    "Piece",
    "Section",
    "Signer",
    "changes_since",
    "kinds",
    "latest",
    "load_all",
    "text",
    "versions",
]


@cache
def load_all() -> Mapping[tuple[str, str], DocumentText]:
    """Every document by (kind, version), read once. Raises DocumentError naming file and field."""
    return MappingProxyType(read_folder(files(__package__)))


def kinds() -> tuple[str, ...]:
    """The kinds of documents there are."""
    return tuple(sorted({kind for kind, _ in load_all()}))


def versions(kind: str) -> tuple[str, ...]:
    """The versions of a kind, oldest first; KeyError for a kind that does not exist."""
    found = in_order(version for name, version in load_all() if name == kind)
    if not found:
        raise KeyError(f"There is no document of kind '{kind}'. There are: {', '.join(kinds())}.")
    return tuple(found)


def text(kind: str, version: str) -> DocumentText:
    """One version of a document; KeyError naming those that exist."""
    if version not in versions(kind):
        raise KeyError(f"There is no version '{version}' of '{kind}'. There are: {', '.join(versions(kind))}.")
    return load_all()[kind, version]


def latest(kind: str) -> DocumentText:
    """The newest text of a kind; which one is in force is evidence (`published`), not this."""
    return text(kind, versions(kind)[-1])


def changes_since(kind: str, signed: str, version: str) -> tuple[str, ...]:
    """What changed after version `signed` up to `version`, oldest first; empty when it is the same or older."""
    between = versions(kind)
    text(kind, signed), text(kind, version)
    later = between[between.index(signed) + 1 : between.index(version) + 1]
    return tuple(line for each in later for line in text(kind, each).changes)
