"""The web API against a real server and a real database file."""
