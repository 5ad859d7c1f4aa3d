"""How does Whoosh see an index? For users of Whoosh's own queries and writers. Nothing else imports this."""
