"""The help desk."""

import sqlalchemy as sa
from alembic import op

from portal.migrate_queue import take_effects

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CREATE_TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER outage_no_delete BEFORE DELETE ON outage BEGIN SELECT RAISE(ABORT, 'what "
            "was said about an outage is kept as it was said'); END"
        ),
        (
            "CREATE TRIGGER outage_update_no_delete BEFORE DELETE ON outage_update BEGIN SELECT "
            "RAISE(ABORT, 'what was said about an outage is kept as it was said'); END"
        ),
        (
            "CREATE TRIGGER outage_update_no_update BEFORE UPDATE ON outage_update BEGIN SELECT "
            "RAISE(ABORT, 'what was said about an outage is kept as it was said'); END"
        ),
        (
            "CREATE TRIGGER outage_notice_no_delete BEFORE DELETE ON outage_notice BEGIN SELECT "
            "RAISE(ABORT, 'what was said about an outage is kept as it was said'); END"
        ),
        (
            "CREATE TRIGGER outage_notice_no_update BEFORE UPDATE ON outage_notice BEGIN SELECT "
            "RAISE(ABORT, 'what was said about an outage is kept as it was said'); END"
        ),
        (
            "CREATE TRIGGER ticket_is_kept BEFORE DELETE ON ticket BEGIN SELECT RAISE(ABORT, 'a ticket "
            "is never removed'); END"
        ),
        (
            "CREATE TRIGGER ticket_entry_is_kept BEFORE DELETE ON ticket_entry BEGIN SELECT "
            "RAISE(ABORT, 'what belongs to a ticket is never removed'); END"
        ),
        (
            "CREATE TRIGGER ticket_entry_is_as_written BEFORE UPDATE ON ticket_entry WHEN NEW.ticket_id "
            "<> OLD.ticket_id OR NEW.at <> OLD.at OR NEW.kind <> OLD.kind OR NEW.author_name <> "
            "OLD.author_name OR coalesce(NEW.author_id, 0) <> coalesce(OLD.author_id, 0) OR "
            "NEW.message_id <> OLD.message_id OR ((NEW.body <> OLD.body OR NEW.html <> OLD.html) AND "
            "NEW.redacted_at IS NULL) OR (OLD.redacted_at IS NOT NULL AND NEW.redacted_at IS NULL) "
            "BEGIN SELECT RAISE(ABORT, 'what was written in a ticket is only ever redacted'); END"
        ),
        (
            "CREATE TRIGGER mail_arrival_is_kept BEFORE DELETE ON mail_arrival BEGIN SELECT "
            "RAISE(ABORT, 'a message that arrived stays on record'); END"
        ),
        (
            "CREATE TRIGGER article_version_is_never_changed_update BEFORE UPDATE ON article_version "
            "BEGIN SELECT RAISE(ABORT, 'a version of an article is never changed'); END"
        ),
        (
            "CREATE TRIGGER article_version_is_never_changed_delete BEFORE DELETE ON article_version "
            "BEGIN SELECT RAISE(ABORT, 'a version of an article is never changed'); END"
        ),
        (
            "CREATE TRIGGER service_activity_is_never_changed_update BEFORE UPDATE ON service_activity "
            "BEGIN SELECT RAISE(ABORT, 'what was done for a service request is never changed'); END"
        ),
        (
            "CREATE TRIGGER service_activity_is_never_changed_delete BEFORE DELETE ON service_activity "
            "BEGIN SELECT RAISE(ABORT, 'what was done for a service request is never changed'); END"
        ),
        (
            "CREATE TRIGGER service_review_is_never_changed_update BEFORE UPDATE ON service_review "
            "BEGIN SELECT RAISE(ABORT, 'a review of the service requests is never changed'); END"
        ),
        (
            "CREATE TRIGGER service_review_is_never_changed_delete BEFORE DELETE ON service_review "
            "BEGIN SELECT RAISE(ABORT, 'a review of the service requests is never changed'); END"
        ),
        (
            "CREATE TRIGGER survey_follow_up_is_never_changed_update BEFORE UPDATE ON survey_follow_up "
            "BEGIN SELECT RAISE(ABORT, 'what was done about a survey is never changed'); END"
        ),
        (
            "CREATE TRIGGER survey_follow_up_is_never_changed_delete BEFORE DELETE ON survey_follow_up "
            "BEGIN SELECT RAISE(ABORT, 'what was done about a survey is never changed'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION outage_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'what was said about an outage is kept as it was said'; END $$"
        ),
        ("CREATE TRIGGER outage_no_delete BEFORE DELETE ON outage FOR EACH ROW EXECUTE FUNCTION outage_no_delete()"),
        (
            "CREATE FUNCTION outage_update_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'what was said about an outage is kept as it was said'; END $$"
        ),
        (
            "CREATE TRIGGER outage_update_no_delete BEFORE DELETE ON outage_update FOR EACH ROW EXECUTE "
            "FUNCTION outage_update_no_delete()"
        ),
        (
            "CREATE FUNCTION outage_update_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'what was said about an outage is kept as it was said'; END $$"
        ),
        (
            "CREATE TRIGGER outage_update_no_update BEFORE UPDATE ON outage_update FOR EACH ROW EXECUTE "
            "FUNCTION outage_update_no_update()"
        ),
        (
            "CREATE FUNCTION outage_notice_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'what was said about an outage is kept as it was said'; END $$"
        ),
        (
            "CREATE TRIGGER outage_notice_no_delete BEFORE DELETE ON outage_notice FOR EACH ROW EXECUTE "
            "FUNCTION outage_notice_no_delete()"
        ),
        (
            "CREATE FUNCTION outage_notice_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'what was said about an outage is kept as it was said'; END $$"
        ),
        (
            "CREATE TRIGGER outage_notice_no_update BEFORE UPDATE ON outage_notice FOR EACH ROW EXECUTE "
            "FUNCTION outage_notice_no_update()"
        ),
        (
            "CREATE FUNCTION ticket_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'a ticket is never removed'; END $$"
        ),
        ("CREATE TRIGGER ticket_is_kept BEFORE DELETE ON ticket FOR EACH ROW EXECUTE FUNCTION ticket_is_kept()"),
        (
            "CREATE FUNCTION ticket_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'what belongs to a ticket is never removed'; END $$"
        ),
        (
            "CREATE TRIGGER ticket_entry_is_kept BEFORE DELETE ON ticket_entry FOR EACH ROW EXECUTE "
            "FUNCTION ticket_entry_is_kept()"
        ),
        (
            "CREATE FUNCTION ticket_entry_is_as_written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'what was written in a ticket is only ever redacted'; END $$"
        ),
        (
            "CREATE TRIGGER ticket_entry_is_as_written BEFORE UPDATE ON ticket_entry FOR EACH ROW WHEN "
            "(NEW.ticket_id <> OLD.ticket_id OR NEW.at <> OLD.at OR NEW.kind <> OLD.kind OR "
            "NEW.author_name <> OLD.author_name OR coalesce(NEW.author_id, 0) <> "
            "coalesce(OLD.author_id, 0) OR NEW.message_id <> OLD.message_id OR ((NEW.body <> OLD.body "
            "OR NEW.html <> OLD.html) AND NEW.redacted_at IS NULL) OR (OLD.redacted_at IS NOT NULL AND "
            "NEW.redacted_at IS NULL)) EXECUTE FUNCTION ticket_entry_is_as_written()"
        ),
        (
            "CREATE FUNCTION mail_arrival_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'a message that arrived stays on record'; END $$"
        ),
        (
            "CREATE TRIGGER mail_arrival_is_kept BEFORE DELETE ON mail_arrival FOR EACH ROW EXECUTE "
            "FUNCTION mail_arrival_is_kept()"
        ),
        (
            "CREATE FUNCTION article_version_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'a version of an article is never changed'; END $$"
        ),
        (
            "CREATE TRIGGER article_version_is_never_changed BEFORE UPDATE OR DELETE ON article_version "
            "FOR EACH ROW EXECUTE FUNCTION article_version_is_never_changed()"
        ),
        (
            "CREATE FUNCTION service_activity_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'what was done for a service request is never changed'; END $$"
        ),
        (
            "CREATE TRIGGER service_activity_is_never_changed BEFORE UPDATE OR DELETE ON "
            "service_activity FOR EACH ROW EXECUTE FUNCTION service_activity_is_never_changed()"
        ),
        (
            "CREATE FUNCTION service_review_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'a review of the service requests is never changed'; END $$"
        ),
        (
            "CREATE TRIGGER service_review_is_never_changed BEFORE UPDATE OR DELETE ON service_review "
            "FOR EACH ROW EXECUTE FUNCTION service_review_is_never_changed()"
        ),
        (
            "CREATE FUNCTION survey_follow_up_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'what was done about a survey is never changed'; END $$"
        ),
        (
            "CREATE TRIGGER survey_follow_up_is_never_changed BEFORE UPDATE OR DELETE ON "
            "survey_follow_up FOR EACH ROW EXECUTE FUNCTION survey_follow_up_is_never_changed()"
        ),
    ],
}
DROP_TRIGGERS = {
    "sqlite": [
        "DROP TRIGGER outage_no_delete",
        "DROP TRIGGER outage_update_no_delete",
        "DROP TRIGGER outage_update_no_update",
        "DROP TRIGGER outage_notice_no_delete",
        "DROP TRIGGER outage_notice_no_update",
        "DROP TRIGGER ticket_is_kept",
        "DROP TRIGGER ticket_entry_is_kept",
        "DROP TRIGGER ticket_entry_is_as_written",
        "DROP TRIGGER mail_arrival_is_kept",
        "DROP TRIGGER article_version_is_never_changed_update",
        "DROP TRIGGER article_version_is_never_changed_delete",
        "DROP TRIGGER service_activity_is_never_changed_update",
        "DROP TRIGGER service_activity_is_never_changed_delete",
        "DROP TRIGGER service_review_is_never_changed_update",
        "DROP TRIGGER service_review_is_never_changed_delete",
        "DROP TRIGGER survey_follow_up_is_never_changed_update",
        "DROP TRIGGER survey_follow_up_is_never_changed_delete",
    ],
    "postgresql": [
        "DROP TRIGGER outage_no_delete ON outage",
        "DROP FUNCTION outage_no_delete()",
        "DROP TRIGGER outage_update_no_delete ON outage_update",
        "DROP FUNCTION outage_update_no_delete()",
        "DROP TRIGGER outage_update_no_update ON outage_update",
        "DROP FUNCTION outage_update_no_update()",
        "DROP TRIGGER outage_notice_no_delete ON outage_notice",
        "DROP FUNCTION outage_notice_no_delete()",
        "DROP TRIGGER outage_notice_no_update ON outage_notice",
        "DROP FUNCTION outage_notice_no_update()",
        "DROP TRIGGER ticket_is_kept ON ticket",
        "DROP FUNCTION ticket_is_kept()",
        "DROP TRIGGER ticket_entry_is_kept ON ticket_entry",
        "DROP FUNCTION ticket_entry_is_kept()",
        "DROP TRIGGER ticket_entry_is_as_written ON ticket_entry",
        "DROP FUNCTION ticket_entry_is_as_written()",
        "DROP TRIGGER mail_arrival_is_kept ON mail_arrival",
        "DROP FUNCTION mail_arrival_is_kept()",
        "DROP TRIGGER article_version_is_never_changed ON article_version",
        "DROP FUNCTION article_version_is_never_changed()",
        "DROP TRIGGER service_activity_is_never_changed ON service_activity",
        "DROP FUNCTION service_activity_is_never_changed()",
        "DROP TRIGGER service_review_is_never_changed ON service_review",
        "DROP FUNCTION service_review_is_never_changed()",
        "DROP TRIGGER survey_follow_up_is_never_changed ON survey_follow_up",
        "DROP FUNCTION survey_follow_up_is_never_changed()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "core_comparison",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("there", sa.Integer(), nullable=False),
        sa.Column("here", sa.Integer(), nullable=False),
        sa.Column("under_way", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_comparison")),
    )
    with op.batch_alter_table("core_comparison", schema=None) as batch_op:
        batch_op.create_index("ix_core_comparison_at", ["at"], unique=False)

    op.create_table(
        "mailbox_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.String(length=200), nullable=False),
        sa.Column("looked_at", sa.DateTime(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(), nullable=True),
        sa.Column("since", sa.DateTime(), nullable=True),
        sa.Column("said", sa.String(length=300), nullable=False),
        sa.CheckConstraint("(since IS NULL) = (said = '')", name=op.f("ck_mailbox_look_trouble")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_look")),
        sa.UniqueConstraint("mailbox", name=op.f("uq_mailbox_look_mailbox")),
    )
    op.create_table(
        "canned_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("written_by", sa.Integer(), nullable=True),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.Column("retired_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_canned_reply_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_reply")),
    )
    with op.batch_alter_table("canned_reply", schema=None) as batch_op:
        batch_op.create_index(
            "uq_canned_reply_title",
            ["title"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.create_table(
        "closure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("worked", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_closure_named")),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_closure_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
        sa.UniqueConstraint("day", name=op.f("uq_closure_day")),
    )
    op.create_table(
        "outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("impact", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("systems", sa.JSON(), nullable=False),
        sa.Column("starts_at", sa.DateTime(), nullable=False),
        sa.Column("ends_expected_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("occurrence_on", sa.Date(), nullable=True),
        sa.Column("vendor_case", sa.String(length=100), nullable=False),
        sa.Column("announced_at", sa.DateTime(), nullable=False),
        sa.Column("announced_by", sa.Integer(), nullable=True),
        sa.Column("touched_at", sa.DateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("(kind = 'weekly') = (occurrence_on IS NOT NULL)", name=op.f("ck_outage_occurrence")),
        sa.CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_outage_ended")),
        sa.CheckConstraint("impact IN ('down', 'trouble')", name=op.f("ck_outage_impact")),
        sa.CheckConstraint("kind = 'unplanned' OR ends_expected_at IS NOT NULL", name=op.f("ck_outage_planned_to_end")),
        sa.CheckConstraint("kind IN ('weekly', 'planned', 'unplanned')", name=op.f("ck_outage_kind")),
        sa.CheckConstraint("status IN ('announced', 'going_on', 'ended', 'called_off')", name=op.f("ck_outage_status")),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= starts_at", name=op.f("ck_outage_order_of_moments")),
        sa.CheckConstraint("ends_expected_at IS NULL OR ends_expected_at > starts_at", name=op.f("ck_outage_expected")),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_outage_revision")),
        sa.ForeignKeyConstraint(["announced_by"], ["person.id"], name=op.f("fk_outage_announced_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
        sa.UniqueConstraint("occurrence_on", name=op.f("uq_outage_occurrence_on")),
    )
    with op.batch_alter_table("outage", recreate="never") as batch_op:
        batch_op.create_index(
            "ix_outage_live",
            ["starts_at"],
            unique=False,
            sqlite_where=sa.text("status IN ('announced', 'going_on')"),
            postgresql_where=sa.text("status IN ('announced', 'going_on')"),
        )
        batch_op.create_index("ix_outage_starts", ["starts_at", "id"], unique=False)

    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_saved_view_made_by")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_saved_view_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index("ix_saved_view_owner", ["owner_id"], unique=False)

    op.create_table(
        "service_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("reviewed_by", sa.Integer(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(), nullable=False),
        sa.Column("notes", sa.String(length=2000), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_service_review_fingerprint")),
        sa.CheckConstraint("listed >= 0", name=op.f("ck_service_review_listed")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["person.id"], name=op.f("fk_service_review_reviewed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_review")),
        sa.UniqueConstraint("month", name=op.f("uq_service_review_month")),
    )
    op.create_table(
        "survey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("intro", sa.String(length=1000), nullable=False),
        sa.Column("asked", sa.String(length=20), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=True),
        sa.Column("sent_until", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "asked IN ('users', 'managers', 'directors', 'lived_experience')", name=op.f("ck_survey_asked")
        ),
        sa.CheckConstraint("status IN ('draft', 'open', 'closed', 'dropped')", name=op.f("ck_survey_status")),
        sa.CheckConstraint("status NOT IN ('open', 'closed') OR opened_at IS NOT NULL", name=op.f("ck_survey_opened")),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_survey_days")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_survey_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
    )
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.create_index("ix_survey_status", ["status", "closes_on"], unique=False)

    op.create_table(
        "core_difference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("found", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sentence", sa.String(length=1000), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_core_difference_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_difference")),
    )
    with op.batch_alter_table("core_difference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_core_difference_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_core_difference_settled", ["settled_at"], unique=False)
        batch_op.create_index(
            "uq_core_difference_open",
            ["found", "user_id"],
            unique=True,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "outage_acknowledged",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("outage_id", sa.Integer(), nullable=True),
        sa.Column("occurrence_on", sa.Date(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "(outage_id IS NULL) <> (occurrence_on IS NULL)", name=op.f("ck_outage_acknowledged_of_one")
        ),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_acknowledged_outage_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_outage_acknowledged_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_acknowledged")),
        sa.UniqueConstraint("person_id", "occurrence_on", name=op.f("uq_outage_acknowledged_person_id_occurrence_on")),
        sa.UniqueConstraint("person_id", "outage_id", name=op.f("uq_outage_acknowledged_person_id_outage_id")),
    )
    op.create_table(
        "outage_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("tells", sa.String(length=12), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('announced', 'update', 'corrected', 'ended', 'called_off')", name=op.f("ck_outage_update_kind")
        ),
        sa.CheckConstraint("tells = '' OR public", name=op.f("ck_outage_update_mailed_is_public")),
        sa.CheckConstraint("tells IN ('', 'admins', 'everybody')", name=op.f("ck_outage_update_tells")),
        sa.CheckConstraint("told >= 0", name=op.f("ck_outage_update_told")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_outage_update_by_id")),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_update_outage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_update")),
        sa.UniqueConstraint("id", "outage_id", name=op.f("uq_outage_update_id_outage_id")),
    )
    with op.batch_alter_table("outage_update", recreate="never") as batch_op:
        batch_op.create_index("ix_outage_update_outage", ["outage_id", "id"], unique=False)

    op.create_table(
        "survey_answer",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("to_redact", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_answer_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
    )
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.create_index("ix_survey_answer_survey", ["survey_id", "month"], unique=False)

    op.create_table(
        "survey_follow_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(length=1000), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_survey_follow_up_by")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_follow_up_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_follow_up")),
    )
    with op.batch_alter_table("survey_follow_up", recreate="never") as batch_op:
        batch_op.create_index("ix_survey_follow_up_survey", ["survey_id", "id"], unique=False)

    op.create_table(
        "survey_invite",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_survey_invite_person_id")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_invite_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_invite")),
        sa.UniqueConstraint("survey_id", "person_id", name=op.f("uq_survey_invite_survey_id_person_id")),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("requester_id", sa.Integer(), nullable=True),
        sa.Column("requester_email", sa.String(length=320), nullable=False),
        sa.Column("requester_name", sa.String(length=200), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("rung", sa.String(length=12), nullable=False),
        sa.Column("rung_since", sa.DateTime(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("touched_at", sa.DateTime(), nullable=False),
        sa.Column("first_answered_at", sa.DateTime(), nullable=True),
        sa.Column("solved_at", sa.DateTime(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("answer_due", sa.DateTime(), nullable=True),
        sa.Column("solve_due", sa.DateTime(), nullable=True),
        sa.Column("clock_stopped_at", sa.DateTime(), nullable=True),
        sa.Column("answer_left", sa.Integer(), nullable=True),
        sa.Column("solve_left", sa.Integer(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("split_from_id", sa.Integer(), nullable=True),
        sa.Column("outage_id", sa.Integer(), nullable=True),
        sa.Column("to_redact", sa.Boolean(), nullable=False),
        sa.Column("rating", sa.String(length=4), nullable=False),
        sa.Column("rating_said", sa.String(length=1000), nullable=False),
        sa.Column("rated_at", sa.DateTime(), nullable=True),
        sa.Column("last_entry_id", sa.Integer(), nullable=False),
        sa.Column(
            "due_key",
            sa.DateTime(),
            sa.Computed(
                "coalesce(CASE WHEN first_answered_at IS NULL THEN answer_due ELSE solve_due END, '9999-12-31 00:00:00.000000')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("(rating = '') = (rated_at IS NULL)", name=op.f("ck_ticket_rated")),
        sa.CheckConstraint("channel IN ('mail', 'portal', 'staff')", name=op.f("ck_ticket_channel")),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_ticket_priority")),
        sa.CheckConstraint("rating IN ('', 'good', 'bad')", name=op.f("ck_ticket_rating")),
        sa.CheckConstraint("rung = 'lead' OR agency_id IS NOT NULL", name=op.f("ck_ticket_whose_rung")),
        sa.CheckConstraint("rung IN ('agency_admin', 'lead')", name=op.f("ck_ticket_rung")),
        sa.CheckConstraint("status <> 'closed' OR closed_at IS NOT NULL", name=op.f("ck_ticket_closed")),
        sa.CheckConstraint("status <> 'merged' OR merged_into_id IS NOT NULL", name=op.f("ck_ticket_merged")),
        sa.CheckConstraint(
            "status IN ('new', 'open', 'waiting', 'solved', 'closed', 'merged')", name=op.f("ck_ticket_status")
        ),
        sa.CheckConstraint(
            "status NOT IN ('solved', 'closed') OR solved_at IS NOT NULL", name=op.f("ck_ticket_solved")
        ),
        sa.CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name=op.f("ck_ticket_not_into_itself")),
        sa.CheckConstraint(
            "requester_id IS NOT NULL OR (agency_id IS NULL AND membership_id IS NULL)", name=op.f("ck_ticket_unknown")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_ticket_agency_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_ticket_assignee_id")),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_ticket_membership_id")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["ticket.id"], name=op.f("fk_ticket_merged_into_id")),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_ticket_outage_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["person.id"], name=op.f("fk_ticket_requester_id")),
        sa.ForeignKeyConstraint(["split_from_id"], ["ticket.id"], name=op.f("fk_ticket_split_from_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
    )
    with op.batch_alter_table("ticket", recreate="never") as batch_op:
        batch_op.create_index("ix_ticket_agency", ["agency_id", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_assignee",
            ["assignee_id", "due_key", "id"],
            unique=False,
            sqlite_where=sa.text("status IN ('new', 'open', 'waiting')"),
            postgresql_where=sa.text("status IN ('new', 'open', 'waiting')"),
        )
        batch_op.create_index(
            "ix_ticket_due",
            ["due_key", "id"],
            unique=False,
            sqlite_where=sa.text("status IN ('new', 'open', 'waiting')"),
            postgresql_where=sa.text("status IN ('new', 'open', 'waiting')"),
        )
        batch_op.create_index("ix_ticket_email", ["requester_email", "id"], unique=False)
        batch_op.create_index("ix_ticket_kind", ["kind", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_living",
            ["touched_at", "id"],
            unique=False,
            sqlite_where=sa.text("status IN ('new', 'open', 'waiting')"),
            postgresql_where=sa.text("status IN ('new', 'open', 'waiting')"),
        )
        batch_op.create_index("ix_ticket_merged_into", ["merged_into_id"], unique=False)
        batch_op.create_index("ix_ticket_outage", ["outage_id", "id"], unique=False)
        batch_op.create_index("ix_ticket_priority", ["priority", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_redact",
            ["id"],
            unique=False,
            sqlite_where=sa.text("to_redact"),
            postgresql_where=sa.text("to_redact"),
        )
        batch_op.create_index("ix_ticket_requester", ["requester_id", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_solved",
            ["solved_at", "id"],
            unique=False,
            sqlite_where=sa.text("status = 'solved'"),
            postgresql_where=sa.text("status = 'solved'"),
        )
        batch_op.create_index("ix_ticket_split_from", ["split_from_id"], unique=False)
        batch_op.create_index("ix_ticket_status", ["status", "id"], unique=False)
        batch_op.create_index("ix_ticket_touched", ["touched_at", "id"], unique=False)

    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("summary", sa.String(length=300), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("printed", sa.Integer(), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("from_ticket_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("reviewed_by", sa.Integer(), nullable=True),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("helped", sa.Integer(), nullable=False),
        sa.Column("not_helped", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("(status = 'draft') = (printed = 0) OR status = 'retired'", name=op.f("ck_article_printed")),
        sa.CheckConstraint("audience IN ('public', 'signed_in')", name=op.f("ck_article_audience")),
        sa.CheckConstraint("status IN ('draft', 'published', 'retired')", name=op.f("ck_article_status")),
        sa.CheckConstraint("printed >= 0 AND printed <= written", name=op.f("ck_article_versions")),
        sa.CheckConstraint("views >= 0 AND helped >= 0 AND not_helped >= 0", name=op.f("ck_article_counts")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_article_created_by")),
        sa.ForeignKeyConstraint(["from_ticket_id"], ["ticket.id"], name=op.f("fk_article_from_ticket_id")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["person.id"], name=op.f("fk_article_reviewed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
    )
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.create_index("ix_article_title", ["title", "id"], unique=False)
        batch_op.create_index("ix_article_topic", ["status", "topic", "title"], unique=False)

    op.create_table(
        "outage_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("update_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_notice_outage_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_outage_notice_person_id")),
        sa.ForeignKeyConstraint(
            ["update_id", "outage_id"],
            ["outage_update.id", "outage_update.outage_id"],
            name=op.f("fk_outage_notice_update_id_outage_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_notice")),
        sa.UniqueConstraint("update_id", "person_id", name=op.f("uq_outage_notice_update_id_person_id")),
    )
    with op.batch_alter_table("outage_notice", recreate="never") as batch_op:
        batch_op.create_index("ix_outage_notice_person", ["person_id"], unique=False)

    op.create_table(
        "service_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("description", sa.String(length=4000), nullable=False),
        sa.Column("sent_to", sa.String(length=10), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("priority", sa.String(length=10), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("deliverable", sa.String(length=2000), nullable=False),
        sa.Column("resolution", sa.String(length=2000), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "(status IN ('resolved', 'declined')) = (ended_at IS NOT NULL)", name=op.f("ck_service_request_ended")
        ),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_service_request_priority")),
        sa.CheckConstraint("sent_to IN ('vendor', 'lead')", name=op.f("ck_service_request_sent_to")),
        sa.CheckConstraint(
            "status IN ('asked', 'declined', 'accepted', 'in_progress', 'delivered', 'resolved')",
            name=op.f("ck_service_request_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('accepted', 'in_progress') OR due IS NOT NULL", name=op.f("ck_service_request_due")
        ),
        sa.CheckConstraint(
            "status NOT IN ('delivered', 'resolved') OR deliverable <> ''", name=op.f("ck_service_request_delivered")
        ),
        sa.CheckConstraint(
            "status NOT IN ('resolved', 'declined') OR resolution <> ''", name=op.f("ck_service_request_resolved")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_service_request_agency_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_service_request_asked_by")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_service_request_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_request")),
    )
    with op.batch_alter_table("service_request", schema=None) as batch_op:
        batch_op.create_index("ix_service_request_agency", ["agency_id", "id"], unique=False)
        batch_op.create_index("ix_service_request_status", ["status", "due", "id"], unique=False)

    op.create_table(
        "ticket_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_draft_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_draft_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_draft")),
        sa.UniqueConstraint("ticket_id", "person_id", name=op.f("uq_ticket_draft_ticket_id_person_id")),
    )
    with op.batch_alter_table("ticket_draft", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_draft_person", ["person_id"], unique=False)

    op.create_table(
        "ticket_follower",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_ticket_follower_added_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_follower_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_follower_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_follower")),
        sa.UniqueConstraint("ticket_id", "email", name=op.f("uq_ticket_follower_ticket_id_email")),
    )
    with op.batch_alter_table("ticket_follower", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_follower_person", ["person_id", "ticket_id"], unique=False)

    op.create_table(
        "ticket_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("why", sa.String(length=100), nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name=op.f("ck_ticket_pause_in_order")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_pause_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_pause")),
    )
    with op.batch_alter_table("ticket_pause", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_pause_ticket", ["ticket_id", "began_at"], unique=False)
        batch_op.create_index(
            "uq_ticket_pause_open",
            ["ticket_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "ticket_presence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("writing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_presence_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_presence_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_presence")),
        sa.UniqueConstraint("ticket_id", "person_id", name=op.f("uq_ticket_presence_ticket_id_person_id")),
    )
    op.create_table(
        "ticket_tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_tag_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_tag")),
        sa.UniqueConstraint("ticket_id", "tag", name=op.f("uq_ticket_tag_ticket_id_tag")),
    )
    with op.batch_alter_table("ticket_tag", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_tag_tag", ["tag", "ticket_id"], unique=False)

    op.create_table(
        "ticket_word",
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_word_ticket_id")),
        sa.PrimaryKeyConstraint("word", "ticket_id", name=op.f("pk_ticket_word")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ticket_word", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_word_ticket", ["ticket_id"], unique=False)

    op.create_table(
        "article_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("summary", sa.String(length=300), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("written_by", sa.Integer(), nullable=True),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("audience IN ('public', 'signed_in')", name=op.f("ck_article_version_audience")),
        sa.CheckConstraint("number > 0", name=op.f("ck_article_version_number")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_article_version_article_id")),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_article_version_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_version")),
        sa.UniqueConstraint("article_id", "number", name=op.f("uq_article_version_article_id_number")),
    )
    op.create_table(
        "article_vote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("token_sha256", sa.String(length=64), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(person_id IS NULL) <> (token_sha256 IS NULL)", name=op.f("ck_article_vote_of_one")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_article_vote_article_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_article_vote_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_vote")),
    )
    with op.batch_alter_table("article_vote", schema=None) as batch_op:
        batch_op.create_index(
            "uq_article_vote_person",
            ["article_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("person_id IS NOT NULL"),
            postgresql_where=sa.text("person_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_article_vote_token",
            ["article_id", "token_sha256", "day"],
            unique=True,
            sqlite_where=sa.text("token_sha256 IS NOT NULL"),
            postgresql_where=sa.text("token_sha256 IS NOT NULL"),
        )

    op.create_table(
        "article_word",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.CheckConstraint("weight > 0", name=op.f("ck_article_word_weight")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_article_word_article_id")),
        sa.PrimaryKeyConstraint("article_id", "word", name=op.f("pk_article_word")),
    )
    with op.batch_alter_table("article_word", schema=None) as batch_op:
        batch_op.create_index("ix_article_word_word", ["word", "article_id"], unique=False)

    op.create_table(
        "service_activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_service_activity_by")),
        sa.ForeignKeyConstraint(["request_id"], ["service_request.id"], name=op.f("fk_service_activity_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_activity")),
    )
    with op.batch_alter_table("service_activity", recreate="never") as batch_op:
        batch_op.create_index("ix_service_activity_request", ["request_id", "id"], unique=False)

    op.create_table(
        "ticket_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("folded_from", sa.Integer(), nullable=True),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("original_file_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        sa.Column("in_reply_to", sa.String(length=998), nullable=False),
        sa.Column("to_redact", sa.Boolean(), nullable=False),
        sa.Column("redacted_at", sa.DateTime(), nullable=True),
        sa.Column("redacted_by", sa.Integer(), nullable=True),
        sa.Column("delivery", sa.String(length=10), nullable=False),
        sa.Column("canned_id", sa.Integer(), nullable=True),
        sa.Column("copied_from_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "delivery IN ('', 'queued', 'sent', 'uncertain', 'failed')", name=op.f("ck_ticket_entry_delivery")
        ),
        sa.CheckConstraint("kind = 'out' OR delivery = ''", name=op.f("ck_ticket_entry_delivery_of_answers")),
        sa.CheckConstraint("kind IN ('in', 'out', 'note', 'act')", name=op.f("ck_ticket_entry_kind")),
        sa.CheckConstraint(
            "redacted_at IS NULL OR (html = '' AND original_file_id IS NULL)",
            name=op.f("ck_ticket_entry_redacted_whole"),
        ),
        sa.CheckConstraint("(redacted_at IS NULL) = (redacted_by IS NULL)", name=op.f("ck_ticket_entry_redacted")),
        sa.CheckConstraint("folded_from IS NULL OR folded_from >= 0", name=op.f("ck_ticket_entry_folded_from")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_ticket_entry_author_id")),
        sa.ForeignKeyConstraint(["canned_id"], ["canned_reply.id"], name=op.f("fk_ticket_entry_canned_id")),
        sa.ForeignKeyConstraint(["copied_from_id"], ["ticket_entry.id"], name=op.f("fk_ticket_entry_copied_from_id")),
        sa.ForeignKeyConstraint(
            ["original_file_id"], ["stored_file.id"], name=op.f("fk_ticket_entry_original_file_id")
        ),
        sa.ForeignKeyConstraint(["redacted_by"], ["person.id"], name=op.f("fk_ticket_entry_redacted_by")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_entry_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_entry")),
    )
    with op.batch_alter_table("ticket_entry", recreate="never") as batch_op:
        batch_op.create_index(
            "ix_ticket_entry_delivery",
            ["delivery", "id"],
            unique=False,
            sqlite_where=sa.text("delivery IN ('queued', 'uncertain', 'failed')"),
            postgresql_where=sa.text("delivery IN ('queued', 'uncertain', 'failed')"),
        )
        batch_op.create_index("ix_ticket_entry_original", ["original_file_id"], unique=False)
        batch_op.create_index("ix_ticket_entry_ticket", ["ticket_id", "id"], unique=False)

    op.create_table(
        "mail_arrival",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.String(length=200), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        sa.Column("message_sha256", sa.String(length=64), nullable=False),
        sa.Column("from_email", sa.String(length=320), nullable=False),
        sa.Column("from_name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("raw_file_id", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(length=300), nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "outcome <> 'entry' OR (ticket_id IS NOT NULL AND entry_id IS NOT NULL)", name=op.f("ck_mail_arrival_entry")
        ),
        sa.CheckConstraint(
            "outcome IN ('entry', 'auto_reply', 'bounce', 'list', 'loop', 'duplicate', 'refused', 'spam_guard')",
            name=op.f("ck_mail_arrival_outcome"),
        ),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name=op.f("ck_mail_arrival_done")),
        sa.CheckConstraint("entry_id IS NULL OR ticket_id IS NOT NULL", name=op.f("ck_mail_arrival_whose_entry")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_mail_arrival_done_by")),
        sa.ForeignKeyConstraint(["entry_id"], ["ticket_entry.id"], name=op.f("fk_mail_arrival_entry_id")),
        sa.ForeignKeyConstraint(["raw_file_id"], ["stored_file.id"], name=op.f("fk_mail_arrival_raw_file_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_mail_arrival_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_arrival")),
        sa.UniqueConstraint("mailbox", "uidvalidity", "uid", name=op.f("uq_mail_arrival_mailbox_uidvalidity_uid")),
    )
    with op.batch_alter_table("mail_arrival", recreate="never") as batch_op:
        batch_op.create_index("ix_mail_arrival_file", ["raw_file_id"], unique=False)
        batch_op.create_index("ix_mail_arrival_message", ["message_sha256"], unique=False)
        batch_op.create_index("ix_mail_arrival_outcome", ["outcome", "id"], unique=False)
        batch_op.create_index("ix_mail_arrival_sender", ["from_email", "arrived_at"], unique=False)
        batch_op.create_index("ix_mail_arrival_ticket", ["ticket_id"], unique=False)
        batch_op.create_index(
            "ix_mail_arrival_waits",
            ["id"],
            unique=False,
            sqlite_where=sa.text("outcome IN ('refused', 'spam_guard') AND done_at IS NULL"),
            postgresql_where=sa.text("outcome IN ('refused', 'spam_guard') AND done_at IS NULL"),
        )
        batch_op.create_index("uq_mail_arrival_entry", ["entry_id"], unique=True)

    op.create_table(
        "message_seen",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_message_seen_direction")),
        sa.ForeignKeyConstraint(["entry_id"], ["ticket_entry.id"], name=op.f("fk_message_seen_entry_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_message_seen_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_seen")),
        sa.UniqueConstraint("sha256", name=op.f("uq_message_seen_sha256")),
    )
    with op.batch_alter_table("message_seen", schema=None) as batch_op:
        batch_op.create_index("ix_message_seen_entry", ["entry_id"], unique=False)
        batch_op.create_index("ix_message_seen_ticket", ["ticket_id"], unique=False)

    op.create_table(
        "ticket_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("refused", sa.String(length=300), nullable=False),
        sa.CheckConstraint("file_id IS NULL OR refused = ''", name=op.f("ck_ticket_file_kept_or_refused")),
        sa.ForeignKeyConstraint(["entry_id"], ["ticket_entry.id"], name=op.f("fk_ticket_file_entry_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_ticket_file_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_file")),
    )
    with op.batch_alter_table("ticket_file", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_file_entry", ["entry_id", "id"], unique=False)
        batch_op.create_index("ix_ticket_file_file", ["file_id"], unique=False)

    with op.batch_alter_table("web_session", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("proved_at", sa.DateTime(), nullable=True))

    op.create_index(
        "uq_saved_view_name", "saved_view", [sa.literal_column("coalesce(owner_id, 0)"), "name"], unique=True
    )
    connection = op.get_bind()
    for statement in CREATE_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    take_effects(
        (
            "reconsider",
            "provision",
            "mail",
            "executed_copy",
            "expire",
            "sign_again",
            "read_scans",
            "outage",
            "compare",
            "survey_mail",
            "ticket_mail",
            "fetch_mail",
            "ticket_shred",
        )
    )


def downgrade() -> None:
    connection = op.get_bind()
    for statement in DROP_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    op.drop_index("uq_saved_view_name", table_name="saved_view")
    with op.batch_alter_table("web_session", recreate="never") as batch_op:
        batch_op.drop_column("proved_at")

    with op.batch_alter_table("ticket_file", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_file_file")
        batch_op.drop_index("ix_ticket_file_entry")

    op.drop_table("ticket_file")
    with op.batch_alter_table("message_seen", schema=None) as batch_op:
        batch_op.drop_index("ix_message_seen_ticket")
        batch_op.drop_index("ix_message_seen_entry")

    op.drop_table("message_seen")
    with op.batch_alter_table("mail_arrival", recreate="never") as batch_op:
        batch_op.drop_index("uq_mail_arrival_entry")
        batch_op.drop_index(
            "ix_mail_arrival_waits",
            sqlite_where=sa.text("outcome IN ('refused', 'spam_guard') AND done_at IS NULL"),
            postgresql_where=sa.text("outcome IN ('refused', 'spam_guard') AND done_at IS NULL"),
        )
        batch_op.drop_index("ix_mail_arrival_ticket")
        batch_op.drop_index("ix_mail_arrival_sender")
        batch_op.drop_index("ix_mail_arrival_outcome")
        batch_op.drop_index("ix_mail_arrival_message")
        batch_op.drop_index("ix_mail_arrival_file")

    op.drop_table("mail_arrival")
    with op.batch_alter_table("ticket_entry", recreate="never") as batch_op:
        batch_op.drop_index("ix_ticket_entry_ticket")
        batch_op.drop_index("ix_ticket_entry_original")
        batch_op.drop_index(
            "ix_ticket_entry_delivery",
            sqlite_where=sa.text("delivery IN ('queued', 'uncertain', 'failed')"),
            postgresql_where=sa.text("delivery IN ('queued', 'uncertain', 'failed')"),
        )

    op.drop_table("ticket_entry")
    with op.batch_alter_table("service_activity", recreate="never") as batch_op:
        batch_op.drop_index("ix_service_activity_request")

    op.drop_table("service_activity")
    with op.batch_alter_table("article_word", schema=None) as batch_op:
        batch_op.drop_index("ix_article_word_word")

    op.drop_table("article_word")
    with op.batch_alter_table("article_vote", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_article_vote_token",
            sqlite_where=sa.text("token_sha256 IS NOT NULL"),
            postgresql_where=sa.text("token_sha256 IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_article_vote_person",
            sqlite_where=sa.text("person_id IS NOT NULL"),
            postgresql_where=sa.text("person_id IS NOT NULL"),
        )

    op.drop_table("article_vote")
    op.drop_table("article_version")
    with op.batch_alter_table("ticket_word", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_word_ticket")

    op.drop_table("ticket_word")
    with op.batch_alter_table("ticket_tag", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_tag_tag")

    op.drop_table("ticket_tag")
    op.drop_table("ticket_presence")
    with op.batch_alter_table("ticket_pause", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_ticket_pause_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_ticket_pause_ticket")

    op.drop_table("ticket_pause")
    with op.batch_alter_table("ticket_follower", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_follower_person")

    op.drop_table("ticket_follower")
    with op.batch_alter_table("ticket_draft", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_draft_person")

    op.drop_table("ticket_draft")
    with op.batch_alter_table("service_request", schema=None) as batch_op:
        batch_op.drop_index("ix_service_request_status")
        batch_op.drop_index("ix_service_request_agency")

    op.drop_table("service_request")
    with op.batch_alter_table("outage_notice", recreate="never") as batch_op:
        batch_op.drop_index("ix_outage_notice_person")

    op.drop_table("outage_notice")
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.drop_index("ix_article_topic")
        batch_op.drop_index("ix_article_title")

    op.drop_table("article")
    with op.batch_alter_table("ticket", recreate="never") as batch_op:
        batch_op.drop_index("ix_ticket_touched")
        batch_op.drop_index("ix_ticket_status")
        batch_op.drop_index("ix_ticket_split_from")
        batch_op.drop_index(
            "ix_ticket_solved", sqlite_where=sa.text("status = 'solved'"), postgresql_where=sa.text("status = 'solved'")
        )
        batch_op.drop_index("ix_ticket_requester")
        batch_op.drop_index(
            "ix_ticket_redact", sqlite_where=sa.text("to_redact"), postgresql_where=sa.text("to_redact")
        )
        batch_op.drop_index("ix_ticket_priority")
        batch_op.drop_index("ix_ticket_outage")
        batch_op.drop_index("ix_ticket_merged_into")
        batch_op.drop_index(
            "ix_ticket_living",
            sqlite_where=sa.text("status IN ('new', 'open', 'waiting')"),
            postgresql_where=sa.text("status IN ('new', 'open', 'waiting')"),
        )
        batch_op.drop_index("ix_ticket_kind")
        batch_op.drop_index("ix_ticket_email")
        batch_op.drop_index(
            "ix_ticket_due",
            sqlite_where=sa.text("status IN ('new', 'open', 'waiting')"),
            postgresql_where=sa.text("status IN ('new', 'open', 'waiting')"),
        )
        batch_op.drop_index(
            "ix_ticket_assignee",
            sqlite_where=sa.text("status IN ('new', 'open', 'waiting')"),
            postgresql_where=sa.text("status IN ('new', 'open', 'waiting')"),
        )
        batch_op.drop_index("ix_ticket_agency")

    op.drop_table("ticket")
    op.drop_table("survey_invite")
    with op.batch_alter_table("survey_follow_up", recreate="never") as batch_op:
        batch_op.drop_index("ix_survey_follow_up_survey")

    op.drop_table("survey_follow_up")
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_survey_answer_survey")

    op.drop_table("survey_answer")
    with op.batch_alter_table("outage_update", recreate="never") as batch_op:
        batch_op.drop_index("ix_outage_update_outage")

    op.drop_table("outage_update")
    op.drop_table("outage_acknowledged")
    with op.batch_alter_table("core_difference", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_core_difference_open",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        batch_op.drop_index("ix_core_difference_settled")
        batch_op.drop_index(batch_op.f("ix_core_difference_account_id"))

    op.drop_table("core_difference")
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.drop_index("ix_survey_status")

    op.drop_table("survey")
    op.drop_table("service_review")
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.drop_index("ix_saved_view_owner")

    op.drop_table("saved_view")
    with op.batch_alter_table("outage", recreate="never") as batch_op:
        batch_op.drop_index("ix_outage_starts")
        batch_op.drop_index(
            "ix_outage_live",
            sqlite_where=sa.text("status IN ('announced', 'going_on')"),
            postgresql_where=sa.text("status IN ('announced', 'going_on')"),
        )

    op.drop_table("outage")
    op.drop_table("closure")
    with op.batch_alter_table("canned_reply", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_canned_reply_title",
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.drop_table("canned_reply")
    op.drop_table("mailbox_look")
    with op.batch_alter_table("core_comparison", schema=None) as batch_op:
        batch_op.drop_index("ix_core_comparison_at")

    op.drop_table("core_comparison")
    take_effects(("reconsider", "provision", "mail", "executed_copy", "expire", "sign_again", "read_scans"))
