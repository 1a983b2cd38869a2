"""The version, where every floor and the build can read it."""

__version__ = "0.1.0"
