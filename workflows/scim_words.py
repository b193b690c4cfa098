"""The pack's words for a core HMIS with a SCIM interface: how a level at an Agency is written there ('User Access Levels')."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workflows.stanza import Stanza

LONGEST = 100


@dataclass(frozen=True, slots=True)
class ScimWords:
    """How access is written in a core HMIS that is told by SCIM 2.0; `agency` or `project` empty: not written."""

    role: str
    lead_role: str
    agency: str
    project: str
    levels: Mapping[str, str]
    cite: str

    def role_of(self, level: str, provider_id: str, *, of_lead: bool) -> str:
        """The value of the role that an access level is at one provider; KeyError for a level that is not in the pack."""
        written = self.lead_role if of_lead else self.role
        return written.replace("{level}", self.levels[level]).replace("{provider}", provider_id)


def read_scim(pack: Stanza, levels: Iterable[str]) -> ScimWords | None:
    """What the pack says about a core HMIS with an interface; a Lead whose core HMIS has none leaves it out.

    PolicyError by stanza and field for a level without a word, a word without a level, and places that are missing.
    """
    if "core_hmis" not in pack:
        return None
    stanza = pack.stanza("core_hmis")
    scim = stanza.stanza("scim")
    words = _words(scim, levels)
    scim.done()
    stanza.done()
    return words


def _words(s: Stanza, levels: Iterable[str]) -> ScimWords:
    role, lead_role = s.text("role", longest=LONGEST), s.text("lead_role", longest=LONGEST)
    for key, written, places in (("role", role, ("{level}", "{provider}")), ("lead_role", lead_role, ("{level}",))):
        if missing := [place for place in places if place not in written]:
            raise s.wrong(key, f"{missing[0]} does not stand in {written!r}, so accounts could not be told apart")
    own = s.stanza("levels")
    values = {level: own.text(level, longest=LONGEST) for level in levels}
    own.done()
    agency, project = s.text("agency", "", 40), s.text("project", "", 40)
    return ScimWords(role, lead_role, agency, project, MappingProxyType(values), s.text("cite"))
