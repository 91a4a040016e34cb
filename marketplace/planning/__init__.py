"""Planning: from visits and shifts to a published plan, by way of the dispatch engine in a child process."""
