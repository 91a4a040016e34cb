"""The counter: what an officer begins for a member, the people chosen by a search, a trial before it is done."""
