"""Is a plate put up where its house stands?"""

from domain.areas.geometry import Position, distance_m

__all__ = ["NEAR_M", "Position", "distance_m"]

NEAR_M = 300.0
