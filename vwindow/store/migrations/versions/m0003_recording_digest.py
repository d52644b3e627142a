"""Keep account of each finished recording's manifest by its hash."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the hash; of those finished before there is none."""
    op.add_column("recording", sa.Column("digest", sa.String(), nullable=False, server_default=""))
