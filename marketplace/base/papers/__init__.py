"""Papers: PDF, spreadsheet and CSV made of rows and words. What they say is their callers' business."""
