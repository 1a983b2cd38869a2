"""Layers: modules around the functions of ``tl.nn.functional``, with torch's names, defaults and printed forms."""
