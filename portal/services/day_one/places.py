"""Agencies as lists name them: by name in any spelling, by provider id, by a project's; never made up, never guessed."""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Agency, Project
from workflows.vocabulary import LEAD

_SUFFIXES = frozenset({"inc", "incorporated", "llc", "corp", "corporation", "co", "ltd", "the", "of", "and"})
_ID = re.compile(r"^(?P<name>.*?)\s*[(\[](?P<id>[A-Za-z0-9-]{1,32})[)\]]\s*$")
NEAR = 0.6
MOST_NEAR = 3


def folded(text: str) -> str:
    """A text without accents, case and punctuation, its words by single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter))))


def key_of(name: str) -> str:
    """What two spellings of one organization have in common: 'The Harbor House, Inc.' is 'Harbor House'."""
    words = [word for word in folded(name.replace("&", " and ")).split() if word not in _SUFFIXES]
    return " ".join(words) or folded(name)


class Places:
    """Every Agency by what lists call it; read once, in two statements."""

    def __init__(self, session: Session, said: Mapping[str, str], *, with_lead: bool):
        agencies = [a for a in session.scalars(select(Agency).order_by(Agency.id)) if with_lead or a.id != LEAD]
        self._by_id = {agency.id: agency for agency in agencies}
        self._names: dict[str, set[int]] = defaultdict(set)
        self._ids: dict[str, set[int]] = defaultdict(set)
        for agency in agencies:
            for name in filter(None, (agency.name, agency.common_name)):
                self._names[key_of(name)].add(agency.id)
            for code in filter(None, (agency.provider_id, agency.hud_id)):
                self._ids[code.casefold()].add(agency.id)
        projects = select(Project.agency_id, Project.name, Project.common_name, Project.provider_id)
        for agency_id, name, common, provider_id in session.execute(projects):
            if agency_id in self._by_id:
                if provider_id:
                    self._ids[provider_id.casefold()].add(agency_id)
                for each in filter(None, (name, common)):
                    self._names.setdefault(f"project {key_of(each)}", set()).add(agency_id)
        self._said = {folded(written): name for written, name in said.items()}
        self._found: dict[str, tuple[Agency | None, tuple[str, ...]]] = {}

    def find(self, written: str) -> tuple[Agency | None, tuple[str, ...]]:
        """The Agency that a list means, or None with the names that are nearest (several: it could be any of them)."""
        if written not in self._found:
            self._found[written] = self._look_up(written)
        return self._found[written]

    def _look_up(self, written: str) -> tuple[Agency | None, tuple[str, ...]]:
        text = self._said.get(folded(written), written)
        for found in self._ways(text):
            if len(found) == 1:
                return self._by_id[next(iter(found))], ()
            if found:
                return None, tuple(sorted(self._by_id[each].name for each in found)[: MOST_NEAR * 2])
        return None, self._near(text)

    def _ways(self, text: str) -> list[set[int]]:
        """From the surest to the least sure: the whole name, the id in brackets or alone, 'Agency: project', a project."""
        ways = [self._names.get(key_of(text), set())]
        if bracketed := _ID.match(text):
            ways += [
                self._ids.get(bracketed["id"].casefold(), set()),
                self._names.get(key_of(bracketed["name"]), set()),
            ]
            text = bracketed["name"]
        ways.append(self._ids.get(text.strip().casefold(), set()))
        if ":" in text:
            ways.append(self._names.get(key_of(text.partition(":")[0]), set()))
        ways.append(self._names.get(f"project {key_of(text)}", set()))
        return ways

    def _near(self, text: str) -> tuple[str, ...]:
        by_key = {key: ids for key, ids in self._names.items() if not key.startswith("project ")}
        keys = difflib.get_close_matches(key_of(text), list(by_key), n=MOST_NEAR, cutoff=NEAR)
        return tuple(dict.fromkeys(self._by_id[each].name for key in keys for each in sorted(by_key[key])))[:MOST_NEAR]
