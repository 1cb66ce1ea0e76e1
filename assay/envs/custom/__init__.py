"""Users' own tasks: an id from a function, or from a file of questions."""
