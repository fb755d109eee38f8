"""Purchase propensity: the chance that a customer buys in the coming weeks if nothing is changed."""

from learning.purchase_propensity.propensity_model import FEATURES, PropensityModel, train_propensity

__all__ = ["FEATURES", "PropensityModel", "train_propensity"]
