"""Pages of the time bank: a night's cycle for staff, the branches' figures for anybody, with their pictures."""
