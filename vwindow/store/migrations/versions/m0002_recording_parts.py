"""Let a recording have several journals: a lost media worker begins a new one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the number of the newest journal; until now all had one."""
    op.add_column("recording", sa.Column("parts", sa.Integer(), nullable=False, server_default="1"))
