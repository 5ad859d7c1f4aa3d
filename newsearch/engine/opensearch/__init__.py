"""How does an index of an OpenSearch cluster work?"""
