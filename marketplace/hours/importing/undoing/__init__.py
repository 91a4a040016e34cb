"""Taking an import back: what stands in the way, then reversals in steps, accounts closed at zero, its people gone.

`obstacles` names who has done something since, `starting` shuts everybody out, `steps` and `running` carry it out.
"""
