"""Commonplace: search everything you keep in one shared vector space."""

__version__ = "0.1.0"
