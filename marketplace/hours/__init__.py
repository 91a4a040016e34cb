"""Hours: the time bank's face in the program: members, tasks, earning, redeeming, statements."""
