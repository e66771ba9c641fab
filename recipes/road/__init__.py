"""Makes `road`, the network that tells the parts of a street apart."""
