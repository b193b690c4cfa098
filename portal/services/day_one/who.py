"""Whom the rows of a list mean: by e-mail address alone; a likeness is shown to somebody who decides, never merged."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.adapters.people_files import Row, Sheet
from portal.adapters.tables import Problem
from portal.models import Account, Agency, Membership, OtherAddress, Person
from portal.services.day_one.options import LEAVE, NEW, SAME, Double, Likeness, Options
from portal.services.day_one.places import folded
from portal.services.people import particulars

ALIKE = 0.87
"""How like two names must be, from 0 to 1, to be shown: 'Jon Sample' and 'John Sample' are 0.95."""


@dataclass(slots=True)
class Who:
    """One person of the file: the known one, or a new one under `email`, with the rows that mean her."""

    email: str
    first_name: str
    last_name: str
    person: Person | None = None
    rows: list[tuple[Row, Agency]] = field(default_factory=list)
    other_addresses: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.person.name if self.person else f"{self.first_name} {self.last_name}"


class Known:
    """Everybody who is in the portal, by address and User ID, with where they belong; read once, in four statements."""

    def __init__(self, session: Session):
        self.people = {person.id: person for person in session.scalars(select(Person))}
        self.by_email = {person.email_key: person for person in self.people.values()}
        for email, person_id in session.execute(select(OtherAddress.email_key, OtherAddress.person_id)):
            self.by_email.setdefault(email, self.people[person_id])
        self.account_of: dict[int, str] = {}
        self.by_user_id: dict[str, Person] = {}
        for person_id, user_id in session.execute(select(Account.person_id, Account.user_id)):
            self.account_of[person_id], self.by_user_id[user_id] = user_id, self.people[person_id]
        self.at: dict[int, list[Person]] = defaultdict(list)
        self.agencies_of: dict[int, set[int]] = defaultdict(set)
        for agency_id, person_id in session.execute(select(Membership.agency_id, Membership.person_id)):
            self.at[agency_id].append(self.people[person_id])
            self.agencies_of[person_id].add(agency_id)
        self.by_name: dict[str, list[Person]] = defaultdict(list)
        for person in self.people.values():
            self.by_name[folded(person.name)].append(person)


def tell_apart(
    sheet: Sheet, rows: Sequence[tuple[Row, Agency]], known: Known, options: Options, doubles: list[Double]
) -> list[Who]:
    """The people of the file in the order in which they first stand there; what cannot be told goes to `sheet.problems`.

    One address is one person. A new address with the name, or nearly the name, of somebody at the same Agency, or with
    the User ID of somebody else, is a double: `doubles` lists it, and until it is decided its rows are errors.
    """
    by_email: dict[str, list[tuple[Row, Agency]]] = defaultdict(list)
    for row, agency in rows:
        by_email[row.email.lower()].append((row, agency))
    found: dict[str, Who] = {}
    for email, mine in by_email.items():
        if not _is_one_person(sheet, email, mine):
            continue
        first = mine[0][0]
        person = known.by_email.get(email)
        if (
            person is not None
            and not particulars.is_called(person, first.first_name, first.last_name)
            and person.email_key == email
        ):
            sentence = (
                f"{email} is {person.name}'s address here. If the name has changed, change it on that page first."
            )
            _refuse(sheet, mine, "first_name", first.name, sentence, "another-name")
            continue
        who = Who(email, first.first_name, first.last_name, person, list(mine))
        if person is None:
            likenesses, may_be_new = _likenesses(who, found.values(), known)
            if likenesses:
                double = _decided(sheet, who, likenesses, may_be_new, options)
                doubles.append(double)
                if not _follows(double, who, found, known):
                    continue
        found[email] = who
    return _merged(found.values())


def _is_one_person(sheet: Sheet, email: str, mine: Sequence[tuple[Row, Agency]]) -> bool:
    first = mine[0][0]
    someone = Person(first_name=first.first_name, last_name=first.last_name)
    others = [row for row, _ in mine if not particulars.is_called(someone, row.first_name, row.last_name)]
    if others:
        names = ", ".join(dict.fromkeys(row.name for row, _ in mine))
        sentence = f"{email} stands for several people: {names}. Give each the own work address; nobody shares a login."
        _refuse(sheet, mine, "email", email, sentence, "shared-mailbox")
    return not others


def _likenesses(who: Who, before: Iterable[Who], known: Known) -> tuple[list[Likeness], bool]:
    """Whom a new address may mean, and whether it may be somebody new: not with the User ID of somebody else."""
    found: dict[str, Likeness] = {}
    may_be_new = True
    user_ids = {row.user_id for row, _ in who.rows if row.user_id}
    for user_id in user_ids & known.by_user_id.keys():
        owner = known.by_user_id[user_id]
        found[owner.email_key] = Likeness(owner.email_key, owner.name, _of(owner, known), f"has the User ID {user_id}")
        may_be_new = False
    for agency in {agency.id: agency for _, agency in who.rows}.values():
        for person in known.at[agency.id]:
            if why := _alike(who, person.first_name, person.last_name):
                found.setdefault(person.email_key, Likeness(person.email_key, person.name, agency.name, why))
        for other in before:
            if other.person is not None and other.email == other.person.email_key:
                continue
            if agency.id in {place.id for _, place in other.rows} and (
                why := _alike(who, other.first_name, other.last_name)
            ):
                line = other.rows[0][0].line
                found.setdefault(other.email, Likeness(other.email, other.name, f"line {line} of this file", why))
    for other in before:
        if shared := user_ids & {row.user_id for row, _ in other.rows if row.user_id}:
            line = other.rows[0][0].line
            found[other.email] = Likeness(
                other.email, other.name, f"line {line} of this file", f"has the User ID {min(shared)}"
            )
            may_be_new = False
    return list(found.values()), may_be_new


def _alike(who: Who, first_name: str, last_name: str) -> str:
    mine, theirs = folded(f"{who.first_name} {who.last_name}"), folded(f"{first_name} {last_name}")
    if mine == theirs or folded(f"{who.last_name} {who.first_name}") == theirs:
        return "the same name at the same Agency"
    if difflib.SequenceMatcher(None, mine, theirs).ratio() >= ALIKE:
        return "nearly the same name at the same Agency"
    return ""


def _of(person: Person, known: Known) -> str:
    return f"{len(known.agencies_of[person.id])} Agencies" if len(known.agencies_of[person.id]) > 1 else "in the portal"


def _decided(sheet: Sheet, who: Who, likenesses: list[Likeness], may_be_new: bool, options: Options) -> Double:
    line, agency = who.rows[0][0].line, who.rows[0][1].name
    choice = options.decide.get(who.email, "")
    allowed = {LEAVE, *(f"{SAME}{like.email}" for like in likenesses)} | ({NEW} if may_be_new else set())
    double = Double(
        line, who.email, who.name, agency, tuple(likenesses), choice if choice in allowed else "", may_be_new
    )
    named = " or ".join(f"{like.name} ({like.email})" for like in likenesses)
    if not double.choice:
        sentence = f"This may be {named}: {likenesses[0].why}. Decide whether it is the same person."
        _refuse(sheet, who.rows, "email", who.email, sentence, "double")
    elif choice == LEAVE:
        for row, _ in who.rows:
            said = "Left out, as was decided: it may be somebody who is known already."
            sheet.problems.append(_note(sheet, row, said))
    return double


def _follows(double: Double, who: Who, found: dict[str, Who], known: Known) -> bool:
    """Does what was decided; whether the rows go on to come in."""
    if double.choice == NEW:
        return True
    if not double.choice.startswith(SAME):
        return False
    email = double.choice.removeprefix(SAME)
    who.other_addresses.append(who.email)
    if email in found and found[email].person is None:
        who.email = email  # the same new person, who stands further up: brought together below
    else:
        who.person = known.by_email[email]
    return True


def _merged(found: Iterable[Who]) -> list[Who]:
    """Rows that mean the same person, under whatever address, brought together."""
    people_: dict[object, Who] = {}
    for who in found:
        key = ("known", who.person.id) if who.person is not None else ("new", who.email)
        first = people_.setdefault(key, who)
        if first is not who:
            first.rows += who.rows
            first.other_addresses += who.other_addresses
    return list(people_.values())


def _refuse(
    sheet: Sheet, rows: Sequence[tuple[Row, Agency]], column: str, value: str, sentence: str, rule: str
) -> None:
    for row, _ in rows:
        sheet.error(row.line, column, value, sentence, rule)


def _note(sheet: Sheet, row: Row, sentence: str) -> Problem:
    return Problem("note", sheet.name, row.line, "email", row.email, sentence, "left-out")
