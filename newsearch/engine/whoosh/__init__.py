"""How does Whoosh see an index? For those who come with Whoosh's own queries and writers; nothing else imports this."""
