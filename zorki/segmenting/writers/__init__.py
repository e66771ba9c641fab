"""The formats that pictures with a class for each pixel are written in. A file has `files(made, rle)`: the files, one after another, of a Conversion.

rle: each class of a picture as one bitmap, where the format has such, not each region as a polygon."""
