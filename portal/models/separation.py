"""Triggers that keep apart who asks, whom it is for and who decides, whatever the services were told.

The services refuse the same first and say why; these are for what reaches the database by another way.
"""

from portal.models.base import Trigger
from workflows.vocabulary import AT_THE_LEAD

JUDGED = ("background_check", "lead_approval", "request", "retraining", "sanction", "training", "waiver")
"""Kinds of evidence that open or close the gate on somebody's judgment: never the judgment of the person concerned."""

_OF_AN_AGENCY = ("sanction", "waiver")

_WHOM = (
    "CASE NEW.about WHEN 'person' THEN NEW.subject_id "
    "WHEN 'membership' THEN (SELECT m.person_id FROM membership m WHERE m.id = NEW.subject_id) END"
)
# Whoever may ask may also end what another gave: the same word anew, over no more days than it had.
_SHORTENED = (
    "EXISTS (SELECT 1 FROM evidence e WHERE e.about = NEW.about AND e.subject_id = NEW.subject_id AND e.kind = NEW.kind "
    "AND e.detail = NEW.detail AND e.value = NEW.value AND e.valid_from = NEW.valid_from AND e.valid_until > NEW.valid_until "
    "AND e.withdrawn_at < '9999-12-31')"
)
_AT_THE_AGENCY = (
    "EXISTS (SELECT 1 FROM membership m JOIN evidence r ON r.about = 'membership' AND r.subject_id = m.id AND r.kind = 'role' "
    "WHERE m.agency_id = NEW.subject_id AND m.person_id = NEW.recorded_by AND r.withdrawn_at >= '9999-12-31' "
    "AND r.valid_until >= {day})"
)
_ASKED = (
    "EXISTS (SELECT 1 FROM evidence a WHERE a.about = 'membership' AND a.subject_id = NEW.subject_id AND a.kind = 'request' "
    "AND a.recorded_by = NEW.recorded_by AND a.withdrawn_at >= '9999-12-31' AND a.valid_until >= NEW.valid_from)"
)
_NAMED_BY_ANOTHER = (
    "EXISTS (SELECT 1 FROM evidence d WHERE d.about = 'membership' AND d.subject_id = NEW.subject_id AND d.kind = 'role' "
    "AND d.detail = 'executive_director' AND d.withdrawn_at >= '9999-12-31' "
    "AND (d.recorded_by IS NULL OR d.recorded_by <> NEW.recorded_by))"
)


def _in(words: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


def _refusing(name: str, table: str, columns: str, condition: str, sentence: str) -> Trigger:
    """Refuses rows of which the condition holds, put in or changed in these columns; `{day}` is the day of the row's moment."""
    lite, post = condition.format(day="date(NEW.recorded_at)"), condition.format(day="NEW.recorded_at::date")
    aborts = f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    return Trigger(
        name, table,
        sqlite=(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {lite} {aborts}",
            f"CREATE TRIGGER {name}_changed BEFORE UPDATE OF {columns} ON {table} WHEN {lite} {aborts}",
        ),
        postgresql=(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF ({post}) THEN RAISE EXCEPTION '{sentence}'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OF {columns} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
    )  # fmt: skip


SEPARATION_TRIGGERS = (
    _refusing(
        "evidence_is_anothers", "evidence", "recorded_by, about, subject_id, kind",
        f"NEW.kind IN {_in(JUDGED)} AND NEW.recorded_by = {_WHOM} AND NOT {_SHORTENED}",
        "nobody decides in their own case",
    ),
    _refusing(
        "evidence_of_an_agency", "evidence", "recorded_by, about, subject_id, kind",
        f"NEW.kind IN {_in(_OF_AN_AGENCY)} AND NEW.about = 'agency' AND NEW.recorded_by IS NOT NULL AND {_AT_THE_AGENCY} "
        f"AND NOT {_SHORTENED}",
        "nobody decides for their own Agency",
    ),
    _refusing(
        "approval_is_anothers", "evidence", "recorded_by, about, subject_id, kind",
        f"NEW.kind = 'lead_approval' AND (NEW.recorded_by IS NULL OR {_ASKED}) AND NOT {_SHORTENED}",
        "who asks does not approve",
    ),
    _refusing(
        "role_is_anothers", "evidence", "recorded_by, about, subject_id, kind, detail",
        f"NEW.kind = 'role' AND NEW.recorded_by = {_WHOM} AND (NEW.detail IN {_in((*sorted(AT_THE_LEAD), 'executive_director'))} "
        f"OR (NEW.detail IN ('agency_admin', 'security_officer') AND NOT {_NAMED_BY_ANOTHER})) AND NOT {_SHORTENED}",
        "nobody gives themselves an office",
    ),
    _refusing(
        "access_is_asked_by_another", "access_request", "requested_by, membership_id, basis",
        "NEW.basis <> 'designation' AND NEW.requested_by = (SELECT m.person_id FROM membership m WHERE m.id = NEW.membership_id)",
        "nobody asks for their own access",
    ),
    _refusing(
        "check_is_entered_by_another", "background_check", "entered_by, person_id",
        "NEW.entered_by = NEW.person_id",
        "nobody enters their own background check",
    ),
    _refusing(
        "document_is_verified_by_another", "document", "verified_by, person_id",
        "NEW.verified_by IS NOT NULL AND (NEW.verified_by = NEW.person_id OR EXISTS (SELECT 1 FROM signature s "
        "WHERE s.document_id = NEW.id AND s.person_id = NEW.verified_by))",
        "who signed does not verify",
    ),
    _refusing(
        "countersigned_by_another", "signature", "person_id, capacity, document_id",
        "EXISTS (SELECT 1 FROM signature s WHERE s.document_id = NEW.document_id AND s.round = NEW.round "
        "AND s.person_id = NEW.person_id AND s.capacity <> NEW.capacity AND 'lead' IN (s.capacity, NEW.capacity)) "
        "OR EXISTS (SELECT 1 FROM document d WHERE d.id = NEW.document_id AND d.verified_by = NEW.person_id AND NEW.capacity <> 'lead')",
        "who signed does not countersign",
    ),
)  # fmt: skip
