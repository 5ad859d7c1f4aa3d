"""What is new for whom? Searches that are kept, and articles that are delivered once for each."""
