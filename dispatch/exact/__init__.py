"""OR-Tools: the RoutingModel that states every constraint of the problem and searches it."""
