"""When do articles tell one story? Pure functions of articles: nothing here knows an index."""
