"""Whether what was typed as a signature and as initials can be the person's own."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from portal.models import Person
from portal.refusals import bad_input


def words(name: str) -> list[str]:
    """The words of a name without accents, case and punctuation, in any script."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[^\W\d_]+", kept)


def looks_like(typed: str, person: Person) -> bool:
    """Whether a typed name has the person's last name, and the first name or its initial: 'J. Sample' for Jamie Sample."""
    given, first, last = words(typed), words(person.first_name), words(person.last_name)
    if not given or not set(last) <= set(given):
        return False
    others = [word for word in given if word not in last] or (given if set(first) & set(last) else [])
    return not first or any(word == first[0] or (len(word) == 1 and first[0].startswith(word)) for word in others)


def refuse_other_name(typed: str, person: Person) -> str:
    """The typed name, tidied; BAD_INPUT where it is too long or not the person's."""
    name = " ".join(typed.split())
    if not name:
        raise bad_input("Type your full name. It is your signature.", "name")
    if len(name) > 200:
        raise bad_input(f"A name may have 200 characters; this has {len(name)}.", "name")
    if not looks_like(name, person):
        raise bad_input(
            f"Type your name as the portal knows it: {person.name}. If that is not your name any more, ask the help desk to correct it first.",
            "name",
        )
    return name


def checked_initials(initials: Mapping[str, str], wanted: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Initials for every clause that asks for them, given as (id, heading); BAD_INPUT for the first that lacks them."""
    found: dict[str, str] = {}
    for clause, heading in wanted:
        written = "".join(initials.get(clause, "").split())
        if not written:
            raise bad_input(f"Put your initials beside: {heading}.", f"initials-{clause}")
        if not len(words(written.replace(".", ""))[:1]) >= 1 or not re.fullmatch(r"(?:[^\W\d_]\.?){1,5}", written):
            raise bad_input(f"Initials are 1 to 5 letters. Correct those beside: {heading}.", f"initials-{clause}")
        found[clause] = written.replace(".", "").upper()
        if found[clause] != next(iter(found.values())):
            raise bad_input(
                f"Use the same initials throughout. Those beside {heading} are different.", f"initials-{clause}"
            )
    return found
