"""Spaces: encoders of several modalities whose vectors can be compared, by name."""
