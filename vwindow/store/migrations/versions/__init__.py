"""Migrations of the database; they run at start."""
