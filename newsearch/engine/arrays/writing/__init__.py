"""How do articles become a generation?"""
