"""What the time bank tells the public of its branches: sums and counts, of nobody in particular."""
