"""Passes: each file holds one, a function over a `Rewriter` that takes its options as keywords."""
