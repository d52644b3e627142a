"""Cameras that show the visitor's face: one file per technique."""
