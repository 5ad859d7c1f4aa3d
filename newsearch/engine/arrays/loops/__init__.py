"""What are the inner loops of a search? Pure functions over arrays, some of them compiled too."""
