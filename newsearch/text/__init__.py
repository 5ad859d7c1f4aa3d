"""Text analysis and cleaning. Nothing here depends on articles."""
