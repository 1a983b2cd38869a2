"""The tables: one module a family of ops, each with its ``CASES``."""

from oracle.families import smallest

FAMILIES = (smallest,)
CASES = tuple(case for family in FAMILIES for case in family.CASES)
