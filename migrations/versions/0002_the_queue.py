"""The queue on PostgreSQL: Procrastinate's own tables, and `job` as a view of them; SQLite keeps its table.

There is one effect more, too: reading scanned agreements.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).resolve().parent.parent / "procrastinate_3_10.sql"

# What a status of Procrastinate is called on the portal's pages and in its own table on SQLite.
STATE = (
    "CASE status WHEN 'todo' THEN 'waiting' WHEN 'doing' THEN 'running' WHEN 'succeeded' THEN 'done' "
    "WHEN 'failed' THEN 'failed' ELSE 'dropped' END"
)

# The columns of the table on SQLite, so that whoever reads jobs reads the same on both. What Procrastinate has no
# column for lies in `args`, which is its callers' own. Who holds a job for how long is asked of the queue, never read here.
VIEW = f"""
CREATE VIEW job AS
SELECT id,
       task_name AS effect,
       lock AS key,
       queueing_lock IS NOT NULL AS coalesced,
       (args -> 'payload')::json AS payload,
       args ->> 'policy_version' AS policy_version,
       {STATE} AS state,
       (args ->> 'enqueued_at')::timestamp AS enqueued_at,
       (args ->> 'run_at')::timestamp AS run_at,
       coalesce(worker_id::text, '') AS lease,
       NULL::timestamp AS leased_until,
       CASE status WHEN 'doing' THEN attempts + 1 ELSE attempts END AS tries,
       coalesce(args ->> 'error', '') AS error,
       (args ->> 'ended_at')::timestamp AS ended_at
  FROM procrastinate_jobs
"""  # noqa: S608 - a constant

INDEXES = (
    # Procrastinate looks for other jobs of a lock at every fetch; its own indexes begin with the id.
    "CREATE INDEX ix_job_lock ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing')",
    # Each attempt registers as a worker and goes again; the foreign key looks for its jobs, done ones too.
    "CREATE INDEX ix_job_worker ON procrastinate_jobs (worker_id) WHERE worker_id IS NOT NULL",
    "CREATE INDEX ix_job_planned ON procrastinate_jobs (scheduled_at) WHERE status = 'todo' AND queue_name = 'planned'",
    f"CREATE INDEX ix_job_state ON procrastinate_jobs (({STATE}))",
)

# Jobs keep their numbers: the record names them. One that was running is begun again, as after a lost worker.
CARRY_OVER = """
INSERT INTO procrastinate_jobs
       (id, queue_name, task_name, priority, lock, queueing_lock, status, scheduled_at, attempts, args)
SELECT id,
       CASE WHEN state = 'waiting' THEN 'planned' ELSE 'due' END,
       effect,
       CASE WHEN state = 'waiting' THEN -1 ELSE 0 END,
       key,
       CASE WHEN state = 'waiting' AND coalesced THEN effect || ' ' || key END,
       (CASE state WHEN 'waiting' THEN 'todo' WHEN 'running' THEN 'todo' WHEN 'done' THEN 'succeeded'
                   WHEN 'failed' THEN 'failed' ELSE 'cancelled' END)::procrastinate_job_status,
       CASE WHEN state = 'waiting' THEN run_at AT TIME ZONE 'UTC' END,
       tries,
       jsonb_strip_nulls(jsonb_build_object(
           'payload', payload, 'policy_version', policy_version, 'error', error,
           'enqueued_at', to_char(enqueued_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'),
           'run_at', to_char(run_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'),
           'ended_at', to_char(ended_at, 'YYYY-MM-DD"T"HH24:MI:SS.US')))
  FROM job
"""
NEXT_NUMBER = "SELECT setval('{}', coalesce((SELECT max(id) FROM {}), 0) + 1, false)"

BEFORE = "'reconsider', 'provision', 'mail', 'executed_copy', 'expire', 'sign_again'"
EFFECTS = BEFORE + ", 'read_scans'"

# An effect that 0001 has no word for would be refused by its CHECK; nobody there could carry it out.
CARRY_BACK = f"""
INSERT INTO job (id, effect, key, coalesced, payload, policy_version, state, enqueued_at, run_at, lease, leased_until,
                 tries, error, ended_at)
SELECT id, effect, key, coalesced, payload, policy_version, CASE state WHEN 'running' THEN 'waiting' ELSE state END,
       enqueued_at, run_at, '', NULL, tries, error, ended_at
  FROM job_before WHERE effect IN ({BEFORE})
"""  # noqa: S608 - a constant

DROP = """
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
DROP FUNCTION procrastinate_defer_jobs_v1, procrastinate_defer_periodic_job_v2, procrastinate_finish_job_v1,
    procrastinate_cancel_job_v1, procrastinate_retry_job_v1, procrastinate_retry_job_v2,
    procrastinate_notify_queue_job_inserted_v1, procrastinate_notify_queue_abort_job_v1,
    procrastinate_trigger_function_status_events_insert_v1, procrastinate_trigger_function_status_events_update_v1,
    procrastinate_trigger_function_scheduled_events_v1, procrastinate_trigger_abort_requested_events_procedure_v1,
    procrastinate_unlink_periodic_defers_v1, procrastinate_register_worker_v1, procrastinate_unregister_worker_v1,
    procrastinate_update_heartbeat_v1, procrastinate_prune_stalled_workers_v1;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _remake_on_sqlite(EFFECTS)
        return
    _run(SCHEMA.read_text(encoding="utf-8"))
    _run(CARRY_OVER)
    _run(NEXT_NUMBER.format("procrastinate_jobs_id_seq", "procrastinate_jobs"))
    op.drop_table("job")
    for statement in (*INDEXES, VIEW):
        _run(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _remake_on_sqlite(BEFORE)
        return
    _run("ALTER VIEW job RENAME TO job_before")
    _make_table(BEFORE)
    _make_indexes()
    _run(CARRY_BACK)
    _run(NEXT_NUMBER.format("job_id_seq", "job"))
    _run("DROP VIEW job_before")
    _run(DROP)


def _remake_on_sqlite(effects: str) -> None:
    """SQLite changes a CHECK by making the table anew; an effect that the new one has no word for is left out."""
    for index in ("ix_job_due", "uq_job_waiting"):
        op.drop_index(index, "job")
    op.rename_table("job", "job_before")
    _make_table(effects)
    _run(f"INSERT INTO job SELECT * FROM job_before WHERE effect IN ({effects})")  # noqa: S608 - a constant
    op.drop_table("job_before")
    _make_indexes()


def _make_table(effects: str) -> None:
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
        sa.CheckConstraint(f"effect IN ({effects})", name=op.f("ck_job_effect")),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'dropped')", name=op.f("ck_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )


def _make_indexes() -> None:
    shared = sa.text("state = 'waiting' AND coalesced")
    op.create_index("ix_job_due", "job", ["state", "run_at"], unique=False)
    op.create_index(
        "uq_job_waiting", "job", ["effect", "key"], unique=True, sqlite_where=shared, postgresql_where=shared
    )


def _run(statements: str) -> None:
    # Without parameters the driver leaves the per cent signs alone and takes many statements at once.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(statements)
