"""How the program speaks HTTP: problems, sign-in of requests, dependencies, ETags, the OpenAPI document."""
