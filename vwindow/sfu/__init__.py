"""The live media worker."""
