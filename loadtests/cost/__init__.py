"""What messages cost in dollars, from what was counted of them and a versioned file of list prices."""

from loadtests.cost.estimate import Cost, CostLine, FixedLine, Unpriced, estimate
from loadtests.cost.prices import PriceFile, load_prices

__all__ = ["Cost", "CostLine", "FixedLine", "PriceFile", "Unpriced", "estimate", "load_prices"]
