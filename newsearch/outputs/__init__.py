"""Output formats: pages for programs, and sentences for people. Nothing here depends on a terminal."""
