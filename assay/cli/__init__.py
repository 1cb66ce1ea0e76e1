"""The command line: `assay VERB …`, one module a verb."""
