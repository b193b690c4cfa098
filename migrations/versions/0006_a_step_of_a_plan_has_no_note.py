"""A step of a plan has no note."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("corrective_step", recreate="never") as batch_op:
        batch_op.drop_column("note")


def downgrade() -> None:
    with op.batch_alter_table("corrective_step", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("note", sa.String(length=1000), nullable=False, server_default=""))
