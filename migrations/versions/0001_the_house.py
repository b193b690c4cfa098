"""The house."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CREATE_TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER evidence_is_kept BEFORE UPDATE ON evidence WHEN NEW.id IS NOT OLD.id OR "
            "NEW.about IS NOT OLD.about OR NEW.subject_id IS NOT OLD.subject_id OR NEW.kind IS NOT "
            "OLD.kind OR NEW.detail IS NOT OLD.detail OR NEW.value IS NOT OLD.value OR NEW.version IS "
            "NOT OLD.version OR NEW.valid_from IS NOT OLD.valid_from OR NEW.valid_until IS NOT "
            "OLD.valid_until OR NEW.recorded_at IS NOT OLD.recorded_at OR NEW.recorded_by IS NOT "
            "OLD.recorded_by OR NEW.rests_on IS NOT OLD.rests_on OR NEW.rests_on_id IS NOT "
            "OLD.rests_on_id OR NEW.note IS NOT OLD.note OR NEW.verified_how IS NOT OLD.verified_how OR "
            "OLD.withdrawn_at < '9999-12-31' BEGIN SELECT RAISE(ABORT, 'evidence is never edited'); END"
        ),
        (
            "CREATE TRIGGER evidence_is_not_deleted BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, "
            "'evidence is never deleted'); END"
        ),
        (
            "CREATE TRIGGER decision_is_kept BEFORE UPDATE ON decision BEGIN SELECT RAISE(ABORT, 'a "
            "decision is never edited'); END"
        ),
        (
            "CREATE TRIGGER decision_is_not_deleted BEFORE DELETE ON decision BEGIN SELECT RAISE(ABORT, "
            "'a decision is never deleted'); END"
        ),
        (
            "CREATE TRIGGER audit_is_kept BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the "
            "record is never edited'); END"
        ),
        (
            "CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, "
            "'the record is never deleted'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION evidence_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = "
            "'DELETE' THEN RAISE EXCEPTION 'evidence is never deleted'; END IF; IF NEW.id IS DISTINCT "
            "FROM OLD.id OR NEW.about IS DISTINCT FROM OLD.about OR NEW.subject_id IS DISTINCT FROM "
            "OLD.subject_id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.detail IS DISTINCT FROM "
            "OLD.detail OR NEW.value IS DISTINCT FROM OLD.value OR NEW.version IS DISTINCT FROM "
            "OLD.version OR NEW.valid_from IS DISTINCT FROM OLD.valid_from OR NEW.valid_until IS "
            "DISTINCT FROM OLD.valid_until OR NEW.recorded_at IS DISTINCT FROM OLD.recorded_at OR "
            "NEW.recorded_by IS DISTINCT FROM OLD.recorded_by OR NEW.rests_on IS DISTINCT FROM "
            "OLD.rests_on OR NEW.rests_on_id IS DISTINCT FROM OLD.rests_on_id OR NEW.note IS DISTINCT "
            "FROM OLD.note OR NEW.verified_how IS DISTINCT FROM OLD.verified_how OR OLD.withdrawn_at < "
            "'9999-12-31' THEN RAISE EXCEPTION 'evidence is never edited'; END IF; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER evidence_is_kept BEFORE UPDATE OR DELETE ON evidence FOR EACH ROW EXECUTE "
            "FUNCTION evidence_is_kept()"
        ),
        (
            "CREATE FUNCTION decision_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'a decision is never edited or deleted'; END $$"
        ),
        (
            "CREATE TRIGGER decision_is_kept BEFORE UPDATE OR DELETE ON decision FOR EACH ROW EXECUTE "
            "FUNCTION decision_is_kept()"
        ),
        (
            "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'the record is never edited or deleted'; END $$"
        ),
        (
            "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE "
            "FUNCTION audit_is_kept()"
        ),
    ],
}
DROP_TRIGGERS = {
    "sqlite": [
        "DROP TRIGGER evidence_is_kept",
        "DROP TRIGGER evidence_is_not_deleted",
        "DROP TRIGGER decision_is_kept",
        "DROP TRIGGER decision_is_not_deleted",
        "DROP TRIGGER audit_is_kept",
        "DROP TRIGGER audit_is_not_deleted",
    ],
    "postgresql": [
        "DROP TRIGGER evidence_is_kept ON evidence",
        "DROP FUNCTION evidence_is_kept()",
        "DROP TRIGGER decision_is_kept ON decision",
        "DROP FUNCTION decision_is_kept()",
        "DROP TRIGGER audit_is_kept ON audit_entry",
        "DROP FUNCTION audit_is_kept()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "agency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("common_name", sa.String(length=200), nullable=False),
        sa.Column("hud_id", sa.String(length=32), nullable=True),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("zip", sa.String(length=10), nullable=False),
        sa.Column("mandated_by", sa.JSON(), nullable=False),
        sa.Column("provider_id", sa.String(length=32), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("entered_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_reason", sa.String(length=1000), nullable=False),
        sa.Column("successor", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("status IN ('joining', 'participating', 'ended')", name=op.f("ck_agency_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("hud_id", name=op.f("uq_agency_hud_id")),
        sa.UniqueConstraint("name_key", name=op.f("uq_agency_name_key")),
    )
    op.create_table(
        "core_user",
        sa.Column("user_id", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("learned_at", sa.DateTime(), nullable=False),
        sa.Column("learned_from", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_core_user")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("effect", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("coalesced", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("enqueued_at", sa.DateTime(), nullable=False),
        sa.Column("run_at", sa.DateTime(), nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=False),
        sa.Column("leased_until", sa.DateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "effect IN ('reconsider', 'provision', 'mail', 'executed_copy', 'expire', 'sign_again')",
            name=op.f("ck_job_effect"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'dropped')", name=op.f("ck_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_due", "job", ["state", "run_at"], unique=False)
    op.create_index(
        "uq_job_waiting",
        "job",
        ["effect", "key"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting' AND coalesced"),
        postgresql_where=sa.text("state = 'waiting' AND coalesced"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("email_key", sa.String(length=320), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("lms_uid", sa.String(length=100), nullable=True),
        sa.Column("named_at", sa.DateTime(), nullable=False),
        sa.Column("named_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["named_by"], ["person.id"], name=op.f("fk_person_named_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email_key", name=op.f("uq_person_email_key")),
        sa.UniqueConstraint("lms_uid", name=op.f("uq_person_lms_uid")),
    )
    op.create_table(
        "policy_pack",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy_pack")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=50), nullable=False),
        sa.Column("external_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("welcomed_at", sa.DateTime(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "status IN ('ordered', 'suspending', 'restoring', 'active', 'suspended', 'removing', 'removed')",
            name=op.f("ck_account_status"),
        ),
        sa.CheckConstraint("user_id = lower(user_id)", name=op.f("ck_account_user_id_lower")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("external_id", name=op.f("uq_account_external_id")),
        sa.UniqueConstraint("id", "person_id", name=op.f("uq_account_id_person_id")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_account_user_id")),
    )
    op.create_table(
        "credential",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_at", sa.DateTime(), nullable=True),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_credential_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_credential")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("entered_at", sa.DateTime(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=True),
        sa.Column("safeguards", sa.JSON(), nullable=False),
        sa.Column("director_id", sa.Integer(), nullable=True),
        sa.Column("director_at", sa.DateTime(), nullable=True),
        sa.Column("admin_id", sa.Integer(), nullable=True),
        sa.Column("admin_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["admin_id"], ["person.id"], name=op.f("fk_device_admin_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_device_agency_id")),
        sa.ForeignKeyConstraint(["director_id"], ["person.id"], name=op.f("fk_device_director_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_device_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("agency_id", "label", name=op.f("uq_device_agency_id_label")),
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("person_id", "page", name=op.f("uq_draft_person_id_page")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=True),
        sa.Column("rests_on", sa.String(length=40), nullable=False),
        sa.Column("rests_on_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("verified_how", sa.String(length=40), nullable=False),
        sa.Column("withdrawn_by", sa.Integer(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=1000), nullable=False),
        sa.CheckConstraint(
            "about IN ('agency', 'person', 'membership', 'device', 'lead')", name=op.f("ck_evidence_about")
        ),
        sa.CheckConstraint("kind <> 'waiver' OR valid_until < '9999-12-31'", name=op.f("ck_evidence_waiver_ends")),
        sa.CheckConstraint(
            "kind IN ('participation_agreement_signed', 'participation_agreement', 'information_form_sent', 'information_form', 'housing_inventory_sent', 'housing_inventory', 'receipt', 'protocol', 'posted', 'security_review_sent', 'security_review', 'configuration_ordered', 'configured', 'excluded_provider', 'seat_free', 'sanction', 'waiver', 'training', 'background_check', 'retraining', 'role', 'access_level', 'request', 'lead_approval', 'user_agreement', 'privacy_pledge', 'agency_admin_agreement', 'security_officer_acceptance', 'course_assigned', 'device_in_use', 'seat', 'inherited', 'departure', 'project', 'worker', 'device_authorised', 'trait', 'laptop_statement', 'home_office', 'published')",
            name=op.f("ck_evidence_kind"),
        ),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_evidence_days")),
        sa.CheckConstraint("withdrawn_at >= recorded_at", name=op.f("ck_evidence_moments")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_evidence_recorded_by")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.id"], name=op.f("fk_evidence_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index(
        "ix_evidence_asked",
        "evidence",
        [
            "about",
            "subject_id",
            "kind",
            "detail",
            "value",
            "version",
            "valid_from",
            "valid_until",
            "recorded_at",
            "withdrawn_at",
        ],
        unique=False,
    )
    op.create_table(
        "licence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("granted_at", sa.DateTime(), nullable=False),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('core', 'art')", name=op.f("ck_licence_kind")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_licence_agency_id")),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name=op.f("fk_licence_granted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence")),
        sa.UniqueConstraint("id", "agency_id", name=op.f("uq_licence_id_agency_id")),
    )
    op.create_index("ix_licence_agency", "licence", ["agency_id", "kind"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("nudged_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_membership_agency_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("agency_id", "person_id", name=op.f("uq_membership_agency_id_person_id")),
        sa.UniqueConstraint("id", "agency_id", name=op.f("uq_membership_id_agency_id")),
        sa.UniqueConstraint("id", "person_id", name=op.f("uq_membership_id_person_id")),
    )
    op.create_index(op.f("ix_membership_person_id"), "membership", ["person_id"], unique=False)
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("hud_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("common_name", sa.String(length=200), nullable=False),
        sa.Column("project_type", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("provider_id", sa.String(length=32), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_project_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("agency_id", "name", name=op.f("uq_project_agency_id_name")),
        sa.UniqueConstraint("hud_id", name=op.f("uq_project_hud_id")),
    )
    op.create_index(op.f("ix_project_agency_id"), "project", ["agency_id"], unique=False)
    op.create_table(
        "access_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=1000), nullable=False),
        sa.Column("access_level", sa.String(length=40), nullable=False),
        sa.Column("worker", sa.String(length=12), nullable=False),
        sa.Column("project_ids", sa.JSON(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("supervisor", sa.String(length=200), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("requested_at", sa.DateTime(), nullable=False),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("closed_reason", sa.String(length=1000), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("act IN ('add', 'modify', 'replace')", name=op.f("ck_access_request_act")),
        sa.CheckConstraint("status IN ('open', 'issued', 'cancelled', 'ended')", name=op.f("ck_access_request_status")),
        sa.CheckConstraint("worker IN ('staff', 'volunteer', 'contractor')", name=op.f("ck_access_request_worker")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_access_request_device_id")),
        sa.ForeignKeyConstraint(
            ["membership_id", "agency_id"],
            ["membership.id", "membership.agency_id"],
            name=op.f("fk_access_request_membership_id_agency_id"),
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_access_request_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
    )
    op.create_index("ix_access_request_agency", "access_request", ["agency_id", "status"], unique=False)
    op.create_index(
        "uq_access_request_open",
        "access_request",
        ["membership_id"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "background_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ordered_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("decider", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=True),
        sa.Column("entered_at", sa.DateTime(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "status IN ('ordered', 'pending', 'cleared', 'not_cleared')", name=op.f("ck_background_check_status")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_background_check_agency_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_background_check_entered_by")),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_background_check_membership_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_background_check_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_background_check")),
    )
    op.create_index("ix_background_check_person", "background_check", ["person_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("made_for", sa.String(length=40), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('permitted', 'refused', 'inherited', 'kept', 'closed')", name=op.f("ck_decision_outcome")
        ),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_decision_membership_id")),
        sa.ForeignKeyConstraint(["policy_version"], ["policy_pack.version"], name=op.f("fk_decision_policy_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("id", "membership_id", "outcome", name=op.f("uq_decision_id_membership_id_outcome")),
    )
    op.create_index("ix_decision_membership", "decision", ["membership_id", "made_at"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("route", sa.String(length=12), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("prepared_by", sa.Integer(), nullable=True),
        sa.Column("prepared_at", sa.DateTime(), nullable=False),
        sa.Column("executed_at", sa.DateTime(), nullable=True),
        sa.Column("executed_sha256", sa.String(length=64), nullable=False),
        sa.Column("verified_by", sa.Integer(), nullable=True),
        sa.Column("verified_at", sa.DateTime(), nullable=True),
        sa.Column("verified_how", sa.String(length=20), nullable=False),
        sa.Column("rejected_reason", sa.String(length=1000), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "status IN ('prepared', 'signed', 'rejected', 'scanned', 'executed', 'void')",
            name=op.f("ck_document_status"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_document_agency_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_document_device_id")),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_document_membership_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_document_person_id")),
        sa.ForeignKeyConstraint(["prepared_by"], ["person.id"], name=op.f("fk_document_prepared_by")),
        sa.ForeignKeyConstraint(["verified_by"], ["person.id"], name=op.f("fk_document_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_agency_id"), "document", ["agency_id"], unique=False)
    op.create_index(op.f("ix_document_membership_id"), "document", ["membership_id"], unique=False)
    op.create_index(
        "uq_document_open",
        "document",
        [
            "kind",
            "version",
            "agency_id",
            sa.literal_column("coalesce(membership_id, 0)"),
            sa.literal_column("coalesce(device_id, 0)"),
        ],
        unique=True,
        sqlite_where=sa.text("status IN ('prepared', 'signed', 'scanned', 'rejected')"),
        postgresql_where=sa.text("status IN ('prepared', 'signed', 'scanned', 'rejected')"),
    )
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("kept_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("revealed_at", sa.DateTime(), nullable=True),
        sa.Column("dropped_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_handover_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_handover_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_account", "handover", ["account_id"], unique=False)
    op.create_table(
        "hud_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_hud_record_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hud_record")),
        sa.UniqueConstraint("file", "key", name=op.f("uq_hud_record_file_key")),
    )
    op.create_index("ix_hud_record_project", "hud_record", ["project_id", "file"], unique=False)
    op.create_table(
        "seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("licence_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("reserved_at", sa.DateTime(), nullable=False),
        sa.Column("reserved_until", sa.Date(), nullable=True),
        sa.Column("returned_at", sa.DateTime(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("status IN ('reserved', 'held', 'returned')", name=op.f("ck_seat_status")),
        sa.ForeignKeyConstraint(
            ["licence_id", "agency_id"], ["licence.id", "licence.agency_id"], name=op.f("fk_seat_licence_id_agency_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id", "agency_id"],
            ["membership.id", "membership.agency_id"],
            name=op.f("fk_seat_membership_id_agency_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("id", "membership_id", name=op.f("uq_seat_id_membership_id")),
    )
    op.create_index(op.f("ix_seat_agency_id"), "seat", ["agency_id"], unique=False)
    op.create_index(
        "uq_seat_licence",
        "seat",
        ["licence_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'returned'"),
        postgresql_where=sa.text("status <> 'returned'"),
    )
    op.create_index(
        "uq_seat_membership",
        "seat",
        ["membership_id", "kind"],
        unique=True,
        sqlite_where=sa.text("status <> 'returned'"),
        postgresql_where=sa.text("status <> 'returned'"),
    )
    op.create_table(
        "work_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_version", sa.Integer(), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(), nullable=True),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("typed_back", sa.String(length=50), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "act IN ('configure', 'ensure', 'suspend', 'restore', 'remove')", name=op.f("ck_work_order_act")
        ),
        sa.CheckConstraint("status IN ('open', 'done', 'replaced')", name=op.f("ck_work_order_status")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_work_order_account_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_work_order_agency_id")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_work_order_done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
        sa.UniqueConstraint("account_id", "account_version", name=op.f("uq_work_order_account_id_account_version")),
    )
    op.create_index(op.f("ix_work_order_account_id"), "work_order", ["account_id"], unique=False)
    op.create_index("ix_work_order_open", "work_order", ["status", "due_at"], unique=False)
    op.create_index(
        "uq_work_order_configure",
        "work_order",
        ["agency_id"],
        unique=True,
        sqlite_where=sa.text("act = 'configure' AND status = 'open'"),
        postgresql_where=sa.text("act = 'configure' AND status = 'open'"),
    )
    op.create_table(
        "access_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("access_level", sa.String(length=40), nullable=False),
        sa.Column("issued_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("suspended_at", sa.DateTime(), nullable=True),
        sa.Column("suspended_for", sa.String(length=400), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("outcome IN ('permitted', 'inherited')", name=op.f("ck_access_grant_outcome")),
        sa.CheckConstraint("status IN ('live', 'suspended', 'ended')", name=op.f("ck_access_grant_status")),
        sa.ForeignKeyConstraint(
            ["account_id", "person_id"],
            ["account.id", "account.person_id"],
            name=op.f("fk_access_grant_account_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_id", "membership_id", "outcome"],
            ["decision.id", "decision.membership_id", "decision.outcome"],
            name=op.f("fk_access_grant_decision_id_membership_id_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["membership_id", "person_id"],
            ["membership.id", "membership.person_id"],
            name=op.f("fk_access_grant_membership_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["request_id"], ["access_request.id"], name=op.f("fk_access_grant_request_id")),
        sa.ForeignKeyConstraint(
            ["seat_id", "membership_id"],
            ["seat.id", "seat.membership_id"],
            name=op.f("fk_access_grant_seat_id_membership_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
        sa.UniqueConstraint("seat_id", name=op.f("uq_access_grant_seat_id")),
    )
    op.create_index(op.f("ix_access_grant_account_id"), "access_grant", ["account_id"], unique=False)
    op.create_index(
        "uq_access_grant_live",
        "access_grant",
        ["membership_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'ended'"),
        postgresql_where=sa.text("status <> 'ended'"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("via", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("thing", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("refused", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_audit_entry_actor_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_audit_entry_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_agency", "audit_entry", ["agency_id", "at"], unique=False)
    op.create_index("ix_audit_entry_person", "audit_entry", ["person_id", "at"], unique=False)
    op.create_index("ix_audit_entry_thing", "audit_entry", ["thing", "thing_id"], unique=False)
    op.create_table(
        "link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=False),
        sa.Column("sent_by", sa.Integer(), nullable=True),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=True),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.Column("code_secret", sa.String(length=64), nullable=False),
        sa.Column("code_counter", sa.Integer(), nullable=False),
        sa.Column("code_sent_at", sa.DateTime(), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("code_proven_at", sa.DateTime(), nullable=True),
        sa.Column("codes_mailed", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('invitation', 'signing', 'sign_in', 'reset', 'download')", name=op.f("ck_link_purpose")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_link_document_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_link_person_id")),
        sa.ForeignKeyConstraint(["sent_by"], ["person.id"], name=op.f("fk_link_sent_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_link_token_hash")),
    )
    op.create_index(op.f("ix_link_document_id"), "link", ["document_id"], unique=False)
    op.create_index(op.f("ix_link_person_id"), "link", ["person_id"], unique=False)
    op.create_table(
        "stored_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("stored_by", sa.Integer(), nullable=True),
        sa.Column("stored_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_stored_file_agency_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_stored_file_document_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_stored_file_person_id")),
        sa.ForeignKeyConstraint(["stored_by"], ["person.id"], name=op.f("fk_stored_file_stored_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        sa.UniqueConstraint("sha256", "document_id", name=op.f("uq_stored_file_sha256_document_id")),
    )
    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.String(length=20), nullable=False),
        sa.Column("consent_sha256", sa.String(length=64), nullable=False),
        sa.Column("initials", sa.JSON(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("authentication", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("code_entered_at", sa.DateTime(), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("scan_sha256", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("signed_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("method IN ('electronic', 'paper')", name=op.f("ck_signature_method")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_signature_document_id")),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_signature_link_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_signature_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint("document_id", "capacity", "round", name=op.f("uq_signature_document_id_capacity_round")),
    )
    op.create_table(
        "training_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("course_as_written", sa.String(length=200), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("score_as_written", sa.String(length=40), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("learner", sa.String(length=320), nullable=False),
        sa.Column("learner_email", sa.String(length=320), nullable=False),
        sa.Column("learner_uid", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("flag", sa.String(length=300), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=True),
        sa.Column("entered_at", sa.DateTime(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "source IN ('import', 'hand', 'certificate', 'session')", name=op.f("ck_training_result_source")
        ),
        sa.CheckConstraint(
            "status IN ('recorded', 'unmatched', 'claimed', 'refused', 'corrected')",
            name=op.f("ck_training_result_status"),
        ),
        sa.CheckConstraint("score >= 0 AND score <= 10000", name=op.f("ck_training_result_score")),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_training_result_entered_by")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_training_result_file_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_training_result_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_result")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_training_result_fingerprint")),
    )
    op.create_index("ix_training_result_person", "training_result", ["person_id", "course"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("via", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("second_factor_at", sa.DateTime(), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_web_session_link_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_web_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_session_token_hash")),
    )
    op.create_index(op.f("ix_web_session_person_id"), "web_session", ["person_id"], unique=False)
    connection = op.get_bind()
    for statement in CREATE_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    for statement in DROP_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    op.drop_table("web_session")
    op.drop_table("training_result")
    op.drop_table("signature")
    op.drop_table("stored_file")
    op.drop_table("link")
    op.drop_table("audit_entry")
    op.drop_table("access_grant")
    op.drop_table("work_order")
    op.drop_table("seat")
    op.drop_table("hud_record")
    op.drop_table("handover")
    op.drop_table("document")
    op.drop_table("decision")
    op.drop_table("background_check")
    op.drop_table("access_request")
    op.drop_table("project")
    op.drop_table("membership")
    op.drop_table("licence")
    op.drop_table("evidence")
    op.drop_table("draft")
    op.drop_table("device")
    op.drop_table("credential")
    op.drop_table("account")
    op.drop_table("policy_pack")
    op.drop_table("person")
    op.drop_table("job")
    op.drop_table("core_user")
    op.drop_table("agency")
