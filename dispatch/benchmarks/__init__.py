"""The classic benchmark sets, from their original files to solutions that an outside checker can judge.

`instances` read the files, `models` state them as a `Problem` and read routes off a plan, `judges` score a
solution from the original values alone, `solutions` hold the files' formats. `families` names the three sets;
`command` is `python -m dispatch bench`.
"""
