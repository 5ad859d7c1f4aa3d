"""What are the words of a text, and when is it clean? Nothing here knows an article."""
