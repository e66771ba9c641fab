"""Plain networks with the normalisation inside: pictures (b, 3, h, w) in sRGB 0..1 in, logits out."""
