"""The demo city: an invented Chinese city on a real street network, with invented people in it.

Everything here is made from a seed, so that two machines show the same city. Nothing in it is a real person, a real
address or a real telephone number.
"""
