"""Where do articles come from? One protocol, one module a container, one registry."""
