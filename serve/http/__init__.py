"""Tagging over HTTP: ``aikind serve``."""
