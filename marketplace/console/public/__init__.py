"""Pages for anybody, without signing in. They name nobody."""
