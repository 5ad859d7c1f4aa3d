"""How is an index kept in good health, and how do articles get out of it?"""
