"""How do bytes lie on disk, and how do they come to stay?"""
