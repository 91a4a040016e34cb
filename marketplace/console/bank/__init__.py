"""Pages of the time bank: what staff decide and see, a night's cycle, the branches' figures for anybody."""
