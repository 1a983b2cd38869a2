"""What type checkers are told that a Tensor has, where ops install it; written from the methods themselves."""
