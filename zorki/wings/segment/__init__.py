"""Cut pictures apart: a network of your own from pictures with masks, judged, and a class for every pixel of anything."""
