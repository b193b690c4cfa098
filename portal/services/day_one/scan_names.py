"""What the name of a scanned file tells: whose it is, which document, signed when; what is not certain is left open."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Account, Agency, Membership, OtherAddress, Person
from portal.services.day_one.places import folded, key_of
from workflows.vocabulary import LEAD

KINDS: dict[str, tuple[str, ...]] = {
    "agency_admin_agreement": ("agency admin agreement", "agency administrator agreement", "admin agreement"),
    "security_officer_acceptance": ("security officer acceptance", "security officer"),
    "privacy_notice": ("privacy notice", "privacy pledge", "pledge"),
    "user_agreement": ("user agreement", "useragreement", "end user agreement", "hmis agreement"),
}
"""The documents about one person, by what files are called; the longer names are looked for first."""

_ISO = re.compile(r"(?<!\d)(\d{4})[-_. ]?(\d{2})[-_. ]?(\d{2})(?!\d)")
_US = re.compile(r"(?<!\d)(\d{1,2})[-_. ](\d{1,2})[-_. ](\d{4})(?!\d)")
_EMAIL = re.compile(r"[a-z0-9.+-]+(?:_[a-z0-9.+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE)
_EXTENSION = re.compile(r"\.(pdf|png|jpe?g|tiff?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """What a name tells; '' and None where it does not. `words` are what is left: names of a person and an Agency."""

    kind: str
    signed_on: date | None
    email: str
    words: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """Whose a file is, or in one sentence why nobody can tell."""

    membership: Membership | None
    why: str


def told_by(name: str) -> Told:
    """Reads a file's name with the folders above it: 'Sample Harbor/smith_jamie_2025-03-01_user-agreement.pdf'."""
    whole = name.replace("\\", "/")
    path = _EXTENSION.sub("", whole)
    last = PurePosixPath(path).name
    email = _EMAIL.search(last)
    rest = _EMAIL.sub(" ", last)
    signed_on, rest = _day(rest)
    plain = folded(rest)
    kind = ""
    for called, names in KINDS.items():
        found = next((each for each in sorted(names, key=len, reverse=True) if f" {each} " in f" {plain} "), "")
        if found and not kind:
            kind, plain = called, f" {plain} ".replace(f" {found} ", " ").strip()
    above = folded(" ".join(PurePosixPath(path).parts[:-1]))
    return Told(
        kind, signed_on, email[0].lower() if email else "", frozenset(plain.split()), f"{above} {plain}".strip()
    )


def _day(text: str) -> tuple[date | None, str]:
    for form, order in ((_ISO, (0, 1, 2)), (_US, (2, 0, 1))):
        for found in form.finditer(text):
            parts = [int(part) for part in found.groups()]
            try:
                day = date(*(parts[at] for at in order))
            except ValueError:
                continue
            if 1990 <= day.year <= 2100:
                return day, f"{text[: found.start()]} {text[found.end() :]}"
    return None, text


class People:
    """Everybody by address, User ID and words of the name, with their memberships; read once, in five statements."""

    def __init__(self, session: Session):
        self._people = {person.id: person for person in session.scalars(select(Person))}
        self._by_email = {person.email_key: person.id for person in self._people.values()}
        for email, person_id in session.execute(select(OtherAddress.email_key, OtherAddress.person_id)):
            self._by_email.setdefault(email, person_id)
        accounts = session.execute(select(Account.user_id, Account.person_id))
        self._by_user_id = {folded(user_id): person_id for user_id, person_id in accounts}
        self._agencies = {agency.id: agency for agency in session.scalars(select(Agency).where(Agency.id != LEAD))}
        self._members: dict[int, list[Membership]] = defaultdict(list)
        for member in session.scalars(select(Membership).order_by(Membership.id)):
            self._members[member.person_id].append(member)
        self._by_word: dict[str, set[int]] = defaultdict(set)
        self._words: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
        for person in self._people.values():
            last, first = frozenset(folded(person.last_name).split()), frozenset(folded(person.first_name).split())
            self._words[person.id] = (last, first)
            for word in last:
                self._by_word[word].add(person.id)

    def match(self, told: Told) -> Match:
        """The one membership that a name means. Several that it may mean are named, and none of them is chosen."""
        found, how = self._found(told)
        if not found:
            return Match(None, f"{how} Say whose it is.")
        members = [member for person_id in found for member in self._members[person_id]]
        at = self._at(told)
        there = [member for member in members if member.agency_id in at] if at else members
        if len(there) == 1:
            return Match(there[0], "")
        if not members:
            return Match(
                None, f"{self._people[found[0]].name} belongs to no Agency here. Enter the person there first."
            )
        candidates = there or members
        names = "; ".join(sorted(self._described(member) for member in candidates)[:4])
        if len({member.person_id for member in candidates}) > 1:
            return Match(None, f"Several people are called so: {names}. Say whose it is.")
        return Match(None, f"The name does not say at which Agency: {names}.")

    def suggested(self, told: Told, *, first: int | None = None, most: int = 20) -> dict[int, str]:
        """Memberships of people with a name like one in the file's name, by id with name and Agency; `first` leads."""
        fits = {person_id for word in told.words for person_id in self._by_word.get(word, ())}
        fits |= (
            {person_id for person_id, (_, names) in self._words.items() if names & told.words} if not fits else set()
        )
        members = [member for person_id in sorted(fits) for member in self._members[person_id]]
        found = {member.id: self._described(member) for member in members[:most]}
        for members_of in self._members.values():
            for member in members_of:
                if member.id == first:
                    found = {member.id: self._described(member)} | found
        return found

    def _found(self, told: Told) -> tuple[list[int], str]:
        if told.email:
            person_id = self._by_email.get(told.email)
            return ([person_id], "") if person_id else ([], f"Nobody here has the address {told.email}.")
        by_id = [self._by_user_id[word] for word in sorted(told.words) if word in self._by_user_id]
        if len(by_id) == 1:
            return by_id, ""
        candidates = {person_id for word in told.words for person_id in self._by_word.get(word, ())}
        fits = sorted(p for p in candidates if self._words[p][0] <= told.words and self._words[p][1] <= told.words)
        return (fits, "") if fits else ([], "The name of the file is nobody's name, address or User ID here.")

    def _at(self, told: Told) -> set[int]:
        """The Agencies whose whole name stands in the file's name or in the folder above it."""
        text = f" {key_of(told.text)} "
        return {agency.id for agency in self._agencies.values() if f" {key_of(agency.name)} " in text}

    def _described(self, member: Membership) -> str:
        agency = self._agencies.get(member.agency_id)
        return f"{self._people[member.person_id].name}, {agency.name if agency else 'the HMIS Lead'}"
