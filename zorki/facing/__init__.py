"""What methods of faces share: faces with their points and what people would call their expression, cut out aligned, drawn, hidden."""
