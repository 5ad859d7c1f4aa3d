"""How is what was found written? Pages for programs, and sentences for people; nothing here knows a terminal."""
