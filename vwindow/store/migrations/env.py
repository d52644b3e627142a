"""Run migrations on the connection that the server hands over."""

from alembic import context

from vwindow.store import call_tables, tables  # noqa: F401  # they fill the metadata
from vwindow.store.columns import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    # SQLite cannot alter a table in place.
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
