"""People: regions, accounts and sign-in, elders, family grants, and who may see whom."""
