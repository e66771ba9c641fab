"""The ground floor: errors, names, shelves, seeds, memory, events. Knows nothing of pictures or networks."""
