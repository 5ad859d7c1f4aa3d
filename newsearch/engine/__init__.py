"""Who keeps an index and answers query trees? `base` is the protocol that every engine fulfils."""
