"""A district's day as the console shows it: what is read, what it adds up to, and how it is drawn."""
