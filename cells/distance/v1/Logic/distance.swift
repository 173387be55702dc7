// distance
