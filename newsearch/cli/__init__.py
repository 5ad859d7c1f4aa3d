"""The command: what the commands share, and the one place that catches errors."""
