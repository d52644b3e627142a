"""The service items, their groups, guides and rules."""
