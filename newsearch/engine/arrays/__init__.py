"""The engine of arrays: segments of numpy arrays in memory-mapped files, on this machine's disk."""
