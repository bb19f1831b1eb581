"""The demonstration: two drawn films, and the casebooks lived around them."""
