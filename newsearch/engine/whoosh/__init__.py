"""newsearch indexes as Whoosh sees them, for users of Whoosh's queries and writers. Nothing else imports this."""
