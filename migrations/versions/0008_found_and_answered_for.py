"""Found, and answered for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CREATE_TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER sender_proof_is_as_said BEFORE UPDATE ON sender_proof WHEN NEW.entry_id <> "
            "OLD.entry_id OR NEW.ticket_id <> OLD.ticket_id OR NEW.proof <> OLD.proof OR NEW.said <> "
            "OLD.said OR (OLD.vouched_at IS NOT NULL AND (NEW.vouched_at IS NULL OR NEW.vouched_at <> "
            "OLD.vouched_at OR NEW.vouched_by <> OLD.vouched_by OR NEW.how <> OLD.how)) BEGIN SELECT "
            "RAISE(ABORT, 'what the mail server said about a sender stays as it said it'); END"
        ),
        (
            "CREATE TRIGGER sender_proof_is_kept BEFORE DELETE ON sender_proof BEGIN SELECT "
            "RAISE(ABORT, 'what the mail server said about a sender stays as it said it'); END"
        ),
        (
            "CREATE TRIGGER program_change_is_never_changed_update BEFORE UPDATE ON program_change "
            "BEGIN SELECT RAISE(ABORT, 'a change of a program is kept as it was announced'); END"
        ),
        (
            "CREATE TRIGGER program_change_is_never_changed_delete BEFORE DELETE ON program_change "
            "BEGIN SELECT RAISE(ABORT, 'a change of a program is kept as it was announced'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION sender_proof_is_as_said() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'what the mail server said about a sender stays as it said it'; END $$"
        ),
        (
            "CREATE TRIGGER sender_proof_is_as_said BEFORE UPDATE ON sender_proof FOR EACH ROW WHEN "
            "(NEW.entry_id <> OLD.entry_id OR NEW.ticket_id <> OLD.ticket_id OR NEW.proof <> OLD.proof "
            "OR NEW.said <> OLD.said OR (OLD.vouched_at IS NOT NULL AND (NEW.vouched_at IS NULL OR "
            "NEW.vouched_at <> OLD.vouched_at OR NEW.vouched_by <> OLD.vouched_by OR NEW.how <> "
            "OLD.how))) EXECUTE FUNCTION sender_proof_is_as_said()"
        ),
        (
            "CREATE FUNCTION sender_proof_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'what the mail server said about a sender stays as it said it'; END $$"
        ),
        (
            "CREATE TRIGGER sender_proof_is_kept BEFORE DELETE ON sender_proof FOR EACH ROW EXECUTE "
            "FUNCTION sender_proof_is_kept()"
        ),
        (
            "CREATE FUNCTION program_change_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'a change of a program is kept as it was announced'; END $$"
        ),
        (
            "CREATE TRIGGER program_change_is_never_changed BEFORE UPDATE OR DELETE ON program_change "
            "FOR EACH ROW EXECUTE FUNCTION program_change_is_never_changed()"
        ),
    ],
}
DROP_TRIGGERS = {
    "sqlite": [
        "DROP TRIGGER sender_proof_is_as_said",
        "DROP TRIGGER sender_proof_is_kept",
        "DROP TRIGGER program_change_is_never_changed_update",
        "DROP TRIGGER program_change_is_never_changed_delete",
    ],
    "postgresql": [
        "DROP TRIGGER sender_proof_is_as_said ON sender_proof",
        "DROP FUNCTION sender_proof_is_as_said()",
        "DROP TRIGGER sender_proof_is_kept ON sender_proof",
        "DROP FUNCTION sender_proof_is_kept()",
        "DROP TRIGGER program_change_is_never_changed ON program_change",
        "DROP FUNCTION program_change_is_never_changed()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "program_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("program", sa.String(length=200), nullable=False),
        sa.Column("becomes", sa.String(length=300), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("wanted_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("program <> ''", name=op.f("ck_program_change_program")),
        sa.CheckConstraint("notice_days >= 0 AND wanted_days >= 0", name=op.f("ck_program_change_days")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_program_change_project_id")),
        sa.ForeignKeyConstraint(["request_id"], ["service_request.id"], name=op.f("fk_program_change_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program_change")),
        sa.UniqueConstraint("request_id", name=op.f("uq_program_change_request_id")),
    )
    with op.batch_alter_table("program_change", recreate="never") as batch_op:
        batch_op.create_index("ix_program_change_project", ["project_id"], unique=False)

    op.create_table(
        "program_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name=op.f("ck_program_task_done")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_program_task_done_by")),
        sa.ForeignKeyConstraint(["request_id"], ["service_request.id"], name=op.f("fk_program_task_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program_task")),
        sa.UniqueConstraint("request_id", "number", name=op.f("uq_program_task_request_id_number")),
    )
    op.create_table(
        "sender_proof",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("proof", sa.String(length=8), nullable=False),
        sa.Column("said", sa.String(length=200), nullable=False),
        sa.Column("vouched_at", sa.DateTime(), nullable=True),
        sa.Column("vouched_by", sa.Integer(), nullable=True),
        sa.Column("how", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(vouched_at IS NULL) = (vouched_by IS NULL) AND (vouched_at IS NULL) = (how = '')",
            name=op.f("ck_sender_proof_vouched"),
        ),
        sa.CheckConstraint("proof IN ('proven', 'failed', 'unsaid')", name=op.f("ck_sender_proof_proof")),
        sa.CheckConstraint("vouched_at IS NULL OR proof <> 'proven'", name=op.f("ck_sender_proof_vouched_for_what")),
        sa.ForeignKeyConstraint(["entry_id"], ["ticket_entry.id"], name=op.f("fk_sender_proof_entry_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_sender_proof_ticket_id")),
        sa.ForeignKeyConstraint(["vouched_by"], ["person.id"], name=op.f("fk_sender_proof_vouched_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_proof")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_sender_proof_entry_id")),
    )
    with op.batch_alter_table("sender_proof", recreate="never") as batch_op:
        batch_op.create_index(
            "ix_sender_proof_open",
            ["ticket_id"],
            unique=False,
            sqlite_where=sa.text("proof IN ('failed', 'unsaid') AND vouched_at IS NULL"),
            postgresql_where=sa.text("proof IN ('failed', 'unsaid') AND vouched_at IS NULL"),
        )

    with op.batch_alter_table("mail_arrival", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("proof", sa.String(length=8), server_default="", nullable=False))

    with op.batch_alter_table("service_request", recreate="never") as batch_op:
        batch_op.create_index("ix_service_request_ticket", ["ticket_id", "id"], unique=False)
    connection = op.get_bind()
    for statement in CREATE_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    for statement in DROP_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    with op.batch_alter_table("service_request", recreate="never") as batch_op:
        batch_op.drop_index("ix_service_request_ticket")

    with op.batch_alter_table("mail_arrival", recreate="never") as batch_op:
        batch_op.drop_column("proof")

    with op.batch_alter_table("sender_proof", recreate="never") as batch_op:
        batch_op.drop_index(
            "ix_sender_proof_open",
            sqlite_where=sa.text("proof IN ('failed', 'unsaid') AND vouched_at IS NULL"),
            postgresql_where=sa.text("proof IN ('failed', 'unsaid') AND vouched_at IS NULL"),
        )

    op.drop_table("sender_proof")
    op.drop_table("program_task")
    with op.batch_alter_table("program_change", recreate="never") as batch_op:
        batch_op.drop_index("ix_program_change_project")

    op.drop_table("program_change")
