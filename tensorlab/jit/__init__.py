"""The compiler: trace, script, IR, passes, lowering, interpreter, archive."""
