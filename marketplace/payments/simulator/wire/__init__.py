"""The provider's manners on the wire: forms, errors, keys, routes."""
