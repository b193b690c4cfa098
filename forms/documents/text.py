"""What a document is: its sections, blanks and signers as frozen data, with a fingerprint of its exact text."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal

FIELD_TYPES = ("text", "long_text", "date", "email", "phone", "number", "choice", "choices")
CAPACITIES = ("executive_director", "lead", "user", "agency_admin", "security_officer")
BASES = ("local", "proposed rule", "notice", "regulation", "statute", "practice")

REFERENCE = re.compile(r"\{(section:)?([a-z][a-z0-9_]*)\}")


class DocumentError(ValueError):
    """A document's file is wrong: `file`, `field` and a sentence that says what to mend."""

    def __init__(self, file: str, field: str, sentence: str) -> None:
        super().__init__(f"{file}: {field}: {sentence}")
        self.file, self.field, self.sentence = file, field, sentence


@dataclass(frozen=True)
class Basis:
    """A heading of the manual, or a law, and what weight it has (one of BASES)."""

    cite: str
    basis: str


@dataclass(frozen=True)
class Group:
    """Fields that stand together; one that `repeats` is filled in any number of times (a project, a contact)."""

    id: str
    heading: str
    hint: str = ""
    repeats: bool = False


@dataclass(frozen=True)
class Blank:
    """A field to fill in. `inline` ones show only where the text names them; `group` is '' or a Group's id."""

    name: str
    label: str
    type: str = "text"
    required: bool = True
    choices: tuple[str, ...] = ()
    hint: str = ""
    group: str = ""
    inline: bool = False


@dataclass(frozen=True)
class Part:
    """A lettered part that sections belong to."""

    id: str
    heading: str


@dataclass(frozen=True)
class Section:
    """A section or clause: paragraphs, then items of a list; `initial` asks the signer for initials beside it."""

    id: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    initial: bool = False
    part: str = ""


@dataclass(frozen=True)
class Signer:
    """Who signs, in this order; `statement` is the statement of authority, `initials` says who initials clauses."""

    capacity: str
    label: str
    statement: str
    initials: bool = False


@dataclass(frozen=True)
class Piece:
    """A run of text: plain `text`, a filled-in `value`, or a `blank` still to be written by hand (its label).

    `name` is the field's name where the run comes from a field.
    """

    text: str
    kind: Literal["text", "value", "blank"] = "text"
    name: str = ""


@dataclass(frozen=True)
class DocumentText:
    """One version of one document, complete: what is shown, signed, hashed and printed."""

    kind: str
    version: str
    title: str
    mark: str
    summary: tuple[str, ...]
    changes: tuple[str, ...]
    basis: tuple[Basis, ...]
    groups: tuple[Group, ...]
    fields: tuple[Blank, ...]
    signers: tuple[Signer, ...]
    parts: tuple[Part, ...]
    sections: tuple[Section, ...]

    @cached_property
    def canonical(self) -> str:
        """The whole text in one unambiguous form: JSON with sorted keys, Unicode NFC."""
        text = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return unicodedata.normalize("NFC", text)

    @cached_property
    def sha256(self) -> str:
        """SHA-256, in hexadecimal, of `canonical` in UTF-8; it changes with every letter of the text."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @cached_property
    def initialled(self) -> tuple[str, ...]:
        """The ids of the clauses that ask for initials, in order."""
        return tuple(section.id for section in self.sections if section.initial)

    @cached_property
    def numbers(self) -> Mapping[str, str]:
        """The number of each section by id: '4', or 'A2' in a lettered part, or '' outside the parts."""
        numbers, counts = {}, dict.fromkeys(["", *(part.id for part in self.parts)], 0)
        for section in self.sections:
            counts[section.part] += 1
            outside = bool(self.parts) and not section.part
            numbers[section.id] = "" if outside else f"{section.part}{counts[section.part]}"
        return numbers

    def heading(self, section: Section) -> str:
        """The section's heading with its number."""
        number = self.numbers[section.id]
        return f"{number}. {section.heading}" if number else section.heading

    def section(self, id_: str) -> Section:
        """The section of that id; KeyError when there is none."""
        return {section.id: section for section in self.sections}[id_]

    def field(self, name: str) -> Blank:
        """The field of that name; KeyError when there is none."""
        return {field.name: field for field in self.fields}[name]

    def signer(self, capacity: str) -> Signer:
        """Who signs in that capacity; KeyError when nobody does."""
        return {signer.capacity: signer for signer in self.signers}[capacity]

    def of_group(self, group: str) -> tuple[Blank, ...]:
        """The fields of a group, in order ('' for those in none)."""
        return tuple(field for field in self.fields if field.group == group)

    def filled(self, text: str, values: Mapping[str, str], *, by_hand: bool = False) -> Iterator[Piece]:
        """The pieces of a paragraph, heading or statement of this document with its named blanks filled in.

        A blank without a value becomes a `blank` piece when `by_hand`, and the word 'none' otherwise.
        """
        end = 0
        for match in REFERENCE.finditer(text):
            if match.start() > end:
                yield Piece(text[end : match.start()])
            end = match.end()
            section, name = match.groups()
            if section:
                yield Piece(self.numbers[name])
            elif values.get(name, "").strip():
                yield Piece(values[name].strip(), "value", name)
            else:
                yield Piece(self.field(name).label, "blank", name) if by_hand else Piece("none", "value", name)
        if end < len(text):
            yield Piece(text[end:])

    def plain(self, text: str, values: Mapping[str, str]) -> str:
        """The same as one string, for mails and statements that are stored."""
        return "".join(piece.text for piece in self.filled(text, values))

    def entries(self, group: str, values: Mapping[str, str]) -> list[dict[str, str]]:
        """The entries of a repeating group, from keys `group.1.field`, `group.2.field` …, in order."""
        rows: dict[int, dict[str, str]] = {}
        for key, value in values.items():
            parts = key.split(".")
            if len(parts) == 3 and parts[0] == group and parts[1].isdecimal():
                rows.setdefault(int(parts[1]), {})[parts[2]] = value
        return [rows[number] for number in sorted(rows)]

    def missing(self, values: Mapping[str, str]) -> tuple[Blank, ...]:
        """The required fields that have no value; fields of a repeating group are asked for in each entry."""
        repeats = {group.id for group in self.groups if group.repeats}
        found = []
        for field in self.fields:
            rows = self.entries(field.group, values) if field.group in repeats else [dict(values)]
            if field.required and any(not row.get(field.name, "").strip() for row in rows):
                found.append(field)
        return tuple(found)
