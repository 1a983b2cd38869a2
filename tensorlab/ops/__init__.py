"""The operations: one declaration each, with its type rule, its compute body and its place in ATen's schema language."""
