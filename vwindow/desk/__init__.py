"""The application: one mailbox that owns all calls."""
