"""What only algebra decides about mathematical answers; imported in workers alone."""
