"""Whether this installation works, and what is in it: real checks, and an inventory, as records."""
