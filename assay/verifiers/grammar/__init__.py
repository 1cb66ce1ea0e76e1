"""The grammar of mathematical answers (`verifiers.md` §6.1), by recursive descent.

One class in four layers, each in its module: `cursor` (a place among tokens), `atoms` (numbers,
names, brackets), `functions` (functions, sums, limits), `arithmetic` (products, powers, sums) and
`answers` (units, words, relations, lists).
"""

from assay.verifiers.grammar.answers import parse

__all__ = ["parse"]
