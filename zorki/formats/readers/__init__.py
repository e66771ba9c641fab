"""The formats that are read. A file has TITLE, `found(place)`: the file or folder that shows that the format lies there, or ""; and `read(place)`: its
Annotations. LAST = True: only where no other format lies there."""
