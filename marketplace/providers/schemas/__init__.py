"""What providers' routes take and give."""
