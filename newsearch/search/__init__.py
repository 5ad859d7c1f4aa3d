"""The Python search interface, and the aids to searching: completion, spelling, diagnosis, stories."""
