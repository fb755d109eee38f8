"""Bad input: a sound shop, named faults that damage it with what each must come to, and mutations of its files drawn by lot.

Read `fault.py` first; `corpus.py` lists the faults, `judge.py` says what must hold of each, `page.py` prints them for people.
"""
