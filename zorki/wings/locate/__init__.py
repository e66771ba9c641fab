"""Find things: a network of your own from pictures with boxes, judged, and a class and a box for each thing in anything."""
