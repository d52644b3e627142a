"""Count wrong passwords by address too."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; old counts stay with the accounts."""
    op.create_table(
        "wrong_sign_in",
        sa.Column("staff", sa.String(), nullable=False),
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("centre", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("staff", "address_hash", name="pk_wrong_sign_in"),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name="fk_wrong_sign_in_staff"),
        sa.ForeignKeyConstraint(["centre"], ["centre.id"], name="fk_wrong_sign_in_centre"),
    )
