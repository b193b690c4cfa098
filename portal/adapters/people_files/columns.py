"""Which column of a list holds what: known headers in any spelling, the rest mapped by whoever brings the file in."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from portal.adapters.tables import header_key

Kind = Literal["roster", "people"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a list may say of a person: its name here, as people read it, other headers it goes by."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()


FIELDS: Mapping[str, tuple[Field, ...]] = {
    "roster": (
        Field("user_id", "User ID", ("userid", "login", "username_id")),
        Field("name", "Full name", ("username", "user_name", "full_name")),
        Field("first_name", "First name", ("userfirstname", "given_name")),
        Field("last_name", "Last name", ("userlastname", "surname", "family_name")),
        Field("email", "E-mail address", ("useremail", "e_mail", "email_address", "mail")),
        Field("active", "Active", ("useractive", "status")),
        Field("created_on", "Created on", ("usercreateddate", "created", "created_date")),
        Field("provider", "Default provider (Agency)", ("defaultprovider", "agency", "provider")),
        Field("phone", "Telephone", ("usertelephone", "telephone", "userphone")),
        Field("access_level", "Access level", ("accesslevel", "level", "role_name")),
    ),
    "people": (
        Field("agency", "Agency", ("agency_name", "organization", "organisation", "provider")),
        Field("first_name", "First name", ("firstname", "given_name")),
        Field("last_name", "Last name", ("lastname", "surname", "family_name")),
        Field("email", "E-mail address", ("e_mail", "email_address", "work_email", "mail")),
        Field("role", "Role", ("roles", "position")),
        Field("access_level", "Access level", ("accesslevel", "level")),
        Field("worker", "Staff, volunteer or contractor", ("worker_kind", "employment")),
        Field("title", "Job title", ("job_title",)),
        Field("phone", "Telephone", ("telephone", "work_phone")),
        Field("hmis_user_id", "User ID in the core HMIS", ("user_id", "userid", "login")),
        Field("agreement_signed_on", "User agreement signed on", ("user_agreement_signed_on", "agreement_date")),
        Field("training_course", "Course", ("course",)),
        Field("training_score", "Score", ("score", "quiz_score")),
        Field("training_taken_on", "Course taken on", ("taken_on", "training_date")),
        Field("background_checked_on", "Background check decided on", ("background_check_date", "background_check")),
        Field("background_status", "Background check: how it stands", ()),
    ),
}  # fmt: skip
NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "roster": (("user_id",), ("email",), ("provider",), ("name", "last_name")),
    "people": (("agency",), ("first_name",), ("last_name",), ("email",)),
}
"""Of each group at least one column has to be there."""

NOT_USED = ""


class MappingError(ValueError):
    """A mapping that cannot be: the sentence says what to do."""


def known_keys(kind: Kind) -> frozenset[str]:
    """Header keys of this kind of list, its own names and the others it goes by."""
    return frozenset(key for field in FIELDS[kind] for key in (field.name, *field.aliases))


def label_of(kind: Kind, name: str) -> str:
    return next((field.label for field in FIELDS[kind] if field.name == name), name)


def headers_sha256(headers: Sequence[str]) -> str:
    """By what the same list is known again: its headers in any order and spelling."""
    return hashlib.sha256("\n".join(sorted(header_key(header) for header in headers)).encode()).hexdigest()


def proposed(kind: Kind, headers: Sequence[str]) -> dict[str, str]:
    """For each header the field it holds, or NOT_USED; the first of two that would hold the same wins."""
    names = {key: field.name for field in FIELDS[kind] for key in (*field.aliases, field.name)}
    taken: set[str] = set()
    found: dict[str, str] = {}
    # A header that is a field's own name goes before one that is merely like it.
    for header in sorted(headers, key=lambda one: header_key(one) not in {field.name for field in FIELDS[kind]}):
        name = names.get(header_key(header), NOT_USED)
        found[header] = NOT_USED if name in taken else name
        taken.add(name)
    return {header: found[header] for header in headers}


def chosen(kind: Kind, headers: Sequence[str], changes: Mapping[str, str]) -> dict[str, str]:
    """The proposal with somebody's changes (header to field, NOT_USED to leave a column out).

    Raises MappingError for a header or a field that is not there, and for a field that two columns would hold.
    """
    by_key = {header_key(header): header for header in headers}
    known = {field.name for field in FIELDS[kind]}
    mapping = proposed(kind, headers)
    for written, name in changes.items():
        header = by_key.get(header_key(written))
        if header is None:
            raise MappingError(f"The file has no column {written!r}. It has: {', '.join(headers)}.")
        if name and name not in known:
            raise MappingError(f"{name!r} is nothing that is read here. Choose one of: {', '.join(sorted(known))}.")
        # What somebody says about one column settles it; a guess about another gives way.
        for other in headers:
            if (
                name
                and other != header
                and mapping[other] == name
                and header_key(other) not in map(header_key, changes)
            ):
                mapping[other] = NOT_USED
        mapping[header] = name
    held = [name for name in mapping.values() if name]
    for name in held:
        if held.count(name) > 1:
            both = " and ".join(header for header, to in mapping.items() if to == name)
            raise MappingError(f"{both} are both taken for {label_of(kind, name)!r}. Leave one of them out.")
    return mapping


def missing(kind: Kind, mapping: Mapping[str, str]) -> str:
    """A sentence that names what no column holds and has to be there; '' where nothing lacks."""
    held = set(mapping.values())
    lacking = [label_of(kind, group[0]) for group in NEEDED[kind] if not held & set(group)]
    if kind == "roster" and "name" not in held and {"first_name", "last_name"} - held and "Full name" not in lacking:
        lacking.append("First name")
    return f"No column holds: {', '.join(lacking)}. Say which one does." if lacking else ""
