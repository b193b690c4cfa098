"""Signing in and the record."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CREATE_TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER evidence_is_not_replaced BEFORE INSERT ON evidence WHEN EXISTS (SELECT 1 "
            "FROM evidence WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'evidence is never replaced'); "
            "END"
        ),
        (
            "CREATE TRIGGER decision_is_not_replaced BEFORE INSERT ON decision WHEN EXISTS (SELECT 1 "
            "FROM decision WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'a decision is never "
            "replaced'); END"
        ),
        (
            "CREATE TRIGGER audit_entry_is_not_replaced BEFORE INSERT ON audit_entry WHEN EXISTS "
            "(SELECT 1 FROM audit_entry WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'the record is "
            "never replaced'); END"
        ),
        (
            "CREATE TRIGGER audit_is_in_order BEFORE INSERT ON audit_entry WHEN NEW.seq <> (SELECT "
            "coalesce(max(seq), 0) + 1 FROM audit_entry) BEGIN SELECT RAISE(ABORT, 'an entry of the "
            "record comes after the one before it'); END"
        ),
        (
            "CREATE TRIGGER evidence_is_anothers BEFORE INSERT ON evidence WHEN NEW.kind IN "
            "('background_check', 'lead_approval', 'request', 'retraining', 'sanction', 'training', "
            "'waiver') AND NEW.recorded_by = CASE NEW.about WHEN 'person' THEN NEW.subject_id WHEN "
            "'membership' THEN (SELECT m.person_id FROM membership m WHERE m.id = NEW.subject_id) END "
            "AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.about = NEW.about AND e.subject_id = "
            "NEW.subject_id AND e.kind = NEW.kind AND e.detail = NEW.detail AND e.value = NEW.value AND "
            "e.valid_from = NEW.valid_from AND e.valid_until > NEW.valid_until AND e.withdrawn_at < "
            "'9999-12-31') BEGIN SELECT RAISE(ABORT, 'nobody decides in their own case'); END"
        ),
        (
            "CREATE TRIGGER evidence_is_anothers_changed BEFORE UPDATE OF recorded_by, about, "
            "subject_id, kind ON evidence WHEN NEW.kind IN ('background_check', 'lead_approval', "
            "'request', 'retraining', 'sanction', 'training', 'waiver') AND NEW.recorded_by = CASE "
            "NEW.about WHEN 'person' THEN NEW.subject_id WHEN 'membership' THEN (SELECT m.person_id "
            "FROM membership m WHERE m.id = NEW.subject_id) END AND NOT EXISTS (SELECT 1 FROM evidence "
            "e WHERE e.about = NEW.about AND e.subject_id = NEW.subject_id AND e.kind = NEW.kind AND "
            "e.detail = NEW.detail AND e.value = NEW.value AND e.valid_from = NEW.valid_from AND "
            "e.valid_until > NEW.valid_until AND e.withdrawn_at < '9999-12-31') BEGIN SELECT "
            "RAISE(ABORT, 'nobody decides in their own case'); END"
        ),
        (
            "CREATE TRIGGER evidence_of_an_agency BEFORE INSERT ON evidence WHEN NEW.kind IN "
            "('sanction', 'waiver') AND NEW.about = 'agency' AND NEW.recorded_by IS NOT NULL AND EXISTS "
            "(SELECT 1 FROM membership m JOIN evidence r ON r.about = 'membership' AND r.subject_id = "
            "m.id AND r.kind = 'role' WHERE m.agency_id = NEW.subject_id AND m.person_id = "
            "NEW.recorded_by AND r.withdrawn_at >= '9999-12-31' AND r.valid_until >= "
            "date(NEW.recorded_at)) AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.about = NEW.about "
            "AND e.subject_id = NEW.subject_id AND e.kind = NEW.kind AND e.detail = NEW.detail AND "
            "e.value = NEW.value AND e.valid_from = NEW.valid_from AND e.valid_until > NEW.valid_until "
            "AND e.withdrawn_at < '9999-12-31') BEGIN SELECT RAISE(ABORT, 'nobody decides for their own "
            "Agency'); END"
        ),
        (
            "CREATE TRIGGER evidence_of_an_agency_changed BEFORE UPDATE OF recorded_by, about, "
            "subject_id, kind ON evidence WHEN NEW.kind IN ('sanction', 'waiver') AND NEW.about = "
            "'agency' AND NEW.recorded_by IS NOT NULL AND EXISTS (SELECT 1 FROM membership m JOIN "
            "evidence r ON r.about = 'membership' AND r.subject_id = m.id AND r.kind = 'role' WHERE "
            "m.agency_id = NEW.subject_id AND m.person_id = NEW.recorded_by AND r.withdrawn_at >= "
            "'9999-12-31' AND r.valid_until >= date(NEW.recorded_at)) AND NOT EXISTS (SELECT 1 FROM "
            "evidence e WHERE e.about = NEW.about AND e.subject_id = NEW.subject_id AND e.kind = "
            "NEW.kind AND e.detail = NEW.detail AND e.value = NEW.value AND e.valid_from = "
            "NEW.valid_from AND e.valid_until > NEW.valid_until AND e.withdrawn_at < '9999-12-31') "
            "BEGIN SELECT RAISE(ABORT, 'nobody decides for their own Agency'); END"
        ),
        (
            "CREATE TRIGGER approval_is_anothers BEFORE INSERT ON evidence WHEN NEW.kind = "
            "'lead_approval' AND (NEW.recorded_by IS NULL OR EXISTS (SELECT 1 FROM evidence a WHERE "
            "a.about = 'membership' AND a.subject_id = NEW.subject_id AND a.kind = 'request' AND "
            "a.recorded_by = NEW.recorded_by AND a.withdrawn_at >= '9999-12-31' AND a.valid_until >= "
            "NEW.valid_from)) AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.about = NEW.about AND "
            "e.subject_id = NEW.subject_id AND e.kind = NEW.kind AND e.detail = NEW.detail AND e.value "
            "= NEW.value AND e.valid_from = NEW.valid_from AND e.valid_until > NEW.valid_until AND "
            "e.withdrawn_at < '9999-12-31') BEGIN SELECT RAISE(ABORT, 'who asks does not approve'); END"
        ),
        (
            "CREATE TRIGGER approval_is_anothers_changed BEFORE UPDATE OF recorded_by, about, "
            "subject_id, kind ON evidence WHEN NEW.kind = 'lead_approval' AND (NEW.recorded_by IS NULL "
            "OR EXISTS (SELECT 1 FROM evidence a WHERE a.about = 'membership' AND a.subject_id = "
            "NEW.subject_id AND a.kind = 'request' AND a.recorded_by = NEW.recorded_by AND "
            "a.withdrawn_at >= '9999-12-31' AND a.valid_until >= NEW.valid_from)) AND NOT EXISTS "
            "(SELECT 1 FROM evidence e WHERE e.about = NEW.about AND e.subject_id = NEW.subject_id AND "
            "e.kind = NEW.kind AND e.detail = NEW.detail AND e.value = NEW.value AND e.valid_from = "
            "NEW.valid_from AND e.valid_until > NEW.valid_until AND e.withdrawn_at < '9999-12-31') "
            "BEGIN SELECT RAISE(ABORT, 'who asks does not approve'); END"
        ),
        (
            "CREATE TRIGGER role_is_anothers BEFORE INSERT ON evidence WHEN NEW.kind = 'role' AND "
            "NEW.recorded_by = CASE NEW.about WHEN 'person' THEN NEW.subject_id WHEN 'membership' THEN "
            "(SELECT m.person_id FROM membership m WHERE m.id = NEW.subject_id) END AND (NEW.detail IN "
            "('auditor', 'board_member', 'committee_member', 'help_desk', 'lead_admin', "
            "'lead_security', 'trainer', 'executive_director') OR (NEW.detail IN ('agency_admin', "
            "'security_officer') AND NOT EXISTS (SELECT 1 FROM evidence d WHERE d.about = 'membership' "
            "AND d.subject_id = NEW.subject_id AND d.kind = 'role' AND d.detail = 'executive_director' "
            "AND d.withdrawn_at >= '9999-12-31' AND (d.recorded_by IS NULL OR d.recorded_by <> "
            "NEW.recorded_by)))) AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.about = NEW.about AND "
            "e.subject_id = NEW.subject_id AND e.kind = NEW.kind AND e.detail = NEW.detail AND e.value "
            "= NEW.value AND e.valid_from = NEW.valid_from AND e.valid_until > NEW.valid_until AND "
            "e.withdrawn_at < '9999-12-31') BEGIN SELECT RAISE(ABORT, 'nobody gives themselves an "
            "office'); END"
        ),
        (
            "CREATE TRIGGER role_is_anothers_changed BEFORE UPDATE OF recorded_by, about, subject_id, "
            "kind, detail ON evidence WHEN NEW.kind = 'role' AND NEW.recorded_by = CASE NEW.about WHEN "
            "'person' THEN NEW.subject_id WHEN 'membership' THEN (SELECT m.person_id FROM membership m "
            "WHERE m.id = NEW.subject_id) END AND (NEW.detail IN ('auditor', 'board_member', "
            "'committee_member', 'help_desk', 'lead_admin', 'lead_security', 'trainer', "
            "'executive_director') OR (NEW.detail IN ('agency_admin', 'security_officer') AND NOT "
            "EXISTS (SELECT 1 FROM evidence d WHERE d.about = 'membership' AND d.subject_id = "
            "NEW.subject_id AND d.kind = 'role' AND d.detail = 'executive_director' AND d.withdrawn_at "
            ">= '9999-12-31' AND (d.recorded_by IS NULL OR d.recorded_by <> NEW.recorded_by)))) AND NOT "
            "EXISTS (SELECT 1 FROM evidence e WHERE e.about = NEW.about AND e.subject_id = "
            "NEW.subject_id AND e.kind = NEW.kind AND e.detail = NEW.detail AND e.value = NEW.value AND "
            "e.valid_from = NEW.valid_from AND e.valid_until > NEW.valid_until AND e.withdrawn_at < "
            "'9999-12-31') BEGIN SELECT RAISE(ABORT, 'nobody gives themselves an office'); END"
        ),
        (
            "CREATE TRIGGER access_is_asked_by_another BEFORE INSERT ON access_request WHEN NEW.basis "
            "<> 'designation' AND NEW.requested_by = (SELECT m.person_id FROM membership m WHERE m.id = "
            "NEW.membership_id) BEGIN SELECT RAISE(ABORT, 'nobody asks for their own access'); END"
        ),
        (
            "CREATE TRIGGER access_is_asked_by_another_changed BEFORE UPDATE OF requested_by, "
            "membership_id, basis ON access_request WHEN NEW.basis <> 'designation' AND "
            "NEW.requested_by = (SELECT m.person_id FROM membership m WHERE m.id = NEW.membership_id) "
            "BEGIN SELECT RAISE(ABORT, 'nobody asks for their own access'); END"
        ),
        (
            "CREATE TRIGGER check_is_entered_by_another BEFORE INSERT ON background_check WHEN "
            "NEW.entered_by = NEW.person_id BEGIN SELECT RAISE(ABORT, 'nobody enters their own "
            "background check'); END"
        ),
        (
            "CREATE TRIGGER check_is_entered_by_another_changed BEFORE UPDATE OF entered_by, person_id "
            "ON background_check WHEN NEW.entered_by = NEW.person_id BEGIN SELECT RAISE(ABORT, 'nobody "
            "enters their own background check'); END"
        ),
        (
            "CREATE TRIGGER document_is_verified_by_another BEFORE INSERT ON document WHEN "
            "NEW.verified_by IS NOT NULL AND (NEW.verified_by = NEW.person_id OR EXISTS (SELECT 1 FROM "
            "signature s WHERE s.document_id = NEW.id AND s.person_id = NEW.verified_by)) BEGIN SELECT "
            "RAISE(ABORT, 'who signed does not verify'); END"
        ),
        (
            "CREATE TRIGGER document_is_verified_by_another_changed BEFORE UPDATE OF verified_by, "
            "person_id ON document WHEN NEW.verified_by IS NOT NULL AND (NEW.verified_by = "
            "NEW.person_id OR EXISTS (SELECT 1 FROM signature s WHERE s.document_id = NEW.id AND "
            "s.person_id = NEW.verified_by)) BEGIN SELECT RAISE(ABORT, 'who signed does not verify'); "
            "END"
        ),
        (
            "CREATE TRIGGER countersigned_by_another BEFORE INSERT ON signature WHEN EXISTS (SELECT 1 "
            "FROM signature s WHERE s.document_id = NEW.document_id AND s.round = NEW.round AND "
            "s.person_id = NEW.person_id AND s.capacity <> NEW.capacity AND 'lead' IN (s.capacity, "
            "NEW.capacity)) OR EXISTS (SELECT 1 FROM document d WHERE d.id = NEW.document_id AND "
            "d.verified_by = NEW.person_id AND NEW.capacity <> 'lead') BEGIN SELECT RAISE(ABORT, 'who "
            "signed does not countersign'); END"
        ),
        (
            "CREATE TRIGGER countersigned_by_another_changed BEFORE UPDATE OF person_id, capacity, "
            "document_id ON signature WHEN EXISTS (SELECT 1 FROM signature s WHERE s.document_id = "
            "NEW.document_id AND s.round = NEW.round AND s.person_id = NEW.person_id AND s.capacity <> "
            "NEW.capacity AND 'lead' IN (s.capacity, NEW.capacity)) OR EXISTS (SELECT 1 FROM document d "
            "WHERE d.id = NEW.document_id AND d.verified_by = NEW.person_id AND NEW.capacity <> 'lead') "
            "BEGIN SELECT RAISE(ABORT, 'who signed does not countersign'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION evidence_is_not_replaced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'evidence is never replaced'; END $$"
        ),
        (
            "CREATE TRIGGER evidence_is_not_replaced BEFORE TRUNCATE ON evidence FOR EACH STATEMENT "
            "EXECUTE FUNCTION evidence_is_not_replaced()"
        ),
        (
            "CREATE FUNCTION decision_is_not_replaced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'a decision is never replaced'; END $$"
        ),
        (
            "CREATE TRIGGER decision_is_not_replaced BEFORE TRUNCATE ON decision FOR EACH STATEMENT "
            "EXECUTE FUNCTION decision_is_not_replaced()"
        ),
        (
            "CREATE FUNCTION audit_entry_is_not_replaced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'the record is never replaced'; END $$"
        ),
        (
            "CREATE TRIGGER audit_entry_is_not_replaced BEFORE TRUNCATE ON audit_entry FOR EACH "
            "STATEMENT EXECUTE FUNCTION audit_entry_is_not_replaced()"
        ),
        (
            "CREATE FUNCTION audit_is_in_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
            "NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_entry) THEN RAISE EXCEPTION 'an "
            "entry of the record comes after the one before it'; END IF; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER audit_is_in_order BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE "
            "FUNCTION audit_is_in_order()"
        ),
        (
            "CREATE FUNCTION evidence_is_anothers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
            "(NEW.kind IN ('background_check', 'lead_approval', 'request', 'retraining', 'sanction', "
            "'training', 'waiver') AND NEW.recorded_by = CASE NEW.about WHEN 'person' THEN "
            "NEW.subject_id WHEN 'membership' THEN (SELECT m.person_id FROM membership m WHERE m.id = "
            "NEW.subject_id) END AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.about = NEW.about AND "
            "e.subject_id = NEW.subject_id AND e.kind = NEW.kind AND e.detail = NEW.detail AND e.value "
            "= NEW.value AND e.valid_from = NEW.valid_from AND e.valid_until > NEW.valid_until AND "
            "e.withdrawn_at < '9999-12-31')) THEN RAISE EXCEPTION 'nobody decides in their own case'; "
            "END IF; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER evidence_is_anothers BEFORE INSERT OR UPDATE OF recorded_by, about, "
            "subject_id, kind ON evidence FOR EACH ROW EXECUTE FUNCTION evidence_is_anothers()"
        ),
        (
            "CREATE FUNCTION evidence_of_an_agency() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
            "(NEW.kind IN ('sanction', 'waiver') AND NEW.about = 'agency' AND NEW.recorded_by IS NOT "
            "NULL AND EXISTS (SELECT 1 FROM membership m JOIN evidence r ON r.about = 'membership' AND "
            "r.subject_id = m.id AND r.kind = 'role' WHERE m.agency_id = NEW.subject_id AND m.person_id "
            "= NEW.recorded_by AND r.withdrawn_at >= '9999-12-31' AND r.valid_until >= "
            "NEW.recorded_at::date) AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.about = NEW.about "
            "AND e.subject_id = NEW.subject_id AND e.kind = NEW.kind AND e.detail = NEW.detail AND "
            "e.value = NEW.value AND e.valid_from = NEW.valid_from AND e.valid_until > NEW.valid_until "
            "AND e.withdrawn_at < '9999-12-31')) THEN RAISE EXCEPTION 'nobody decides for their own "
            "Agency'; END IF; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER evidence_of_an_agency BEFORE INSERT OR UPDATE OF recorded_by, about, "
            "subject_id, kind ON evidence FOR EACH ROW EXECUTE FUNCTION evidence_of_an_agency()"
        ),
        (
            "CREATE FUNCTION approval_is_anothers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
            "(NEW.kind = 'lead_approval' AND (NEW.recorded_by IS NULL OR EXISTS (SELECT 1 FROM evidence "
            "a WHERE a.about = 'membership' AND a.subject_id = NEW.subject_id AND a.kind = 'request' "
            "AND a.recorded_by = NEW.recorded_by AND a.withdrawn_at >= '9999-12-31' AND a.valid_until "
            ">= NEW.valid_from)) AND NOT EXISTS (SELECT 1 FROM evidence e WHERE e.about = NEW.about AND "
            "e.subject_id = NEW.subject_id AND e.kind = NEW.kind AND e.detail = NEW.detail AND e.value "
            "= NEW.value AND e.valid_from = NEW.valid_from AND e.valid_until > NEW.valid_until AND "
            "e.withdrawn_at < '9999-12-31')) THEN RAISE EXCEPTION 'who asks does not approve'; END IF; "
            "RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER approval_is_anothers BEFORE INSERT OR UPDATE OF recorded_by, about, "
            "subject_id, kind ON evidence FOR EACH ROW EXECUTE FUNCTION approval_is_anothers()"
        ),
        (
            "CREATE FUNCTION role_is_anothers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
            "(NEW.kind = 'role' AND NEW.recorded_by = CASE NEW.about WHEN 'person' THEN NEW.subject_id "
            "WHEN 'membership' THEN (SELECT m.person_id FROM membership m WHERE m.id = NEW.subject_id) "
            "END AND (NEW.detail IN ('auditor', 'board_member', 'committee_member', 'help_desk', "
            "'lead_admin', 'lead_security', 'trainer', 'executive_director') OR (NEW.detail IN "
            "('agency_admin', 'security_officer') AND NOT EXISTS (SELECT 1 FROM evidence d WHERE "
            "d.about = 'membership' AND d.subject_id = NEW.subject_id AND d.kind = 'role' AND d.detail "
            "= 'executive_director' AND d.withdrawn_at >= '9999-12-31' AND (d.recorded_by IS NULL OR "
            "d.recorded_by <> NEW.recorded_by)))) AND NOT EXISTS (SELECT 1 FROM evidence e WHERE "
            "e.about = NEW.about AND e.subject_id = NEW.subject_id AND e.kind = NEW.kind AND e.detail = "
            "NEW.detail AND e.value = NEW.value AND e.valid_from = NEW.valid_from AND e.valid_until > "
            "NEW.valid_until AND e.withdrawn_at < '9999-12-31')) THEN RAISE EXCEPTION 'nobody gives "
            "themselves an office'; END IF; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER role_is_anothers BEFORE INSERT OR UPDATE OF recorded_by, about, subject_id, "
            "kind, detail ON evidence FOR EACH ROW EXECUTE FUNCTION role_is_anothers()"
        ),
        (
            "CREATE FUNCTION access_is_asked_by_another() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF (NEW.basis <> 'designation' AND NEW.requested_by = (SELECT m.person_id FROM membership "
            "m WHERE m.id = NEW.membership_id)) THEN RAISE EXCEPTION 'nobody asks for their own "
            "access'; END IF; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER access_is_asked_by_another BEFORE INSERT OR UPDATE OF requested_by, "
            "membership_id, basis ON access_request FOR EACH ROW EXECUTE FUNCTION "
            "access_is_asked_by_another()"
        ),
        (
            "CREATE FUNCTION check_is_entered_by_another() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF (NEW.entered_by = NEW.person_id) THEN RAISE EXCEPTION 'nobody enters their own "
            "background check'; END IF; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER check_is_entered_by_another BEFORE INSERT OR UPDATE OF entered_by, "
            "person_id ON background_check FOR EACH ROW EXECUTE FUNCTION check_is_entered_by_another()"
        ),
        (
            "CREATE FUNCTION document_is_verified_by_another() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN IF (NEW.verified_by IS NOT NULL AND (NEW.verified_by = NEW.person_id OR EXISTS "
            "(SELECT 1 FROM signature s WHERE s.document_id = NEW.id AND s.person_id = "
            "NEW.verified_by))) THEN RAISE EXCEPTION 'who signed does not verify'; END IF; RETURN NEW; "
            "END $$"
        ),
        (
            "CREATE TRIGGER document_is_verified_by_another BEFORE INSERT OR UPDATE OF verified_by, "
            "person_id ON document FOR EACH ROW EXECUTE FUNCTION document_is_verified_by_another()"
        ),
        (
            "CREATE FUNCTION countersigned_by_another() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
            "(EXISTS (SELECT 1 FROM signature s WHERE s.document_id = NEW.document_id AND s.round = "
            "NEW.round AND s.person_id = NEW.person_id AND s.capacity <> NEW.capacity AND 'lead' IN "
            "(s.capacity, NEW.capacity)) OR EXISTS (SELECT 1 FROM document d WHERE d.id = "
            "NEW.document_id AND d.verified_by = NEW.person_id AND NEW.capacity <> 'lead')) THEN RAISE "
            "EXCEPTION 'who signed does not countersign'; END IF; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER countersigned_by_another BEFORE INSERT OR UPDATE OF person_id, capacity, "
            "document_id ON signature FOR EACH ROW EXECUTE FUNCTION countersigned_by_another()"
        ),
    ],
}
DROP_TRIGGERS = {
    "sqlite": [
        "DROP TRIGGER evidence_is_not_replaced",
        "DROP TRIGGER decision_is_not_replaced",
        "DROP TRIGGER audit_entry_is_not_replaced",
        "DROP TRIGGER audit_is_in_order",
        "DROP TRIGGER evidence_is_anothers",
        "DROP TRIGGER evidence_is_anothers_changed",
        "DROP TRIGGER evidence_of_an_agency",
        "DROP TRIGGER evidence_of_an_agency_changed",
        "DROP TRIGGER approval_is_anothers",
        "DROP TRIGGER approval_is_anothers_changed",
        "DROP TRIGGER role_is_anothers",
        "DROP TRIGGER role_is_anothers_changed",
        "DROP TRIGGER access_is_asked_by_another",
        "DROP TRIGGER access_is_asked_by_another_changed",
        "DROP TRIGGER check_is_entered_by_another",
        "DROP TRIGGER check_is_entered_by_another_changed",
        "DROP TRIGGER document_is_verified_by_another",
        "DROP TRIGGER document_is_verified_by_another_changed",
        "DROP TRIGGER countersigned_by_another",
        "DROP TRIGGER countersigned_by_another_changed",
    ],
    "postgresql": [
        "DROP TRIGGER evidence_is_not_replaced ON evidence",
        "DROP FUNCTION evidence_is_not_replaced()",
        "DROP TRIGGER decision_is_not_replaced ON decision",
        "DROP FUNCTION decision_is_not_replaced()",
        "DROP TRIGGER audit_entry_is_not_replaced ON audit_entry",
        "DROP FUNCTION audit_entry_is_not_replaced()",
        "DROP TRIGGER audit_is_in_order ON audit_entry",
        "DROP FUNCTION audit_is_in_order()",
        "DROP TRIGGER evidence_is_anothers ON evidence",
        "DROP FUNCTION evidence_is_anothers()",
        "DROP TRIGGER evidence_of_an_agency ON evidence",
        "DROP FUNCTION evidence_of_an_agency()",
        "DROP TRIGGER approval_is_anothers ON evidence",
        "DROP FUNCTION approval_is_anothers()",
        "DROP TRIGGER role_is_anothers ON evidence",
        "DROP FUNCTION role_is_anothers()",
        "DROP TRIGGER access_is_asked_by_another ON access_request",
        "DROP FUNCTION access_is_asked_by_another()",
        "DROP TRIGGER check_is_entered_by_another ON background_check",
        "DROP FUNCTION check_is_entered_by_another()",
        "DROP TRIGGER document_is_verified_by_another ON document",
        "DROP FUNCTION document_is_verified_by_another()",
        "DROP TRIGGER countersigned_by_another ON signature",
        "DROP FUNCTION countersigned_by_another()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "record_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("anchors", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("broken", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_check")),
    )
    with op.batch_alter_table("record_check", schema=None) as batch_op:
        batch_op.create_index("ix_record_check_at", ["checked_at"], unique=False)

    op.create_table(
        "sign_in_limit",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_sign_in_limit_tries")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_limit")),
    )
    with op.batch_alter_table("sign_in_limit", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_limit_since", ["since"], unique=False)

    op.create_table(
        "email_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("was", sa.String(length=320), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_email_change_asked_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_email_change_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_change")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_change_token_hash")),
    )
    with op.batch_alter_table("email_change", schema=None) as batch_op:
        batch_op.create_index(
            "uq_email_change_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "factor_reset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_factor_reset_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_reset")),
        sa.UniqueConstraint("id", "person_id", name=op.f("uq_factor_reset_id_person_id")),
    )
    with op.batch_alter_table("factor_reset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_factor_reset_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_factor_reset_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "past_password",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("replaced_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_past_password_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_password")),
    )
    with op.batch_alter_table("past_password", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_past_password_person_id"), ["person_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("person_id", "code_hash", name=op.f("uq_recovery_code_person_id_code_hash")),
    )
    op.create_table(
        "delegation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        sa.Column("revoked_reason", sa.String(length=1000), nullable=False),
        sa.CheckConstraint(
            "scope IN ('request_access', 'name_officers', 'attest_forms', 'authorise_devices')",
            name=op.f("ck_delegation_scope"),
        ),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_delegation_revoked")),
        sa.CheckConstraint("agency_id <> 0", name=op.f("ck_delegation_of_an_agency")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_delegation_days")),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_delegation_two")),
        sa.ForeignKeyConstraint(
            ["agency_id", "from_id"],
            ["membership.agency_id", "membership.person_id"],
            name=op.f("fk_delegation_agency_id_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "to_id"],
            ["membership.agency_id", "membership.person_id"],
            name=op.f("fk_delegation_agency_id_to_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_delegation_agency_id")),
        sa.ForeignKeyConstraint(["revoked_by"], ["person.id"], name=op.f("fk_delegation_revoked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index("ix_delegation_agency", ["agency_id"], unique=False)
        batch_op.create_index(
            "ix_delegation_to",
            ["to_id"],
            unique=False,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "factor_vouch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reset_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("voucher_id", sa.Integer(), nullable=False),
        sa.Column("of_the_lead", sa.Boolean(), nullable=False),
        sa.Column("recognised", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("voucher_id <> person_id", name=op.f("ck_factor_vouch_another")),
        sa.ForeignKeyConstraint(
            ["reset_id", "person_id"],
            ["factor_reset.id", "factor_reset.person_id"],
            name=op.f("fk_factor_vouch_reset_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["voucher_id"], ["person.id"], name=op.f("fk_factor_vouch_voucher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_vouch")),
        sa.UniqueConstraint("reset_id", "voucher_id", name=op.f("uq_factor_vouch_reset_id_voucher_id")),
    )
    op.create_table(
        "waiver",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("prerequisite", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decided_reason", sa.String(length=1000), nullable=False),
        sa.Column("evidence_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("(status IN ('asked', 'withdrawn')) = (decided_by IS NULL)", name=op.f("ck_waiver_decided")),
        sa.CheckConstraint(
            "(status IN ('given', 'ended')) = (evidence_id IS NOT NULL)", name=op.f("ck_waiver_evidence")
        ),
        sa.CheckConstraint(
            "status IN ('asked', 'given', 'refused', 'withdrawn', 'ended')", name=op.f("ck_waiver_status")
        ),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_waiver_moment")),
        sa.CheckConstraint("(membership_id IS NULL) = (person_id IS NULL)", name=op.f("ck_waiver_whose")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_waiver_another_decides")),
        sa.CheckConstraint(
            "decided_by IS NULL OR person_id IS NULL OR decided_by <> person_id", name=op.f("ck_waiver_not_for_oneself")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_waiver_agency_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_waiver_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_waiver_decided_by")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_waiver_evidence_id")),
        sa.ForeignKeyConstraint(
            ["membership_id", "agency_id"],
            ["membership.id", "membership.agency_id"],
            name=op.f("fk_waiver_membership_id_agency_id"),
        ),
        sa.ForeignKeyConstraint(
            ["membership_id", "person_id"],
            ["membership.id", "membership.person_id"],
            name=op.f("fk_waiver_membership_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_waiver_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.create_index("ix_waiver_agency", ["agency_id", "status"], unique=False)
        batch_op.create_index("ix_waiver_membership", ["membership_id"], unique=False)
        batch_op.create_index("ix_waiver_status", ["status", "until", "id"], unique=False)

    with op.batch_alter_table("access_request", recreate="never") as batch_op:
        batch_op.create_index(
            "ix_access_request_named",
            ["requested_at"],
            unique=False,
            sqlite_where=sa.text("status = 'open' AND basis = 'designation'"),
            postgresql_where=sa.text("status = 'open' AND basis = 'designation'"),
        )

    with op.batch_alter_table("audit_entry", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("on_behalf", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("seq", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("key_id", sa.String(length=16), server_default="", nullable=False))
        batch_op.add_column(sa.Column("mac", sa.String(length=64), server_default="", nullable=False))
        batch_op.create_index(
            "ix_audit_entry_refused",
            ["id"],
            unique=False,
            sqlite_where=sa.text("refused <> ''"),
            postgresql_where=sa.text("refused <> ''"),
        )
        batch_op.create_index("uq_audit_entry_seq", ["seq"], unique=True)

    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locked_since", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("told_at", sa.DateTime(), nullable=True))
        batch_op.create_index(
            "ix_credential_locked",
            ["locked_since"],
            unique=False,
            sqlite_where=sa.text("locked_since IS NOT NULL"),
            postgresql_where=sa.text("locked_since IS NOT NULL"),
        )
        batch_op.drop_column("locked_at")

    with op.batch_alter_table("document", recreate="never") as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_waiting"))
        batch_op.create_index("ix_document_status", ["status", "id"], unique=False)
        batch_op.create_index(
            "ix_document_unverified",
            ["status", "route", "kind", "id"],
            unique=False,
            sqlite_where=sa.text("verified_at IS NULL"),
            postgresql_where=sa.text("verified_at IS NULL"),
        )

    with op.batch_alter_table("lapse", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lapse_open",
            ["due"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_index(
        "uq_waiver_asked",
        "waiver",
        ["agency_id", sa.literal_column("coalesce(membership_id, 0)"), "prerequisite"],
        unique=True,
        sqlite_where=sa.text("status = 'asked'"),
        postgresql_where=sa.text("status = 'asked'"),
    )
    connection = op.get_bind()
    for statement in CREATE_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    for statement in DROP_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    op.drop_index(
        "uq_waiver_asked",
        table_name="waiver",
        sqlite_where=sa.text("status = 'asked'"),
        postgresql_where=sa.text("status = 'asked'"),
    )
    with op.batch_alter_table("lapse", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_lapse_open", sqlite_where=sa.text("settled_at IS NULL"), postgresql_where=sa.text("settled_at IS NULL")
        )

    with op.batch_alter_table("document", recreate="never") as batch_op:
        batch_op.drop_index(
            "ix_document_unverified",
            sqlite_where=sa.text("verified_at IS NULL"),
            postgresql_where=sa.text("verified_at IS NULL"),
        )
        batch_op.drop_index("ix_document_status")
        batch_op.create_index(
            batch_op.f("ix_document_waiting"), ["status", "verified_at", "route", "kind"], unique=False
        )

    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locked_at", sa.DateTime(), nullable=True))
        batch_op.drop_index(
            "ix_credential_locked",
            sqlite_where=sa.text("locked_since IS NOT NULL"),
            postgresql_where=sa.text("locked_since IS NOT NULL"),
        )
        batch_op.drop_column("told_at")
        batch_op.drop_column("locked_since")

    with op.batch_alter_table("audit_entry", recreate="never") as batch_op:
        batch_op.drop_index("uq_audit_entry_seq")
        batch_op.drop_index(
            "ix_audit_entry_refused", sqlite_where=sa.text("refused <> ''"), postgresql_where=sa.text("refused <> ''")
        )
        batch_op.drop_column("mac")
        batch_op.drop_column("key_id")
        batch_op.drop_column("seq")
        batch_op.drop_column("on_behalf")

    with op.batch_alter_table("access_request", recreate="never") as batch_op:
        batch_op.drop_index(
            "ix_access_request_named",
            sqlite_where=sa.text("status = 'open' AND basis = 'designation'"),
            postgresql_where=sa.text("status = 'open' AND basis = 'designation'"),
        )

    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.drop_index("ix_waiver_status")
        batch_op.drop_index("ix_waiver_membership")
        batch_op.drop_index("ix_waiver_agency")

    op.drop_table("waiver")
    op.drop_table("factor_vouch")
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_delegation_to",
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )
        batch_op.drop_index("ix_delegation_agency")

    op.drop_table("delegation")
    op.drop_table("recovery_code")
    with op.batch_alter_table("past_password", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_past_password_person_id"))

    op.drop_table("past_password")
    with op.batch_alter_table("factor_reset", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_factor_reset_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_factor_reset_person_id"))

    op.drop_table("factor_reset")
    with op.batch_alter_table("email_change", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_email_change_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.drop_table("email_change")
    with op.batch_alter_table("sign_in_limit", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_limit_since")

    op.drop_table("sign_in_limit")
    with op.batch_alter_table("record_check", schema=None) as batch_op:
        batch_op.drop_index("ix_record_check_at")

    op.drop_table("record_check")
