"""How does one ask an index? What Python users call, and what helps them to ask."""
