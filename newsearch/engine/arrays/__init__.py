"""The arrays engine: segments of numpy arrays in memory-mapped files on a local disk."""
