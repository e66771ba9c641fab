"""A wing of toys: one method for each kind of what goes in and comes out, found on the shelf as any other."""
