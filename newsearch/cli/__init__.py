"""The command: one module for each of its commands, which parses, calls the library and prints."""
