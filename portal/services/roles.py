"""Who may do what, in words: drawn from the permission table and from nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.corrective_predicates import ITS_OWNER
from portal.incident_predicates import ANYONE, ITS_REPORTER
from portal.permissions import TABLE, Clause
from portal.predicates import (
    ABOUT_NOBODY,
    ANYBODY,
    BY_ITS_LINK,
    DELEGATE,
    NOT_ONESELF,
    ONESELF,
    SIGNED_IN,
    THE_PORTAL,
    Predicate,
)
from portal.review_predicates import HANDED_AN_ITEM, OF_THE_LEAD
from portal.ticket_predicates import ITS_FOLLOWER, ITS_SENDER
from workflows.action_words import GROUPS
from workflows.actions import Action
from workflows.vocabulary import AT_THE_LEAD, Role

COLUMNS: Mapping[str, str] = {
    Role.LEAD_ADMIN: "Lead administrator", Role.HELP_DESK: "Help desk", Role.LEAD_SECURITY: "Lead security officer",
    Role.AUDITOR: "Security compliance auditor", Role.TRAINER: "Trainer", Role.EXECUTIVE_DIRECTOR: "Executive director",
    DELEGATE: "Who acts for the director", Role.AGENCY_ADMIN: "Agency Administrator", Role.SECURITY_OFFICER: "Agency security officer",
    Role.END_USER: "End user", Role.BOARD_MEMBER: "Board member", Role.COMMITTEE_MEMBER: "Committee member",
}  # fmt: skip
YES, OWN, MYSELF, LINKED = "Yes", "Own Agency", "For oneself", "By a mailed link"
HANDED, LEADS_OWN = "What was handed over", "The Lead's own only"
OF_ONESELF = (ONESELF, ITS_REPORTER, ITS_OWNER, ITS_SENDER, ITS_FOLLOWER)
SHORT: Mapping[Predicate, str] = {NOT_ONESELF: "not for oneself", ABOUT_NOBODY: "the Agency's own only"}


@dataclass(frozen=True, slots=True)
class Line:
    """One action: what it is, under which heading, and for each column in words who may do it, '' for nobody there."""

    group: str
    action: Action
    words: str
    cells: Mapping[str, str]

    @property
    def by_cell(self) -> Mapping[str, list[str]]:
        """The columns that read the same, together: 'Yes' with everybody of whom it is said."""
        found: dict[str, list[str]] = {}
        for column, said in self.cells.items():
            if said:
                found.setdefault(said, []).append(COLUMNS[column])
        return {said: ["Everybody"] if len(who) == len(COLUMNS) else who for said, who in found.items()}

    @property
    def by_the_portal_alone(self) -> bool:
        return not any(self.cells.values())


def lines() -> list[Line]:
    """Every action of the table, by heading."""
    return [
        Line(group, action, words, {column: cell(action, column) for column in COLUMNS})
        for group, actions in GROUPS.items()
        for action, words in actions.items()
    ]


def cell(action: Action, column: str) -> str:
    """What the table says about this action for whoever holds the column's role: every clause that may apply, once."""
    found = dict.fromkeys(said for clause in TABLE[action] if (said := _said(clause, column)))
    widest = [said for said in found if said in (YES, OWN)]
    if YES in found:
        return YES
    return "; ".join(said for said in found if said in widest or not (widest and said.startswith(OWN)))


def _said(clause: Clause, column: str) -> str:
    if THE_PORTAL in clause:
        return ""
    speaking = [predicate for predicate in clause if predicate.who]
    if not all(column in predicate.who or ANYBODY in predicate.who for predicate in speaking):
        return ""
    conditions = [SHORT.get(each, each.says) for each in clause if not each.who and each is not OF_THE_LEAD]
    if OF_THE_LEAD in clause:
        return ", ".join([LEADS_OWN, *conditions])
    return ", ".join([_where(speaking, column), *conditions])


def _where(speaking: list[Predicate], column: str) -> str:
    if BY_ITS_LINK in speaking:
        return LINKED
    if HANDED_AN_ITEM in speaking:
        return HANDED
    if any(predicate in speaking for predicate in OF_ONESELF):
        return MYSELF
    if (
        SIGNED_IN in speaking
        or ANYONE in speaking
        or column in AT_THE_LEAD
        or any(predicate.everywhere for predicate in speaking)
    ):
        return YES
    return OWN
