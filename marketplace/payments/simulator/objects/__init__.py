"""The provider's objects: what each request does to them, inside one transaction."""
