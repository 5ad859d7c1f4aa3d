"""Turns articles into a generation."""
