"""Readers of the original files. An instance holds the file's own values; nothing is rounded or scaled."""
