"""What was measured, shown: tables, exports and the page."""
