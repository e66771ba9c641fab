"""What makes `faces`, which finds faces."""
