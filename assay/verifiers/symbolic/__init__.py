"""What only algebra decides about mathematical answers; imported in workers (`verifiers.md` §6.2)."""
