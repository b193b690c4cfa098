"""It holds."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lapse_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("weighed_at", sa.DateTime(), nullable=True),
        sa.Column("warned_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("made >= 0 AND made <= allowed", name=op.f("ck_lapse_day_made")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_lapse_day")),
    )
    op.create_table(
        "column_map",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("headers_sha256", sa.String(length=64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("saved_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["saved_by"], ["person.id"], name=op.f("fk_column_map_saved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_map")),
        sa.UniqueConstraint("kind", "headers_sha256", name=op.f("uq_column_map_kind_headers_sha256")),
    )
    op.create_table(
        "day_one_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("takes_over", sa.Date(), nullable=False),
        sa.Column("agreement_version", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.Column("imported_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('roster', 'people')", name=op.f("ck_day_one_import_kind")),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"], name=op.f("fk_day_one_import_imported_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_one_import")),
    )
    op.create_table(
        "lapse",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("prerequisite", sa.String(length=40), nullable=False),
        sa.Column("on_lapse", sa.String(length=10), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("found_at", sa.DateTime(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=True),
        sa.Column("told_at", sa.DateTime(), nullable=True),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("about IN ('agency', 'membership')", name=op.f("ck_lapse_about")),
        sa.CheckConstraint("(told IS NULL) = (told_at IS NULL)", name=op.f("ck_lapse_told_at")),
        sa.CheckConstraint("told >= 0", name=op.f("ck_lapse_told")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_lapse_agency_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lapse_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lapse")),
    )
    with op.batch_alter_table("lapse", schema=None) as batch_op:
        batch_op.create_index("ix_lapse_agency", ["agency_id", "due"], unique=False)
        batch_op.create_index("ix_lapse_due", ["due"], unique=False)
        batch_op.create_index(batch_op.f("ix_lapse_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_lapse_open",
            ["about", "subject_id", "prerequisite"],
            unique=True,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "other_address",
        sa.Column("email_key", sa.String(length=320), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("said_at", sa.DateTime(), nullable=False),
        sa.Column("said_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_other_address_person_id")),
        sa.ForeignKeyConstraint(["said_by"], ["person.id"], name=op.f("fk_other_address_said_by")),
        sa.PrimaryKeyConstraint("email_key", name=op.f("pk_other_address")),
    )
    with op.batch_alter_table("other_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_other_address_person_id"), ["person_id"], unique=False)

    op.create_table(
        "pack_activation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("foreseen", sa.JSON(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.Column("proposed_by", sa.String(length=120), nullable=False),
        sa.Column("proposed_name", sa.String(length=200), nullable=False),
        sa.Column("activated_at", sa.DateTime(), nullable=True),
        sa.Column("activated_by", sa.String(length=120), nullable=True),
        sa.Column("activated_name", sa.String(length=200), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_name", sa.String(length=200), nullable=False),
        sa.Column("ended_reason", sa.String(length=1000), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "(status IN ('in_force', 'superseded')) = (activated_by IS NOT NULL)",
            name=op.f("ck_pack_activation_activated"),
        ),
        sa.CheckConstraint(
            "activated_by IS NULL OR activated_by <> proposed_by OR activated_by = 'portal'",
            name=op.f("ck_pack_activation_two"),
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'in_force', 'superseded', 'withdrawn')", name=op.f("ck_pack_activation_status")
        ),
        sa.CheckConstraint("(activated_by IS NULL) = (activated_at IS NULL)", name=op.f("ck_pack_activation_moment")),
        sa.ForeignKeyConstraint(["version"], ["policy_pack.version"], name=op.f("fk_pack_activation_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack_activation")),
    )
    with op.batch_alter_table("pack_activation", schema=None) as batch_op:
        batch_op.create_index("ix_pack_activation_version", ["version"], unique=False)
        batch_op.create_index(
            "uq_pack_activation_in_force",
            ["status"],
            unique=True,
            sqlite_where=sa.text("status = 'in_force'"),
            postgresql_where=sa.text("status = 'in_force'"),
        )
        batch_op.create_index(
            "uq_pack_activation_proposed",
            ["status"],
            unique=True,
            sqlite_where=sa.text("status = 'proposed'"),
            postgresql_where=sa.text("status = 'proposed'"),
        )

    op.create_table(
        "sweep_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pulled_at", sa.DateTime(), nullable=False),
        sa.Column("would_close", sa.Integer(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("by_prerequisite", sa.JSON(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_reason", sa.String(length=1000), nullable=False),
        sa.Column("released_until", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("(status = 'pulled') = (ended_at IS NULL)", name=op.f("ck_sweep_stop_ended")),
        sa.CheckConstraint("(status = 'released') = (released_until IS NOT NULL)", name=op.f("ck_sweep_stop_released")),
        sa.CheckConstraint("status IN ('pulled', 'released', 'dropped')", name=op.f("ck_sweep_stop_status")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_sweep_stop_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_stop")),
    )
    with op.batch_alter_table("sweep_stop", schema=None) as batch_op:
        batch_op.create_index(
            "uq_sweep_stop_pulled",
            ["status"],
            unique=True,
            sqlite_where=sa.text("status = 'pulled'"),
            postgresql_where=sa.text("status = 'pulled'"),
        )

    op.create_table(
        "ended_evidence",
        sa.Column("evidence_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_ended_evidence_evidence_id")),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_ended_evidence")),
    )
    op.create_table(
        "roster_entry",
        sa.Column("user_id", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email_key", sa.String(length=320), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=True),
        sa.Column("provider", sa.String(length=300), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["day_one_import.id"], name=op.f("fk_roster_entry_import_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_roster_entry")),
    )
    with op.batch_alter_table("roster_entry", schema=None) as batch_op:
        batch_op.create_index("ix_roster_entry_email", ["email_key"], unique=False)

    op.create_table(
        "stopped_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stop_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("lacks", sa.String(length=2000), nullable=False),
        sa.Column("found_at", sa.DateTime(), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_stopped_case_membership_id")),
        sa.ForeignKeyConstraint(["stop_id"], ["sweep_stop.id"], name=op.f("fk_stopped_case_stop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stopped_case")),
    )
    with op.batch_alter_table("stopped_case", schema=None) as batch_op:
        batch_op.create_index("ix_stopped_case_membership", ["membership_id"], unique=False)
        batch_op.create_index(
            "uq_stopped_case_open",
            ["stop_id", "membership_id"],
            unique=True,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "bulk_scan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(), nullable=False),
        sa.Column("arrived_by", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "status IN ('arrived', 'waiting', 'placed', 'refused', 'left_out')", name=op.f("ck_bulk_scan_status")
        ),
        sa.ForeignKeyConstraint(["arrived_by"], ["person.id"], name=op.f("fk_bulk_scan_arrived_by")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_bulk_scan_document_id")),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_bulk_scan_membership_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_scan")),
    )
    with op.batch_alter_table("bulk_scan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulk_scan_document_id"), ["document_id"], unique=False)
        batch_op.create_index("ix_bulk_scan_sha256", ["sha256"], unique=False)
        batch_op.create_index("ix_bulk_scan_status", ["status", "id"], unique=False)

    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.create_index("ix_access_grant_membership", ["membership_id"], unique=False)
        batch_op.create_index("ix_access_grant_outcome", ["outcome", "status"], unique=False)
        batch_op.create_index("ix_access_grant_status", ["status", "membership_id"], unique=False)

    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.create_index("ix_access_request_membership", ["membership_id"], unique=False)
        batch_op.create_index("ix_access_request_waiting", ["status", "requested_at"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked_at", sa.DateTime(), nullable=True))

    with op.batch_alter_table("agency", schema=None) as batch_op:
        batch_op.create_index("ix_agency_entered", ["entered_at"], unique=False)
        batch_op.create_index("ix_agency_status", ["status", "entered_at"], unique=False)

    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_act", ["act", "id"], unique=False)
        batch_op.create_index("ix_audit_entry_actor", ["actor_id", "id"], unique=False)

    with op.batch_alter_table("background_check", schema=None) as batch_op:
        batch_op.create_index("ix_background_check_membership", ["membership_id"], unique=False)

    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index("ix_document_of_agency", ["agency_id", "kind", "status"], unique=False)
        batch_op.create_index("ix_document_person", ["person_id"], unique=False)
        batch_op.create_index("ix_document_waiting", ["status", "verified_at", "route", "kind"], unique=False)

    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(
            "ix_evidence_departure",
            ["subject_id"],
            unique=False,
            sqlite_where=sa.text("kind = 'departure'"),
            postgresql_where=sa.text("kind = 'departure'"),
        )
        batch_op.create_index(
            "ix_evidence_role",
            ["detail", "subject_id"],
            unique=False,
            sqlite_where=sa.text("kind = 'role'"),
            postgresql_where=sa.text("kind = 'role'"),
        )

    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index("ix_handover_person", ["person_id"], unique=False)

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "last_key",
                sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql"),
                sa.Computed("lower(last_name)", persisted=True),
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column(
                "first_key",
                sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql"),
                sa.Computed("lower(first_name)", persisted=True),
                nullable=False,
            )
        )
        batch_op.create_index("ix_person_first", ["first_key"], unique=False)
        batch_op.create_index(
            "ix_person_mail", ["email_key"], unique=False, postgresql_ops={"email_key": "varchar_pattern_ops"}
        )
        batch_op.create_index("ix_person_name", ["last_key", "first_key"], unique=False)

    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index("ix_seat_membership", ["membership_id"], unique=False)

    with op.batch_alter_table("training_result", schema=None) as batch_op:
        batch_op.create_index("ix_training_result_status", ["status", "entered_at"], unique=False)

    with op.batch_alter_table("work_order", schema=None) as batch_op:
        batch_op.create_index("ix_work_order_agency", ["agency_id", "status"], unique=False)
        batch_op.create_index("ix_work_order_opened", ["status", "opened_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("work_order", schema=None) as batch_op:
        batch_op.drop_index("ix_work_order_opened")
        batch_op.drop_index("ix_work_order_agency")

    with op.batch_alter_table("training_result", schema=None) as batch_op:
        batch_op.drop_index("ix_training_result_status")

    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index("ix_seat_membership")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index("ix_person_name")
        batch_op.drop_index("ix_person_mail", postgresql_ops={"email_key": "varchar_pattern_ops"})
        batch_op.drop_index("ix_person_first")
        batch_op.drop_column("first_key")
        batch_op.drop_column("last_key")

    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.drop_index("ix_handover_person")

    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_evidence_role", sqlite_where=sa.text("kind = 'role'"), postgresql_where=sa.text("kind = 'role'")
        )
        batch_op.drop_index(
            "ix_evidence_departure",
            sqlite_where=sa.text("kind = 'departure'"),
            postgresql_where=sa.text("kind = 'departure'"),
        )

    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index("ix_document_waiting")
        batch_op.drop_index("ix_document_person")
        batch_op.drop_index("ix_document_of_agency")

    with op.batch_alter_table("background_check", schema=None) as batch_op:
        batch_op.drop_index("ix_background_check_membership")

    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_actor")
        batch_op.drop_index("ix_audit_entry_act")

    with op.batch_alter_table("agency", schema=None) as batch_op:
        batch_op.drop_index("ix_agency_status")
        batch_op.drop_index("ix_agency_entered")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("asked_at")

    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.drop_index("ix_access_request_waiting")
        batch_op.drop_index("ix_access_request_membership")

    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.drop_index("ix_access_grant_status")
        batch_op.drop_index("ix_access_grant_outcome")
        batch_op.drop_index("ix_access_grant_membership")

    with op.batch_alter_table("bulk_scan", schema=None) as batch_op:
        batch_op.drop_index("ix_bulk_scan_status")
        batch_op.drop_index("ix_bulk_scan_sha256")
        batch_op.drop_index(batch_op.f("ix_bulk_scan_document_id"))

    op.drop_table("bulk_scan")
    with op.batch_alter_table("stopped_case", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_stopped_case_open",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        batch_op.drop_index("ix_stopped_case_membership")

    op.drop_table("stopped_case")
    with op.batch_alter_table("roster_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_roster_entry_email")

    op.drop_table("roster_entry")
    op.drop_table("ended_evidence")
    with op.batch_alter_table("sweep_stop", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_sweep_stop_pulled",
            sqlite_where=sa.text("status = 'pulled'"),
            postgresql_where=sa.text("status = 'pulled'"),
        )

    op.drop_table("sweep_stop")
    with op.batch_alter_table("pack_activation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_pack_activation_proposed",
            sqlite_where=sa.text("status = 'proposed'"),
            postgresql_where=sa.text("status = 'proposed'"),
        )
        batch_op.drop_index(
            "uq_pack_activation_in_force",
            sqlite_where=sa.text("status = 'in_force'"),
            postgresql_where=sa.text("status = 'in_force'"),
        )
        batch_op.drop_index("ix_pack_activation_version")

    op.drop_table("pack_activation")
    with op.batch_alter_table("other_address", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_other_address_person_id"))

    op.drop_table("other_address")
    with op.batch_alter_table("lapse", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lapse_open", sqlite_where=sa.text("settled_at IS NULL"), postgresql_where=sa.text("settled_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_lapse_person_id"))
        batch_op.drop_index("ix_lapse_due")
        batch_op.drop_index("ix_lapse_agency")

    op.drop_table("lapse")
    op.drop_table("day_one_import")
    op.drop_table("column_map")
    op.drop_table("lapse_day")
