"""The files of an index: their layout on disk, and how they are written durably."""
