"""Makes `people`, the network that cuts people out of a picture."""
