"""An index in an OpenSearch cluster: the same articles, in the same order, with the same scores as in a directory."""
