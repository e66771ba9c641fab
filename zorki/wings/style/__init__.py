"""Let a network paint: what its layers keep of a picture, and one picture in the manner of another."""
