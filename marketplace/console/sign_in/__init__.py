"""Signing in to the console: cookies for reading pages, and a short token in the page for acting.

The access cookie counts for GET alone (the authentication middleware sees to it), so no foreign page can act with it.
What the page itself does, it does through the same public API as everybody, with the bearer token that the page was
given: it lives in the page's memory, ten minutes at most, and a foreign page can neither read it nor send it.
Only the refresh cookie moves things by itself (it is sent to /console alone, to our own pages alone), and the few
forms that need no token refuse requests that another site's page sent.
"""
