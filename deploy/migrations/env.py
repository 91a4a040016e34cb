"""Alembic's environment: runs migrations on the connection it is handed by `marketplace.base.migrations`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
