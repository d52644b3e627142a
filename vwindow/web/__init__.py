"""HTTP routes, pages and bytes."""
