"""The Python surface, made of the shelves: `zorki.see.dream("cat.jpg")`."""
