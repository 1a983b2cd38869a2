"""The tensor core: dtypes, shapes, storages, tensors, op declarations, dispatch, and the one door to Numba."""
