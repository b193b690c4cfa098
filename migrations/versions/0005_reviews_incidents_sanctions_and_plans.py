"""Reviews incidents sanctions and plans."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CREATE_TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER review_is_signed_off_by_another BEFORE UPDATE OF signed_off_by ON "
            "security_review WHEN NEW.signed_off_by IS NOT NULL AND EXISTS (SELECT 1 FROM "
            "review_revision r JOIN review_answer a ON a.id = r.answer_id WHERE a.review_id = NEW.id "
            "AND r.saved_by = NEW.signed_off_by) BEGIN SELECT RAISE(ABORT, 'who filled a review in does "
            "not sign it off'); END"
        ),
        (
            "CREATE TRIGGER incident_is_kept BEFORE DELETE ON incident BEGIN SELECT RAISE(ABORT, 'what "
            "belongs to an incident is never removed'); END"
        ),
        (
            "CREATE TRIGGER incident_file_is_kept BEFORE DELETE ON incident_file BEGIN SELECT "
            "RAISE(ABORT, 'what belongs to an incident is never removed'); END"
        ),
        (
            "CREATE TRIGGER incident_entry_is_kept BEFORE DELETE ON incident_entry BEGIN SELECT "
            "RAISE(ABORT, 'what belongs to an incident is never removed'); END"
        ),
        (
            "CREATE TRIGGER sanction_is_not_deleted BEFORE DELETE ON sanction BEGIN SELECT RAISE(ABORT, "
            "'a sanction is never deleted'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION review_is_signed_off_by_another() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN IF NEW.signed_off_by IS NOT NULL AND EXISTS (SELECT 1 FROM review_revision r JOIN "
            "review_answer a ON a.id = r.answer_id WHERE a.review_id = NEW.id AND r.saved_by = "
            "NEW.signed_off_by) THEN RAISE EXCEPTION 'who filled a review in does not sign it off'; END "
            "IF; RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER review_is_signed_off_by_another BEFORE UPDATE OF signed_off_by ON "
            "security_review FOR EACH ROW EXECUTE FUNCTION review_is_signed_off_by_another()"
        ),
        (
            "CREATE FUNCTION incident_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'what belongs to an incident is never removed'; END $$"
        ),
        ("CREATE TRIGGER incident_is_kept BEFORE DELETE ON incident FOR EACH ROW EXECUTE FUNCTION incident_is_kept()"),
        (
            "CREATE FUNCTION incident_file_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'what belongs to an incident is never removed'; END $$"
        ),
        (
            "CREATE TRIGGER incident_file_is_kept BEFORE DELETE ON incident_file FOR EACH ROW EXECUTE "
            "FUNCTION incident_file_is_kept()"
        ),
        (
            "CREATE FUNCTION incident_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'what belongs to an incident is never removed'; END $$"
        ),
        (
            "CREATE TRIGGER incident_entry_is_kept BEFORE DELETE ON incident_entry FOR EACH ROW EXECUTE "
            "FUNCTION incident_entry_is_kept()"
        ),
        (
            "CREATE FUNCTION sanction_is_not_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'a sanction is never deleted'; END $$"
        ),
        (
            "CREATE TRIGGER sanction_is_not_deleted BEFORE DELETE ON sanction FOR EACH ROW EXECUTE "
            "FUNCTION sanction_is_not_deleted()"
        ),
    ],
}
DROP_TRIGGERS = {
    "sqlite": [
        "DROP TRIGGER review_is_signed_off_by_another",
        "DROP TRIGGER incident_is_kept",
        "DROP TRIGGER incident_file_is_kept",
        "DROP TRIGGER incident_entry_is_kept",
        "DROP TRIGGER sanction_is_not_deleted",
    ],
    "postgresql": [
        "DROP TRIGGER review_is_signed_off_by_another ON security_review",
        "DROP FUNCTION review_is_signed_off_by_another()",
        "DROP TRIGGER incident_is_kept ON incident",
        "DROP FUNCTION incident_is_kept()",
        "DROP TRIGGER incident_file_is_kept ON incident_file",
        "DROP FUNCTION incident_file_is_kept()",
        "DROP TRIGGER incident_entry_is_kept ON incident_entry",
        "DROP FUNCTION incident_entry_is_kept()",
        "DROP TRIGGER sanction_is_not_deleted ON sanction",
        "DROP FUNCTION sanction_is_not_deleted()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "duty_told",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_told")),
        sa.UniqueConstraint("key", "due", name=op.f("uq_duty_told_key_due")),
    )
    op.create_table(
        "review_checklist",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("kept_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_checklist")),
        sa.UniqueConstraint("version", name=op.f("uq_review_checklist_version")),
    )
    op.create_table(
        "data_release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("recipient_key", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=1000), nullable=False),
        sa.Column("what", sa.String(length=2000), nullable=False),
        sa.Column("what_key", sa.String(length=2000), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("smallest_cell", sa.Integer(), nullable=False),
        sa.Column("suppression", sa.String(length=1000), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decided_reason", sa.String(length=1000), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("released_by", sa.Integer(), nullable=True),
        sa.Column("released_how", sa.String(length=500), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("(status = 'released') = (released_on IS NOT NULL)", name=op.f("ck_data_release_released")),
        sa.CheckConstraint(
            "(status IN ('asked', 'withdrawn')) = (decided_by IS NULL)", name=op.f("ck_data_release_decided")
        ),
        sa.CheckConstraint("file_sha256 = '' OR length(file_sha256) = 64", name=op.f("ck_data_release_fingerprint")),
        sa.CheckConstraint(
            "status IN ('asked', 'approved', 'refused', 'withdrawn', 'released')", name=op.f("ck_data_release_status")
        ),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_data_release_moment")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_data_release_another_decides")
        ),
        sa.CheckConstraint("period_until >= period_from", name=op.f("ck_data_release_period")),
        sa.CheckConstraint("smallest_cell >= 2", name=op.f("ck_data_release_aggregate")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_data_release_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_data_release_decided_by")),
        sa.ForeignKeyConstraint(["released_by"], ["person.id"], name=op.f("fk_data_release_released_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_release")),
    )
    with op.batch_alter_table("data_release", schema=None) as batch_op:
        batch_op.create_index("ix_data_release_asked_on", ["asked_on", "id"], unique=False)
        batch_op.create_index("ix_data_release_status", ["status", "asked_on", "id"], unique=False)

    op.create_table(
        "hmis_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=1000), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_hmis_change_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hmis_change")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("nature", sa.String(length=12), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("to_redact", sa.Boolean(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("discovered_on", sa.Date(), nullable=True),
        sa.Column("reported_at", sa.DateTime(), nullable=False),
        sa.Column("reporter_id", sa.Integer(), nullable=True),
        sa.Column("contact", sa.String(length=320), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("agency_sees", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("category", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.String(length=12), nullable=False),
        sa.Column("affected", sa.Integer(), nullable=True),
        sa.Column("elements", sa.JSON(), nullable=False),
        sa.Column("media", sa.String(length=300), nullable=False),
        sa.Column("found_how", sa.String(length=1000), nullable=False),
        sa.Column("contained", sa.String(length=1000), nullable=False),
        sa.Column("triaged_by", sa.Integer(), nullable=True),
        sa.Column("triaged_at", sa.DateTime(), nullable=True),
        sa.Column("investigator_id", sa.Integer(), nullable=True),
        sa.Column("finding", sa.String(length=12), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("concluded_by", sa.Integer(), nullable=True),
        sa.Column("concluded_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("received_from", sa.String(length=200), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answer_due", sa.Date(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("(finding <> '') = (concluded_by IS NOT NULL)", name=op.f("ck_incident_concluded")),
        sa.CheckConstraint(
            "(nature = 'complaint' AND status IN ('reported', 'reviewing', 'answered', 'set_aside')) OR (nature = 'incident' AND status NOT IN ('reviewing', 'answered'))",
            name=op.f("ck_incident_moves"),
        ),
        sa.CheckConstraint("(status IN ('concluded', 'closed')) = (finding <> '')", name=op.f("ck_incident_found")),
        sa.CheckConstraint("category IN ('', 'privacy', 'security', 'other')", name=op.f("ck_incident_category")),
        sa.CheckConstraint("finding IN ('', 'found', 'not_found')", name=op.f("ck_incident_finding")),
        sa.CheckConstraint("nature IN ('incident', 'complaint')", name=op.f("ck_incident_nature")),
        sa.CheckConstraint("severity <> 'minor' OR category = 'other'", name=op.f("ck_incident_never_minor")),
        sa.CheckConstraint("severity IN ('', 'minor', 'major', 'severe')", name=op.f("ck_incident_severity")),
        sa.CheckConstraint("status <> 'answered' OR answered_by IS NOT NULL", name=op.f("ck_incident_answered")),
        sa.CheckConstraint(
            "status IN ('reported', 'set_aside', 'reviewing', 'answered') OR (triaged_at IS NOT NULL AND severity <> '')",
            name=op.f("ck_incident_graded"),
        ),
        sa.CheckConstraint(
            "status IN ('reported', 'triaged', 'set_aside', 'investigating', 'concluded', 'closed', 'reviewing', 'answered')",
            name=op.f("ck_incident_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('investigating', 'concluded', 'closed') OR investigator_id IS NOT NULL",
            name=op.f("ck_incident_investigated"),
        ),
        sa.CheckConstraint("(triaged_by IS NULL) = (triaged_at IS NULL)", name=op.f("ck_incident_triaged")),
        sa.CheckConstraint("affected IS NULL OR affected >= 0", name=op.f("ck_incident_affected")),
        sa.CheckConstraint(
            "investigator_id IS NULL OR reporter_id IS NULL OR investigator_id <> reporter_id",
            name=op.f("ck_incident_another_investigates"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_incident_agency_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_incident_answered_by")),
        sa.ForeignKeyConstraint(["concluded_by"], ["person.id"], name=op.f("fk_incident_concluded_by")),
        sa.ForeignKeyConstraint(["investigator_id"], ["person.id"], name=op.f("fk_incident_investigator_id")),
        sa.ForeignKeyConstraint(["reporter_id"], ["person.id"], name=op.f("fk_incident_reporter_id")),
        sa.ForeignKeyConstraint(["triaged_by"], ["person.id"], name=op.f("fk_incident_triaged_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_incident_token_hash")),
    )
    with op.batch_alter_table("incident", recreate="never") as batch_op:
        batch_op.create_index("ix_incident_agency", ["agency_id", "reported_at"], unique=False)
        batch_op.create_index("ix_incident_reporter", ["reporter_id"], unique=False)
        batch_op.create_index("ix_incident_status", ["nature", "status", "reported_at", "id"], unique=False)

    op.create_table(
        "review_campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("spread", sa.String(length=20), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=100), nullable=False),
        sa.Column("listed", sa.JSON(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("(share = 0) = (seed = '')", name=op.f("ck_review_campaign_seed")),
        sa.CheckConstraint("spread IN ('at_once', 'over_the_year')", name=op.f("ck_review_campaign_spread")),
        sa.CheckConstraint("share BETWEEN 0 AND 10000", name=op.f("ck_review_campaign_share")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_review_campaign_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_campaign")),
        sa.UniqueConstraint("name", name=op.f("uq_review_campaign_name")),
    )
    op.create_table(
        "containment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("began_by", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("evidence_id", sa.Integer(), nullable=True),
        sa.Column("extended_by", sa.Integer(), nullable=True),
        sa.Column("extended_evidence_id", sa.Integer(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_reason", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_containment_ended")),
        sa.CheckConstraint(
            "(extended_by IS NULL) = (extended_evidence_id IS NULL)", name=op.f("ck_containment_extended")
        ),
        sa.CheckConstraint("(person_id IS NULL) <> (device_id IS NULL)", name=op.f("ck_containment_of_one")),
        sa.CheckConstraint(
            "extended_by IS NULL OR (extended_by <> began_by AND (person_id IS NULL OR extended_by <> person_id))",
            name=op.f("ck_containment_another_extends"),
        ),
        sa.CheckConstraint("membership_id IS NULL OR person_id IS NOT NULL", name=op.f("ck_containment_whose")),
        sa.CheckConstraint("person_id IS NULL OR began_by <> person_id", name=op.f("ck_containment_not_oneself")),
        sa.ForeignKeyConstraint(["began_by"], ["person.id"], name=op.f("fk_containment_began_by")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_containment_device_id")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_containment_ended_by")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_containment_evidence_id")),
        sa.ForeignKeyConstraint(["extended_by"], ["person.id"], name=op.f("fk_containment_extended_by")),
        sa.ForeignKeyConstraint(
            ["extended_evidence_id"], ["evidence.id"], name=op.f("fk_containment_extended_evidence_id")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_containment_incident_id")),
        sa.ForeignKeyConstraint(
            ["membership_id", "person_id"],
            ["membership.id", "membership.person_id"],
            name=op.f("fk_containment_membership_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_containment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_containment")),
    )
    with op.batch_alter_table("containment", schema=None) as batch_op:
        batch_op.create_index("ix_containment_incident", ["incident_id"], unique=False)
        batch_op.create_index(
            "uq_containment_device",
            ["device_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "incident_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("to_redact", sa.Boolean(), nullable=False),
        sa.Column("redacted_at", sa.DateTime(), nullable=True),
        sa.Column("redacted_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('act', 'note', 'reporter', 'answer')", name=op.f("ck_incident_entry_kind")),
        sa.CheckConstraint("(redacted_at IS NULL) = (redacted_by IS NULL)", name=op.f("ck_incident_entry_redacted")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_incident_entry_by_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_entry_incident_id")),
        sa.ForeignKeyConstraint(["redacted_by"], ["person.id"], name=op.f("fk_incident_entry_redacted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_entry")),
    )
    with op.batch_alter_table("incident_entry", recreate="never") as batch_op:
        batch_op.create_index("ix_incident_entry_incident", ["incident_id", "id"], unique=False)

    op.create_table(
        "incident_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("named_at", sa.DateTime(), nullable=False),
        sa.Column("named_by", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(), nullable=True),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("part IN ('accused', 'witness')", name=op.f("ck_incident_person_part")),
        sa.CheckConstraint("(opened_at IS NULL) = (opened_by IS NULL)", name=op.f("ck_incident_person_opened")),
        sa.CheckConstraint("answered_at IS NULL OR opened_at IS NOT NULL", name=op.f("ck_incident_person_answered")),
        sa.CheckConstraint("opened_by IS NULL OR opened_by <> person_id", name=op.f("ck_incident_person_another_asks")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_person_incident_id")),
        sa.ForeignKeyConstraint(
            ["membership_id", "person_id"],
            ["membership.id", "membership.person_id"],
            name=op.f("fk_incident_person_membership_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["named_by"], ["person.id"], name=op.f("fk_incident_person_named_by")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_incident_person_opened_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_incident_person_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_person")),
        sa.UniqueConstraint("incident_id", "person_id", name=op.f("uq_incident_person_incident_id_person_id")),
    )
    with op.batch_alter_table("incident_person", schema=None) as batch_op:
        batch_op.create_index("ix_incident_person_person", ["person_id"], unique=False)

    op.create_table(
        "incident_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("cite", sa.String(length=500), nullable=False),
        sa.Column("basis", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("told", sa.String(length=200), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name=op.f("ck_incident_step_done")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_incident_step_done_by")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_step_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_step")),
        sa.UniqueConstraint("incident_id", "step", name=op.f("uq_incident_step_incident_id_step")),
    )
    with op.batch_alter_table("incident_step", schema=None) as batch_op:
        batch_op.create_index(
            "ix_incident_step_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )

    op.create_table(
        "sanction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=12), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("violation", sa.String(length=40), nullable=False),
        sa.Column("violation_title", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("facts", sa.String(length=2000), nullable=False),
        sa.Column("proposed", sa.String(length=20), nullable=False),
        sa.Column("proposed_days", sa.Integer(), nullable=True),
        sa.Column("proposed_course", sa.String(length=40), nullable=False),
        sa.Column("proposed_because", sa.String(length=500), nullable=False),
        sa.Column("departs", sa.Boolean(), nullable=False),
        sa.Column("departs_because", sa.String(length=1000), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("remedy", sa.String(length=500), nullable=False),
        sa.Column("course", sa.String(length=40), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("referred_to", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("investigated_by", sa.Integer(), nullable=True),
        sa.Column("drafted_by", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decided_reason", sa.String(length=1000), nullable=False),
        sa.Column("evidence_id", sa.Integer(), nullable=True),
        sa.Column("appeal_by", sa.Date(), nullable=True),
        sa.Column("appealed_by", sa.Integer(), nullable=True),
        sa.Column("appealed_at", sa.DateTime(), nullable=True),
        sa.Column("appeal_from", sa.String(length=200), nullable=False),
        sa.Column("appeal_text", sa.String(length=2000), nullable=False),
        sa.Column("appeal_holds", sa.Boolean(), nullable=False),
        sa.Column("appeal_decided_by", sa.Integer(), nullable=True),
        sa.Column("appeal_decided_at", sa.DateTime(), nullable=True),
        sa.Column("appeal_reason", sa.String(length=1000), nullable=False),
        sa.Column("appeal_outcome", sa.String(length=10), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_reason", sa.String(length=1000), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("(about = 'agency') = (person_id IS NULL)", name=op.f("ck_sanction_whose")),
        sa.CheckConstraint("(about = 'membership') = (membership_id IS NOT NULL)", name=op.f("ck_sanction_where")),
        sa.CheckConstraint("(appeal_decided_by IS NULL) = (appeal_outcome = '')", name=op.f("ck_sanction_heard")),
        sa.CheckConstraint("(measure = 'penalty') = (amount_cents IS NOT NULL)", name=op.f("ck_sanction_penalty")),
        sa.CheckConstraint("(measure = 'referral') = (referred_to <> '')", name=op.f("ck_sanction_referral")),
        sa.CheckConstraint("(measure = 'training') = (course <> '')", name=op.f("ck_sanction_course")),
        sa.CheckConstraint(
            "(status = 'appealed') = (appealed_by IS NOT NULL AND appeal_decided_by IS NULL)",
            name=op.f("ck_sanction_open_appeal"),
        ),
        sa.CheckConstraint(
            "(status IN ('drafted', 'withdrawn')) = (decided_by IS NULL)", name=op.f("ck_sanction_decided")
        ),
        sa.CheckConstraint("about IN ('agency', 'person', 'membership')", name=op.f("ck_sanction_about")),
        sa.CheckConstraint("appeal_outcome IN ('', 'upheld', 'changed', 'lifted')", name=op.f("ck_sanction_outcome")),
        sa.CheckConstraint("days IS NULL OR (measure = 'suspension' AND days > 0)", name=op.f("ck_sanction_days")),
        sa.CheckConstraint("departs = (departs_because <> '')", name=op.f("ck_sanction_departs")),
        sa.CheckConstraint("measure <> 'training' OR about = 'person'", name=op.f("ck_sanction_trained")),
        sa.CheckConstraint(
            "measure IN ('reprimand', 'training', 'penalty', 'suspension', 'revocation', 'referral')",
            name=op.f("ck_sanction_measure"),
        ),
        sa.CheckConstraint("paid_on IS NULL OR measure = 'penalty'", name=op.f("ck_sanction_paid")),
        sa.CheckConstraint(
            "proposed IN ('', 'reprimand', 'training', 'penalty', 'suspension', 'revocation', 'referral')",
            name=op.f("ck_sanction_proposed"),
        ),
        sa.CheckConstraint("severity IN ('minor', 'major', 'severe')", name=op.f("ck_sanction_severity")),
        sa.CheckConstraint(
            "status IN ('drafted', 'withdrawn', 'in_force', 'expired', 'appealed', 'upheld', 'changed', 'lifted')",
            name=op.f("ck_sanction_status"),
        ),
        sa.CheckConstraint(
            "(appeal_decided_by IS NULL OR drafted_by IS NULL OR appeal_decided_by <> drafted_by) AND (appeal_decided_by IS NULL OR investigated_by IS NULL OR appeal_decided_by <> investigated_by) AND (appeal_decided_by IS NULL OR decided_by IS NULL OR appeal_decided_by <> decided_by) AND (appeal_decided_by IS NULL OR appealed_by IS NULL OR appeal_decided_by <> appealed_by)",
            name=op.f("ck_sanction_a_third_hears"),
        ),
        sa.CheckConstraint("(appealed_by IS NULL) = (appealed_at IS NULL)", name=op.f("ck_sanction_appeal")),
        sa.CheckConstraint("(days IS NULL) = (last_day IS NULL) OR decided_by IS NULL", name=op.f("ck_sanction_until")),
        sa.CheckConstraint(
            "(decided_by IS NULL OR drafted_by IS NULL OR decided_by <> drafted_by) AND (decided_by IS NULL OR investigated_by IS NULL OR decided_by <> investigated_by)",
            name=op.f("ck_sanction_another_decides"),
        ),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_sanction_moment")),
        sa.CheckConstraint("(decided_by IS NULL) = (evidence_id IS NULL)", name=op.f("ck_sanction_evidence")),
        sa.CheckConstraint("(decided_by IS NULL) = (first_day IS NULL)", name=op.f("ck_sanction_begins")),
        sa.CheckConstraint(
            "(person_id IS NULL OR drafted_by IS NULL OR person_id <> drafted_by) AND (person_id IS NULL OR decided_by IS NULL OR person_id <> decided_by) AND (person_id IS NULL OR appeal_decided_by IS NULL OR person_id <> appeal_decided_by)",
            name=op.f("ck_sanction_not_about_oneself"),
        ),
        sa.CheckConstraint("amount_cents IS NULL OR amount_cents > 0", name=op.f("ck_sanction_amount")),
        sa.CheckConstraint(
            "appeal_decided_by IS NULL OR appealed_by IS NOT NULL", name=op.f("ck_sanction_heard_what_was_appealed")
        ),
        sa.CheckConstraint("last_day IS NULL OR last_day >= first_day", name=op.f("ck_sanction_order_of_days")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_sanction_agency_id")),
        sa.ForeignKeyConstraint(["appeal_decided_by"], ["person.id"], name=op.f("fk_sanction_appeal_decided_by")),
        sa.ForeignKeyConstraint(["appealed_by"], ["person.id"], name=op.f("fk_sanction_appealed_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_sanction_decided_by")),
        sa.ForeignKeyConstraint(["drafted_by"], ["person.id"], name=op.f("fk_sanction_drafted_by")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_sanction_evidence_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_sanction_incident_id")),
        sa.ForeignKeyConstraint(["investigated_by"], ["person.id"], name=op.f("fk_sanction_investigated_by")),
        sa.ForeignKeyConstraint(
            ["membership_id", "agency_id"],
            ["membership.id", "membership.agency_id"],
            name=op.f("fk_sanction_membership_id_agency_id"),
        ),
        sa.ForeignKeyConstraint(
            ["membership_id", "person_id"],
            ["membership.id", "membership.person_id"],
            name=op.f("fk_sanction_membership_id_person_id"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sanction_person_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["sanction.id"], name=op.f("fk_sanction_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction")),
    )
    with op.batch_alter_table("sanction", recreate="never") as batch_op:
        batch_op.create_index("ix_sanction_agency", ["agency_id", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_sanction_incident_id"), ["incident_id"], unique=False)
        batch_op.create_index("ix_sanction_membership", ["membership_id"], unique=False)
        batch_op.create_index("ix_sanction_person", ["person_id"], unique=False)
        batch_op.create_index("ix_sanction_replaces", ["replaces_id"], unique=True)
        batch_op.create_index("ix_sanction_status", ["status", "id"], unique=False)

    op.create_table(
        "security_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("checklist_id", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.Integer(), nullable=True),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("answers_sha256", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("sent_by", sa.Integer(), nullable=True),
        sa.Column("attested_at", sa.DateTime(), nullable=True),
        sa.Column("attested_by", sa.Integer(), nullable=True),
        sa.Column("returned_reason", sa.String(length=1000), nullable=False),
        sa.Column("signed_off_at", sa.DateTime(), nullable=True),
        sa.Column("signed_off_by", sa.Integer(), nullable=True),
        sa.Column("signed_off_note", sa.String(length=1000), nullable=False),
        sa.Column("evidence_id", sa.Integer(), nullable=True),
        sa.Column("visit", sa.Boolean(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=True),
        sa.Column("visited_by", sa.Integer(), nullable=True),
        sa.Column("visit_notes", sa.String(length=4000), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "(status = 'signed_off') = (signed_off_by IS NOT NULL)", name=op.f("ck_security_review_signed_off")
        ),
        sa.CheckConstraint(
            "status <> 'signed_off' OR evidence_id IS NOT NULL OR agency_id = 0",
            name=op.f("ck_security_review_evidence"),
        ),
        sa.CheckConstraint(
            "status IN ('not_started', 'answering', 'returned', 'sent', 'attested', 'signed_off', 'called_off')",
            name=op.f("ck_security_review_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('attested', 'signed_off') OR answers_sha256 <> ''", name=op.f("ck_security_review_attested")
        ),
        sa.CheckConstraint("(signed_off_by IS NULL) = (signed_off_at IS NULL)", name=op.f("ck_security_review_moment")),
        sa.CheckConstraint(
            "signed_off_by IS NULL OR sent_by IS NULL OR signed_off_by <> sent_by",
            name=op.f("ck_security_review_another_signs_off"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_security_review_agency_id")),
        sa.ForeignKeyConstraint(["attested_by"], ["person.id"], name=op.f("fk_security_review_attested_by")),
        sa.ForeignKeyConstraint(["campaign_id"], ["review_campaign.id"], name=op.f("fk_security_review_campaign_id")),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["review_checklist.id"], name=op.f("fk_security_review_checklist_id")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_security_review_document_id")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_security_review_evidence_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_security_review_opened_by")),
        sa.ForeignKeyConstraint(["previous_id"], ["security_review.id"], name=op.f("fk_security_review_previous_id")),
        sa.ForeignKeyConstraint(["sent_by"], ["person.id"], name=op.f("fk_security_review_sent_by")),
        sa.ForeignKeyConstraint(["signed_off_by"], ["person.id"], name=op.f("fk_security_review_signed_off_by")),
        sa.ForeignKeyConstraint(["visited_by"], ["person.id"], name=op.f("fk_security_review_visited_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_review")),
    )
    with op.batch_alter_table("security_review", recreate="never") as batch_op:
        batch_op.create_index("ix_security_review_agency", ["agency_id", "opened_at"], unique=False)
        batch_op.create_index("ix_security_review_board", ["status", "due", "id"], unique=False)
        batch_op.create_index("ix_security_review_campaign", ["campaign_id", "status"], unique=False)
        batch_op.create_index("ix_security_review_document", ["document_id"], unique=False)
        batch_op.create_index(
            "uq_security_review_open",
            ["agency_id"],
            unique=True,
            sqlite_where=sa.text("status NOT IN ('signed_off', 'called_off')"),
            postgresql_where=sa.text("status NOT IN ('signed_off', 'called_off')"),
        )

    op.create_table(
        "board_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("about_key", sa.String(length=200), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("due_again", sa.Date(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("filed_at", sa.String(length=300), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.Column("set_aside_by", sa.Integer(), nullable=True),
        sa.Column("set_aside_at", sa.DateTime(), nullable=True),
        sa.Column("set_aside_why", sa.String(length=1000), nullable=False),
        sa.CheckConstraint(
            "(set_aside_at IS NULL) = (set_aside_by IS NULL) AND (set_aside_at IS NULL) = (set_aside_why = '')",
            name=op.f("ck_board_record_set_aside"),
        ),
        sa.CheckConstraint("file_id IS NOT NULL OR filed_at <> ''", name=op.f("ck_board_record_somewhere")),
        sa.CheckConstraint("due_again IS NULL OR due_again >= held_on", name=op.f("ck_board_record_days")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_board_record_file_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_board_record_recorded_by")),
        sa.ForeignKeyConstraint(["set_aside_by"], ["person.id"], name=op.f("fk_board_record_set_aside_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_record")),
    )
    with op.batch_alter_table("board_record", schema=None) as batch_op:
        batch_op.create_index("ix_board_record_kind", ["kind", "about_key", "held_on"], unique=False)

    op.create_table(
        "corrective_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=True),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("wrong", sa.String(length=2000), nullable=False),
        sa.Column("doing", sa.String(length=2000), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("completed_by", sa.Integer(), nullable=True),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.Column("statement", sa.String(length=2000), nullable=False),
        sa.Column("verified_by", sa.Integer(), nullable=True),
        sa.Column("verified_at", sa.DateTime(), nullable=True),
        sa.Column("verified_how", sa.String(length=1000), nullable=False),
        sa.Column("justification", sa.String(length=2000), nullable=False),
        sa.Column("mitigation", sa.String(length=2000), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=True),
        sa.Column("accepted_by", sa.Integer(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(), nullable=True),
        sa.Column("accepted_reason", sa.String(length=1000), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "(source = 'incident') = (incident_id IS NOT NULL)", name=op.f("ck_corrective_action_of_an_incident")
        ),
        sa.CheckConstraint(
            "(source = 'review') = (review_id IS NOT NULL)", name=op.f("ck_corrective_action_of_a_review")
        ),
        sa.CheckConstraint(
            "(status = 'accepted') = (accepted_by IS NOT NULL)", name=op.f("ck_corrective_action_accepted")
        ),
        sa.CheckConstraint(
            "(status = 'verified') = (verified_by IS NOT NULL)", name=op.f("ck_corrective_action_verified")
        ),
        sa.CheckConstraint("source IN ('review', 'incident', 'plan')", name=op.f("ck_corrective_action_source")),
        sa.CheckConstraint(
            "status IN ('open', 'planned', 'completed', 'verified', 'asked', 'accepted', 'withdrawn')",
            name=op.f("ck_corrective_action_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('asked', 'accepted') OR asked_by IS NOT NULL", name=op.f("ck_corrective_action_asked")
        ),
        sa.CheckConstraint(
            "status NOT IN ('completed', 'verified') OR completed_by IS NOT NULL",
            name=op.f("ck_corrective_action_completed"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('planned', 'completed', 'verified') OR owner_id IS NOT NULL",
            name=op.f("ck_corrective_action_owned"),
        ),
        sa.CheckConstraint(
            "(completed_by IS NULL) = (completed_at IS NULL)", name=op.f("ck_corrective_action_completed_moment")
        ),
        sa.CheckConstraint(
            "(verified_by IS NULL) = (verified_at IS NULL)", name=op.f("ck_corrective_action_verified_moment")
        ),
        sa.CheckConstraint(
            "accepted_by IS NULL OR accepted_by <> asked_by", name=op.f("ck_corrective_action_another_accepts")
        ),
        sa.CheckConstraint(
            "accepted_by IS NULL OR owner_id IS NULL OR accepted_by <> owner_id",
            name=op.f("ck_corrective_action_owner_does_not_accept"),
        ),
        sa.CheckConstraint("accepted_by IS NULL OR until IS NOT NULL", name=op.f("ck_corrective_action_until")),
        sa.CheckConstraint(
            "verified_by IS NULL OR owner_id IS NULL OR verified_by <> owner_id",
            name=op.f("ck_corrective_action_not_its_owner"),
        ),
        sa.CheckConstraint(
            "verified_by IS NULL OR verified_by <> completed_by", name=op.f("ck_corrective_action_another_verifies")
        ),
        sa.ForeignKeyConstraint(["accepted_by"], ["person.id"], name=op.f("fk_corrective_action_accepted_by")),
        sa.ForeignKeyConstraint(
            ["agency_id", "owner_id"],
            ["membership.agency_id", "membership.person_id"],
            name=op.f("fk_corrective_action_agency_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_corrective_action_agency_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_corrective_action_asked_by")),
        sa.ForeignKeyConstraint(["completed_by"], ["person.id"], name=op.f("fk_corrective_action_completed_by")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_corrective_action_incident_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_corrective_action_opened_by")),
        sa.ForeignKeyConstraint(["review_id"], ["security_review.id"], name=op.f("fk_corrective_action_review_id")),
        sa.ForeignKeyConstraint(["verified_by"], ["person.id"], name=op.f("fk_corrective_action_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrective_action")),
    )
    with op.batch_alter_table("corrective_action", schema=None) as batch_op:
        batch_op.create_index("ix_corrective_action_agency", ["agency_id", "status", "due"], unique=False)
        batch_op.create_index("ix_corrective_action_incident", ["incident_id"], unique=False)
        batch_op.create_index("ix_corrective_action_owner", ["owner_id", "status"], unique=False)
        batch_op.create_index("ix_corrective_action_status", ["status", "due", "id"], unique=False)
        batch_op.create_index(
            "uq_corrective_action_finding",
            ["review_id", "item"],
            unique=True,
            sqlite_where=sa.text("source = 'review' AND status <> 'withdrawn'"),
            postgresql_where=sa.text("source = 'review' AND status <> 'withdrawn'"),
        )

    op.create_table(
        "incident_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_incident_file_added_by")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_incident_file_file_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_file_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_file")),
        sa.UniqueConstraint("incident_id", "file_id", name=op.f("uq_incident_file_incident_id_file_id")),
    )
    op.create_table(
        "plan_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("changes", sa.String(length=2000), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("from_before", sa.Boolean(), nullable=False),
        sa.Column("drafted_by", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(), nullable=False),
        sa.Column("revised_by", sa.Integer(), nullable=True),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.Column("feedback_until", sa.Date(), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("voted_on", sa.Date(), nullable=True),
        sa.Column("votes_for", sa.Integer(), nullable=False),
        sa.Column("votes_against", sa.Integer(), nullable=False),
        sa.Column("votes_abstained", sa.Integer(), nullable=False),
        sa.Column("minutes_file_id", sa.Integer(), nullable=True),
        sa.Column("voted_note", sa.String(length=1000), nullable=False),
        sa.Column("voted_by", sa.Integer(), nullable=True),
        sa.Column("voted_at", sa.DateTime(), nullable=True),
        sa.Column("implement_by", sa.Date(), nullable=True),
        sa.Column("in_force_from", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("review_due", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "(status IN ('implementing', 'overtaken', 'in_force', 'superseded')) = (implement_by IS NOT NULL)",
            name=op.f("ck_plan_version_implement_by"),
        ),
        sa.CheckConstraint(
            "(status IN ('in_force', 'superseded')) = (in_force_from IS NOT NULL)",
            name=op.f("ck_plan_version_in_force_from"),
        ),
        sa.CheckConstraint(
            "(status IN ('sent_back', 'implementing', 'overtaken', 'in_force', 'superseded')) = (voted_on IS NOT NULL)",
            name=op.f("ck_plan_version_voted"),
        ),
        sa.CheckConstraint("body <> '' OR file_id IS NOT NULL", name=op.f("ck_plan_version_something_to_read")),
        sa.CheckConstraint(
            "status IN ('drafted', 'feedback', 'submitted', 'implementing', 'sent_back', 'overtaken', 'in_force', 'superseded', 'withdrawn')",
            name=op.f("ck_plan_version_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('implementing', 'overtaken', 'in_force', 'superseded') OR votes_for > votes_against",
            name=op.f("ck_plan_version_majority"),
        ),
        sa.CheckConstraint("(voted_on IS NULL) = (minutes_file_id IS NULL)", name=op.f("ck_plan_version_minutes")),
        sa.CheckConstraint("(voted_on IS NULL) = (voted_by IS NULL)", name=op.f("ck_plan_version_vote_recorded")),
        sa.CheckConstraint(
            "voted_by IS NULL OR revised_by IS NULL OR voted_by <> revised_by",
            name=op.f("ck_plan_version_nor_who_revised_it"),
        ),
        sa.CheckConstraint(
            "voted_by IS NULL OR voted_by <> drafted_by", name=op.f("ck_plan_version_another_records_the_vote")
        ),
        sa.CheckConstraint(
            "votes_for >= 0 AND votes_against >= 0 AND votes_abstained >= 0", name=op.f("ck_plan_version_votes")
        ),
        sa.ForeignKeyConstraint(["drafted_by"], ["person.id"], name=op.f("fk_plan_version_drafted_by")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_plan_version_file_id")),
        sa.ForeignKeyConstraint(["minutes_file_id"], ["stored_file.id"], name=op.f("fk_plan_version_minutes_file_id")),
        sa.ForeignKeyConstraint(["revised_by"], ["person.id"], name=op.f("fk_plan_version_revised_by")),
        sa.ForeignKeyConstraint(["voted_by"], ["person.id"], name=op.f("fk_plan_version_voted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint("id", "drafted_by", name=op.f("uq_plan_version_id_drafted_by")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_plan_version_kind_number")),
    )
    with op.batch_alter_table("plan_version", schema=None) as batch_op:
        batch_op.create_index("ix_plan_version_status", ["status", "id"], unique=False)
        batch_op.create_index(
            "uq_plan_version_implementing",
            ["kind"],
            unique=True,
            sqlite_where=sa.text("status = 'implementing'"),
            postgresql_where=sa.text("status = 'implementing'"),
        )
        batch_op.create_index(
            "uq_plan_version_in_force",
            ["kind"],
            unique=True,
            sqlite_where=sa.text("status = 'in_force'"),
            postgresql_where=sa.text("status = 'in_force'"),
        )
        batch_op.create_index(
            "uq_plan_version_on_the_way",
            ["kind"],
            unique=True,
            sqlite_where=sa.text("status IN ('drafted', 'feedback', 'submitted')"),
            postgresql_where=sa.text("status IN ('drafted', 'feedback', 'submitted')"),
        )

    op.create_table(
        "review_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("fact", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("handed_to", sa.Integer(), nullable=True),
        sa.Column("handed_by", sa.Integer(), nullable=True),
        sa.Column("handed_at", sa.DateTime(), nullable=True),
        sa.Column("wanted", sa.String(length=1000), nullable=False),
        sa.Column("wanted_at", sa.DateTime(), nullable=True),
        sa.Column("observed", sa.String(length=3), nullable=False),
        sa.Column("observed_note", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("(answer = '') = (answered_by IS NULL)", name=op.f("ck_review_answer_answered")),
        sa.CheckConstraint(
            "answer IN ('', 'yes', 'partial', 'no', 'not_applicable')", name=op.f("ck_review_answer_answer")
        ),
        sa.CheckConstraint("observed IN ('', 'yes', 'no')", name=op.f("ck_review_answer_observed")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_review_answer_answered_by")),
        sa.ForeignKeyConstraint(["handed_by"], ["person.id"], name=op.f("fk_review_answer_handed_by")),
        sa.ForeignKeyConstraint(["handed_to"], ["person.id"], name=op.f("fk_review_answer_handed_to")),
        sa.ForeignKeyConstraint(["review_id"], ["security_review.id"], name=op.f("fk_review_answer_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_answer")),
        sa.UniqueConstraint("review_id", "item", name=op.f("uq_review_answer_review_id_item")),
    )
    with op.batch_alter_table("review_answer", schema=None) as batch_op:
        batch_op.create_index("ix_review_answer_handed", ["handed_to", "review_id"], unique=False)

    op.create_table(
        "review_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("written_by", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["security_review.id"], name=op.f("fk_review_comment_review_id")),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_review_comment_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_comment")),
    )
    with op.batch_alter_table("review_comment", schema=None) as batch_op:
        batch_op.create_index("ix_review_comment_item", ["review_id", "item", "id"], unique=False)

    op.create_table(
        "review_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("taken_over_id", sa.Integer(), nullable=True),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("expires_on IS NULL OR expires_on >= effective_on", name=op.f("ck_review_file_days")),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_review_file_added_by")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_review_file_agency_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_review_file_file_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["review_file.id"], name=op.f("fk_review_file_replaces_id")),
        sa.ForeignKeyConstraint(["review_id"], ["security_review.id"], name=op.f("fk_review_file_review_id")),
        sa.ForeignKeyConstraint(["taken_over_id"], ["review_file.id"], name=op.f("fk_review_file_taken_over_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_file")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_review_file_replaces_id")),
    )
    with op.batch_alter_table("review_file", schema=None) as batch_op:
        batch_op.create_index("ix_review_file_item", ["review_id", "item", "id"], unique=False)

    op.create_table(
        "sanction_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sanction_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=6), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("delivered_how", sa.String(length=200), nullable=False),
        sa.Column("delivered_recorded_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("channel <> 'mail' OR email <> ''", name=op.f("ck_sanction_notice_mailed_to")),
        sa.CheckConstraint("channel IN ('mail', 'paper')", name=op.f("ck_sanction_notice_channel")),
        sa.CheckConstraint(
            "role IN ('person', 'executive_director', 'agency_admin', 'auditor', 'board')",
            name=op.f("ck_sanction_notice_role"),
        ),
        sa.CheckConstraint("what IN ('decision', 'outcome', 'lifted')", name=op.f("ck_sanction_notice_what")),
        sa.CheckConstraint(
            "(delivered_on IS NULL) = (delivered_recorded_by IS NULL)", name=op.f("ck_sanction_notice_delivered")
        ),
        sa.ForeignKeyConstraint(
            ["delivered_recorded_by"], ["person.id"], name=op.f("fk_sanction_notice_delivered_recorded_by")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_sanction_notice_file_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sanction_notice_person_id")),
        sa.ForeignKeyConstraint(["sanction_id"], ["sanction.id"], name=op.f("fk_sanction_notice_sanction_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_notice")),
    )
    op.create_table(
        "corrective_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("stored_file_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["corrective_action.id"], name=op.f("fk_corrective_file_action_id")),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_corrective_file_added_by")),
        sa.ForeignKeyConstraint(["stored_file_id"], ["stored_file.id"], name=op.f("fk_corrective_file_stored_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrective_file")),
        sa.UniqueConstraint("action_id", "stored_file_id", name=op.f("uq_corrective_file_action_id_stored_file_id")),
    )
    op.create_table(
        "corrective_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name=op.f("ck_corrective_step_done")),
        sa.ForeignKeyConstraint(["action_id"], ["corrective_action.id"], name=op.f("fk_corrective_step_action_id")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_corrective_step_done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrective_step")),
    )
    with op.batch_alter_table("corrective_step", schema=None) as batch_op:
        batch_op.create_index("ix_corrective_step_action", ["action_id"], unique=False)

    op.create_table(
        "plan_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("said_by", sa.Integer(), nullable=False),
        sa.Column("said_as", sa.String(length=40), nullable=False),
        sa.Column("said_at", sa.DateTime(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("comment", sa.String(length=4000), nullable=False),
        sa.Column("answer", sa.String(length=4000), nullable=False),
        sa.Column("taken_up", sa.String(length=10), nullable=False),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by IS NULL) AND (answered_at IS NULL) = (answer = '') AND (answered_at IS NULL) = (taken_up = '')",
            name=op.f("ck_plan_comment_answered"),
        ),
        sa.CheckConstraint("taken_up IN ('', 'yes', 'partly', 'no')", name=op.f("ck_plan_comment_taken_up")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_plan_comment_agency_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_plan_comment_answered_by")),
        sa.ForeignKeyConstraint(["said_by"], ["person.id"], name=op.f("fk_plan_comment_said_by")),
        sa.ForeignKeyConstraint(["version_id"], ["plan_version.id"], name=op.f("fk_plan_comment_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_comment")),
    )
    with op.batch_alter_table("plan_comment", schema=None) as batch_op:
        batch_op.create_index("ix_plan_comment_version", ["version_id", "id"], unique=False)

    op.create_table(
        "plan_resubmission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("met_by", sa.Integer(), nullable=True),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(met_by IS NULL) = (met_on IS NULL)", name=op.f("ck_plan_resubmission_met")),
        sa.ForeignKeyConstraint(["change_id"], ["hmis_change.id"], name=op.f("fk_plan_resubmission_change_id")),
        sa.ForeignKeyConstraint(["met_by"], ["plan_version.id"], name=op.f("fk_plan_resubmission_met_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_resubmission")),
        sa.UniqueConstraint("change_id", "kind", name=op.f("uq_plan_resubmission_change_id_kind")),
    )
    with op.batch_alter_table("plan_resubmission", schema=None) as batch_op:
        batch_op.create_index("ix_plan_resubmission_open", ["kind", "met_by"], unique=False)

    op.create_table(
        "plan_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("drafted_by", sa.Integer(), nullable=False),
        sa.Column("reviewed_by", sa.Integer(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("reviewed_by <> drafted_by", name=op.f("ck_plan_review_another_reviews")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["person.id"], name=op.f("fk_plan_review_reviewed_by")),
        sa.ForeignKeyConstraint(
            ["version_id", "drafted_by"],
            ["plan_version.id", "plan_version.drafted_by"],
            name=op.f("fk_plan_review_version_id_drafted_by"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_review")),
    )
    with op.batch_alter_table("plan_review", schema=None) as batch_op:
        batch_op.create_index("ix_plan_review_version", ["version_id", "id"], unique=False)

    op.create_table(
        "plan_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.CheckConstraint("(done_on IS NULL) = (done_by IS NULL)", name=op.f("ck_plan_task_done")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_plan_task_done_by")),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_plan_task_entered_by")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_plan_task_owner_id")),
        sa.ForeignKeyConstraint(["version_id"], ["plan_version.id"], name=op.f("fk_plan_task_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_task")),
    )
    with op.batch_alter_table("plan_task", schema=None) as batch_op:
        batch_op.create_index("ix_plan_task_owner", ["owner_id", "done_on"], unique=False)
        batch_op.create_index("ix_plan_task_version", ["version_id", "id"], unique=False)

    op.create_table(
        "review_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("saved_by", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["review_answer.id"], name=op.f("fk_review_revision_answer_id")),
        sa.ForeignKeyConstraint(["saved_by"], ["person.id"], name=op.f("fk_review_revision_saved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_revision")),
        sa.UniqueConstraint("answer_id", "revision", name=op.f("uq_review_revision_answer_id_revision")),
    )
    with op.batch_alter_table("review_revision", schema=None) as batch_op:
        batch_op.create_index("ix_review_revision_by", ["saved_by", "answer_id"], unique=False)

    op.create_index(
        "uq_containment_person",
        "containment",
        ["incident_id", "person_id", sa.literal_column("coalesce(membership_id, 0)")],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_sanction_notice",
        "sanction_notice",
        ["sanction_id", "what", "role", sa.literal_column("coalesce(person_id, 0)")],
        unique=True,
    )
    connection = op.get_bind()
    for statement in CREATE_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    for statement in DROP_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    op.drop_index("uq_sanction_notice", table_name="sanction_notice")
    op.drop_index(
        "uq_containment_person",
        table_name="containment",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    with op.batch_alter_table("review_revision", schema=None) as batch_op:
        batch_op.drop_index("ix_review_revision_by")

    op.drop_table("review_revision")
    with op.batch_alter_table("plan_task", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_task_version")
        batch_op.drop_index("ix_plan_task_owner")

    op.drop_table("plan_task")
    with op.batch_alter_table("plan_review", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_review_version")

    op.drop_table("plan_review")
    with op.batch_alter_table("plan_resubmission", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_resubmission_open")

    op.drop_table("plan_resubmission")
    with op.batch_alter_table("plan_comment", schema=None) as batch_op:
        batch_op.drop_index("ix_plan_comment_version")

    op.drop_table("plan_comment")
    with op.batch_alter_table("corrective_step", schema=None) as batch_op:
        batch_op.drop_index("ix_corrective_step_action")

    op.drop_table("corrective_step")
    op.drop_table("corrective_file")
    op.drop_table("sanction_notice")
    with op.batch_alter_table("review_file", schema=None) as batch_op:
        batch_op.drop_index("ix_review_file_item")

    op.drop_table("review_file")
    with op.batch_alter_table("review_comment", schema=None) as batch_op:
        batch_op.drop_index("ix_review_comment_item")

    op.drop_table("review_comment")
    with op.batch_alter_table("review_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_review_answer_handed")

    op.drop_table("review_answer")
    with op.batch_alter_table("plan_version", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_plan_version_on_the_way",
            sqlite_where=sa.text("status IN ('drafted', 'feedback', 'submitted')"),
            postgresql_where=sa.text("status IN ('drafted', 'feedback', 'submitted')"),
        )
        batch_op.drop_index(
            "uq_plan_version_in_force",
            sqlite_where=sa.text("status = 'in_force'"),
            postgresql_where=sa.text("status = 'in_force'"),
        )
        batch_op.drop_index(
            "uq_plan_version_implementing",
            sqlite_where=sa.text("status = 'implementing'"),
            postgresql_where=sa.text("status = 'implementing'"),
        )
        batch_op.drop_index("ix_plan_version_status")

    op.drop_table("plan_version")
    op.drop_table("incident_file")
    with op.batch_alter_table("corrective_action", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_corrective_action_finding",
            sqlite_where=sa.text("source = 'review' AND status <> 'withdrawn'"),
            postgresql_where=sa.text("source = 'review' AND status <> 'withdrawn'"),
        )
        batch_op.drop_index("ix_corrective_action_status")
        batch_op.drop_index("ix_corrective_action_owner")
        batch_op.drop_index("ix_corrective_action_incident")
        batch_op.drop_index("ix_corrective_action_agency")

    op.drop_table("corrective_action")
    with op.batch_alter_table("board_record", schema=None) as batch_op:
        batch_op.drop_index("ix_board_record_kind")

    op.drop_table("board_record")
    with op.batch_alter_table("security_review", recreate="never") as batch_op:
        batch_op.drop_index(
            "uq_security_review_open",
            sqlite_where=sa.text("status NOT IN ('signed_off', 'called_off')"),
            postgresql_where=sa.text("status NOT IN ('signed_off', 'called_off')"),
        )
        batch_op.drop_index("ix_security_review_document")
        batch_op.drop_index("ix_security_review_campaign")
        batch_op.drop_index("ix_security_review_board")
        batch_op.drop_index("ix_security_review_agency")

    op.drop_table("security_review")
    with op.batch_alter_table("sanction", recreate="never") as batch_op:
        batch_op.drop_index("ix_sanction_status")
        batch_op.drop_index("ix_sanction_replaces")
        batch_op.drop_index("ix_sanction_person")
        batch_op.drop_index("ix_sanction_membership")
        batch_op.drop_index(batch_op.f("ix_sanction_incident_id"))
        batch_op.drop_index("ix_sanction_agency")

    op.drop_table("sanction")
    with op.batch_alter_table("incident_step", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_incident_step_due", sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL")
        )

    op.drop_table("incident_step")
    with op.batch_alter_table("incident_person", schema=None) as batch_op:
        batch_op.drop_index("ix_incident_person_person")

    op.drop_table("incident_person")
    with op.batch_alter_table("incident_entry", recreate="never") as batch_op:
        batch_op.drop_index("ix_incident_entry_incident")

    op.drop_table("incident_entry")
    with op.batch_alter_table("containment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_containment_device",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_containment_incident")

    op.drop_table("containment")
    op.drop_table("review_campaign")
    with op.batch_alter_table("incident", recreate="never") as batch_op:
        batch_op.drop_index("ix_incident_status")
        batch_op.drop_index("ix_incident_reporter")
        batch_op.drop_index("ix_incident_agency")

    op.drop_table("incident")
    op.drop_table("hmis_change")
    with op.batch_alter_table("data_release", schema=None) as batch_op:
        batch_op.drop_index("ix_data_release_status")
        batch_op.drop_index("ix_data_release_asked_on")

    op.drop_table("data_release")
    op.drop_table("review_checklist")
    op.drop_table("duty_told")
