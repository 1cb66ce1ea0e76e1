"""What two families of agents share."""
